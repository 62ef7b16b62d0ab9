"""Equal pictures are stored once, and what can be computed is not stored."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganvas.functional.images import to_uint8
from ganvas.image import Source
from ganvas.image.picture import save_picture
from ganvas.image.source import to_tensor
from ganvas.runner.directory import RunDirectory, find_runs, load
from ganvas.runner.pictures import save_stage
from ganvas.runner.sharing import POOL
from ganvas.system.tensors import read_tensors


def test_a_run_stores_its_result_and_a_study_its_photograph_once(finished_study):
    first, second = (run.path / "images/astronaut" for run in find_runs(finished_study))
    assert (first / "result.png").samefile(first / "n.png")
    assert (first / "w.webp").is_file()
    assert (first / "target.webp").samefile(second / "target.webp")
    assert not (first / "difference.png").exists()


def test_the_picture_of_an_earlier_stage_is_small_and_near_what_it_drew(tmp_path):
    smooth = np.linspace(0, 6, 256)
    drawn = np.stack([np.sin(smooth)[:, None] * np.cos(k * smooth) for k in (1, 2, 3)])
    noise = np.random.default_rng(0).normal(0, 8, drawn.shape)
    picture = torch.from_numpy((120 + 100 * drawn + noise).clip(0, 255).astype(np.uint8))
    save_stage(RunDirectory(tmp_path), ("a",), "w", picture[None], last=False)
    save_stage(RunDirectory(tmp_path), ("a",), "n", picture[None], last=True)
    early, late = (tmp_path / "images/a" / name for name in ("w.webp", "n.png"))
    assert early.stat().st_size < late.stat().st_size / 2
    exact, near = (np.asarray(Image.open(f).convert("RGB"), float) for f in (late, early))
    assert np.array_equal(exact, picture.permute(1, 2, 0))
    # What the run's numbers are of was measured before.
    assert 10 * np.log10(255**2 / ((exact - near) ** 2).mean()) > 30


def test_an_embedding_stores_noise_in_half_and_draws_the_saved_result(finished_study):
    run = find_runs(finished_study)[0]
    tensors, _ = read_tensors(run.embedding_file)
    assert {v.dtype for k, v in tensors.items() if k.startswith("noise.")} == {torch.float16}
    (drawn,) = run.embedding.pictures()
    assert np.array_equal(np.asarray(drawn), np.asarray(run.image("result")))


def test_the_target_is_kept_without_loss(finished_study):
    run = find_runs(finished_study)[0]
    (picture,) = Source(Path("ganvas:astronaut.png"), (30, 9, 226, 205)).read().values()
    kept = np.asarray(run.image("target"))
    expected = to_uint8(to_tensor([picture], len(kept)))[0].permute(1, 2, 0)
    assert np.array_equal(kept, expected.numpy())


def test_the_difference_is_computed_when_it_is_shown(finished_study):
    run = find_runs(finished_study)[0]
    result, target = (np.asarray(run.image(name), int) for name in ("result", "target"))
    expected = np.clip((result - target) * 4 // 2 + 128, 0, 255)
    assert np.array_equal(np.asarray(run.image("difference")), expected)


def test_clean_brings_an_old_study_to_the_same(finished_study, tmp_path, ganvas_command):
    study = tmp_path / "outputs" / "s"
    shutil.copytree(finished_study, study, ignore=shutil.ignore_patterns(POOL))
    runs = find_runs(study)
    for run in runs:
        images = run.path / "images/astronaut"
        assert not (images / "result.png").samefile(images / "n.png")
        save_picture(run.image("difference"), images / "difference.png")
    before = {file: file.read_bytes() for file in study.rglob("*.png")}
    done = ganvas_command("clean", "s", "--pictures")
    assert done.code == 0
    assert "of 2 runs once" in done.out
    for file, content in before.items():
        assert file.name == "difference.png" or file.read_bytes() == content
    first, second = (run.path / "images/astronaut" for run in runs)
    assert (first / "result.png").samefile(first / "n.png")
    assert (first / "target.webp").samefile(second / "target.webp")
    assert not (first / "difference.png").exists()
    assert ganvas_command("check", "s").code == 0


def test_a_photograph_goes_with_the_last_run_that_uses_it(finished_study, tmp_path, ganvas_command):
    study = tmp_path / "outputs" / "s"
    shutil.copytree(finished_study, study, ignore=shutil.ignore_patterns(POOL))
    ganvas_command("clean", "s", "--pictures")
    first, second = find_runs(study)
    assert len(list((study / POOL).iterdir())) == 1
    assert ganvas_command("clean", str(first.path), "--yes").code == 0
    assert len(list((study / POOL).iterdir())) == 1
    assert load(second.path).state == "finished"
    assert ganvas_command("clean", str(second.path), "--yes").code == 0
    assert not study.exists()


def test_without_hard_links_pictures_are_copies(tiny_run, monkeypatch):
    def refuse(source, target):
        raise OSError(1, "not permitted")

    monkeypatch.setattr(os, "link", refuse)
    run = tiny_run()
    images = run.path / "images/astronaut"
    assert (images / "result.png").read_bytes() == (images / "n.png").read_bytes()
    assert run.state == "finished"
    assert not list(Path(run.path).rglob(".unfinished-*"))


def test_a_picture_shared_with_another_run_is_replaced_and_not_overwritten(
    finished_study, tmp_path
):
    study = Path(shutil.copytree(finished_study, tmp_path / "s"))
    first, second = (run.path / "images/astronaut" for run in find_runs(study))
    (first / "target.webp").unlink()
    os.link(second / "target.webp", first / "target.webp")
    save_picture(Image.new("RGB", (8, 8)), first / "target.webp")
    with Image.open(second / "target.webp") as picture:
        assert picture.size != (8, 8)
