"""The pyramidal TIFF: every level, any order, and what a killed process leaves."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from ganvas.errors import InputError, StorageError
from ganvas.tile import pyramid as module
from ganvas.tile.pyramid import Pyramid, disk_need, halved, level_sizes
from ganvas.tile.tiff import levels, read_window
from ganvas.tile.window import Window, raster

HEIGHT, WIDTH, SIDE = 600, 1100, 512


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def squares():
    return list(enumerate(raster(HEIGHT, WIDTH, SIDE)))


def cut(picture, window):
    return picture[window.top : window.bottom, window.left : window.right]


def write(path, picture, order, compression="none", finish=True):
    with Pyramid(path, HEIGHT, WIDTH, SIDE, "x") as pyramid:
        for number, window in order:
            if number not in pyramid.done:
                pyramid.write(number, window, cut(picture, window))
        if finish:
            pyramid.finish(compression)
    return path


@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_tifffile_reads_every_level(tmp_path, picture, compression):
    path = write(tmp_path / "picture.tif", picture, reversed(squares()), compression)
    expected = picture
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        shapes = [level.shape[:2] for level in file.series[0].levels]
        assert shapes == level_sizes(HEIGHT, WIDTH, SIDE) == [(600, 1100), (300, 550), (150, 275),
                                                              (75, 138)]  # fmt: skip
        for level in file.series[0].levels:
            # tifffile decodes Deflate by itself.
            assert np.array_equal(level.asarray(), expected)
            expected = halved(expected)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["picture.tif"]


@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_a_window_is_read_alone(tmp_path, picture, compression):
    path = write(tmp_path / "picture.tif", picture, squares(), compression)
    window = Window(200, 590, 250, 1100)
    assert np.array_equal(read_window(path, window), cut(picture, window))
    small = Window(3, 150, 7, 270)
    assert np.array_equal(read_window(path, small, 2), cut(halved(halved(picture)), small))


def test_jpeg_is_smaller_and_near(tmp_path):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.stack([rows // 3, columns // 5, (rows + columns) // 7], axis=2).astype(np.uint8)
    path = write(tmp_path / "picture.tif", smooth, squares(), "jpeg")
    plain = write(tmp_path / "plain.tif", smooth, squares())
    assert path.stat().st_size < plain.stat().st_size / 10
    window = Window(200, 590, 250, 1100)
    difference = read_window(path, window).astype(int) - cut(smooth, window)
    assert np.abs(difference).max() <= 12
    assert np.abs(difference).mean() < 1.5
    # libtiff reads it without being told more.
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        assert np.array_equal(np.array(picture)[window.top : window.bottom, 250:1100],
                              read_window(path, window))  # fmt: skip
    with tifffile.TiffFile(path) as file:
        assert [level.keyframe.compression for level in file.series[0].levels] == [7] * 4


def test_halving_averages_and_rounds_half_up():
    pixels = np.array([[[0], [1], [7]], [[1], [0], [8]], [[5], [5], [255]]], dtype=np.uint8)
    pixels = pixels.repeat(3, axis=2)
    assert halved(pixels)[..., 0].tolist() == [[1, 8], [5, 255]]


def test_the_disk_suffices_for_what_is_said(tmp_path, picture):
    path = write(tmp_path / "picture.tif", picture, squares())
    need = disk_need(HEIGHT, WIDTH, SIDE, "none")
    assert 0.7 * need < path.stat().st_size <= need


def test_an_unfinished_picture_goes_on(tmp_path, picture):
    path = tmp_path / "picture.tif"
    write(path, picture, squares()[:2], finish=False)
    journal = tmp_path / "picture.journal"
    # The process was killed while it wrote a line.
    journal.write_text(journal.read_text(encoding="utf-8") + "3")
    with Pyramid(path, HEIGHT, WIDTH, SIDE, "x") as pyramid:
        assert pyramid.done == {0, 1}
    write(path, picture, squares())
    assert np.array_equal(tifffile.imread(path), picture)


def test_another_pictures_journal_is_not_continued(tmp_path, picture):
    path = tmp_path / "picture.tif"
    write(path, picture, squares()[:2], finish=False)
    with Pyramid(path, HEIGHT, WIDTH, SIDE, "another") as pyramid:
        assert pyramid.done == set()


def test_a_disk_that_fills_meanwhile_loses_nothing(tmp_path, picture, monkeypatch):
    path = tmp_path / "picture.tif"

    def full(descriptor, content, at):
        raise OSError(28, "No space left on device")

    (first, _), (second, window) = squares()[:2]
    write(path, picture, squares()[:1], finish=False)
    with monkeypatch.context() as patch, Pyramid(path, HEIGHT, WIDTH, SIDE, "x") as pyramid:
        patch.setattr(module, "_write_all", full)
        with pytest.raises(StorageError, match="no space left"):
            pyramid.write(second, window, cut(picture, window))
        assert pyramid.done == {first}
    with Pyramid(path, HEIGHT, WIDTH, SIDE, "x") as pyramid:
        assert pyramid.done == {0}
    assert np.array_equal(tifffile.imread(write(path, picture, squares())), picture)


def test_what_is_no_picture_is_one_line(tmp_path):
    file = tmp_path / "picture.tif"
    file.write_bytes(b"II+\0 nothing")
    with pytest.raises(InputError, match="no pyramidal TIFF"):
        levels(file)
