"""Painting and repairing with units, against activations that are set by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganvas.dissect import Dissection, Units
from ganvas.edit import ConceptStroke, PaintUnits, RepairUnits
from ganvas.edit.repair import _sampled
from ganvas.errors import ConfigError, InputError
from ganvas.functional.activations import fit_mask, pull_channels
from ganvas.functional.artefacts import rarity, unusual_response
from ganvas.generator import Activation
from ganvas.stage import EmbeddingSpec

LAYER = "8x8.conv1"


@pytest.fixture
def file(scene, tmp_path):
    """A dissection of one layer: "one" is drawn by units 3 and 5, "two" by unit 7."""
    score = torch.zeros(2, 16)
    score[0, 3], score[0, 5], score[1, 7] = 0.9, 0.4, 0.5
    on = torch.arange(32.0).view(2, 16) / 8
    scores = [score.clone() for _ in range(4)]
    units = Units(*scores, on, torch.full((16,), -0.5), *torch.zeros(2, 2, 16))
    dissection = Dissection(
        ("one", "two"), {LAYER: units}, scene.generator.source_hash, 9, torch.ones(2),
        torch.ones(2), torch.zeros(2, 4), *torch.zeros(2, 4), torch.zeros(2, 4), (4,),
    )  # fmt: skip
    dissection.save(tmp_path / "d.safetensors")
    return tmp_path / "d.safetensors"


def states(scene, layer=LAYER):
    e = scene.embeddings["x"]
    return [
        scene.generator.activations(
            e.latent[i : i + 1], [n[i : i + 1] for n in e.noise], [layer], resume=None
        )[layer]
        for i in range(len(e))
    ]


def stroke(**fields) -> ConceptStroke:
    return ConceptStroke(**{"concept": "one", "layer": 8, "units": 9} | fields)


@pytest.mark.parametrize(("action", "values"), [("add", [3 / 8, 5 / 8]), ("remove", [-0.5, -0.5])])
def test_a_stroke_moves_its_units_inside_of_its_region_alone(scene, file, action, values):
    before = states(scene)
    PaintUnits(file, {"a": stroke(action=action, strength=0.5)}, restore=None).apply(scene)
    name, after = scene.embeddings["x"].resume
    assert name == LAYER
    for image, state in enumerate(before):
        expected = state.features.clone()
        for unit, value in zip((3, 5), values, strict=True):
            # The mask is the left half.
            half = expected[0, unit, :, :4]
            half.copy_(half + 0.5 * (value - half))
        assert torch.allclose(after.features[image], expected[0], atol=1e-6)
        assert torch.equal(after.features[image][..., 4:], state.features[0][..., 4:])
        assert torch.equal(after.rgb[image], state.rgb[0])


def test_outside_of_the_regions_the_picture_is_restored(scene, file):
    embedding = scene.embeddings["x"]
    before = embedding.render(scene.generator)
    strokes = {"a": stroke(strength=3.0)}
    spread = PaintUnits(file, strokes, restore=None).apply(scene)
    scene.embeddings["x"] = embedding
    held = PaintUnits(file, strokes, restore=32).apply(scene)
    assert scene.embeddings["x"].resume[0] == "32x32.conv1"
    outside = (slice(None), slice(None), slice(None), slice(20, None))
    assert (spread - before)[outside].abs().max() > 1e-3
    assert (held - before)[outside].abs().max() < 1e-5
    assert (held - before)[..., :12].abs().mean() > 0.05


def test_a_region_is_drawn_with_new_noise_and_the_rest_is_not(scene, file):
    image, generator = scene.embeddings["x"].rounded(), scene.generator
    scene.embeddings["x"] = image
    before = image.render(generator)
    strokes = {"a": stroke(strength=3.0)}
    fresh = tuple(noise.half().float() for noise in generator.noise_of(5, 2))
    everywhere = {"a": replace(strokes["a"], region="1")}
    paint = PaintUnits(file, everywhere, restore=32, noise_seed=5)
    anew = paint.apply(scene)
    scene.embeddings["x"] = replace(image, noise=fresh)
    expected = replace(paint, noise_seed=None).apply(scene)
    assert torch.allclose(anew, expected, atol=1e-5)
    scene.embeddings["x"] = image
    half = PaintUnits(file, strokes, restore=32, noise_seed=5).apply(scene)
    assert (half - before)[..., 20:].abs().max() < 1e-5
    painted = scene.embeddings["x"]
    for old, new, now in zip(image.noise, fresh, painted.noise, strict=True):
        side = old.shape[-1] // 2
        assert torch.equal(now[..., :side], new[..., :side])
        assert torch.equal(now[..., side:], old[..., side:])
    assert torch.equal(painted.render(generator), half)


def test_strokes_at_one_layer_go_over_one_another_in_their_order(scene, file):
    strokes = {"a": stroke(concept="two"), "b": stroke(concept="two", action="remove")}
    PaintUnits(file, strokes, restore=None).apply(scene)
    features = scene.embeddings["x"].resume[1].features
    assert torch.allclose(features[:, 7, :, :4], torch.tensor(-0.5))


@pytest.mark.parametrize("restore", [None, 32])
def test_a_stroke_of_styles_draws_its_region_with_other_styles(scene, file, restore):
    image, generator = scene.embeddings["x"], scene.generator
    rows = generator.styles(image.rows(generator))
    dissection, count = Dissection.load(file), sum(style.shape[1] for style in rows)
    effect = torch.zeros(2, count)
    effect[0, 2], effect[0, 20] = -3, 1
    replace(
        dissection, style_effect=effect, styles=effect * 0, style_mean=torch.full((count,), 0.5),
        style_std=torch.ones(count),
    ).save(file)  # fmt: skip
    strokes = {"a": stroke(ranking="gradient", units=2, strength=1.5)}
    painted = PaintUnits(file, strokes, restore=restore).apply(scene)
    side_by_side = torch.cat(rows, 1)
    side_by_side[:, [2, 20]] = torch.tensor([0.5 - 3, 0.5 + 3])
    moved = list(side_by_side.split([style.shape[1] for style in rows], 1))
    layer = LAYER if restore is None else "32x32.conv1"
    kept = {}
    generator.synthesis(moved, image.noise, edits={layer: lambda s: kept.setdefault(layer, s)})
    name, after = scene.embeddings["x"].resume
    before = image.activations(generator, [layer])[layer].features
    half = before.shape[-1] // 2
    assert name == layer
    assert torch.allclose(after.features[..., :half], kept[layer].features[..., :half], atol=1e-5)
    assert torch.allclose(after.features[..., half:], before[..., half:], atol=1e-5)
    assert (painted - image.render(generator))[..., :8].abs().max() > 1e-2
    with pytest.raises(ConfigError, match="no style for 'two': gradients were not measured"):
        PaintUnits(file, {"a": stroke(concept="two", ranking="gradient")}).check(
            generator, {"x": EmbeddingSpec("w+")}
        )


def test_units_are_ranked_by_alpha_where_it_is_optimised(scene, file):
    dissection = Dissection.load(file)
    alpha = torch.zeros(16)
    alpha[11] = 0.7
    region = torch.ones(1, 1, 1, 1)

    def units(**fields):
        return stroke(**fields).pull(dissection, LAYER, region).units

    assert units() == (3, 5)
    dissection = dissection.with_scores("one", LAYER, "alpha", alpha)
    assert units() == (11,)
    assert units(ranking="iou") == (3, 5)
    assert units(concept="two") == (7,)


@pytest.mark.parametrize(("fields", "message"), [
    ({"layer": 16}, r"strokes\.a: layer 16x16\.conv1 has no units"),
    ({"layer": 64}, "no layer at 64²"),
    ({"concept": "onne"}, r"strokes\.a: the dissection has no concept 'onne'; did you mean 'one'"),
])  # fmt: skip
def test_a_stroke_without_units_is_refused_before_any_work(scene, file, fields, message):
    with pytest.raises(ConfigError, match=message):
        PaintUnits(file, {"a": stroke(**fields)}).check(scene.generator, {"x": EmbeddingSpec("w+")})


def test_what_does_not_belong_to_the_generator_or_the_latent_is_refused(scene, file, tmp_path):
    specs = {"x": EmbeddingSpec("w+")}
    paint = PaintUnits(file, {"a": stroke()})
    paint.check(scene.generator, specs)
    assert specs["x"].edited == "32x32.conv1"
    with pytest.raises(ConfigError, match="not s"):
        paint.check(scene.generator, {"x": EmbeddingSpec("s")})
    with pytest.raises(InputError, match="no such dissection"):
        PaintUnits(tmp_path / "none", {"a": stroke()}).check(
            scene.generator, {"x": EmbeddingSpec("w+")}
        )
    with pytest.raises(InputError, match="is a folder"):
        PaintUnits(tmp_path, {"a": stroke()})
    with pytest.raises(ConfigError, match="at least one stroke"):
        PaintUnits(file, {})
    replace(Dissection.load(file), generator_hash="0" * 64).save(file)
    with pytest.raises(InputError, match="of another generator"):
        PaintUnits(file, {"a": stroke()}).check(scene.generator, {"x": EmbeddingSpec("w+")})


def test_a_run_paints_and_its_embedding_draws_the_painting(tiny_run, file):
    run = tiny_run(
        "edit=paint", "~edit.stages.n", f"edit.stages.paint.dissection={file}",
        "edit.stages.paint.strokes.brush={concept: one, layer: 8}", "mask=polygon",
        "start.space=w+",
    )  # fmt: skip
    assert run.embedding.resume[0] == "32x32.conv1"
    from PIL import Image, ImageChops

    (folder,) = [f for f in (run.path / "images").iterdir() if f.is_dir()]
    pictures = {file.stem: Image.open(file).convert("RGB") for file in folder.glob("*.*")
                if file.stem in ("w", "paint", "result")}  # fmt: skip
    assert not ImageChops.difference(pictures["paint"], pictures["result"]).getbbox()
    assert ImageChops.difference(pictures["w"], pictures["paint"]).getbbox()


def test_a_stroke_outside_of_the_picture_is_one_line(ganvas_command, tiny, file):
    done = ganvas_command(
        "run", *tiny, "edit=paint", f"edit.stages.paint.dissection={file}",
        "edit.stages.paint.strokes.brush={concept: one, layer: 8}", "mask=polygon",
        "mask.points=[[1.2,0.1],[1.5,0.1],[1.3,0.4]]",
    )  # fmt: skip
    assert done.code == 2
    assert "edit.masks.whole is empty for image 0: it selects no pixel" in done.complaint


def test_pulling_by_nothing_changes_no_bit():
    features = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0)) * 1e3
    weight = torch.zeros(1, 1, 3, 3)
    weight[..., 0] = 1
    pulled = pull_channels(features, (1, 2), torch.tensor([5.0, 6.0]), weight)
    assert torch.equal(pulled[..., 1:], features[..., 1:])
    assert torch.allclose(pulled[0, 1, :, 0], torch.tensor(5.0))
    assert torch.equal(pulled[:, [0, 3]], features[:, [0, 3]])


def test_a_unit_that_answers_unusually_is_set_back(scene):
    embedding = scene.embeddings["x"]
    state = embedding.activations(scene.generator, [LAYER])[LAYER]
    broken = state.features.clone()
    broken[:, 6, :, :4] += 50
    scene.embeddings["x"] = replace(embedding, resume=(LAYER, Activation(broken, state.rgb)))
    for by in ("response", "rarity"):
        repair = RepairUnits(by=by, units=1, layer=8, samples=8, restore=None)
        (frame_before, frame_after) = repair.frames(scene)
        (pull, other) = repair._pulls(scene)
        assert pull.units == other.units == (6,)
        assert (frame_after - frame_before).abs().max() > 0.1
    assert torch.equal(repair.apply(scene), frame_after)
    mended = scene.embeddings["x"].resume[1].features
    assert torch.allclose(mended[:, 6, :, :4], pull.values)
    assert torch.equal(mended[:, 6, :, 4:], broken[:, 6, :, 4:])
    with pytest.raises(ConfigError, match="units=17: the layer has 16"):
        RepairUnits(units=17, layer=8).check(scene.generator, {"x": EmbeddingSpec("w+")})


def test_what_is_usual_is_sampled_once_for_film_and_picture(scene, monkeypatch):
    repair, drawn = RepairUnits(units=1, layer=8, samples=3, restore=None), []
    sample = scene.generator.sample_w
    monkeypatch.setattr(scene.generator, "sample_w", lambda *a: drawn.append(a) or sample(*a))
    list(repair.frames(scene))
    repair.apply(scene)
    assert len(drawn) == 1
    replace(repair, samples=4).apply(scene)
    assert len(drawn) == 2


def test_a_unit_that_never_varies_answers_as_usual():
    rng = torch.Generator().manual_seed(0)
    features = torch.randn(3, 8, 8, generator=rng)
    features[1:] = torch.tensor([0.3, 70.1])[:, None, None]
    weight = torch.rand(1, 8, 8, generator=rng)
    samples = [features[1:].flatten(1).mean(1) for _ in range(7)]
    mean = torch.cat([torch.zeros(1), torch.stack(samples).mean(0)])
    # What is not equal is rounding, of which no deviation is left.
    response = unusual_response(features, weight, mean, torch.tensor([1.0, 0.0, 0.0]))
    exact = abs(np.average(features[0].double().numpy(), weights=weight[0].double().numpy()))
    assert response[0].item() == pytest.approx(exact, rel=1e-5)
    assert response[1:].max() < 1


def test_what_is_usual_of_units_that_hardly_vary_is_exact(scene):
    generator, drawn = scene.generator, []
    around = torch.tensor([0.0, 5.0]).repeat(8)[:, None, None]

    def activations(rows, noise, layers):
        state = type(generator).activations(generator, rows, noise, layers)[LAYER]
        drawn.append(1e-3 * state.features + around)
        return {LAYER: Activation(drawn[-1])}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generator, "activations", activations)
        usual = _sampled(generator, LAYER, 4)
    values = torch.cat(drawn).transpose(0, 1).flatten(1).double()
    assert torch.allclose(usual.std.double(), values.std(1, unbiased=False), rtol=1e-4)
    assert torch.allclose(usual.mean.double(), values.mean(1), rtol=1e-4, atol=1e-6)
    assert torch.equal(usual.peaks.amax(0).double(), values.amax(1))


def test_response_and_rarity_are_those_of_their_definitions():
    features = torch.tensor([[[1.0, 9.0]], [[2.0, 2.0]]])
    weight = torch.tensor([[[1.0, 0.0]]])
    response = unusual_response(
        features, weight, torch.tensor([0.0, 2.0]), torch.tensor([0.5, 1.0])
    )
    assert response.tolist() == [2.0, 0.0]
    peaks = torch.tensor([[0.5, 3.0], [0.9, 1.0], [2.0, 1.5], [8.0, 1.9]])
    assert rarity(features, weight, peaks).tolist() == [0.5, 0.75]
    assert rarity(features, torch.ones(1, 1, 2), peaks).tolist() == [1.0, 0.75]
    assert fit_mask(torch.ones(1, 1, 4, 4), 2).sum() == 4
