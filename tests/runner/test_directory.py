"""A run's folder: lock, state, repetition, listing and cleaning."""

from __future__ import annotations

import fcntl
import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import ConfigError, InputError, RunError, StorageError
from ganvas.runner.directory import RunDirectory, find_runs
from ganvas.runner.job import removed_if_refused
from ganvas.runner.repetition import restore_result
from ganvas.runner.sharing import POOL
from ganvas.stage.stage import Stage


def test_lock_keeps_a_second_holder_out(tmp_path):
    folder = RunDirectory(tmp_path / "run")
    assert not folder.is_locked()
    with folder.locked():
        assert folder.is_locked()
        with (
            pytest.raises(StorageError, match="another process"),
            RunDirectory(folder.path).locked(),
        ):
            pass
        assert folder.is_locked()
    assert not folder.is_locked()


def test_a_run_at_work_is_not_run_twice(tiny_run, ganvas_command, tiny):
    result = tiny_run()
    folder = RunDirectory(result.path)
    folder.write_status(state="running")
    with folder.locked():
        done = ganvas_command("run", *tiny)
    assert done.code == 2
    assert "another process is working on" in done.complaint
    assert folder.status["state"] == "running"


def test_a_dead_run_is_called_interrupted(tmp_path):
    folder = RunDirectory(tmp_path)
    assert folder.state == "new"
    folder.write_status(state="running")
    assert folder.state == "interrupted"
    with folder.locked():
        assert folder.state == "running"


def test_finished_run_is_recognised_and_not_repeated(tiny_run, monkeypatch):
    first = tiny_run()
    before = {p: p.stat().st_mtime_ns for p in first.path.rglob("*") if p.is_file()}
    monkeypatch.setattr(Stage, "training_step", lambda self, step: pytest.fail("repeated"))
    assert tiny_run("trainer.checkpoint_seconds=7").path == first.path
    assert {p: p.stat().st_mtime_ns for p in first.path.rglob("*") if p.is_file()} == before


def test_force_keeps_the_old_result_until_the_new_one_is_finished(tiny_run, monkeypatch):
    first = tiny_run()
    (first.path / "mark").touch()

    def broken(self, step):
        assert (first.path / "mark").exists()
        raise RuntimeError("no luck")

    with monkeypatch.context() as patched:
        patched.setattr(Stage, "training_step", broken)
        with pytest.raises(RunError, match="no luck"):
            tiny_run("force=true")
    assert RunDirectory(first.path).state == "finished"
    assert (first.path / "mark").exists()
    again = tiny_run("force=true")
    assert again.path == first.path
    assert not (first.path / "mark").exists()
    names = [p.name for p in first.path.parent.iterdir() if p.name != POOL]
    assert names == [first.path.name]
    assert again.metrics["final"] == first.metrics["final"]


def test_force_leaves_a_run_alone_that_another_process_works_on(tiny_run):
    first = tiny_run()
    with first.locked(), pytest.raises(StorageError, match=f"working on .*{first.path.name}$"):
        tiny_run("force=true")
    assert [p for p in first.path.parent.iterdir() if p.name.endswith(".new")] == []


def test_an_old_result_is_back_after_a_kill_between_the_two_renames(tiny_run, monkeypatch):
    first = tiny_run()
    aside = first.path.with_name(f"{first.path.name}.old")
    first.path.rename(aside)
    with RunDirectory(aside).locked():  # the moment itself
        restore_result(first)
    assert aside.exists()
    monkeypatch.setattr(Stage, "training_step", lambda self, step: pytest.fail("repeated"))
    assert tiny_run().path == first.path
    assert not aside.exists()


def test_a_lock_on_a_folder_that_was_moved_meanwhile_is_none(tmp_path, monkeypatch):
    run = RunDirectory(tmp_path / "run")
    flock = fcntl.flock

    def moved_first(file, how):
        if run.path.exists():
            run.path.rename(tmp_path / "elsewhere")
        flock(file, how)

    monkeypatch.setattr("fcntl.flock", moved_first)
    assert run.try_lock() is None
    assert not RunDirectory(tmp_path / "elsewhere").is_locked()


