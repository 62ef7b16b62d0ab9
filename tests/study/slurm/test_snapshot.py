import json
import os
import subprocess
import sys
from pathlib import Path

from ganvas.study.slurm.snapshot import take

ASK = """
import json, ganvas, hydra_plugins.ganvas.slurm as plugin
from ganvas.config.groups import config_dir
from ganvas.runner.checkout import git_state
print(json.dumps([ganvas.__file__, plugin.__file__, str(config_dir()), git_state()]))
"""
USERS = Path(__file__).parent.parent / "faulty"


def test_a_job_sees_the_program_as_it_was(tmp_path):
    (tmp_path / "mine").mkdir()
    for name, text in {"mine.py": "X = 1", "photo.png": "large", "loss/a.yaml": "# A"}.items():
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    found = take(tmp_path / "code", [USERS, tmp_path / "mine"])
    environment = {**os.environ, "PYTHONPATH": str(found.path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    *places, git = json.loads(done.stdout)
    assert all(Path(place).is_relative_to((tmp_path / "code").resolve()) for place in places)
    told = json.loads((found.path / "ganvas" / "snapshot.json").read_text(encoding="utf-8"))
    assert git == told["git"]
    assert (found.folders[0] / "loss" / "faulty.yaml").is_file()
    assert {p.name for p in found.folders[1].rglob("*") if p.is_file()} == {"mine.py", "a.yaml"}
