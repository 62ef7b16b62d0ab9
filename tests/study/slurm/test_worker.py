import signal

import pytest

from ganvas.runner.signals import StopSignal
from ganvas.study.slurm.worker import TIME_IS_UP, Deadline


@pytest.fixture
def submitit():
    """Signal handlers as submitit sets them; the list gets what they are called for."""
    calls = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, TIME_IS_UP)}
    signal.signal(signal.SIGTERM, lambda number, frame: calls.append("bypassed"))
    signal.signal(TIME_IS_UP, lambda number, frame: calls.append("requeued"))
    yield calls
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_run_at_work_is_stopped_and_then_requeued(submitit):
    with Deadline() as deadline:
        with StopSignal() as stop:
            signal.raise_signal(TIME_IS_UP)
        assert stop.requested
        assert deadline.passed
        assert submitit == []
        deadline.requeue()
    assert submitit == ["requeued"]


def test_before_the_run_the_job_is_requeued_at_once(submitit):
    with Deadline() as deadline:
        signal.raise_signal(TIME_IS_UP)
        assert deadline.passed
    assert submitit == ["requeued"]
