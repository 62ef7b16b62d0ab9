"""Photographs of every kind, each against what Pillow or numpy say it holds."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.errors import InputError
from ganvas.image.picture import difference, save_animation, save_picture, to_picture
from ganvas.image.source import Source, cut, decode, find_pictures, to_tensor


def ramp(side: int = 32) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return np.stack([x * 255 // (side - 1), y * 255 // (side - 1), (x + y) * 4 % 256], -1).astype(
        np.uint8
    )


def values(path: Path) -> np.ndarray:
    picture = decode(path)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def test_rgb_png_is_exact(tmp_path):
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    assert (values(tmp_path / "a.png") == ramp()).all()


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp"])
def test_lossy_kinds(tmp_path, suffix):
    Image.fromarray(ramp()).save(tmp_path / f"a.{suffix}", quality=95)
    assert np.abs(values(tmp_path / f"a.{suffix}").astype(int) - ramp()).mean() < 6


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.dstack([ramp(), np.full((32, 32), 255, np.uint8)])
    rgba[:8, :, 3] = 0
    rgba[8:16, :, 3] = 128
    Image.fromarray(rgba).save(tmp_path / "a.png")
    found = values(tmp_path / "a.png").astype(int)
    assert (found[:8] == 255).all()
    assert np.abs(found[8:16] - (ramp()[8:16] * (128 / 255) + 255 * (127 / 255))).max() <= 1
    assert (found[16:] == ramp()[16:]).all()


def test_grey_and_grey_with_alpha(tmp_path):
    grey = ramp()[..., 0]
    Image.fromarray(grey).save(tmp_path / "g.png")
    assert (values(tmp_path / "g.png") == grey[..., None]).all()
    alpha = Image.fromarray(grey).convert("LA")
    alpha.putalpha(Image.new("L", alpha.size, 0))
    alpha.save(tmp_path / "la.png")
    assert (values(tmp_path / "la.png") == 255).all()


@pytest.mark.parametrize("brightest", [65535, 200])
def test_16_bit_grey_keeps_its_brightness(tmp_path, brightest):
    grey = np.linspace(0, brightest, 32 * 32).reshape(32, 32).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "g.png")
    found = values(tmp_path / "g.png").astype(int)
    assert np.abs(found[..., 0] - grey / 257).max() <= 0.51


def test_cmyk_jpeg(tmp_path):
    Image.new("CMYK", (32, 32), (255, 0, 0, 0)).save(tmp_path / "c.jpg", quality=95)
    found = values(tmp_path / "c.jpg").reshape(-1, 3).mean(0)
    assert found[0] < 20
    assert found[1] > 235
    assert found[2] > 235


def test_palette_with_and_without_transparency(tmp_path):
    picture = Image.fromarray(ramp()).quantize(64)
    picture.save(tmp_path / "p.png")
    assert (values(tmp_path / "p.png") == np.asarray(picture.convert("RGB"))).all()
    clear = Image.new("P", (32, 32), 0)
    clear.putpalette([10, 20, 30] * 256)
    clear.save(tmp_path / "t.png", transparency=0)
    assert (values(tmp_path / "t.png") == 255).all()


def test_black_and_white(tmp_path):
    Image.new("1", (32, 32), 1).save(tmp_path / "b.png")
    assert (values(tmp_path / "b.png") == 255).all()


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [(3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, lambda a: np.rot90(a))],
)
def test_exif_rotation(tmp_path, orientation, undo):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(ramp()).save(tmp_path / "e.png", exif=exif)
    assert (values(tmp_path / "e.png") == undo(ramp())).all()


def test_an_overlay_is_turned_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[:8, :4] = (255, 0, 0, 255)
    Image.fromarray(rgba).save(tmp_path / "o.png", exif=exif)
    Image.new("RGB", (32, 32), "blue").save(tmp_path / "p.png")
    source = Source(tmp_path / "p.png", overlay=tmp_path / "o.png")
    red = (np.asarray(source.read()["p"]) == (255, 0, 0)).all(-1)
    assert np.array_equal(red, np.rot90(rgba[..., 3] > 0, -1))


def test_centre_and_box(tmp_path):
    wide = Image.fromarray(np.tile(ramp(), (1, 2, 1)))
    centre = cut(wide, "centre", Path("a"))
    assert centre.size == (32, 32)
    assert (np.asarray(centre) == np.asarray(wide)[:, 16:48]).all()
    box = cut(wide, (4, 2, 24, 22), Path("a"))
    assert (np.asarray(box) == np.asarray(wide)[2:22, 4:24]).all()
    with pytest.raises(InputError, match="not square"):
        cut(wide, "none", Path("a"))


def test_lanczos(tmp_path):
    picture = Image.fromarray(ramp(48))
    found = to_tensor([picture, picture], 16)
    wanted = np.asarray(picture.resize((16, 16), Image.Resampling.LANCZOS)) / 127.5 - 1
    assert found.shape == (2, 3, 16, 16)
    assert np.allclose(found[1].permute(1, 2, 0), wanted, atol=1e-6)


def test_files_of_a_folder_and_a_glob_in_order(tmp_path):
    for name in ("b.png", "a.JPG", "c.webp", "notes.txt"):
        if name.endswith("txt"):
            (tmp_path / name).touch()
        else:
            Image.fromarray(ramp()).save(tmp_path / name)
    names = [p.name for p in find_pictures(tmp_path)]
    assert names == ["a.JPG", "b.png", "c.webp"]
    assert [p.name for p in find_pictures(tmp_path / "*.png")] == ["b.png"]
    assert list(Source(tmp_path, limit=2).read()) == ["a", "b"]


def test_files_of_one_name_are_told_apart(tmp_path):
    for folder in ("1", "2", "3", "4"):
        (tmp_path / folder).mkdir()
        Image.fromarray(ramp()).save(tmp_path / folder / "face.png")
    assert len(Source(tmp_path / "**" / "*.png").read()) == 4


def test_a_name_with_brackets_is_a_file(tmp_path):
    Image.fromarray(ramp()).save(tmp_path / "me[1].png")
    assert find_pictures(tmp_path / "me[1].png") == [tmp_path / "me[1].png"]


def test_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="suspiciously large"):
        decode(tmp_path / "a.png")


def test_broken_files_of_every_kind(tmp_path):
    rng = np.random.default_rng(0)
    for suffix in ("png", "jpg", "webp"):
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(ramp()).save(path)
        good = path.read_bytes()
        for _ in range(25):
            bad = bytearray(good[: rng.integers(1, len(good))])
            for place in rng.integers(0, len(bad), 4):
                bad[place] = rng.integers(0, 256)
            path.write_bytes(bytes(bad))
            with suppress(InputError):  # And no other error.
                decode(path)


def test_png_out_is_exact(tmp_path):
    image = torch.from_numpy(ramp()).permute(2, 0, 1)
    save_picture(to_picture(image), tmp_path / "deep" / "a.png")
    assert (values(tmp_path / "deep" / "a.png") == ramp()).all()
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.png"]


def test_difference_is_grey_where_nothing_differs():
    a = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    assert (difference(a, a) == 128).all()
    assert (difference(a + 10, a) == 148).all()
    assert (difference(a - 10, a) == 108).all()
    assert (difference(a + 155, a) == 255).all()


def test_animation(tmp_path):
    files = []
    for i in range(3):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray((ramp() // (i + 1)).astype(np.uint8)).save(files[-1])
    save_animation(files, tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as opened:
        assert opened.n_frames == 3
    save_animation([], tmp_path / "b.webp")
    assert not (tmp_path / "b.webp").exists()


def test_hidden_names_are_passed_over_and_what_is_no_picture_is_named(tmp_path, caplog):
    for name in ("b.png", "c.jpg"):
        Image.fromarray(ramp()).save(tmp_path / name)
    (tmp_path / "._b.png").write_bytes(b"\0\5\x16\7resource fork")
    (tmp_path / ".hidden.jpg").touch()
    (tmp_path / "folder.webp").mkdir()
    (tmp_path / "link.bmp").symlink_to(tmp_path / "gone.bmp")
    (tmp_path / "notes.tif").write_text("not a picture")
    (tmp_path / "empty.avif").touch()
    with caplog.at_level(logging.WARNING):
        for path in (tmp_path, tmp_path / "*"):
            assert list(Source(path).read()) == ["b", "c"]
    for name, reason in {
        "folder.webp": "a folder", "link.bmp": "a link to nothing", "notes.tif": "no kind of",
        "empty.avif": "the file is empty",
    }.items():  # fmt: skip
        assert caplog.text.count(f"{name} is left out: {reason}") == 1
    assert "_b.png" not in caplog.text
    assert ".hidden.jpg" not in caplog.text
    with pytest.raises(InputError, match=r"no picture"):
        find_pictures(tmp_path, skip=False)


def test_a_broken_picture_of_a_folder_is_refused_by_name(tmp_path):
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"b\.png"):
        Source(tmp_path).read()


@pytest.mark.parametrize(("size", "part"), [
    ((900, 5), "900×5.*5 pixels high"), ((7, 300), "7×300.*7 pixels wide"),
    ((8, 8), "8 pixels wide"),
])  # fmt: skip
def test_the_side_that_is_too_short_is_named(size, part):
    with pytest.raises(InputError, match=part):
        cut(Image.new("RGB", size), "centre", Path("a.png"))
    with pytest.raises(InputError, match="the crop box is 4 pixels wide"):
        cut(Image.new("RGB", size), (0, 0, 4, 4), Path("a.png"))


@pytest.mark.parametrize("address", ["http://example.org/a.png", "FTP://example.org/b/*.jpg"])
def test_an_address_says_what_to_do(address):
    with pytest.raises(InputError, match="curl -LO") as caught:
        find_pictures(Path(address))
    assert address.lower() in str(caught.value).lower()


def test_of_several_pictures_the_first_is_taken_with_a_notice(tmp_path, caplog):
    first, *others = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue", "lime"))
    for name in ("pages.tif", "film.webp"):
        first.save(tmp_path / name, save_all=True, append_images=others, lossless=True)
        (picture,) = Source(tmp_path / name).read().values()
        assert picture.getpixel((9, 9)) == (255, 0, 0)
        assert f"{name} holds 3 pictures; the first one is taken" in caplog.text


def test_numbers_in_names_count_by_their_value(tmp_path):
    for stem in ("img10", "img2", "img1"):
        for name in (f"photos/{stem}.png", f"masks/{stem}_mask.png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            Image.new("RGB", (16, 16), "red").save(tmp_path / name)
    assert [f.stem for f in find_pictures(tmp_path / "photos")] == ["img1", "img2", "img10"]
    masks = [f.stem for f in find_pictures(tmp_path / "masks")]
    assert masks == ["img1_mask", "img2_mask", "img10_mask"]


def test_16_bit_grey_with_a_transparent_level_is_laid_on_white(tmp_path):
    levels = np.full((16, 16), 20000, np.uint16)
    levels[:8] = 77
    picture = Image.fromarray(levels)
    picture.save(tmp_path / "t.png", transparency=77)
    (made,) = Source(tmp_path / "t.png").read().values()
    grey = np.asarray(made)[..., 0]
    assert (grey[:8] == 255).all()
    assert (grey[8:] == 78).all()


@pytest.mark.parametrize("space", ["\u202f", "\u00a0", "\u200d"])
def test_a_name_with_an_unusual_space_is_kept(tmp_path, tiny_run, space):
    file = tmp_path / f"Screenshot at 3.45{space}PM.png"
    Image.new("RGB", (32, 32), "red").save(file)
    run = tiny_run("image=file", f"image.x.path={tmp_path}")
    assert run.embedding.names == (file.stem,)


def test_a_name_with_control_characters_is_refused(tmp_path):
    file = tmp_path / "a\nb.png"
    Image.new("RGB", (32, 32), "red").save(file)
    with pytest.raises(InputError, match="holds control characters; rename it"):
        find_pictures(file)
