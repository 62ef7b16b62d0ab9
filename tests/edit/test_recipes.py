"""The paper's six algorithms, stage by stage: what is optimised, towards what, and where."""

from types import SimpleNamespace

import pytest
import torch

from ganvas.config.compose import compose_job
from ganvas.config.groups import groups
from ganvas.config.schema import build
from ganvas.edit import Average, Copy, EditActivations, Recipe, RenewNoise
from ganvas.errors import ConfigError
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All, Inpainting, Resolutions
from ganvas.loss import MSE, DistanceToStart, Style
from ganvas.mask import Box, Canvas, Feather, Full
from ganvas.runner.job import validate
from ganvas.stage import StageConfig


def recipe(edit: str, *more: str) -> Recipe:
    overrides = ["generator=tiny", f"edit={edit}", "budget=paper", "loss=paper", *more]
    return build(validate(compose_job(overrides).config)).edit


def blocks(stage: StageConfig) -> set[tuple[str, str]]:
    return {(block.target, block.mask) for block in stage.objective.values()}


def kinds(stage: StageConfig) -> list[str]:
    return list(stage.optimise)


def noise_terms_are_pixels(stage: StageConfig) -> bool:
    return all(
        isinstance(term, MSE) and term.resolution is None
        for block in stage.objective.values()
        for term in block.terms.values()
    )


def test_1_reconstruction():
    stages = recipe("reconstruct").stages
    assert list(stages) == ["w", "n"]
    assert kinds(stages["w"]) == ["latent"]
    assert kinds(stages["n"]) == ["noise"]
    assert blocks(stages["w"]) == blocks(stages["n"]) == {("x", "m")}
    assert isinstance(stages["w"].layers, All)
    assert (stages["w"].steps, stages["n"].steps) == (5000, 3000)
    # No perceptual term on the noise, and full resolution.
    assert noise_terms_are_pixels(stages["n"])


def test_2_crossover():
    edit = recipe("crossover")
    assert isinstance(edit.masks["m"], Feather)
    assert edit.images == ("x", "y")
    assert blocks(edit.stages["w"]) == {("x", "m"), ("y", "1 - m")}
    assert blocks(edit.stages["n"]) == {("x", "m"), ("y", "1 - m")}
    assert kinds(edit.stages["w"]) == ["latent"]
    assert kinds(edit.stages["n"]) == ["noise"]


def test_3_inpainting():
    edit = recipe("inpaint")
    # The mask is the hole; the latent sees what is around it.
    assert blocks(edit.stages["w"]) == {("x", "1 - m")}
    assert edit.stages["w"].tied == 0.5
    papers = recipe("inpaint", "layers=inpainting")
    assert isinstance(papers.stages["w"].layers, Inpainting)
    # The noise keeps to the photo outside of the blurred hole, to the frozen G(w) inside, which
    # takes on the colours of the photo along the edge.
    assert blocks(edit.stages["n"]) == {("x", "1 - m_blur"), ("w", "m_blur")}
    assert edit.stages["n"].objective["Mk_n_w"].around == "x"
    assert isinstance(edit.masks["m"], Box)
    assert isinstance(edit.masks["m_blur"].of["blurred"], Feather)
    assert edit.partial == ("m",)
    # Nothing of what the photo shows in the hole may reach the objective.
    assert edit.stages["w"].objective["W_l"].hide
    canvas = Canvas({"x": torch.zeros(1, 3, 64, 64)}, 0)
    hole, blurred = (edit.masks[name].draw(canvas) for name in ("m", "m_blur"))
    assert (blurred[hole > 0] == 1).all()
    assert (blurred > hole).any()


def test_4_scribbles():
    edit = recipe("scribble")
    assert list(edit.stages) == ["embed", "fresh", "w", "n"]
    # w_ini is the embedding of the photo; only low rows leave it, and are held near it.
    assert blocks(edit.stages["embed"]) == {("x", "1")}
    assert isinstance(edit.stages["embed"].layers, All)
    assert edit.stages["w"].layers == Resolutions(rows=edit.stages["w"].layers.rows)
    assert edit.stages["w"].layers.rows.high == 16
    fit, stay = edit.stages["w"].objective.values()
    assert (fit.target, fit.mask) == ("y", "1")
    assert [type(term) for term in stay.terms.values()] == [DistanceToStart]
    # The noise carries the photograph around the strokes, and what the rows made of them.
    assert blocks(edit.stages["n"]) == {("w", "m"), ("x", "1 - m")}


