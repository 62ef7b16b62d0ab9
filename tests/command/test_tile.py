"""`ganvas tile`: the picture, its regions, an edit, a kill, and mistakes."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from ganvas.checkpoint.generator_file import save_generator
from ganvas.generator.architecture import StyleGAN1Architecture, StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator
from ganvas.runner.directory import find_runs
from ganvas.tile.recipe import Recipe

SMALL = (
    "tile", "generator=tiny", "generator.resolution=128", "layer=8", "grid=5x7", "side=256",
    "threads=1", "logger=none", "latents=random",
)  # fmt: skip
"""320×448 pixels in four squares."""


def only(pattern: str) -> Path:
    (path,) = Path().glob(pattern)
    return path


def pixels(file: Path | str) -> np.ndarray:
    with Image.open(file) as picture:
        return np.array(picture)


def test_a_picture_and_its_regions(ganvas_command):
    done = ganvas_command(*SMALL)
    assert done.code == 0, done.err
    folder = only("outputs/tile/*")
    picture = tifffile.imread(folder / "picture.tif")
    assert picture.shape == (320, 448, 3)
    assert picture.std() > 10
    metrics = json.loads((folder / "drawing.json").read_text(encoding="utf-8"))
    assert metrics["squares"] == metrics["squares_drawn"] == 4
    assert metrics["recipe_bytes"] < 8192
    assert "is there already" in ganvas_command(*SMALL).out
    assert find_runs(Path("outputs")) == []
    region = ("render", str(folder), "--region", "200,100,130,200", "-o", "r.png")
    assert ganvas_command("tile", *region).code == 0
    assert np.array_equal(pixels("r.png"), picture[100:300, 200:330])
    with tifffile.TiffFile(folder / "picture.tif") as file:
        half = file.series[0].levels[1].asarray()
    assert ganvas_command("tile", *region[:2], "--level", "1", "--region", "90,60,100,80").code == 0
    assert np.array_equal(pixels("region.png"), half[60:140, 90:190])


def test_a_stylegan1_keeps_its_statistics_in_the_recipe(ganvas_command):
    architecture = StyleGAN1Architecture(mapping=(8, 8, 8), channels=(6, 6, 4, 4, 4, 4))
    save_generator(random_generator(architecture), Path("one.safetensors"))
    words = (
        "tile",
        "generator=stylegan1",
        "generator.checkpoint=one.safetensors",
        "threads=1",
        "logger=none",
    )
    done = ganvas_command(*words, "grid=5x5", "layer=8", "side=256")
    assert done.code == 0, done.err
    folder = only("outputs/tile/*")
    recipe = Recipe.load(folder / "recipe.safetensors")
    assert [mean.shape[1] for mean, _ in recipe.statistics] == [6] * 4 + [4] * 8
    picture = tifffile.imread(folder / "picture.tif")
    done = ganvas_command("tile", "render", str(folder), "--region", "250,250,70,60")
    assert done.code == 0, done.err
    assert np.array_equal(pixels("region.png"), picture[250:310, 250:320])
    # Another tile leaves the statistics, and what is far away, as they were.
    edit = ("--tile", "0,0", "--latent", "99", "-o", "edited")
    assert ganvas_command("tile", "edit", str(folder), *edit).code == 0
    after = tifffile.imread("edited/picture.tif")
    assert not np.array_equal(picture, after)
    assert np.array_equal(picture[256:, 256:], after[256:, 256:])


def test_another_network_or_class_is_another_picture(ganvas_command, tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    architecture = StyleGAN2Architecture(
        mapping=(12, 8), channels=(6, 6, 4, 4), classes=2, embedding=4
    )
    Image.new("RGB", (8, 8)).save("guide.png")
    words = ("tile", "generator=stylegan2", "generator.checkpoint=g.safetensors", "threads=1",
             "logger=none", "grid=2x2", "layer=8", "side=256", "latents=guided",
             "latents.image=guide.png", "latents.bank=2", "latents.candidates=2")  # fmt: skip
    for seed, label in ((0, 0), (0, 1), (1, 1)):
        generator = random_generator(architecture, seed)
        save_generator(generator, Path("g.safetensors"))
        done = ganvas_command(*words, f"generator.label={label}")
        assert done.code == 0, done.err
    assert len(list(Path().glob("outputs/tile/*/picture.tif"))) == 3
    assert len({file.read_bytes() for file in Path().glob("cache/banks/*.float32")}) == 3


def test_an_edit_draws_what_it_reaches(ganvas_command):
    assert ganvas_command(*SMALL).code == 0
    folder = only("outputs/tile/*")
    words = ("tile", "edit", str(folder), "--tile", "0,0", "--latent", "99", "-o", "edited")
    done = ganvas_command(*words)
    assert done.code == 0, done.err
    assert json.loads(Path("edited/drawing.json").read_text(encoding="utf-8"))["squares_drawn"] == 1
    before, after = (tifffile.imread(f / "picture.tif") for f in (folder, Path("edited")))
    assert not np.array_equal(before[:64, :64], after[:64, :64])
    assert np.array_equal(before[:, 256:], after[:, 256:])
    # It is what its own recipe draws.
    assert ganvas_command("tile", "render", "edited", "--region", "0,0,448,320").code == 0
    assert np.array_equal(pixels("region.png"), after)
    assert "holds a picture already" in ganvas_command(*words).complaint


def test_a_mask_changes_a_part_of_a_tile(ganvas_command):
    assert ganvas_command(*SMALL).code == 0
    folder = only("outputs/tile/*")
    white = np.zeros((320, 448), dtype=np.uint8)
    white[:20, :20] = 255
    Image.fromarray(white).save("mask.png")
    words = ("tile", "edit", str(folder), "--tile", "0,0", "--latent", "99", "--mask", "mask.png")
    done = ganvas_command(*words, "-o", "edited")
    assert done.code == 0, done.err
    assert ganvas_command(*words[:7], "-o", "whole").code == 0
    before, after, whole = (
        tifffile.imread(f / "picture.tif") for f in (folder, Path("edited"), Path("whole"))
    )
    changed, more = ((f != before).any(axis=2) for f in (after, whole))
    assert changed[:12, :12].mean() > 0.9
    assert 0 < changed.sum() < more.sum() / 2
    # Its recipe holds the mask, and draws the same.
    assert ganvas_command("tile", "render", "edited", "--region", "0,0,448,320").code == 0
    assert np.array_equal(pixels("region.png"), after)
    done = ganvas_command(*words[:-1], "none.png", "-o", "again")
    assert (done.code, "none.png" in done.complaint) == (2, True)


def test_a_block_of_tiles_is_copied_over_itself(ganvas_command):
    assert ganvas_command(*SMALL).code == 0
    folder = only("outputs/tile/*")
    words = ("tile", "edit", str(folder), "--tile", "1,1,2,3", "--latent", "0,0", "-o", "edited")
    done = ganvas_command(*words)
    assert done.code == 0, done.err
    before, after = (
        Recipe.load(f / "recipe.safetensors").assignment.ids for f in (folder, Path("edited"))
    )
    expected = before.clone()
    expected[1:3, 1:4] = before[0:2, 0:3]
    assert torch.equal(after, expected)
    assert not torch.equal(after, before)
    # White in one of the six tiles alone.
    white = Image.new("L", (70, 50))
    white.paste(255, (12, 12, 18, 18))
    white.save("mask.png")
    done = ganvas_command(*words[:-1], "masked", "--mask", "mask.png")
    assert done.code == 0, done.err
    recipe = Recipe.load(Path("masked/recipe.safetensors"))
    assert (1, 1) in {overlay.tile for overlay in recipe.overlays}
    assert len(recipe.overlays) < 6
    Image.new("L", (70, 50)).save("mask.png")
    done = ganvas_command(*words[:-1], "black", "--mask", "mask.png")
    assert (done.code, "is black where tile 1,1 to 2,3 lies" in done.complaint) == (2, True)


def test_the_record_says_how_far_it_came(ganvas_command):
    done = ganvas_command(*SMALL, "logger=csv", "compression=jpeg")
    assert done.code == 0, done.err
    folder = only("outputs/tile/*")
    drawing = json.loads((folder / "drawing.json").read_text(encoding="utf-8"))
    assert drawing["state"] == "finished"
    assert drawing["squares_done"] == 4
    rows = [
        json.loads(line)
        for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert [row["squares_left"] for row in rows] == [[3.0], [2.0], [1.0], [0.0]]
    assert pixels(folder / "overview.webp").shape == (320, 448, 3)
    assert (folder / "final.csv").read_text(encoding="utf-8").startswith("image,megapixels,squares")
    # Another logger or compression is the same picture, which is not written anew.
    again = ganvas_command(*SMALL)
    assert "is there already" in again.out
    assert "it stays as it is, compression=jpeg; for none remove it" in again.err
    assert "it stays" not in ganvas_command(*SMALL, "compression=jpeg").err


@pytest.mark.slow
def test_kills_and_the_same_bytes(ganvas_command, fork_server, tmp_path):
    words = (*SMALL, "compression=deflate")
    assert ganvas_command(*words, "study=whole").code == 0
    kills = [
        ("ganvas.tile.pyramid:_write_all", 200, "before"),
        ("os:fdatasync", 1, "after"),
        ("ganvas.tile.tiff:_write_tiff", 1, "after"),
    ]
    for kill in kills:
        assert fork_server.run(tmp_path, *words, kill=kill) == -signal.SIGKILL, kill
        assert not list(tmp_path.glob("outputs/tile/*/picture.tif"))
    assert ganvas_command(*words).code == 0
    whole, resumed = only("outputs/whole/*/picture.tif"), only("outputs/tile/*/picture.tif")
    assert whole.read_bytes() == resumed.read_bytes()
    assert sorted(f.name for f in resumed.parent.iterdir()) == [
        "config.json", "drawing.json", "metrics.jsonl", "overview.webp", "picture.tif",
        "provenance.json", "recipe.safetensors",
    ]  # fmt: skip


def test_a_sweep_over_the_layer(ganvas_command):
    words = [word for word in SMALL if not word.startswith("layer")]
    done = ganvas_command(*words, "-m", "layer=8,16", "grid=2x2")
    assert done.code == 0, done.err
    sizes = {tifffile.imread(f).shape for f in Path().glob("outputs/tile/*/picture.tif")}
    assert sizes == {(128, 128, 3), (112, 112, 3)}


def test_a_guided_picture_resembles_its_guide(ganvas_command, tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    levels = np.zeros((40, 56, 3), dtype=np.uint8)
    levels[:, 28:] = 255
    Image.fromarray(levels).save("guide.png")
    guided = ("latents=guided", "latents.image=guide.png", "latents.bank=24", "latents.psi=1")
    done = ganvas_command(*SMALL[:-1], *guided, "latents.candidates=3")
    assert done.code == 0, done.err
    assert "24 of 24" in done.err
    assert "tiles swapped: energy" in done.err
    picture = tifffile.imread(only("outputs/tile/*/picture.tif")).astype(float)
    assert picture[:, 250:].mean() > picture[:, :200].mean() + 10
    # A larger bank draws the members that are missing.
    bank = only("cache/banks/*.float32")
    first = bank.read_bytes()
    done = ganvas_command(*SMALL[:-1], *guided[:2], "latents.bank=30", "latents.psi=1")
    assert done.code == 0, done.err
    assert bank.read_bytes()[: len(first)] == first
    assert len(bank.read_bytes()) == len(first) // 24 * 30
    Image.new("RGB", (6, 40)).save("guide.png")
    assert "too few for 7×5 tiles" in ganvas_command(*SMALL[:-1], *guided, "study=b").complaint


def test_a_viewer_opens_from_disk(ganvas_command):
    assert ganvas_command(*SMALL).code == 0
    folder = only("outputs/tile/*")
    done = ganvas_command("tile", "view", str(folder))
    assert done.code == 0, done.err
    view = folder / "view"
    # 448 pixels: level 9 is the picture, of two by two tiles, level 0 one pixel.
    names = sorted(p.relative_to(view).as_posix() for p in view.rglob("*.webp"))
    assert len([n for n in names if n.startswith("picture_files/9/")]) == 4
    assert "picture_files/0/0_0.webp" in names
    assert pixels(view / "picture_files/0/0_0.webp").shape == (1, 1, 3)
    assert pixels(view / "picture_files/9/1_1.webp").shape == (64, 192, 3)
    page = (view / "index.html").read_text(encoding="utf-8")
    for words in ('data-width="448"', 'data-height="320"', 'data-tile="256"'):
        assert words in page
    assert "http" not in page.replace("http-equiv", "")
    assert 'Width="448" Height="320"' in (view / "picture.dzi").read_text(encoding="utf-8")


def test_a_view_of_another_picture_keeps_no_tile(ganvas_command):
    for seed in (0, 1):
        assert ganvas_command(*SMALL, f"seed={seed}", f"study=s{seed}").code == 0
        done = ganvas_command("tile", "view", str(only(f"outputs/s{seed}/*")), "-o", "V")
        assert done.code == 0, done.err
    tile = Path("V/picture_files/9/1_1.webp")
    alone = ganvas_command("tile", "view", str(only("outputs/s1/*")), "-o", "W")
    assert alone.code == 0
    assert tile.read_bytes() == Path("W/picture_files/9/1_1.webp").read_bytes()
    # Those of the same picture stay.
    tile.write_bytes(b"kept")
    assert ganvas_command("tile", "view", str(only("outputs/s1/*")), "-o", "V").code == 0
    assert tile.read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("layr=8",), ("unknown key 'layr'", "did you mean 'layer'")),
        (("latents=randm",), ("latents", "'randm'", "did you mean 'random'")),
        (("latents.ps=1",), ("unknown key 'latents.ps'", "did you mean 'psi'")),
        (("latents.psi=2",), ("latents.psi=2", "less than or equal to 1")),
        (("latents=guided",), ("latents.image must be given",)),
        (("latents=guided", "latents.image=none.png"), ("none.png",)),
        (("latents=embedding", "latents.path=none.safetensors"), ("none.safetensors",)),
        (("grid=5",), ("grid=5", "rows and columns")),
        (("grid=9999x9999",), ("grid=9999x9999", "at most")),
        (("grid=900x900", "generator.resolution=1024"), ("GiB are free",)),
        (("side=1000",), ("side=1000", "256, 512")),
        (("layer=128",), ("128x128.conv1", "the last one")),
        (("layer=5",), ("no layer at 5²",)),
        (("crop=7",), ("crop=7",)),
        (("overlap=1",), ("overlap=1",)),
        (("generator=tny",), ("generator", "did you mean 'tiny'")),
        (("~seed",), ("seed",)),
        (("seed=1,2",), ("several values", "-m")),
        (("--fast",), ("no flag '--fast'",)),
        (("device=cuda:99",), ("cuda:99",)),
    ],
)
def test_a_mistake_is_one_line(ganvas_command, words, parts):
    done = ganvas_command(*SMALL[:-1], *words)
    assert done.code == 2, done.err
    for part in parts:
        assert part in done.err.strip().splitlines()[-1], done.err
    assert not list(Path().glob("outputs/tile/*/*"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("render", "none", "--region", "0,0,1,1"), "no such recipe: none"),
        (("render", "{}", "--region", "0,0,1"), "whole numbers X,Y,W,H"),
        (("render", "{}", "--region", "0,0,449,1"), "level 0 has 448×320 pixels"),
        (("render", "{}", "--region", "0,0,1,1", "--level", "9"), "levels 0 to 1"),
        (("render", "{}", "--region", "0,0,1,1", "-o", "a.gif"), "ends in"),
        (("edit", "{}", "--tile", "9,0", "--latent", "1", "-o", "b"), "the grid has 5×7 tiles"),
        (("edit", "{}", "--tile", "0,0", "--latent", "a.safetensors", "-o", "b"), "a.safetensors"),
        (("edit", "{}", "--tile", "0,0", "--latent", "x", "-o", "b"), "ROW,COLUMN"),
        (("edit", "{}", "--tile", "0,0", "--latent", str(2**32), "-o", "b"), "--latent=4294967296"),
        (("edit", "{}", "--tile", "0,0", "--latent", "9" * 5000, "-o", "b"), "0 to 4294967295"),
        (("edit", "{}", "--tile", "4,0,2,1", "--latent", "1", "-o", "b"), "the grid has 5×7 tiles"),
        (("edit", "{}", "--tile", "0,0,0,1", "--latent", "1", "-o", "b"), "--tile=0,0,0,1"),
        (("edit", "{}", "--tile", "0,0,2,2", "--latent", "4,0", "-o", "b"), "--latent=4,0: 2×2"),
        (("view", "none.tif"), "no such picture"),
    ],
)
def test_a_mistake_about_a_recipe_is_one_line(ganvas_command, drawn, words, part):
    done = ganvas_command("tile", *(word.format(drawn) for word in words))
    assert done.code == 2
    assert part in done.complaint
    assert not Path("b").exists()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    from ganvas.cli import main

    output = tmp_path_factory.mktemp("drawn")
    assert main([*SMALL, f"output={output}"]) == 0
    (folder,) = output.glob("tile/*")
    return folder
