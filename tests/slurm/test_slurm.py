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

pytestmark = pytest.mark.slurm
SLURM = (
    "hydra/launcher=slurm", "hydra.launcher.memory_mib=2600", "hydra.launcher.timeout_min=2",
    "hydra.launcher.signal_delay_s=30",
)  # fmt: skip
FAULTS = {"1.raise": "ValueError", "3.kill": "Killed", "5.memory": "exceeded memory limit"}
OUT_OF_TIME = 0


@pytest.mark.timeout(2400)
def test_study_survives_faults_the_time_limit_and_the_launchers_death(tmp_path, cluster):
    disturbed, calm = tmp_path / "disturbed", tmp_path / "calm"
    faults, none = tmp_path / "faults", tmp_path / "none"
    for folder in (faults, none):
        folder.mkdir()
    for name in (*FAULTS, f"{OUT_OF_TIME}.slow"):
        (faults / name).touch()

    first = start(disturbed, faults, SLURM)
    deadline = time.monotonic() + 900
    while states(disturbed)["finished"] < RUNS // 2 + 1 and time.monotonic() < deadline:
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.2)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert list(faults.glob("*.*")) == []
    runs = by_seed(disturbed)
    for name, error in FAULTS.items():
        status = runs[int(name.split(".")[0])].status
        assert status["state"] == "failed"
        assert error in status["error"]
    assert len(list((disturbed / "s" / ".slurm").glob("*/code"))) == 1

    told = finish(start(disturbed, faults, SLURM))
    assert f"submitted {len(FAULTS)} jobs" in told
    broken = {int(name.split(".")[0]) for name in FAULTS}
    assert_attempts(disturbed, faults, broken | {OUT_OF_TIME})
    log = (disturbed / "s" / by_seed(disturbed)[OUT_OF_TIME].name / "run.log").read_text(
        encoding="utf-8"
    )
    assert "continuing at step" in log
    assert list((disturbed / "s" / ".slurm").glob("*/code")) == []
    assert f"{RUNS} of {RUNS} runs are finished already" in finish(start(disturbed, faults, SLURM))

    succeed(start(calm, none, ONE_PROCESS))
    assert_same_results(disturbed, calm)
