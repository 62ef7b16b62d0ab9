"""Every file of a record × every kind of damage × every reader, on copies of one tiny study."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.errors import DamagedError, InputError
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
    assert done.err.count("the run is repeated") == 1
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
        status = json.loads((run / "status.json").read_text(encoding="utf-8"))
        del status["version"]
        (run / "status.json").write_text(json.dumps(status))
    assert {run.state for run in ganvas.load_study("s").runs} == {"finished"}
    assert ganvas_command("check", "s").code == 0
    (runs[0] / "embedding.safetensors").unlink()
    assert load(runs[0]).state == "damaged"


def test_a_stranger_s_manifest_reads_nothing_outside_of_the_run(runs, tmp_path):
    bad, _ = runs
    manifest = json.loads((bad / "manifest.json").read_text(encoding="utf-8"))
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


@pytest.fixture(scope="module")
def damaged(finished_study, tmp_path_factory):
    """Return a study, and a function that damages its first run anew, for tests that only read."""
    study = tmp_path_factory.mktemp("damaged") / "outputs" / "s"
    shutil.copytree(finished_study, study)
    bad, *_ = sorted(path for path in study.iterdir() if path.name[0] != ".")
    texts = {bad / name: (bad / name).read_bytes() for name in (*TEXTS, "embedding.safetensors")}

    def change(name, content, state="finished", listed=False):
        for file, written in texts.items():
            file.write_bytes(written)
        status = json.loads((bad / "status.json").read_bytes()) | {"state": state}
        if not listed:
            # As versions before the manifest have left it.
            del status["version"]
            (bad / "manifest.json").unlink()
        (bad / "status.json").write_text(json.dumps(status))
        if isinstance(content, dict):
            content = json.dumps(json.loads((bad / name).read_bytes()) | content)
        (bad / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return study, bad

    return change


def require_left_out(ganvas_command, study, bad, file):
    """Every command names the file, and none of them ends because of it."""
    listed = ganvas_command("ls", str(study))
    assert listed.code == 0
    (line,) = [line for line in listed.out.splitlines() if bad.name in line]
    assert " damaged " in line
    assert file in line
    for command in ("table", "report"):
        done = ganvas_command(command, str(study))
        assert done.code == 0, done.err
        assert file in done.complaint
        assert "left out" in done.complaint


@pytest.mark.parametrize("content", [
    {"step": "seven"}, {"total_steps": [10]}, {"seconds": "a while"}, {"seconds": float("inf")},
    {"images": 2}, {"images": [1]}, {"images": {"astronaut": 1}}, {"error": ["why"]},
    {"attempts": "x"}, {"state": "Finished"}, {"state": "finished", "signature": 7},
])  # fmt: skip
def test_a_status_of_another_shape(damaged, ganvas_command, content):
    require_left_out(ganvas_command, *damaged("status.json", content, listed=True), "status.json")


@pytest.mark.parametrize(("name", "content"), [
    ("metrics.json", '{"final": [], "images": 3}'),
    ("metrics.json", '{"final": {"psnr": "high"}}'),
    ("metrics.json", '{"images": {"astronaut": 5}}'),
    ("metrics.json", '{"stages": {"w": {"images": {"astronaut": 1}}}}'),
    ("metrics.json", '{"about": {"psnr": 1}}'),
    ("config.yaml", "image: 5\n"),
    ("config.yaml", "a: &a [*a]\n"),
    ("config.yaml", "".join(f"k{i}: &k{i} [{', '.join([f'*k{i - 1}'] * 9)}]\n" if i
                            else "k0: &k0 [x]\n" for i in range(12))),
    ("config.yaml", "when: 2026-01-31\n"),
    ("config.yaml", "what: !!binary aGFpcg==\n"),
    ("overrides.yaml", "overrides: seed=1\nchoices: {}\n"),
    ("overrides.yaml", "overrides: []\nchoices: [mask]\n"),
    ("provenance.json", '{"directory": 7}'),
    ("provenance.json", '{"inputs": ["a"]}'),
    ("metrics.jsonl", '{"step": "one"}\n'),
    ("metrics.jsonl", '{"step": 1, "psnr": ["high"]}\n'),
    ("metrics.jsonl", '{"step": 1, "psnr": [1, 2, 3]}\n'),
    ("embedding.safetensors", b"latent"),
    ("embedding.safetensors", b"\x10" + b"\0" * 7 + b'{"a": {"data_o'),
])  # fmt: skip
def test_a_record_without_a_manifest_is_judged_by_its_content(
    damaged, ganvas_command, name, content
):
    study, bad = damaged(name, content)
    require_left_out(ganvas_command, study, bad, name)
    if name in READ and not name.startswith("embedding"):
        with pytest.raises(DamagedError, match=name):
            READ[name](load(bad))
    done = ganvas_command("rerun", "--check", str(bad))
    assert done.code == 2
    assert bad.name in done.complaint


@pytest.mark.parametrize(("name", "content"), [
    ("metrics.jsonl", '{"step": 1, "loss": [0.5]}\nhalf\n{"step": 2, "loss": [0.4]}\n'),
    ("metrics.json", "[]"),
])  # fmt: skip
def test_what_a_run_has_not_listed_yet_is_judged_by_its_content(
    damaged, ganvas_command, name, content
):
    study, bad = damaged(name, content, state="interrupted")
    require_left_out(ganvas_command, study, bad, name)


@pytest.mark.parametrize("files", [
    [], {"config.yaml": 5}, {"config.yaml": {"size": 1, "sha256": 2, "head": "3"}},
    {"config.yaml": {"size": "1", "sha256": "2", "head": "3"}},
    {"con\0fig": {"size": 1, "sha256": "2", "head": "3"}},
])  # fmt: skip
def test_a_manifest_of_another_shape(damaged, ganvas_command, files):
    study, bad = damaged("manifest.json", {"files": files}, listed=True)
    require_left_out(ganvas_command, study, bad, "manifest.json")


def test_check_does_not_vouch_for_what_nobody_has_listed(runs, ganvas_command):
    bad, _ = runs
    RunDirectory(bad).write_status(version=1)
    (bad / "manifest.json").unlink()
    checked = ganvas_command("check", "s")
    assert checked.code == 0
    assert "1 of them, of an older version, list no files" in checked.out


def test_pictures_that_cannot_be_shown_are_one_line(runs):
    bad, _ = runs
    (bad / PICTURE).unlink()
    for read in (RunDirectory.image, lambda run: run.image("difference")):
        with pytest.raises(InputError, match="no such picture"):
            read(load(bad))
    (bad / PICTURE).write_bytes(b"no picture")
    with pytest.raises(DamagedError, match="cut or broken"):
        load(bad).image()
    whole = bad / "images" / "contact_sheet.webp"
    whole.write_bytes(whole.read_bytes()[:200])
    with pytest.raises(DamagedError, match="cut or broken"):
        _ = load(bad).sheet
