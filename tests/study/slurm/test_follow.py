import json

import pytest

from ganvas.config.compose import Resolver
from ganvas.errors import RunError
from ganvas.runner.directory import RunDirectory
from ganvas.study.plan import Planned
from ganvas.study.slurm import cluster, follow
from ganvas.study.slurm.ledger import Ledger
from ganvas.study.slurm.settings import SlurmSettings
from ganvas.study.task import Task


class JobTable:
    def __init__(self):
        self.said = []

    def begun(self): ...

    def say(self, message):
        self.said.append(message)

    def state_changed(self, task):
        self.said.append((task.state, task.note))

    def draw(self): ...


def tasks(study, count):
    paths = [str(study / f"run-{i}") for i in range(count)]
    return [Task(Planned((f"seed={i}",), p, p, False, True, "psnr", 4, ()))
            for i, p in enumerate(paths)]  # fmt: skip


class Slurm:
    """A queue in which a job ends the next time that it is asked for, by what `ends` says."""

    def __init__(self, ends):
        self.ends, self.submitted = ends, []
        self.known = {}

    def submit(self, works, folder, queue, setup, study):
        master = str(len(self.known) + 1)
        ids = [f"{master}_{i}" for i in range(len(works))]
        self.submitted.append([work.job.overrides[0] for work in works])
        self.known |= dict.fromkeys(ids, "PENDING")
        return ids

    def states(self, jobs):
        jobs = list(jobs)
        reported = {job: self.known.get(job, cluster.GONE) for job in jobs}
        for job in jobs:
            if self.known.get(job) == "PENDING":
                self.known[job] = "RUNNING"
            elif self.known.get(job) == "RUNNING":
                self.known[job] = self.ends(job)
        return reported


@pytest.fixture
def slurm(monkeypatch):
    def install(ends):
        queue = Slurm(ends)
        monkeypatch.setattr(follow, "submit", queue.submit)
        monkeypatch.setattr(follow, "states", queue.states)
        monkeypatch.setattr(follow, "reason", lambda job: "FAILED")
        monkeypatch.setattr(follow, "SHORTEST", 0.0)
        monkeypatch.setattr(SlurmSettings, "__post_init__", lambda self: None)
        return queue

    return install


def test_jobs_are_submitted_once_and_followed(tmp_path, slurm):
    study = tmp_path / "s"
    mine = tasks(study, 4)
    RunDirectory(study / "run-0").write_status(state="finished")

    def ends(job):
        index = int(job.partition("_")[2]) + 1
        if index == 2:
            folder = next((study / ".slurm").glob("*/jobs.json")).parent
            (folder / f"{job}_0_log.out").write_text(
                "Starting with JobEnvironment\nslurmstepd-n1: error: exceeded memory limit\n"
            )
            return "FAILED"
        state = {1: "finished", 3: "interrupted"}[index]
        RunDirectory(study / f"run-{index}").write_status(state=state)
        return "COMPLETED"

    queue = slurm(ends)
    follow.submit_all(mine, Resolver(), SlurmSettings(), JobTable())
    assert queue.submitted == [["seed=1", "seed=2", "seed=3"]]
    assert [t.state for t in mine] == ["finished", "finished", "failed", "interrupted"]
    assert RunDirectory(study / "run-2").error == "SLURM's job 1_1: exceeded memory limit: FAILED"
    assert list((study / ".slurm").glob("*/code")) == []

    follow.submit_all(again := tasks(study, 2), Resolver(), SlurmSettings(), JobTable())
    assert len(queue.submitted) == 1
    assert [t.state for t in again] == ["finished", "finished"]


def test_jobs_of_a_dead_launcher_are_found(tmp_path, slurm):
    study = tmp_path / "s"

    def ends(job):
        RunDirectory(study / f"run-{job[-1]}").write_status(state="finished")
        return "COMPLETED"

    queue = slurm(ends)
    queue.known = {"7_0": "RUNNING", "7_1": "CANCELLED"}
    ledger = Ledger(study)
    ledger.write(ledger.open(), {"7_0": str(study / "run-0"), "7_1": str(study / "run-1")})
    board = JobTable()
    follow.submit_all(mine := tasks(study, 1), Resolver(), SlurmSettings(), board)
    assert queue.submitted == []
    assert ("queued", "job 7_0") in board.said
    assert mine[0].state == "finished"


def test_nothing_is_submitted_twice_because_the_controller_is_silent(tmp_path, slurm, monkeypatch):
    queue = slurm(lambda job: "COMPLETED")
    ledger = Ledger(tmp_path / "s")
    ledger.write(ledger.open(), {"7_0": "elsewhere"})
    monkeypatch.setattr(follow, "states", lambda jobs: None)
    with pytest.raises(RunError, match="does not answer"):
        follow.submit_all(tasks(tmp_path / "s", 1), Resolver(), SlurmSettings(), JobTable())
    assert queue.submitted == []


@pytest.mark.parametrize(
    ("code", "out", "error", "expected"),
    [
        (0, "3_0 RUNNING\n3_1 PENDING\n", "", {"3_0": "RUNNING", "3_1": "PENDING", "4": "GONE"}),
        (1, "", "slurm_load_jobs error: Invalid job id specified", dict.fromkeys(
            ("3_0", "3_1", "4"), "GONE")),
        (1, "", "slurm_load_jobs error: Unable to contact slurm controller", None),
    ],
)  # fmt: skip
def test_states(code, out, error, expected, tmp_path, monkeypatch):
    answer = tmp_path / "squeue"
    answer.write_text(f"#!/bin/sh\nprintf %b {json.dumps(out)}\necho '{error}' >&2\nexit {code}\n")
    answer.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert cluster.states(["3_0", "3_1", "4"]) == expected
