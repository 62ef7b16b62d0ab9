from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.command.paste import image_of
from ganvas.errors import ConfigError, InputError
from ganvas.image import Images, Source
from ganvas.image.align import FaceSquare
from ganvas.image.paste import paste_matched, square_of


def photograph(width=240, height=180):
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([60 + x / 2, 60 + y / 2, 120 + 0 * x], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def test_no_border_is_to_be_seen_though_the_result_has_another_cast():
    before = photograph()
    square = FaceSquare((40.0, 20.0), (128.0, 0.0))
    cast = np.array([30, -20, 15])
    result = np.asarray(square.cut(before, 256), int) + cast
    result[96:160, 96:160] += 50
    crop = Image.fromarray(np.clip(result, 0, 255).astype(np.uint8))
    after = np.asarray(paste_matched(before, crop, square, 0.05), int)
    plain = np.asarray(square.paste(before, crop, 0.05), int)
    change, seen = after - np.asarray(before, int), plain - np.asarray(before, int)
    # Outside of the square nothing changes; where only the cast was, nothing is left of it.
    assert not change[:, :38].any()
    ring = np.ones(change.shape[:2], bool)
    ring[60:110, 80:130] = False
    assert np.abs(change)[ring].max() <= 4
    assert np.abs(seen)[ring].max() >= 25
    # The edit is kept.
    assert abs(change[84, 104].mean() - 50) <= 4


def test_the_square_is_the_one_that_the_run_has_cut(tmp_path):
    whole = photograph()
    assert square_of(whole, "centre", tmp_path) == FaceSquare((30.0, 0.0), (180.0, 0.0))
    assert square_of(whole, [10, 20, 74, 84], tmp_path) == FaceSquare((10.0, 20.0), (64.0, 0.0))
    with pytest.raises(InputError, match="leaves it"):
        square_of(whole, [100, 0, 280, 180], tmp_path)


def test_the_image_is_found_by_the_photographs_name(tmp_path):
    assert image_of(["one"], tmp_path / "any.jpg") == "one"
    assert image_of(["a", "b"], tmp_path / "b.jpg") == "b"
    # Beside a.jpg, which is called a, a.png goes by its whole name.
    assert image_of(["a", "a.png"], tmp_path / "a.png") == "a.png"
    assert image_of(["a", "a.png"], tmp_path / "a.jpg") == "a"
    with pytest.raises(InputError, match=r"no image 'portrat'; did you mean 'portrait'"):
        image_of(["portrait", "b"], tmp_path / "portrat.jpg")


def test_the_command_writes_the_photograph_with_the_result(ganvas_command, tiny_run, tmp_path):
    photograph().save(tmp_path / "me.png")
    run = tiny_run("image=file", "image.x.path=me.png")
    done = ganvas_command("paste", str(run.path), "me.png", "-o", "out.png")
    assert (done.code, done.out, done.err) == (0, "out.png\n", "")
    photograph(200).save(tmp_path / "other.png")
    other = ganvas_command("paste", str(run.path), "other.png", "-o", "other.jpg")
    assert (other.code, other.err) == (0, "other.png is not the file that the run was made of\n")
    before, after = (np.asarray(Image.open(f), int) for f in ("me.png", "out.png"))
    assert after.shape == before.shape
    assert not (after - before)[:, :28].any()
    assert np.abs(after - before)[60:120, 90:150].max() > 10
    # Colours are kept at full resolution, and the picture hardly loses.
    assert ganvas_command("paste", str(run.path), "me.png", "-o", "out.jpg").code == 0
    assert np.abs(np.asarray(Image.open("out.jpg"), int) - after).mean() < 1.5
    refused = ganvas_command("paste", str(run.path), "nobody.png")
    assert refused.code == 2
    assert "nobody.png" in refused.complaint


def test_a_run_puts_its_results_back_by_one_option(ganvas_command, tiny_run, tmp_path):
    for name, width in (("a", 240), ("b", 200)):
        (tmp_path / "two").mkdir(exist_ok=True)
        photograph(width).save(tmp_path / "two" / f"{name}.png")
    words = ("image=file", "image.x.path=two", "image.x.crop=[10, 20, 138, 148]")
    run = tiny_run(*words, "image.x.paste=true", "start=random", "start.count=2")
    assert run.images == ["a-1", "a-2", "b-1", "b-2"]
    for image in run.images:
        before = np.asarray(photograph(240 if image[0] == "a" else 200), int)
        after = np.asarray(run.image("pasted", image), int)
        assert after.shape == before.shape
        assert np.abs(after - before)[:, 150:].max() <= 8  # JPEG's own
        assert np.abs(after - before)[60:120, 50:100].max() > 10
    plain = tiny_run(*words, "start=random", "start.count=2")
    assert not list(plain.path.glob("images/*/pasted*"))
    # One more picture in each row of the sheet.
    with run.sheet as longer, plain.sheet as shorter:
        assert longer.width - shorter.width == 260


def test_nothing_is_pasted_into_what_is_not_edited():
    with pytest.raises(ConfigError, match=r"y\.paste: only the result of x"):
        Images(Source(Path("a.png")), y=Source(Path("b.png"), paste=True))
