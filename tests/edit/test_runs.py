"""Edits through the whole program, on the tiny generator."""

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.api import run
from ganvas.errors import ConfigError, InputError
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
    assert result.embedding.resume[0] == "32x32.conv1"
    again = to_uint8(result.embedding.render(TinyGenerator()))[0].permute(1, 2, 0).numpy()
    assert np.array_equal(again, np.asarray(result.image("result")))
    assert (result.path / "embedding.y.safetensors").is_file()
    assert (result.path / "images" / "contact_sheet.png").is_file()


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


def test_regions_are_measured(tmp_path):
    wanted = "metrics.names=[psnr,psnr_inside,psnr_outside,seam]"
    result = execute(tmp_path, "edit=inpaint", wanted)
    assert {"psnr_inside", "psnr_outside", "seam"} <= set(result.metrics["final"])


@pytest.mark.parametrize(("overrides", "error", "words"), [
    (["edit=inpaint", "mask=full"], InputError, "covers all of image 0"),
    (["edit=crossover", "image=astronaut"], ConfigError, "needs images x and y"),
    (["edit=permute", "edit.stages.I_att.layers=[512]"], ConfigError, "no layer at 512²"),
    (["layers=explicit", "layers.rows=[99]"], ConfigError, "has no row 99"),
])  # fmt: skip
def test_mistakes_are_one_line_before_any_work(tmp_path, overrides, error, words):
    with pytest.raises(error, match=words) as caught:
        execute(tmp_path, *overrides)
    assert "\n" not in str(caught.value)
