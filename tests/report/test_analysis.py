"""What the page says about a study, against independent computations."""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path

import pytest
import yaml
from scipy.stats import wilcoxon

from ganvas.analysis.study import read_study
from ganvas.config.overrides import parse
from ganvas.report.collect import collect
from ganvas.report.more_images import images_missing


def write_run(folder, name, overrides, values, stages=None, about=None):
    """A finished run with the metric `m` per image."""
    run = folder / name
    run.mkdir(parents=True)
    choices = dict(word.split("=") for word in overrides if "." not in word)
    images = {image: {"m": value} for image, value in values.items()}
    mean = {"m": sum(values.values()) / len(values)}
    (run / "status.json").write_text(json.dumps({"state": "finished", "images": list(values)}))
    (run / "overrides.yaml").write_text(
        yaml.safe_dump({"overrides": overrides, "choices": choices})
    )
    config = {}
    for word in overrides:
        *path, last = word.split("=")[0].split(".")
        at = config
        for part in path:
            at = at.setdefault(part, {})
        at[last] = yaml.safe_load(word.split("=")[1])
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    record = {"final": mean, "images": images, "stages": stages or {}, "about": about or {}}
    (run / "metrics.json").write_text(json.dumps(record))


def grid(folder, masks="ab", losses="cd", seeds=(0,), images="xyz", left_out=()):
    for mask, loss, seed in itertools.product(masks, losses, seeds):
        if (mask, loss) in left_out:
            continue
        words = [f"mask={mask}", f"loss={loss}", f"seed={seed}", "budget=quick", "study=old"]
        words += ["image.x.limit=3", "optimizer.lr=0.1"]
        values = {i: ord(mask) + ord(loss) / 7 + k + seed / 9 for k, i in enumerate(images)}
        write_run(folder, f"{mask}{loss}{seed}", words, values)
    return collect(read_study(folder), folder.name)["analysis"]


@pytest.mark.parametrize("comparisons", [1, 2, 3, 6, 23])
def test_one_image_less_than_what_is_said_cannot_decide(comparisons):
    needed = images_missing(0, comparisons)

    def smallest(images):  # all differences of one sign, the clearest result that there is
        return wilcoxon(range(1, images + 1), method="exact").pvalue * comparisons

    assert smallest(needed) < 0.05 <= smallest(needed - 1)
    assert images_missing(needed - 2, comparisons) == 2
    assert images_missing(needed + 5, comparisons) == 0


def test_nothing_is_missing_where_there_is_nothing_to_compare(tmp_path):
    assert images_missing(3, 0) == 0
    analysis = grid(tmp_path / "s", masks="a", losses="c")
    assert analysis["missing"] == {"m": 0}
    assert analysis["more"] == {}


def test_the_command_repeats_every_setting_of_a_full_grid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    analysis = grid(tmp_path / "outputs" / "s", seeds=(0, 1))
    assert analysis["missing"]["m"] == 4
    (line,) = analysis["more"]["m"]
    words = shlex.split(line)
    assert words[:3] == ["ganvas", "run", "-m"]
    expected = {"study=s", "budget=quick", "optimizer.lr=0.1", "mask=a,b", "loss=c,d", "seed=0,1"}
    assert set(words[3:]) == expected | {"image=file", "image.x.path=PHOTOGRAPHS/"}


@pytest.mark.parametrize("name", ["mine", "it's, all"])
def test_the_command_leads_into_the_folder_of_the_study(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    analysis = grid(tmp_path / name / "s")
    words = shlex.split(analysis["more"]["m"][0])
    (output,) = (word for word in words if word.startswith("output="))
    assert parse([output])[0].value() == name


def test_the_command_leads_there_from_within_the_study(tmp_path, monkeypatch):
    (tmp_path / "outputs" / "s").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "outputs" / "s")
    analysis = grid(Path())
    words = shlex.split(analysis["more"]["m"][0])
    assert f"output={tmp_path / 'outputs'}" in words


def test_of_a_grid_with_gaps_the_best_two_are_repeated(tmp_path):
    analysis = grid(tmp_path / "s", left_out=[("a", "c")])
    lines = [set(shlex.split(line)) for line in analysis["more"]["m"]]
    assert len(lines) == 2  # they differ in both axes: one sweep would be four settings
    assert {"mask=a", "loss=d"} < lines[0]
    assert {"mask=b", "loss=c"} < lines[1]
    assert not any("-m" in words for words in lines)


def test_enough_images_ask_for_no_more(tmp_path):
    analysis = grid(tmp_path / "s", images="tuvwxyz")
    assert analysis["missing"]["m"] == 0
    assert analysis["more"] == {}


def test_only_a_run_that_a_process_holds_is_running(tmp_path):
    for name in ("held", "killed"):
        write_run(tmp_path / "s", name, ["mask=a"], {"x": 1.0})
        (tmp_path / "s" / name / "status.json").write_text('{"state": "running", "images": ["x"]}')
    runs = read_study(tmp_path / "s")
    with runs[0].locked():
        rows = collect(runs, "s")["runs"]
    assert [row["state"] for row in rows] == ["running", "interrupted"]


