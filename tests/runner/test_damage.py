"""Every file of a record × every kind of damage × every reader, on copies of one tiny study."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.errors import DamagedError
from ganvas.runner.directory import RunDirectory, load
from ganvas.runner.manifest import write_manifest
from ganvas.stage.stage import Stage

PICTURE = "images/astronaut/result.png"
TEXTS = ("config.yaml", "overrides.yaml", "provenance.json", "status.json", "metrics.json",
         "metrics.jsonl", "manifest.json")  # fmt: skip
FILES = (*TEXTS, "embedding.safetensors", PICTURE)
KINDS = ("missing", "empty", "cut", "undecodable", "a list", "newer", "of another run")
OF_TEXTS = ("undecodable", "a list", "newer")
CASES = [
    (name, kind) for name in FILES for kind in KINDS
    if (kind not in OF_TEXTS or name in TEXTS) and (name, kind) != ("metrics.jsonl", "cut")
]  # fmt: skip


def damage(run: Path, other: Path, name: str, kind: str) -> None:
    """Damage one file of `run`."""
    file = run / name
    content = file.read_bytes()
    # A copy shares its pictures with the study that it was made from, where links are hard.
    file.unlink()
    if kind == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif kind == "empty":
        file.touch()
    elif kind == "undecodable":
        file.write_bytes(b"\xff\xfe\x00" + content)
    elif kind == "a list":
        file.write_text("- 1\n- 2\n" if file.suffix == ".yaml" else "[1, 2]\n")
    elif kind == "newer":
        text = content.decode()
        if file.suffix == ".yaml":
            file.write_text(f"version: 99\n{text}")
        elif file.suffix == ".jsonl":
            file.write_text(text.replace("{", '{"version": 99, '))
        else:
            file.write_text(json.dumps(json.loads(text) | {"version": 99}))
    elif kind == "of another run":
        shutil.copy(other / name, file)


@pytest.fixture
def study(finished_study, tmp_path, monkeypatch):
    """Return a copy of the study, whose first run is to be damaged."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(finished_study, tmp_path / "outputs" / "s"))


@pytest.fixture
def runs(study):
    return sorted(path for path in study.iterdir() if path.is_dir() and path.name[0] != ".")


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_damaged_run_is_named_and_costs_no_other(name, kind, runs, study, ganvas_command):
    bad, good = runs
    before = ganvas_command("table", "s")
    assert (before.code, before.err) == (0, "")
    damage(bad, good, name, kind)

    listed = ganvas_command("ls", "s")
    assert listed.code == 0
    (line,) = [line for line in listed.out.splitlines() if bad.name in line.split()[0]]
    assert " damaged " in line
    (line,) = [line for line in listed.out.splitlines() if good.name in line.split()[0]]
    assert " finished " in line

    checked = ganvas_command("check", "s")
    assert checked.code == 1
    assert bad.name in checked.out
    assert good.name not in checked.out

    for command in (("table", "s"), ("report", "s"), ("wandb", "sync", "s")):
        done = ganvas_command(*command)
        assert done.code == 0, done.err
        assert bad.name in done.complaint
        assert "left out" in done.complaint
    assert [run.path.name for run in ganvas.load_study("s").runs] == [good.name]
    assert {row["run"] for row in ganvas.load_study("s").final} == {good.name}


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_readers_of_one_run_say_what_is_wrong_before_any_work(
    name, kind, runs, ganvas_command, monkeypatch
):
    bad, good = runs
    damage(bad, good, name, kind)
    monkeypatch.setattr(Stage, "training_step", lambda self, step: pytest.fail("worked"))
    done = ganvas_command("rerun", "--check", str(bad))
    assert done.code == 2
    assert bad.name in done.complaint
    if name in ("embedding.safetensors", "status.json", "manifest.json"):
        for words in (("render", str(bad)), ("export", str(bad), "-o", "w.npz")):
            done = ganvas_command(*words)
            assert done.code == 2, words
            assert bad.name in done.complaint
    if name in ("config.yaml", "overrides.yaml", "provenance.json", "status.json"):
        done = ganvas_command("rerun", str(bad))
        assert done.code == 2
        assert bad.name in done.complaint


READ = {
    "config.yaml": lambda run: run.config,
    "overrides.yaml": lambda run: run.choices,
    "provenance.json": lambda run: run.provenance,
    "metrics.json": lambda run: run.metrics,
    "metrics.jsonl": lambda run: run.curve,
    "embedding.safetensors": lambda run: run.embedding,
    "manifest.json": lambda run: run.config,
}


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[0] != PICTURE])
def test_python_raises_one_line_that_names_the_file(name, kind, runs):
    bad, good = runs
    damage(bad, good, name, kind)
    with pytest.raises(DamagedError) as caught:
        READ.get(name, lambda run: run.config)(load(bad))
    assert bad.name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_the_same_command_repeats_a_damaged_run(name, runs, study, tiny, ganvas_command):
    bad, good = runs
    expected = {f: f.read_bytes() for f in bad.rglob("*.png")}
    latent = load(bad).embedding.latent
    seed = load(bad).config["seed"]
    damage(bad, good, name, "missing")
    done = ganvas_command("run", *tiny, f"output={study.parent}", "study=s", f"seed={seed}")
    assert done.code == 0, done.err
    assert "the run is repeated" in done.err
    assert load(bad).state == "finished"
    assert torch.equal(load(bad).embedding.latent, latent)
    assert {f: f.read_bytes() for f in bad.rglob("*.png")} == expected
    assert ganvas_command("check", "s").code == 0