def test_failed_run_can_be_started_again(tiny_run, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Stage, "training_step", lambda self, step: 1 / 0)
        with pytest.raises(RunError):
            tiny_run()
    result = tiny_run()
    assert result.status["state"] == "finished"
    assert result.status["error"] is None


def test_the_record_is_complete(tiny_run):
    result = tiny_run("seed=3", "tags=[a]", "study=mine")
    assert result.path.parent == Path("outputs/mine")
    names = {p.relative_to(result.path).as_posix() for p in result.path.rglob("*") if p.is_file()}
    for name in (
        "config.yaml", "overrides.yaml", "provenance.json", "status.json", "metrics.jsonl",
        "metrics.json", "embedding.safetensors", "run.log", "images/astronaut/target.webp",
        "images/astronaut/w.webp", "images/astronaut/n.png", "images/astronaut/result.png",
        "images/astronaut/progress.webp", "manifest.json",
    ):  # fmt: skip
        assert name in names
    with Image.open(result.path / "images/astronaut/w.webp") as picture:
        assert np.array_equal(np.asarray(picture), np.asarray(result.image("w")))
    shapes = {np.asarray(result.image(kind)).shape for kind in ("difference", "target")}
    assert len(shapes) == 1
    with pytest.raises(InputError, match=r"reslt\.webp; did you mean 'result'\?"):
        result.image("reslt")
    with pytest.raises(InputError, match="no image 'astronot'; did you mean 'astronaut'"):
        result.image("result", "astronot")
    assert "checkpoint.pt" not in names
    status, provenance = result.status, result.provenance
    assert (status["step"], status["total_steps"], status["study"]) == (10, 10, "mine")
    assert status["images"] == ["astronaut"]
    assert provenance["seed"] == 3
    assert provenance["threads"] == 1
    assert provenance["versions"]["torch"]
    assert provenance["device"]["type"] == "cpu"
    assert result.config["tags"] == ["a"]
    stages = result.metrics["stages"]
    assert {k: v["steps"] for k, v in stages.items()} == {"w": 6, "n": 4}
    for stage in stages.values():
        assert stage["steps_per_second"] > 0
        assert stage["peak_memory_mib"] > 0
        assert stage["final"]["psnr"] == pytest.approx(stage["images"]["astronaut"]["psnr"])
    assert set(result.metrics["about"]) == set(result.metrics["final"])
    assert [row["step"] for row in result.curve] == list(range(10))
    assert [row["stage_step"] for row in result.curve] == [*range(6), *range(4)]
    frames = sorted(p.stem for p in (result.path / "images/astronaut/frames").iterdir())
    assert [int(f) for f in frames] == [0, 2, 4, 5, 6, 8, 9]


def test_the_curve_agrees_with_the_final_metrics(tiny_run):
    result = tiny_run()
    best = max(row["psnr"][0] for row in result.curve)
    assert result.metrics["final"]["psnr"] == pytest.approx(best, abs=0.5)


def test_state_of_the_process_is_given_back(tiny_run):
    import torch

    torch.set_num_threads(1)
    flags = torch.are_deterministic_algorithms_enabled()
    tiny_run("trainer.threads=2")
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled() == flags


def test_repetition_is_equal_to_the_bit(tiny_run):
    one, two = tiny_run("output=one"), tiny_run("output=two")
    assert one.path.name == two.path.name
    assert one.metrics["images"] == two.metrics["images"]
    assert one.embedding.latent.equal(two.embedding.latent)
    assert one.embedding_file.read_bytes() == two.embedding_file.read_bytes()
    assert not one.embedding.latent.equal(tiny_run("seed=1").embedding.latent)


