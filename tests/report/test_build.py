from __future__ import annotations

import argparse
import html.parser
import json
import math
import os
import shlex
import subprocess
import sys

import pytest
from PIL import Image

from ganvas.analysis.study import read_study
from ganvas.command.report import add_arguments, main, watch
from ganvas.errors import ConfigError
from ganvas.report import build
from ganvas.report.collect import collect, details
from ganvas.report.curves import read_curves
from ganvas.report.page import safe_json
from synthetic_study import make_study


class _Scripts(html.parser.HTMLParser):
    """Collects inline scripts the way a browser cuts them out."""

    def __init__(self):
        super().__init__()
        self.kinds, self.texts, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.kinds.append(dict(attrs).get("id", ""))
            self.texts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.texts[-1] += data


def parsed(path):
    found = _Scripts()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def test_safe_json_cannot_end_a_script_and_reads_back():
    value = {"</script>": "<!-- & \u2028 ü ]]>"}
    text = safe_json(value)
    assert not set("<>&\u2028ü") & set(text)
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="JSON"):
        safe_json(math.nan)


@pytest.mark.parametrize("single", [False, True])
def test_no_picture_from_outside_of_a_run_gets_into_the_report(tmp_path, single):
    """Neither by an image's name that climbs, nor by a link."""
    study = make_study(tmp_path / "outputs" / "s", runs=2, images=1, frames=1)
    private = tmp_path / "private"
    (private / "frames").mkdir(parents=True)
    Image.new("RGB", (9, 9), "red").save(private / "secret.png")
    Image.new("RGB", (9, 9), "red").save(private / "frames" / "1.png")
    run = next(path.parent for path in study.glob("*/status.json"))
    status = json.loads((run / "status.json").read_text(encoding="utf-8"))
    image = status["images"][0]
    (run / "images" / "linked").symlink_to(private)
    (run / "images" / image / "stolen.png").symlink_to(private / "secret.png")
    names = [image, "linked", "../../../../private", str(private), "..", "a/../../../../../private"]
    (run / "status.json").write_text(json.dumps(status | {"images": names}))
    before = {path for path in tmp_path.rglob("*") if "report" not in path.parts}
    page = build(study, tmp_path / ("r.html" if single else "report"), single_file=single)
    written = {path for path in tmp_path.rglob("*") if "report" not in path.parts} - before
    assert written <= {page}
    report = [page] if single else [path for path in page.parent.rglob("*") if path.is_file()]
    assert not [path for path in report if path.name in ("secret.png", "stolen.png")]
    for path in report:
        assert b"stolen.png" not in path.read_bytes()
        assert b"secret.png" not in path.read_bytes()


def test_the_page_loads_nothing_from_elsewhere(page_path, single_path):
    for path in (page_path, single_path):
        page = parsed(path)
        for tag, attributes in page.tags:
            assert "src" not in attributes
            assert tag != "link" or attributes["href"] == "data:,"
        assert "http://" not in page.texts[1].replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in page.texts[1]
        assert "innerHTML" not in page.texts[1]


def test_a_hostile_value_adds_no_element(page_path, single_path):
    assert parsed(page_path).kinds == ["data", ""]
    assert len(parsed(single_path).kinds) == 2 + 2 * 24
    assert [tag for tag, _ in parsed(page_path).tags].count("img") == 0


def test_the_data_hold_the_metrics_of_every_run(study, page_path):
    data = json.loads(parsed(page_path).texts[0])
    runs = read_study(study)
    assert [row["id"] for row in data["runs"]] == [run.name for run in runs]
    for shown, run in zip(data["final"]["psnr"], runs, strict=True):
        expected = run.final("psnr")
        assert shown is expected is None or shown == pytest.approx(expected, rel=1e-4)
    psnr = data["perImage"]["psnr"][0]
    assert psnr == pytest.approx(list(runs[0].per_image("psnr").values()), rel=1e-4)
    assert "<script>" in data["config"]["common"]["note"]
    assert "mask._target_" in data["config"]["differs"]


def test_the_ranking_is_by_the_metrics_direction(study):
    analysis = collect(read_study(study), "masks")["analysis"]
    for metric, best in {"psnr": max, "lpips": min}.items():
        means = [row["mean"] for row in analysis["ranking"][metric]]
        assert means[0] == best(means)
        assert analysis["ranking"][metric][0]["holm"] is None


def test_pictures_travel_with_the_folder(study, tmp_path):
    page = build(study, tmp_path / "out")
    run = read_study(study)[0]
    copied = page.parent / "pictures" / run.name / "000" / "frames" / "28.webp"
    assert copied.read_bytes() == (run.path / "images/000/frames/28.webp").read_bytes()
    assert (
        (page.parent / "runs" / f"{run.name}.js")
        .read_text(encoding="utf-8")
        .startswith("ganvasDetails(")
    )
    assert not list(page.parent.glob(".*"))


