import signal
from collections import deque
from types import SimpleNamespace

import pytest

from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError
from ganvas.runner.directory import RunDirectory
from ganvas.runner.job import execute
from ganvas.study.local import LocalExecutor
from ganvas.study.settings import LocalSettings
from ganvas.study.task import Task


def crew_of(folder, stopping):
    """A crew without processes, and the task that works in `folder`."""
    board = SimpleNamespace(state_changed=lambda task: None, say=lambda line: None)
    stop = SimpleNamespace(requested=stopping)
    crew = LocalExecutor(deque(), [], LocalSettings(jobs=1, retries=1), board, None, stop)
    return crew, Task(SimpleNamespace(working=RunDirectory(folder)), "running", 1)


@pytest.mark.parametrize(
    ("stopping", "state", "status"),
    [(True, "interrupted", "interrupted"), (False, "waiting", "failed")],
)
def test_only_a_study_that_stops_interrupts_by_sigterm(tmp_path, stopping, state, status):
    crew, task = crew_of(tmp_path, stopping)
    crew._ended(task, -signal.SIGTERM, 0)
    assert task.state == state
    assert RunDirectory(tmp_path).state == status


def test_a_mistake_is_told_and_leaves_no_run(tmp_path):
    crew, task = crew_of(tmp_path, stopping=False)
    (tmp_path / "worker.log").write_text("ganvas: options have changed\n")
    crew._ended(task, 2, 0)
    assert (task.state, task.note) == ("failed", "options have changed")
    assert not crew.waiting
    assert not RunDirectory(tmp_path).status_file.exists()


def test_a_job_without_an_error_has_the_state_that_its_folder_says(tmp_path):
    crew, task = crew_of(tmp_path, stopping=False)
    task.planned.final = task.planned.working
    for state, error, note in (("failed", "too bad", "too bad"), ("finished", None, "")):
        task.planned.final.write_status(state=state, error=error)
        crew._ended(task, 0, 0)
        assert (task.state, task.note) == (state, note)


def test_a_launcher_tries_again_what_a_later_start_would_leave(tiny, tmp_path):
    job = compose_job([*tiny, f"output={tmp_path}", "retry_failed=false"])
    run = execute(job)
    run.write_status(state="failed", error="killed by SIGKILL")
    assert execute(job).state == "failed"
    assert execute(job, retry=True).state == "finished"


@pytest.mark.parametrize("attempts", [0, 1])
def test_only_another_attempt_is_one(tmp_path, attempts):
    crew, task = crew_of(tmp_path, stopping=False)
    task.attempts = attempts
    task.planned.final, task.planned.force = task.planned.working, True
    task.planned.resolved = lambda resolver: None
    crew.resolver = SimpleNamespace(user_dirs=())
    started = []
    crew.context = SimpleNamespace(
        Process=lambda target, args: started.append(args) or SimpleNamespace(start=lambda: None)
    )
    crew._start(crew.slots[0], task)
    assert [args[-1] for args in started] == [attempts > 0]


def test_a_job_for_another_folder_is_refused_and_touches_none(tiny, tmp_path):
    job = compose_job([*tiny, f"output={tmp_path / 'out'}"])
    with pytest.raises(ConfigError, match="since the study was planned; start it again"):
        execute(job, None, tmp_path / "planned")
    assert not list(tmp_path.iterdir())