def test_a_sweep_repeats_what_is_damaged_alone(runs, study, tiny, ganvas_command):
    bad, good = runs
    untouched = {f: f.stat().st_mtime_ns for f in good.rglob("*.json")}
    (bad / "embedding.safetensors").write_bytes(b"")
    words = [*tiny, f"output={study.parent}", "study=s", "seed=0,1", "hydra/launcher=local"]
    done = ganvas_command("run", "-m", *words, "hydra.launcher.jobs=1")
    assert done.code == 0, done.err
    assert load(bad).state == "finished"
    assert {f: f.stat().st_mtime_ns for f in good.rglob("*.json")} == untouched


def test_a_newer_record_is_not_overwritten(runs, tiny, study, ganvas_command):
    bad, _ = runs
    seed = load(bad).config["seed"]
    RunDirectory(bad).write_status(version=99)
    before = (bad / "embedding.safetensors").stat().st_mtime_ns
    done = ganvas_command("run", *tiny, f"output={study.parent}", "study=s", f"seed={seed}")
    assert done.code == 2
    assert "newer version" in done.complaint
    assert (bad / "embedding.safetensors").stat().st_mtime_ns == before


def test_half_a_last_line_of_the_curve_is_left_out_everywhere(runs, ganvas_command):
    bad, _ = runs
    rows = load(bad).curve
    content = (bad / "metrics.jsonl").read_bytes()
    (bad / "metrics.jsonl").write_bytes(content[:-20])
    assert load(bad).curve == rows[:-1]
    assert load(bad).state == "finished"
    assert ganvas_command("table", "s").err == ""
    assert len(ganvas.load_study("s").runs) == 2
    checked = ganvas_command("check", "s")
    assert checked.code == 1
    assert "metrics.jsonl ends in a line that is cut" in checked.out


def test_all_damaged_is_one_line(runs, ganvas_command):
    for run in runs:
        (run / "metrics.json").unlink()
    done = ganvas_command("table", "s")
    assert done.code == 2
    assert "all runs in" in done.err
    assert "Traceback" not in done.err


def test_an_old_record_without_a_manifest_is_whole(runs, ganvas_command):
    for run in runs:
        (run / "manifest.json").unlink()
        status = json.loads((run / "status.json").read_text())
        del status["version"]
        (run / "status.json").write_text(json.dumps(status))
    assert {run.state for run in ganvas.load_study("s").runs} == {"finished"}
    assert ganvas_command("check", "s").code == 0
    (runs[0] / "embedding.safetensors").unlink()
    assert load(runs[0]).state == "damaged"


def test_a_stranger_s_manifest_reads_nothing_outside_of_the_run(runs, tmp_path):
    bad, _ = runs
    manifest = json.loads((bad / "manifest.json").read_text())
    entry = manifest["files"]["config.yaml"]
    for name in ("/dev/zero", "../../secret"):
        manifest["files"] = {name: entry}
        (bad / "manifest.json").write_text(json.dumps(manifest))
        assert "outside of the run" in load(bad).damage


def test_a_folder_of_the_studys_name_does_not_hide_it(runs, ganvas_command):
    Path("s").mkdir()
    Path("s", "photo.txt").touch()
    for command in ("ls", "table", "check"):
        done = ganvas_command(command, "s")
        assert done.code == 0
        assert runs[0].name in done.out or command != "ls"
    assert ganvas_command("table", "./s").code == 2
    assert ganvas_command("report", "s").code == 0


@pytest.mark.parametrize("name", ["config.yaml", "overrides.yaml", "provenance.json"])
def test_a_run_that_has_not_finished_is_judged_by_what_it_must_have(name, runs):
    bad, _ = runs
    run = RunDirectory(bad)
    run.write_status(state="interrupted")
    for later in ("metrics.json", "embedding.safetensors", "metrics.jsonl"):
        (bad / later).unlink()
    write_manifest(bad, run.status["signature"], ("config.yaml", "overrides.yaml"))
    assert run.state == "interrupted"
    assert (RunDirectory(bad).metrics, RunDirectory(bad).curve) == ({}, [])
    (bad / name).unlink()
    assert run.state == "damaged"
    assert name in run.damage


def test_a_job_that_died_before_its_run_began_is_not_damaged(tmp_path):
    run = RunDirectory(tmp_path)
    run.write_status(state="failed", error="killed by SIGKILL")
    assert (run.state, run.damage, run.config) == ("failed", "", {})


def test_a_status_that_does_not_say_how_the_run_stands(runs, ganvas_command):
    """Another JSON file in its place, say: the run is left out, and the others are reported."""
    bad, _ = runs
    (bad / "status.json").write_text('{"command": ["ganvas"], "started": "then"}')
    done = ganvas_command("report", "s")
    assert done.code == 0, done.err
    assert "does not say how the run stands" in done.err + done.out
