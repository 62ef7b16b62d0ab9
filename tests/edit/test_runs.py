"""Edits through the whole program, on the tiny generator."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.api import run
from ganvas.errors import AssetError, ConfigError, InputError
from ganvas.functional.images import to_uint8
from ganvas.generator.tiny import TinyGenerator

PAIR = ["image=scribbled"]


def execute(tmp_path, *overrides):
    return run(
        [
            "generator=tiny", "loss=pixel", "metrics=pixel", "budget=preview", "budget.latent=3",
            "budget.noise=3", "logger=none", "+trainer.progress=false", f"output={tmp_path}",
            *overrides,
        ]
    )  # fmt: skip


def test_an_edited_picture_renders_identically_from_its_saved_file(tmp_path):
    result = execute(tmp_path, "edit=attribute_transfer", *PAIR)
    assert result.embedding.resume[0] == "16x16.conv1"
    again = to_uint8(result.embedding.render(TinyGenerator()))[0].permute(1, 2, 0).numpy()
    assert np.array_equal(again, np.asarray(result.image("result")))
    assert (result.path / "embedding.y.safetensors").is_file()
    assert (result.path / "images" / "contact_sheet.webp").is_file()


def test_several_starts_give_several_solutions(tmp_path):
    result = execute(tmp_path, "edit=inpaint", "start=several")
    assert result.status["images"] == ["astronaut-1", "astronaut-2", "astronaut-3"]
    latent = result.embedding.latent
    assert not torch.equal(latent[0], latent[1])


@pytest.mark.assets
@pytest.mark.parametrize("loss", ["prior", "image2stylegan_pp"])
def test_what_a_hole_hides_has_no_say(tmp_path, loss):
    """Two photographs that differ in the hole alone give one embedding, features or not."""
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    latents = []
    for name in ("a", "b"):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
        words = ["generator.resolution=64", f"loss={loss}", "image=file"]
        path = f"image.x.path={tmp_path / name}.png"
        latents.append(execute(tmp_path, "edit=inpaint", *words, path).embedding)
        picture[16:48, 16:48] = 255 - picture[16:48, 16:48]
    assert latents[0].latent.equal(latents[1].latent)
    assert all(a.equal(b) for a, b in zip(latents[0].noise, latents[1].noise, strict=True))


def test_what_the_hole_of_a_file_of_another_size_hides_has_no_say(tmp_path):
    """White that is resized is a hole, too: it is not looked at, nor are its colours met."""
    drawn = np.zeros((100, 100), np.uint8)
    drawn[25:75, 25:75] = 255
    Image.fromarray(drawn).save(tmp_path / "hole.png")
    picture, found = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8), []
    for name in ("a", "b"):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
        words = ["generator.resolution=64", "image=file", f"image.x.path={tmp_path / name}.png"]
        words += ["mask=file", f"mask.path={tmp_path / 'hole.png'}"]
        found.append(execute(tmp_path, "edit=inpaint", *words).embedding)
        picture[20:44, 20:44] = 255 - picture[20:44, 20:44]
    assert found[0].latent.equal(found[1].latent)
    assert all(a.equal(b) for a, b in zip(found[0].noise, found[1].noise, strict=True))


def test_of_several_starts_the_best_may_be_kept(tmp_path):
    every = execute(tmp_path, "edit=reconstruct_w", "start=several")
    best = execute(tmp_path, "edit=reconstruct_w", "start=several", "start.keep=best")
    losses = every.metrics["stages"]["w"]["loss"]
    assert losses == best.metrics["stages"]["w"]["loss"]
    place = losses.index(min(losses))
    name = f"astronaut-{place + 1}"
    assert list(best.metrics["images"]) == [name] == list(best.embedding.names)
    assert best.embedding.latent[0].equal(every.embedding.latent[place])
    assert best.metrics["final"]["psnr"] == every.metrics["images"][name]["psnr"]
    assert np.array_equal(np.asarray(best.image()), np.asarray(every.image("result", name)))


def test_a_morph_leaves_a_film_and_a_strip(tmp_path):
    result = execute(tmp_path, "edit=morph", *PAIR)
    folder = result.path / "images" / "astronaut"
    assert (folder / "morph.webp").stat().st_size > 0
    assert (folder / "morph_strip.png").is_file()


def test_the_mask_of_the_edit_is_saved(tmp_path):
    result = execute(tmp_path, "edit=inpaint", "mask.left=0.25", "mask.right=0.5")
    size = TinyGenerator().resolution
    expected = np.zeros((size, size), np.uint8)
    expected[size // 4 : size * 3 // 4, size // 4 : size // 2] = 255
    assert np.array_equal(np.asarray(result.image("mask")), expected)
    whole = execute(tmp_path, "edit=reconstruct")
    assert not (whole.path / "images" / "astronaut" / "mask.png").exists()


def test_regions_are_measured_on_the_saved_pictures(tmp_path):
    region = "{_target_: ganvas.metrics.RegionPSNR, side: %s}"
    wanted = [f"metrics.psnr_{side}={region % side}" for side in ("inside", "outside")]
    wanted.append("metrics.seam={_target_: ganvas.metrics.Seam}")
    found = execute(tmp_path, "edit=inpaint", *wanted)
    x, result = (np.asarray(found.image(kind)).astype(float) for kind in ("target", "result"))
    hole = np.asarray(found.image("mask")) > 127

    def psnr(where):
        return 10 * np.log10(255**2 / np.square(result - x)[where].mean())

    def step(picture):
        # Across the four edges of the box, as forward differences.
        grey = np.pad(picture.mean(-1), ((0, 1), (0, 1)), mode="edge")
        edge = np.pad(hole.astype(float), ((0, 1), (0, 1)), mode="edge")
        dx, dy, ex, ey = (np.diff(a, axis=axis)[:-1, :] if axis == 1 else np.diff(a, axis=0)[:, :-1]
                          for a in (grey, edge) for axis in (1, 0))  # fmt: skip
        weight = np.hypot(ex, ey)
        return (np.hypot(dx, dy) * weight).sum() / weight.sum()

    values = found.metrics["final"]
    assert values["psnr_inside"] == pytest.approx(psnr(hole), rel=1e-4)
    assert values["psnr_outside"] == pytest.approx(psnr(~hole), rel=1e-4)
    assert values["seam"] == pytest.approx(step(result) - step(x), rel=1e-4)


def test_several_solutions_of_photographs_with_a_mask_each(tmp_path):
    """The solutions of one photograph share its mask, and the contact sheet names them."""
    shades = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 3), np.uint8)
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
    for place, name in enumerate("ab"):
        Image.fromarray(shades[place]).save(tmp_path / "photos" / f"{name}.png")
        hole = np.zeros((32, 32), np.uint8)
        hole[8:16, 8 : 16 + 8 * place] = 255
        Image.fromarray(hole).save(tmp_path / "masks" / f"{name}.png")
    photos = ["image=file", f"image.x.path={tmp_path / 'photos'}", "start=several"]
    masks = ["edit=inpaint", "mask=file", f"mask.path={tmp_path / 'masks'}"]
    result = execute(tmp_path, *photos, *masks)
    names = [f"{photo}-{k}" for photo in "ab" for k in (1, 2, 3)]
    assert result.status["images"] == names
    for name in names:
        hole = np.asarray(result.image("mask", name)) > 127
        assert hole.sum() == (64 if name.startswith("a") else 128)


def test_a_mask_over_the_whole_photograph_is_cut_and_kept(tmp_path):
    """The record shows the mask that is cut by hand; one that fits nothing leaves no run."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png")
    drawn = np.zeros((64, 96), np.uint8)
    drawn[16:32, 40:60] = 255
    Image.fromarray(drawn).save(tmp_path / "m.png")
    words = ["edit=inpaint", "image=file", f"image.x.path={tmp_path / 'p.png'}", "mask=file"]
    result = execute(tmp_path, *words, f"mask.path={tmp_path / 'm.png'}")
    size = TinyGenerator().resolution
    expected = drawn[:, 16:80].reshape(size, 64 // size, size, 64 // size).mean((1, 3))
    assert np.array_equal(np.asarray(result.image("mask")), expected)
    Image.fromarray(drawn[:-1]).save(tmp_path / "other.png")
    with pytest.raises(InputError, match=r"96×63.*p\.png, 96×64, nor the cut.*target\.webp"):
        execute(tmp_path, *words, f"mask.path={tmp_path / 'other.png'}")
    assert list((tmp_path / "default").glob("inpaint-*")) == [result.path]


def test_each_shard_takes_the_masks_of_its_photographs(tmp_path):
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
    for place in range(8):
        Image.new("RGB", (32, 32)).save(tmp_path / "photos" / f"{place}.png")
        hole = np.zeros((32, 32), np.uint8)
        hole[8:16, 8 : 10 + place] = 255
        Image.fromarray(hole).save(tmp_path / "masks" / f"{place}.png")
    words = ["image=file", f"image.x.path={tmp_path / 'photos'}", "image.x.shard=2/2"]
    words += ["edit=inpaint", "mask=file", f"mask.path={tmp_path / 'masks'}"]
    result = execute(tmp_path, *words)
    assert result.status["images"] == ["1", "3", "5", "7"]
    for name in result.status["images"]:
        hole = np.asarray(result.image("mask", name)) > 127
        assert hole.sum() == 8 * (2 + int(name))


def test_an_edited_activation_goes_on_from_its_file(tmp_path):
    first = execute(tmp_path, "edit=attribute_transfer", "edit.stages.I_att.layers=[8]", *PAIR)
    start = ["start=embedding", f"start.path={first.path / 'embedding.safetensors'}"]
    same = execute(tmp_path, "edit=reconstruct_w", *start, "budget.latent=0")
    assert np.array_equal(np.asarray(same.image()), np.asarray(first.image()))
    assert same.embedding.resume[0] == "8x8.conv1"
    moved = execute(tmp_path, "edit=reconstruct", *start)
    assert moved.embedding.resume[1].features.equal(first.embedding.resume[1].features)
    assert moved.metrics["final"]["psnr"] > first.metrics["final"]["psnr"]


def test_a_stage_that_ends_early_reports_the_steps_that_it_took(tmp_path, monkeypatch):
    ticks = itertools.count(step=0.25)
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr("ganvas.runner.monitor.time", clock)
    words = ["edit=reconstruct_w", "budget.latent=40", "budget.flush_every=2"]
    early_stopping = "edit.stages.w.early_stopping={patience: 3, improvement: 0.9}"
    result = execute(tmp_path, *words, early_stopping)
    entry = result.metrics["stages"]["w"]
    assert entry["steps"] == len(result.curve) < 10
    assert entry["seconds"] % 0.25 == 0
    assert entry["steps_per_second"] == round(entry["steps"] / entry["seconds"], 4)


def test_a_metric_that_cannot_be_had_is_found_before_any_work(tmp_path, monkeypatch):
    def missing(*arguments):
        raise AssetError("no network")

    monkeypatch.setattr("ganvas.network.lpips.perceptual_distance", missing)
    monkeypatch.setattr("ganvas.network.arcface.arcface", missing)
    for target in ("LPIPS", "LPIPS, net: alex", "RegionLPIPS", "Identity, image: y"):
        with pytest.raises(AssetError, match="no network"):
            execute(tmp_path, "edit=inpaint", f"metrics.more={{_target_: ganvas.metrics.{target}}}")
        assert not list(tmp_path.rglob("*.png"))
    assert execute(tmp_path, "edit=inpaint").status["state"] == "finished"


@pytest.mark.parametrize(("overrides", "error", "words"), [
    (["edit=inpaint", "mask=full"], InputError, "covers all of image 0"),
    (["edit=crossover", "image=astronaut"], ConfigError, "needs images x and y"),
    (["edit=permute", "edit.stages.I_att.layers=[512]"], ConfigError, "no layer at 512²"),
    (["layers=explicit", "layers.rows=[99]"], ConfigError, "has no row 99"),
    (["edit=permute", "edit.stages.I_att.change={_target_: ganvas.edit.Ablate, units: [999]}"],
     ConfigError, r"stages\.I_att: layer 8x8\.conv1 has units 0 to 15, not 999"),
    (["edit=permute", "edit.stages.I_att.change.tiles=3"], ConfigError, "tiles=3: the 8×8 maps"),
    (["edit=permute", "edit.stages.more={_target_: ganvas.edit.EditActivations, layers: [4]}"],
     ConfigError, r"stages\.more: layer 4x4\.conv1 lies before 8x8\.conv1"),
    (["edit=permute", "start.space=s"], ConfigError, r"stages\.I_att: what works on activations"),
    (["edit=morph", *PAIR, "start.space=s"], ConfigError, r"stages\.morph: operations on style"),
    (["edit=style_mix", *PAIR, "start.space=s"], ConfigError, r"stages\.mix: operations on style"),
    (["edit=style_mix", *PAIR], ConfigError, r"stages\.mix: .* selects no style row"),
    (["edit=scribble", "start=w_avg_w"], ConfigError, r"stages\.w: a subset of style rows needs"),
    (["start.space=s", "layers=coarse"], ConfigError, r"start\.space=s has the styles themselves"),
    (["start.space=s", "loss.noise.spread={_target_: ganvas.loss.RowSpread}"], ConfigError,
     r"stages\.n: RowSpread needs start\.space z, w or w\+; s has no rows"),
    (["generator.resolution=8", "loss.noise.ssim={_target_: ganvas.loss.SSIM}"], ConfigError,
     r"stages\.n: SSIM needs images of 11 pixels or more, not 8"),
    (["optimizer.noise=${optimizer.latent}", "optimizer.latent.lr_units=image"], ConfigError,
     r"optimizer\.latent\.lr_units=image: rates in units of the image are for noise"),
])  # fmt: skip
def test_mistakes_are_one_line_before_any_work(tmp_path, overrides, error, words):
    with pytest.raises(error, match=words) as caught:
        execute(tmp_path, *overrides)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*.png"))


def test_what_was_embedded_once_is_edited_without_fitting(tmp_path):
    """Each image goes on from its own file: a morph's ends are the two results."""
    x, y = execute(tmp_path), execute(tmp_path, "image.x.crop=[50,40,250,240]")
    files = [f"{key}={run.embedding_file}" for key, run in (("path", x), ("y", y))]
    words = ["edit=morph", "start=embedding", *(f"start.{word}" for word in files), *PAIR]
    for at, end in ((1.0, x), (0.0, y)):
        steps = ["budget.latent=0", "budget.noise=0", f"edit.stages.morph.at={at}"]
        morph = execute(tmp_path, *words, *steps)
        assert np.array_equal(np.asarray(morph.image()), np.asarray(end.image()))


@pytest.fixture
def two(tmp_path):
    """The words for a morph of two photographs, for the second alone, and a run of both."""
    folder = tmp_path / "two"
    folder.mkdir()
    for name, level in (("a", 40), ("b", 210)):
        Image.new("RGB", (32, 32), (level, 90, 255 - level)).save(folder / f"{name}.png")
    both = execute(tmp_path, "image=file", f"image.x.path={folder}")
    x, y = folder / "a.png", folder / "b.png"
    morph = ["edit=morph", "image=file", f"image.x.path={x}", f"image.y.path={y}"]
    return morph, ["image=file", f"image.x.path={y}"], both


@pytest.fixture
def trio(tmp_path):
    """The words for a direction of three photographs of one colour each, x the first of them."""
    words = ["image=file"]
    for name, colour in (("x", (40, 90, 200)), ("y", (210, 90, 40)), ("z", (90, 160, 90))):
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{name}.png")
        words.append(f"image.{name}.path={tmp_path / name}.png")
    return ["edit=direction", *words[1:], words[0]]


def test_a_stage_may_start_from_another_embedding(tmp_path, trio):
    """At a rate of almost 0 the end of a direction is its start, so that nothing moves."""
    still = "edit.stages.w_z.optimise={latent:{_target_:ganvas.optimizer.Adam,lr:1e-12}}"
    words = [*trio, "budget.latent=7", still]
    here, there = (
        np.asarray(execute(tmp_path, *words, f"edit.stages.direction.strength={s}").image()).astype(
            int
        )
        for s in (0.0, 50.0)
    )
    assert np.abs(here - there).max() <= 1
    own = execute(
        tmp_path, *words, "edit.stages.direction.strength=50", "edit.stages.w_z.start_from=null"
    )
    assert np.abs(here - np.asarray(own.image())).max() > 10


def test_what_takes_no_steps_starts_from_nothing_else(tmp_path, trio):
    x, z = trio[1], trio[3].replace("image.z", "image.x")
    files = {
        k: execute(tmp_path, "image=file", photo).embedding_file
        for k, photo in (("path", x), ("z", z))
    }
    words = [
        "start=embedding",
        "budget.latent=0",
        *(f"start.{k}={file}" for k, file in files.items()),
    ]
    words.append(f"start.y={files['path']}")
    found = execute(tmp_path, *trio, *words, "edit.stages.direction.strength=1")
    still = execute(tmp_path, *trio, *words, "edit.stages.direction.strength=0")
    assert not np.array_equal(np.asarray(found.image()), np.asarray(still.image()))


def test_each_image_starts_from_the_embedding_of_its_own_name(tmp_path, two):
    morph, _, both = two
    start = ["start=embedding", f"start.path={both.embedding_file}", "budget.latent=0"]
    for at, name in ((1.0, "a"), (0.0, "b")):
        steps = ["budget.noise=0", f"edit.stages.morph.at={at}"]
        made = execute(tmp_path, *morph, *start, *steps)
        assert np.array_equal(np.asarray(made.image()), np.asarray(both.image("result", name)))


def test_what_y_starts_from_is_checked_before_any_work(tmp_path, two):
    morph, second, both = two
    styles = execute(tmp_path, *second, "start=random", "start.space=s")
    files = [f"start.path={both.embedding_file}", f"start.y={styles.embedding_file}"]
    with pytest.raises(ConfigError, match=r"stages\.morph: .*need start\.space"):
        execute(tmp_path, *morph, "start=embedding", *files, "seed=5")
    assert not [line for line in tmp_path.rglob("metrics.jsonl") if "morph" in str(line)]


def test_another_image_tuned_to_other_weights_is_refused(tmp_path, two):
    morph, second, both = two
    tuned = execute(tmp_path, "edit=pti", *second, "budget.weights=2")
    words = [*morph, "start=embedding", "budget=none"]
    files = [f"start.path={both.embedding_file}", f"start.y={tuned.embedding_file}"]
    with pytest.raises(InputError, match=r"start\.y is tuned to weights of its own"):
        execute(tmp_path, *words, *files)
    execute(
        tmp_path, *words, f"start.path={tuned.embedding_file}", f"start.y={both.embedding_file}"
    )


def test_the_best_solution_is_the_one_of_x(tmp_path, two):
    morph, _, _ = two
    some = ["start=several", "start.keep=best", "budget.latent=1"]
    for seed in range(4):
        result = execute(tmp_path, *morph, *some, f"seed={seed}")
        losses = result.metrics["stages"]["w"]["loss"]
        assert list(result.metrics["images"]) == [f"a-{1 + losses.index(min(losses))}"]


def test_a_mask_that_an_edit_does_not_have_is_noticed(tmp_path, capsys):
    execute(tmp_path, "edit=morph", *PAIR, "mask=box")
    assert "this edit has no mask, so mask= has no effect" in capsys.readouterr().out


def test_an_activation_comes_nearer_than_the_latent_though_terms_take_turns(tmp_path):
    result = execute(
        tmp_path, "edit=reconstruct_f", "budget.latent=12",
        "loss.latent={a:{_target_:ganvas.loss.MSE,every:2},"
        "b:{_target_:ganvas.loss.L1,every:2,first:1}}",
    )  # fmt: skip
    latent, activation = (
        [row["psnr"][0] for row in result.curve if row["stage"] == stage] for stage in "wf"
    )
    assert len(activation) == 12
    assert activation[-1] > latent[-1] + 3
    # Not by chance: it rises in nearly every step.
    rises = sum(b > a for a, b in itertools.pairwise(activation))
    assert rises >= 9


@pytest.mark.parametrize("name", ["reconstruct_dhr", "reconstruct_sam"])
def test_a_segment_keeps_the_activation_that_its_latent_draws(tmp_path, name):
    budget = "budget.latent=8", "budget.weights=3"
    result = execute(tmp_path, f"edit={name}", *budget, "edit.stages.w.steps=3")
    layer, state = result.embedding.resume
    own = replace(result.embedding, resume=None).activations(TinyGenerator(), [layer])[layer]
    moved = (state.features - own.features).abs().mean((0, 1))
    assert moved.shape == (32, 32)
    # The ellipse lies in the middle; its feathered rim lets a little in.
    face, rest = moved[14:20, 14:18].mean(), moved[:4].mean()
    assert rest > 20 * face
