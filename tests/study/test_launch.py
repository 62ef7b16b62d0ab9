import os
import signal
import time

import pytest

from faulty_study import (
    ONE_PROCESS,
    RUNS,
    assert_attempts,
    assert_same_results,
    by_seed,
    finish,
    start,
    states,
    succeed,
)

FAULTS = {"1.raise": "ValueError", "3.kill": "SIGKILL", "5.memory": "memory_mib=1500"}


@pytest.fixture
def started():
    """Processes that are killed with all their jobs, should the test end early."""
    found = []
    yield found
    for process in found:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_study_survives_faults_and_the_launchers_death(tmp_path, started):
    disturbed, calm = tmp_path / "disturbed", tmp_path / "calm"
    faults, none = tmp_path / "faults", tmp_path / "none"
    for folder in (faults, none):
        folder.mkdir()
    for name in FAULTS:
        (faults / name).touch()

    first = start(disturbed, faults)
    started.append(first)
    deadline = time.monotonic() + 600
    while states(disturbed)["finished"] < RUNS // 2 + 1 and time.monotonic() < deadline:
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert list(faults.glob("*.*")) == []
    assert states(disturbed)["finished"] < RUNS
    runs = by_seed(disturbed)
    for name, error in FAULTS.items():
        status = runs[int(name.split(".")[0])].status
        assert status["state"] == "failed"
        assert error in status["error"]

    second = start(disturbed, faults)
    started.append(second)
    finish(second)
    assert_attempts(disturbed, faults, {int(name.split(".")[0]) for name in FAULTS})

    undisturbed = start(calm, none, ONE_PROCESS)
    started.append(undisturbed)
    succeed(undisturbed)
    assert_same_results(disturbed, calm)
