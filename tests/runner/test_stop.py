"""Ctrl-C and SIGTERM: within one step, exit code 130, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from ganvas.errors import Interrupted, RunError
from ganvas.stage.stage import Stage

STEPS = 10  # six of w, four of n


def only_run() -> Path:
    (status,) = Path("outputs").glob("*/*/status.json")
    return status.parent


@pytest.fixture
def signal_at(monkeypatch):
    """Send a signal to this process inside one step, and count the steps that are made."""

    def install(number: int, step: int, times: int = 1) -> list[int]:
        steps: list[int] = []
        original = Stage.training_step

        def training_step(self, index):
            steps.append(index)
            if len(steps) == step + 1:
                for _ in range(times):
                    os.kill(os.getpid(), number)
            original(self, index)

        monkeypatch.setattr(Stage, "training_step", training_step)
        return steps

    return install


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("step", [0, 3, 5, 6, 8, 9])
def test_signal_ends_the_run_within_one_step_and_it_goes_on(
    tiny_run, tmp_path, monkeypatch, signal_at, number, step
):
    calm = tiny_run(f"output={tmp_path}/calm")
    with monkeypatch.context() as patched:
        steps = signal_at(number, step)
        with pytest.raises(Interrupted, match=f"step {step + 1} of {STEPS}.*same command"):
            tiny_run()
        assert len(steps) == step + 1
        patched.undo()
    status = json.loads((only_run() / "status.json").read_text(encoding="utf-8"))
    assert status["state"] == "interrupted"
    assert status["step"] == step + 1
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    again = tiny_run()
    assert again.status["state"] == "finished"
    assert again.embedding.latent.equal(calm.embedding.latent)
    for a, b in zip(again.embedding.noise, calm.embedding.noise, strict=True):
        assert a.equal(b)


def test_second_ctrl_c_stops_at_once_and_keeps_the_last_checkpoint(tiny_run, signal_at):
    steps = signal_at(signal.SIGINT, 4, times=2)
    with pytest.raises(Interrupted, match="at once"):
        tiny_run("trainer.checkpoint_seconds=0")
    assert len(steps) == 5
    assert (
        json.loads((only_run() / "status.json").read_text(encoding="utf-8"))["state"]
        == "interrupted"
    )
    saved = torch.load(only_run() / "checkpoint.pt", weights_only=True)
    assert saved["stage_state"]["step"] == 4


def test_handlers_are_given_back(tiny_run, signal_at):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    tiny_run()
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    signal_at(signal.SIGINT, 2)
    with pytest.raises(Interrupted):
        tiny_run("seed=1")
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_interrupted_command_exits_with_130(fork_server, tmp_path):
    words = (
        "run", "generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "trainer=cpu",
        "trainer.progress=false", "budget=preview", "budget.latent=4000",
    )  # fmt: skip
    process = fork_server.start(tmp_path, *words)
    status = None
    while status is None or status.get("step", 0) < 10:
        found = list(tmp_path.glob("outputs/*/*/status.json"))
        status = json.loads(found[0].read_text(encoding="utf-8")) if found else None
    os.kill(process, signal.SIGTERM)
    assert fork_server.wait() == 130
    status = json.loads(found[0].read_text(encoding="utf-8"))
    assert status["state"] == "interrupted"
    assert status["step"] < 4000
    log = (tmp_path / "child.log").read_text(encoding="utf-8")
    assert "the same command continues" in log
    assert "Traceback" not in log


def test_interrupted_sweep_starts_no_further_job(ganvas_command, tiny, signal_at):
    steps = signal_at(signal.SIGTERM, 2)
    done = ganvas_command("run", "-m", *tiny, "seed=1,2,3")
    assert done.code == 130
    assert len(steps) == 3
    assert len(list(Path("outputs").glob("*/*/status.json"))) == 1


def test_failure_is_recorded_and_keeps_its_traceback_in_the_log(tiny_run, monkeypatch):
    def broken(self, step):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(Stage, "training_step", broken)
    with pytest.raises(RunError, match=r"ZeroDivisionError: nothing to divide by.*run\.log"):
        tiny_run()
    status = json.loads((only_run() / "status.json").read_text(encoding="utf-8"))
    assert status["state"] == "failed"
    assert status["error"] == "ZeroDivisionError: nothing to divide by"
    assert "Traceback" in (only_run() / "run.log").read_text(encoding="utf-8")


def test_a_stop_file_that_cannot_be_removed_does_not_hide_how_a_run_ended(tiny_run, monkeypatch):
    unlink = Path.unlink

    def refuse(file, missing_ok=False):
        if file.name == "stop" and (file.parent / "manifest.json").exists():
            raise PermissionError(13, "Permission denied")
        unlink(file, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert tiny_run().state == "finished"