def test_ls_and_clean(ganvas_command, tiny_run):
    kept, gone = tiny_run("study=a"), tiny_run("study=b")
    RunDirectory(gone.path).write_status(state="failed", error="bad luck")
    (gone.path / "checkpoint.pt").write_bytes(b"x" * 100)
    done = ganvas_command("ls")
    assert done.code == 0
    assert str(kept.path) in done.out
    assert "bad luck" in done.out
    assert "10/10" in done.out
    only = ganvas_command("ls", "--state", "failed")
    assert str(kept.path) not in only.out
    assert "deleted checkpoints of 1 runs" in ganvas_command("clean", "--checkpoints", "--yes").out
    assert not (gone.path / "checkpoint.pt").exists()
    assert "deleted 1 runs" in ganvas_command("clean", "--state", "failed", "--yes").out
    assert not gone.path.exists()
    assert kept.path.exists()
    assert len(find_runs(Path("outputs"))) == 1
    assert len(find_runs(kept.path)) == 1


def test_a_study_goes_by_its_name_and_leaves_nothing_when_it_is_emptied(ganvas_command, tiny):
    assert ganvas_command("run", "-m", *tiny, "study=a", "seed=0,1").code == 0
    assert ganvas_command("run", *tiny, "study=b").code == 0
    study = Path("outputs/a")
    assert (study / ".plan.json").is_file()
    listed = ganvas_command("ls", "a").out
    assert len(find_runs(study)) == 2
    assert all(str(run.path) in listed for run in find_runs(study))
    assert "outputs/b" not in listed
    one = find_runs(study)[0].path
    assert "deleted 1 runs" in ganvas_command("clean", str(one), "--yes").out
    assert (study / ".plan.json").is_file()
    assert "deleted 1 runs" in ganvas_command("clean", "a", "--yes").out
    assert [path.name for path in Path("outputs").iterdir()] == ["b"]


def test_render_takes_the_folder_of_a_run(ganvas_command, tiny_run):
    run = tiny_run()
    for source, name in ((run.path, "a.png"), (run.path / "embedding.safetensors", "b.png")):
        assert ganvas_command("render", str(source), "-o", name).code == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_clean_asks_and_leaves_runs_at_work(ganvas_command, tiny_run, monkeypatch):
    run = tiny_run()
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert ganvas_command("clean").code == 0
    assert run.path.exists()

    def nobody(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert ganvas_command("clean").code == 2
    assert run.path.exists()
    with ExitStack() as begun:

        def meanwhile(question):
            begun.enter_context(RunDirectory(run.path).locked())
            return "y"

        monkeypatch.setattr("builtins.input", meanwhile)
        left = ganvas_command("clean")
        assert "deleted 0 runs, 0.0 MiB" in left.out
        assert left.complaint.startswith("left: another process is working on")
    with RunDirectory(run.path).locked():
        assert "nothing to delete" in ganvas_command("clean", "--yes").out
    assert json.loads((run.path / "status.json").read_text(encoding="utf-8"))["state"] == "finished"


@pytest.mark.parametrize("words", [
    ("edit=inpaint", "mask=full"), ("layers=explicit", "layers.noise=[99]"),
])  # fmt: skip
def test_what_its_generator_refuses_leaves_no_run(ganvas_command, tiny, tiny_run, words):
    kept = tiny_run()
    done = ganvas_command("run", *tiny, *words)
    assert done.code == 2, done.err
    assert "run outputs" not in done.err
    assert list(Path("outputs/default").glob("[!.]*")) == [Path(kept.path)]


@pytest.mark.parametrize(("new", "begun", "kept"), [
    (True, False, False), (False, False, True), (True, True, True),
])  # fmt: skip
def test_only_what_a_refused_attempt_has_made_is_removed(tmp_path, new, begun, kept):
    folder = RunDirectory(tmp_path / "run")
    (folder.path / "images" if begun else folder.path).mkdir(parents=True)
    with pytest.raises(ConfigError), removed_if_refused(folder, new):
        raise ConfigError("the mask is void")
    assert folder.path.exists() == kept
