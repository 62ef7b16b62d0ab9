"""Photographs are told apart by their content, whatever they are called and however cut up."""

import json

import pytest
import yaml

from ganvas.analysis.axes import find_axes
from ganvas.analysis.compare import cells
from ganvas.analysis.photographs import image_names
from ganvas.analysis.study import read_study

HASHES = {f"p{i}": f"{i:064x}" for i in range(6)}


def write_run(folder, overrides, values, inputs):
    """A finished run with a value of `m` per image."""
    folder.mkdir(parents=True)
    images = {image: {"m": value} for image, value in values.items()}
    (folder / "metrics.json").write_text(json.dumps({"images": images, "final": {"m": 0.0}}))
    (folder / "status.json").write_text(json.dumps({"state": "finished", "images": list(values)}))
    (folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": overrides, "choices": {}}))
    config = {"image": {"x": {}, "y": {}}, "start": {"count": 2} if "p0-1" in values else {}}
    for word in overrides:
        key, _, value = word.partition("=")
        *_, name, last = key.split(".")
        config["image"][name][last] = yaml.safe_load(value)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "provenance.json").write_text(json.dumps({"inputs": inputs}))


def units(study):
    """The values of `m` by photograph, and the names that are shown."""
    runs = read_study(study)
    axes = find_axes(runs)
    (group,) = cells(runs, axes, "m", []).values()
    return sorted(group.values()), [list(names.values()) for names in image_names(runs, axes)]


@pytest.mark.parametrize("with_hashes", [True, False])
def test_a_study_that_grows_counts_a_photograph_once(tmp_path, with_hashes):
    for limit in (3, 6):
        values = {f"p{i}": float(i) for i in range(limit)}
        inputs = {"x": [HASHES[name] for name in values]} if with_hashes else {}
        write_run(tmp_path / str(limit), [f"image.x.limit={limit}"], values, inputs)
    values, names = units(tmp_path)
    assert len(values) == (6 if with_hashes else 9)
    if with_hashes:
        assert names == [["p0", "p1", "p2"], ["p0", "p1", "p2", "p3", "p4", "p5"]]
    else:
        assert names[0] == ["3/p0", "3/p1", "3/p2"]


@pytest.mark.parametrize("paths", [("a/p0.jpg", "b/p0.jpg"), ("a", "b"), ("x/a", "y/a")])
def test_photographs_of_one_name_are_two(tmp_path, paths):
    for index, path in enumerate(paths):
        inputs = {"x": [HASHES[f"p{index}"]]}
        run = tmp_path / str(index)
        write_run(run, [f"image.x.path={path}"], {"p0": float(index)}, inputs)
    values, ((first,), (second,)) = units(tmp_path)
    assert values == [0.0, 1.0]
    folders = [path.removesuffix("/p0.jpg") for path in paths]
    assert [first, second] == [f"{folder}/p0" for folder in folders]


def test_solutions_count_as_one_photograph_and_are_shown_by_their_number(tmp_path):
    inputs = {"x": [HASHES["p0"], HASHES["p1"]], "y": [HASHES["p5"]]}
    write_run(tmp_path / "0", [], {"p0-1": 1.0, "p0-2": 3.0, "p1-1": 5.0, "p1-2": 5.0}, inputs)
    assert units(tmp_path) == ([2.0, 5.0], [["p0-1", "p0-2", "p1-1", "p1-2"]])


def test_another_second_image_is_another_unit(tmp_path):
    for index in (1, 2):
        inputs = {"x": [HASHES["p0"]], "y": [HASHES[f"p{index}"]]}
        write_run(tmp_path / str(index), [f"image.y.path=p{index}"], {"p0": float(index)}, inputs)
    assert units(tmp_path) == ([1.0, 2.0], [["p1/p0"], ["p2/p0"]])


def test_names_count_where_the_hashes_are_not_those_of_the_images(tmp_path):
    write_run(tmp_path / "0", [], {"p0": 1.0, "p1": 2.0}, {"x": [HASHES["p0"]]})
    assert units(tmp_path) == ([1.0, 2.0], [["p0", "p1"]])
