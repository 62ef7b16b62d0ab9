from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from ganvas.analysis.axes import find_axes
from ganvas.analysis.compare import cells, compare, importance, metric_names
from ganvas.analysis.photographs import photographs
from ganvas.analysis.study import read_study
from ganvas.errors import InputError
from ganvas.image.picture import save_picture
from ganvas.system import reading
from synthetic_study import make_study


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs") / "masks"
    return read_study(make_study(folder, runs=96, images=3, frames=1, size=8))


def test_a_run_reads_back_what_its_files_hold(runs):
    run = next(run for run in runs if run.finished)
    whole = yaml.safe_load((run.path / "config.yaml").read_text(encoding="utf-8"))
    assert run.config == whole
    assert run.leaves["edit.stages.w.steps"] == 80
    assert run.choices["generator"] == "tiny"
    assert "hydra/launcher" not in run.choices
    assert run.images == ["000", "001", "002"]
    mean = sum(run.per_image("psnr").values()) / 3
    assert run.final("psnr") == pytest.approx(mean)
    assert len(run.curve) == 14


def test_an_unknown_study_and_an_empty_one_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs" / "masks").mkdir(parents=True)
    with pytest.raises(InputError, match="did you mean 'masks'"):
        read_study("mask")
    with pytest.raises(InputError, match="no runs"):
        read_study("masks")


def test_axes_are_what_varies(runs):
    axes = {axis.name: axis for axis in find_axes(runs)}
    assert set(axes) == {"mask", "loss", "layers", "edit.stages.w.lr", "seed"}
    assert axes["edit.stages.w.lr"].numbers == (0.005, 0.01, 0.02, 0.05)
    assert axes["mask"].levels == ("box", "ellipse", "full", "scribble")
    assert axes["seed"].is_unit
    first = axes["mask"]
    assert all(first.levels[first.of_run[i]] == run.choices["mask"] for i, run in enumerate(runs))


def test_a_deleted_term_is_an_axis(tmp_path):
    for name, overrides, config in [
        ("with", [], {"loss": {"lpips": {"weight": 1}}}),
        ("without", ["~loss.lpips"], {"loss": {}}),
    ]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "status.json").write_text('{"state": "running"}')
        (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(config))
        (tmp_path / name / "overrides.yaml").write_text(yaml.safe_dump({"overrides": overrides}))
    (axis,) = find_axes(read_study(tmp_path))
    assert (axis.name, axis.levels, axis.of_run) == ("loss.lpips", ("absent", "present"), (1, 0))


def write_setting(folder, overrides, choices, config):
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "running"}')
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    composition = {"overrides": overrides, "choices": choices}
    (folder / "overrides.yaml").write_text(yaml.safe_dump(composition))


def test_options_given_as_mappings_are_levels_beside_those_chosen_by_name(tmp_path):
    for name, word, left in [
        ("a", "mask={_target_:Box,left:0.1}", 0.1),
        ("b", "mask={left:0.4,_target_:Box}", 0.4),
        ("c", "mask=box", 0.2),
    ]:
        config = {"mask": {"left": left, "_target_": "Box", "of": "a, b"}}
        write_setting(tmp_path / name, [word], {"mask": "box"}, config)
    (axis,) = find_axes(read_study(tmp_path))
    levels = ("box", "{_target_:Box,left:0.1,of:'a, b'}", "{_target_:Box,left:0.4,of:'a, b'}")
    assert (axis.name, axis.levels, axis.of_run) == ("mask", levels, (1, 2, 0))
    assert axis.labels == ("box", "Box{left:0.1}", "Box{left:0.4}")


def test_keys_given_as_mappings_are_levels(tmp_path):
    for name, up in (("a", 0.1), ("b", 0.0)):
        word = f"lr.schedule={{up:{up},down:[1,null]}}"
        config = {"lr": {"schedule": {"up": up, "down": [1, None]}}}
        write_setting(tmp_path / name, [word], {}, config)
    (axis,) = find_axes(read_study(tmp_path))
    assert (axis.name, axis.of_run) == ("lr.schedule", (1, 0))
    assert axis.levels == ("{down:[1,null],up:0.0}", "{down:[1,null],up:0.1}")
    assert axis.labels == ("{up:0.0}", "{up:0.1}")


@pytest.mark.parametrize(
    ("masks", "labels"),
    [
        # One target: its name says nothing. Several: the name of each, and what else differs.
        (["a.Box,left:1,top:2", "a.Box,left:3,top:2"], ("{left:1}", "{left:3}")),
        (["a.Box,left:1", "a.Box,left:3", "b.Disc,x:1"], ("Box{left:1}", "Box{left:3}", "Disc")),
        (
            ["a.Box,of:{x:1,y:{z:2}}", "a.Box,of:{x:1,y:{z:4}}"],
            ("{of:{y:{z:2}}}", "{of:{y:{z:4}}}"),
        ),
        # Names that do not tell apart are written in full.
        (["a.Box", "b.Box"], ("{_target_:a.Box}", "{_target_:b.Box}")),
    ],
)
def test_labels_of_mappings_are_their_targets_and_what_differs(tmp_path, masks, labels):
    for index, text in enumerate(masks):
        word = "mask={_target_:" + text + "}"
        mask = yaml.safe_load(word.partition("=")[2].replace(":", ": "))
        write_setting(tmp_path / str(index), [word], {"mask": "full"}, {"mask": mask})
    (axis,) = find_axes(read_study(tmp_path))
    assert axis.labels == labels