def test_5_local_style_transfer():
    edit = recipe("style_transfer")
    fit, style = edit.stages["w"].objective.values()
    assert (fit.target, fit.mask) == ("x", "m")
    assert (style.target, style.mask) == ("y", "1 - m")
    (gram,) = style.terms.values()
    assert isinstance(gram, Style)
    assert gram.layers == ("conv3_3",)
    assert gram.weight == 5e-7
    assert blocks(edit.stages["n"]) == {("x", "m"), ("w", "1 - m")}


def test_6_attribute_transfer():
    edit = recipe("attribute_transfer", "edit.stages.I_att.layers=[16]")
    assert [edit.stages[n].embedding for n in ("w", "n", "w_y")] == ["x", "x", "y"]
    assert blocks(edit.stages["w_y"]) == {("y", "1")}
    # What was fitted to x is not seen through what comes from y.
    assert edit.stages["fresh"] == RenewNoise({"x": "m", "y": "1"})
    attend = edit.stages["I_att"]
    assert isinstance(attend, EditActivations)
    assert isinstance(attend.change, Copy)
    assert attend.layers == (16,)
    assert (attend.embedding, attend.other) == ("x", "y")
    assert (attend.keep, attend.take) == ("1 - m", "m")


def test_the_orders_of_the_ablation_take_equal_steps():
    orders = [f"reconstruct{o}" for o in ("", "_joint", "_alternating", "_noise_first")]
    assert {recipe(order).steps for order in orders} == {8000}
    joint, alternating = (recipe(o).stages["wn"] for o in orders[1:3])
    assert kinds(joint) == kinds(alternating) == ["latent", "noise"]
    assert (joint.alternate, alternating.alternate) == (False, True)
    assert list(recipe(orders[3]).stages) == ["n", "w"]


def test_the_papers_constants():
    stages = recipe("reconstruct", "optimizer=paper").stages
    adam = stages["n"].optimise["noise"]
    assert (stages["w"].optimise["latent"].lr, adam.lr, adam.lr_units) == (0.01, 5.0, "variable")
    assert (adam.betas, adam.eps) == ((0.9, 0.999), 1e-8)
    (mse,) = stages["n"].objective["Mk_n"].terms.values()
    assert (mse.weight, mse.span) == (1e-5, 255)


def test_blend_averages_under_a_soft_mask():
    edit = recipe("blend")
    assert isinstance(edit.stages["I_att"].change, Average)
    assert isinstance(edit.masks["m"], Feather)


@pytest.mark.parametrize("edit", ["paint", "repair"])
def test_strokes_fade_inside_of_the_mask_that_is_measured(edit):
    words = ["edit.stages.paint.dissection=d.safetensors", "seed=3"] if edit == "paint" else []
    made = recipe(edit, "mask=box", *words)
    assert made.masks == {"whole": Box(), "m": Feather(Box(), 0.02, inward=True)}
    assert made.regions.mask == "whole"
    if edit == "paint":
        assert made.stages["paint"].noise_seed == 3


@pytest.mark.parametrize("edit", sorted(groups()["edit"]))
def test_every_edit_composes_and_has_what_it_needs(edit):
    more = ["edit.stages.paint.dissection=d.safetensors"] if edit.startswith("paint") else []
    assert recipe(edit, *more).stages


@pytest.mark.parametrize("experiment", sorted(groups().get("experiment", {})))
def test_every_experiment_composes(experiment):
    job = compose_job([f"experiment={experiment}", "generator=tiny"])
    steps = build(validate(job.config)).edit.steps
    assert steps == 0 if experiment == "encoder_alone" else steps > 0


def test_an_edit_may_be_given_another_mask_and_image():
    edit = recipe("inpaint", "mask=full", "layers=all", "image=pair")
    assert isinstance(edit.masks["m"], Full)
    assert isinstance(edit.stages["w"].layers, All)


def test_two_images_needed_and_one_given_is_one_line():
    with pytest.raises(ConfigError, match=r"needs images x and y; give image\.y.* image=pair"):
        recipe("crossover").check_images(["x"])
    with pytest.raises(ConfigError, match=r"and z; give image\.z.* image=trio"):
        recipe("direction").check_images(["x", "y"])