def test_building_twice_follows_a_replaced_picture(tmp_path):
    study = make_study(tmp_path / "s", runs=1, images=1, frames=1, size=8)
    page = build(study)
    run = read_study(study)[0]
    other = run.path / "images/000/other.webp"
    other.write_bytes(b"new")
    other.replace(run.path / "images/000/frames/140.webp")
    build(study)
    assert (page.parent / "pictures" / run.name / "000/frames/140.webp").read_bytes() == b"new"
    assert len(read_study(study)) == 1  # the report is no run


def test_another_report_of_the_study_may_be_made_meanwhile(tmp_path, monkeypatch):
    study = make_study(tmp_path / "s", runs=2, images=1, frames=1)
    link = os.link

    def second_come(source, target):
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", second_come)
    page = build(study)
    linked = [file for file in (page.parent / "pictures").rglob("*") if file.is_file()]
    assert linked
    assert all(file.read_bytes() for file in linked)


def test_a_single_file_holds_every_picture(single_path, study):
    page = parsed(single_path)
    name = read_study(study)[0].name
    pictures = json.loads(page.texts[page.kinds.index(f"pictures:{name}")])
    assert pictures["000/frames/28.webp"].startswith("data:image/webp;base64,")
    assert list(single_path.parent.iterdir()) == [single_path]


def test_the_program_comes_behind_all_that_it_reads(single_path):
    """A browser runs a script while the rest of a large file is still on its way."""
    kinds = parsed(single_path).kinds
    assert kinds.index("") == len(kinds) - 1


def test_long_curves_are_thinned_and_keep_their_ends(tmp_path):
    study = make_study(tmp_path / "s", runs=1, images=2, frames=1, size=8)
    run = read_study(study)[0]
    lines = [{"step": s, "stage": "w", "seconds": s, "loss": [s, s + 2.0]} for s in range(1, 5001)]
    (run.path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (curve,) = read_curves([run])
    assert len(curve["steps"]) == 240
    assert (curve["steps"][0], curve["steps"][-1]) == (1, 5000)
    assert curve["mean"]["loss"][-1] == 5001
    assert curve["variance"]["loss"][0] == 1


def test_the_command_that_repeats_a_run_is_not_answered_by_its_result(tmp_path):
    study = make_study(tmp_path / "s", runs=1, images=1, frames=1, size=8)
    run = read_study(study)[0]
    told = json.loads((run.path / "provenance.json").read_text(encoding="utf-8"))

    def command(**changes):
        (run.path / "provenance.json").write_text(json.dumps(told | changes))
        again, plain = details(read_study(study)[0])["commands"]
        assert again.startswith("ganvas rerun ")
        return shlex.split(plain)

    expected = ["ganvas", "run", *run.overrides, "force=true"]
    assert command(threads=2, environment={}) == expected
    launched = command(threads=2, environment={"OMP_NUM_THREADS": "2"})
    assert launched == [*expected, "trainer.threads=2"]


def test_curves_have_the_loss_terms_of_every_stage(tmp_path):
    study = make_study(tmp_path / "s", runs=1, images=2, frames=1, size=8)
    run = read_study(study)[0]
    lines = [
        {"step": 1, "stage": "w", "seconds": 1, "loss": [3, 5], "loss/lpips": [2, 4]},
        {"step": 2, "stage": "n", "seconds": 2, "loss": [1, 1], "loss/mse": [1, 1]},
    ]
    (run.path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (curve,) = read_curves([run])
    expected = {"loss": [4, 1], "loss/lpips": [3, None], "loss/mse": [None, 1]}
    assert curve["mean"] == expected


def test_command_line(study, tmp_path, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert main(parser.parse_args([str(study), "--output", str(tmp_path), "--single-file"])) == 0
    assert (tmp_path / "index.html").is_file()
    assert "index.html" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="exclude each other"):
        main(parser.parse_args([str(study), "--watch", "--single-file"]))


def test_watch_builds_again_when_a_record_changes(tmp_path):
    study = make_study(tmp_path / "s", runs=2, images=1, frames=1, size=8)
    pages = watch(str(study), None, pause=0.01)
    status = read_study(study)[0].path / "status.json"

    def touch():
        status.write_text(status.read_text(encoding="utf-8").replace('"step": 140', '"step": 77'))

    import threading

    timer = threading.Timer(0.2, touch)
    timer.start()
    page = next(pages)
    timer.join()
    assert '"step":77' in page.read_text(encoding="utf-8")


def test_reading_and_drawing_import_no_torch():
    code = "import sys, ganvas.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