def test_numbers_of_many_digits_are_rounded_as_far_as_they_differ(tmp_path):
    rates = ["0.17473292271724036", "0.17491559161389", "0.5", "12345"]
    for index, rate in enumerate(rates):
        write_setting(tmp_path / str(index), [f"lr={rate}"], {}, {"lr": float(rate)})
    (axis,) = find_axes(read_study(tmp_path))
    assert axis.labels == ("0.1747", "0.1749", "0.5", "12345.0")
    assert axis.levels[0] == rates[0]


def test_labels_tell_apart_what_levels_do(tmp_path):
    for name, of in (("a", {"x": 1}), ("b", {"x": 1.0}), ("c", {"x": True, "y": 0}), ("d", {})):
        word = "mask={of:" + name + "}"
        write_setting(tmp_path / name, [word], {}, {"mask": of | {"of": "mask"}})
    (axis,) = find_axes(read_study(tmp_path))
    assert len(set(axis.levels)) == len(set(axis.labels)) == 4
    assert "of:" not in "".join(axis.labels)


def test_of_a_mapping_that_is_added_it_is_said_that_it_is_there(tmp_path):
    added = {"loss": {"lpips": {"weight": 1}}}
    write_setting(tmp_path / "with", ["+loss.lpips={weight:1}"], {}, added)
    write_setting(tmp_path / "without", [], {}, {"loss": {}})
    (axis,) = find_axes(read_study(tmp_path))
    assert axis.levels == ("absent", "present")


def test_comparison_pairs_images_within_the_rest_of_the_setting(runs):
    axes = find_axes(runs)
    mask = next(axis for axis in axes if axis.name == "mask")
    groups = cells(runs, axes, "psnr", [mask])
    found = {(c.first, c.second): c for c in compare(groups)}
    pair = next(iter(found.values()))
    shared = groups[pair.first].keys() & groups[pair.second].keys()
    by_image = {}
    for cell in shared:
        by_image.setdefault(cell[1], []).append(
            groups[pair.first][cell] - groups[pair.second][cell]
        )
    expected = sum(sum(v) / len(v) for v in by_image.values()) / 3
    assert pair.test.n == 3
    assert pair.test.difference == pytest.approx(expected)
    assert pair.p >= pair.test.p


def test_importance_finds_the_axes_that_matter(runs):
    shares = importance(runs, find_axes(runs), "psnr")
    assert shares["seed"] < 0.05
    assert shares["loss"] > 0.1
    assert metric_names(runs) == ["psnr", "ssim", "lpips", "lpips_alex"]


def test_solutions_of_a_photograph_count_as_one(tiny_run, tmp_path):
    shades = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 3), np.uint8)
    for name, picture in zip("ab", shades, strict=True):
        save_picture(Image.fromarray(picture), tmp_path / "photos" / f"{name}.png")
    words = ["edit=reconstruct_w", "image=file", f"image.x.path={tmp_path / 'photos'}"]
    runs = [
        tiny_run(*words, "budget.latent=1", f"study={tmp_path.name}", *start)
        for start in (["start=w_avg"], ["start=several"], ["start=several", "start.keep=best"])
    ]
    axes = find_axes(runs)
    by = [axis for axis in axes if not axis.is_unit]
    one, every, best = cells(runs, axes, "psnr", by).values()
    assert [len(group) for group in (one, every, best)] == [2, 2, 2]
    values = runs[1].per_image("psnr")
    mean = sum(values[f"b-{k}"] for k in (1, 2, 3)) / 3
    b = photographs(runs[1], 1, axes)["b-1"]
    assert {cell[1]: value for cell, value in every.items()}[b] == pytest.approx(mean)
    assert {test.test.n for test in compare(cells(runs, axes, "psnr", by))} == {2}
    shares = importance(runs, axes, "psnr")
    assert set(shares) >= {axis.name for axis in by}


@pytest.mark.slow
def test_what_runs_share_is_parsed_once(tmp_path, monkeypatch):
    count = 200
    template = read_study(make_study(tmp_path / "one", runs=1, images=1, frames=1, size=8))[0]
    names = ("status.json", "config.yaml", "overrides.yaml", "provenance.json", "metrics.json")
    names += ("metrics.jsonl", "embedding.safetensors")
    texts = {name: (template.path / name).read_text(encoding="utf-8") for name in names}
    for index in range(count):
        folder = tmp_path / "many" / f"run-{index:05d}"
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(
                text.replace("seed: 0", f"seed: {index}").replace("seed=0", f"seed={index}")
            )
    parsed, read = [], Counter()
    load, read_file = reading.yaml.load, Path.read_bytes
    monkeypatch.setattr(
        reading.yaml, "load", lambda text, Loader: (parsed.append(text), load(text, Loader))[1]
    )
    monkeypatch.setattr(Path, "read_bytes", lambda file: (read.update([file]), read_file(file))[1])
    reading._parsed.cache_clear()
    runs = read_study(tmp_path / "many")
    (axis,) = find_axes(runs)
    assert len(axis.levels) == count
    assert all(run.final("psnr") is not None for run in runs)
    # Of each run its seed and its overrides; everything else once.
    assert len(parsed) < 2 * count + 20
    assert read.total() <= 12 * count