def test_references_to_nothing_are_one_line():
    with pytest.raises(ConfigError, match="no image or earlier stage 'ww'; did you mean 'w'"):
        recipe("inpaint", "edit.stages.n.objective.Mk_n_w.target=ww")
    with pytest.raises(ConfigError, match="no mask 'mm'"):
        recipe("inpaint", "edit.stages.w.objective.W_l.mask='1 - mm'")
    with pytest.raises(ConfigError, match=r"stages\.I_att: no image 'q'; known: x, y"):
        recipe("attribute_transfer", "edit.stages.I_att.other=q")
    with pytest.raises(ConfigError, match=r"stages\.morph: no image 'q'"):
        recipe("morph", "edit.stages.morph.other=q")
    with pytest.raises(ConfigError, match=r"stages\.w_y: no image 'yy'; did you mean 'y'"):
        recipe("morph", "edit.stages.w_y.embedding=yy")
    with pytest.raises(ConfigError, match=r"stages\.w_z: no image 'yy'; did you mean 'y'"):
        recipe("direction", "edit.stages.w_z.start_from=yy")
    # An image that could be given is another matter than a wrong name.
    with pytest.raises(ConfigError, match=r"no image 'y'; give edit\.images=\[x,y\]"):
        recipe("reconstruct", "loss.latent.mse.target=y")
    assert recipe("reconstruct", "loss.latent.mse.target=y", "edit.images=[x,y]").images


@pytest.mark.parametrize("name", ["x", "target", "result", "mask_m", "input_y"])
def test_a_stage_cannot_take_the_place_of_a_picture(name):
    stage = recipe("reconstruct").stages["w"]
    with pytest.raises(ConfigError, match=rf"stages\.{name}: a run has a picture of this name"):
        Recipe({name: stage})


def test_a_block_that_a_loss_has_no_terms_for_is_one_line():
    with pytest.raises(ConfigError, match=r"objective\.M_st: a block needs at least one term"):
        recipe("style_transfer", "loss=pixel")
    left_out = recipe("style_transfer", "loss=pixel", "~edit.stages.w.objective.M_st")
    assert list(left_out.stages["w"].objective) == ["W_l"]
    with pytest.raises(ConfigError, match=r"stages\.n: the objective has no term whose weight"):
        recipe("reconstruct", "loss.noise.mse.weight=0")


@pytest.mark.parametrize("override", [
    "edit.stages.w.exploration={}", "loss.latent.mse.weight={value: 1.0, up: 0.5}",
])  # fmt: skip
def test_a_plateau_needs_losses_that_compare(override):
    early_stopping = "edit.stages.w.early_stopping={patience: 5}"
    assert recipe("reconstruct", early_stopping).stages["w"].early_stopping.patience == 5
    with pytest.raises(
        ConfigError, match=r"stages\.w: early_stopping compares the losses of steps"
    ):
        recipe("reconstruct", early_stopping, override)


def test_without_noise_maps_there_are_no_terms_on_them():
    noiseless = SimpleNamespace(name="mute", noise_resolutions=())
    found, notices = recipe("project", "loss=stylegan2_projector").fitted_to(noiseless)
    assert notices == ("mute has no noise maps: stage wn goes on without them",)
    assert list(found.stages["wn"].objective) == ["fit"]
    term = "loss.latent.autocorrelation={_target_: ganvas.loss.NoiseAutocorrelation}"
    mixed, _ = recipe("project", term).fitted_to(noiseless)
    assert "autocorrelation" not in mixed.stages["wn"].objective["fit"].terms
    assert list(mixed.stages["wn"].objective) == ["fit", "white"]
    alone = ["loss=stylegan2_projector", "~edit.stages.wn.objective.fit"]
    with pytest.raises(ConfigError, match="mute has no noise maps: the objective has no term"):
        recipe("project", *alone).fitted_to(noiseless)


def test_activations_follow_the_layer_subset_where_they_are_told_to():
    words = ["layers=resolutions", "layers.activations={low: 8, high: 16}"]
    edit = recipe("permute", *words, "edit.stages.I_att.layers='${layers}'")
    names = ["8x8.conv0", "8x8.conv1", "16x16.conv0", "16x16.conv1"]
    assert edit.stages["I_att"].names(TinyGenerator()) == names
