import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "cluster.sh"
INSTALL = "GANVAS_INSTALL_SLURM"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A SLURM of one node on loopback, for as long as the tests need it."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a SLURM here")
    environment = {**os.environ, "GANVAS_SLURM_STATE": str(tmp_path_factory.mktemp("slurm"))}

    def script(action):
        return subprocess.run([SCRIPT, action], env=environment, capture_output=True, text=True)

    if os.environ.get(INSTALL):
        assert (done := script("install")).returncode == 0, done.stderr
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged", "sbatch"))):
        pytest.skip(f"SLURM is not installed; {SCRIPT.name} install, or {INSTALL}=1, installs it")
    started = script("start")
    try:
        if started.returncode:
            pytest.skip(f"SLURM does not start here: {started.stderr.strip()}")
        name, _, value = started.stdout.strip().partition("=")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(name, value)
            yield
    finally:
        script("stop")