def test_importance_is_left_out_where_it_cannot_be_estimated(tmp_path):
    assert grid(tmp_path / "few")["importance"]["m"] == {}
    many = grid(tmp_path / "many", seeds=range(3))["importance"]["m"]
    assert set(many) == {"mask", "loss", "seed"}


def test_units_and_the_metric_of_the_latent_alone(tmp_path):
    stages = {"w": {"images": {"x": {"m": 21.5}}}, "n": {"images": {"x": {"m": 3.0}}}}
    about = {"m": "dB, range [0, 255]; higher is better"}
    write_run(tmp_path / "s", "one", ["mask=a"], {"x": 30.0, "y": 31.0}, stages, about)
    data = collect(read_study(tmp_path / "s"), "s")
    assert {m["name"]: m["unit"] for m in data["metrics"]} == {"m": "dB", "seconds": "s"}
    assert data["latent"] == {"m": [[21.5, None]]}


@pytest.mark.parametrize(("direction", "first"), [("higher", 1), ("lower", 0), ("none", 0)])
def test_the_ranking_follows_the_direction_that_the_records_state(tmp_path, direction, first):
    about = {"m": {"text": "made up", "unit": "%", "direction": direction}}
    for mask, value in (("a", 1.0), ("b", 2.0)):
        write_run(tmp_path / "s", mask, [f"mask={mask}"], {"x": value}, about=about)
    data = collect(read_study(tmp_path / "s"), "s")
    assert data["analysis"]["ranking"]["m"][0]["setting"] == first
    stated = {"name": "m", "direction": direction, "unit": "%"}
    text = "%, made up" + ("" if direction == "none" else f"; {direction} is better")
    assert data["metrics"][0] == {**stated, "about": text}


def test_settings_on_different_images_are_ranked_on_those_that_all_have(tmp_path):
    about = {"m": {"text": "", "unit": "dB", "direction": "higher"}}
    box = {f"p{i}": 20.0 + i for i in range(6)}
    full = {name: value + 1 for name, value in box.items()}
    hard = {f"hard{i}": 10.0 for i in range(6)}
    write_run(tmp_path / "s", "a", ["mask=box"], box, about=about)
    write_run(tmp_path / "s", "b", ["mask=full"], full | hard, about=about)
    data = collect(read_study(tmp_path / "s"), "s")
    assert data["axes"][0]["levels"] == ("box", "full")
    best, second = data["analysis"]["ranking"]["m"]
    assert (best["setting"], best["mean"], best["n"]) == (1, 23.5, 6)
    assert (second["mean"], second["difference"], second["pairs"]) == (22.5, -1.0, 6)
    assert data["analysis"]["shared"] == {"m": 6}


def test_settings_without_a_common_image_share_none(tmp_path):
    for mask in "ab":
        write_run(tmp_path / "s", mask, [f"mask={mask}"], {f"only-{mask}": 1.0})
    analysis = collect(read_study(tmp_path / "s"), "s")["analysis"]
    assert analysis["shared"] == {"m": 0}
    assert [row["pairs"] for row in analysis["ranking"]["m"]] == [1, 0]


def test_nothing_is_said_of_shared_images_where_all_are(tmp_path):
    assert grid(tmp_path / "s")["shared"] == {"m": None}


def test_the_command_quotes_what_the_grammar_does_not_take_bare(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "outputs" / "Größe zwei"
    for note, value in (("two words", 1.0), ("ü", 2.0), ("0.5", 3.0)):
        words = ["mask=a", f"about.note='{note}'"]
        write_run(folder, f"r{value}", words, {"x": value, "y": value + 1})
        config = {"mask": "a", "about": {"note": note}}
        (folder / f"r{value}" / "config.yaml").write_text(yaml.safe_dump(config))
    (command,) = collect(read_study(folder), folder.name)["analysis"]["more"]["m"]
    values = {o.key_or_group: o.value() for o in parse(shlex.split(command)[3:])}
    assert str(values["study"]) == "Größe zwei"
    notes = {str(getattr(value, "text", value)) for value in values["about.note"].list}
    assert notes == {"0.5", "two words", "ü"}


def test_a_setting_on_other_photographs_is_not_corrected_for(tmp_path):
    for name, mask, images in (
        ("a", "a", {f"i{k}": 10.0 + k for k in range(8)}),
        ("b", "b", {f"i{k}": 9.0 + k - 0.1 * k for k in range(8)}),
        ("c", "c", {"elsewhere": 1.0}),
    ):
        about = {"m": {"text": "", "direction": "higher"}}
        write_run(tmp_path / "study", name, [f"mask={mask}"], images, about=about)
    analysis = collect(read_study(tmp_path / "study"), "study")["analysis"]
    first, *others = analysis["ranking"]["m"]
    assert first["holm"] is None
    for row in others:
        if row["pairs"]:
            assert row["holm"] == row["p"] == pytest.approx(2 / 2**8, rel=1e-3)
        else:
            assert row["holm"] is None
    assert sorted(row["pairs"] for row in others) == [0, 8]
