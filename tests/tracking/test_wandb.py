"""W&B offline runs, read back by W&B's own inspection command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas import load

WANDB = Path(sys.executable).with_name("wandb")
PICTURES = ("input", "mask", "result", "difference")
KILL_IN_N = ("ganvas.stage.stage:Stage.training_step", 8, "after")


def inspect(run: Path, *options: str) -> str:
    (file,) = run.glob("wandb/offline-run-*/*.wandb")
    done = subprocess.run(
        [WANDB, "leet", "inspect", *options, "--json", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def records(run: Path) -> list[dict]:
    return [json.loads(line) for line in inspect(run).splitlines()]


def check_table(run: Path, found: list[dict]) -> None:
    """A row per image: its pictures by name, and its final values."""
    (stored,) = (a for a in artifacts(found).values() if "comparison.table.json" in a)
    table = json.loads(stored["comparison.table.json"].read_text(encoding="utf-8"))
    measured = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["images"]
    assert table["columns"][:5] == ["image", *PICTURES]
    assert set(table["columns"][5:]) == set(measured["astronaut"])
    ((name, *cells),) = table["data"]
    assert name == "astronaut"
    for column, picture in zip(PICTURES, cells[:4], strict=True):
        kind = "target" if column == "input" else column
        kept = load(run).image(kind, "astronaut").convert("RGB")
        sent = Image.open(stored[picture["path"]]).convert("RGB")
        if kind == "difference":
            # For looking at: not without loss.
            assert sent.size == kept.size
            assert np.abs(np.asarray(sent, int) - np.asarray(kept)).mean() < 12
            continue
        assert np.array_equal(np.asarray(sent), np.asarray(kept))
        assert stored[picture["path"]].samefile(load(run).picture_file("astronaut", kind))
    for metric, value in zip(table["columns"][5:], cells[4:], strict=True):
        assert value == pytest.approx(measured[name][metric])


def artifacts(found: list[dict]) -> dict[str, dict[str, Path]]:
    """Return, for each artifact of a run, its files by name."""
    return {
        a["name"]: {e["path"]: Path(e["local_path"]) for e in a["manifest"]["contents"]}
        for a in (r["artifact"] for r in found if r["type"] == "artifact")
    }


def check_lineage(run: Path, lineage: dict, found: list[dict]) -> None:
    """Generator → embedding → edit in the configuration, and the embedding as an artifact."""
    provenance = json.loads((run / "provenance.json").read_text(encoding="utf-8"))
    assert lineage["generator"] == provenance["generator"]
    assert lineage["edit"] == {"name": "reconstruct", "stages": ["w", "n"]}
    assert lineage["embedding"] == f"embedding-{run.name}"
    assert lineage["start"] is None
    stored = artifacts(found)[lineage["embedding"]]["embedding.safetensors"]
    # W&B's copy takes no room of its own.
    assert stored.samefile(run / "embedding.safetensors")


def runs_below(folder: Path) -> list[Path]:
    return sorted(file.parent for file in folder.glob("outputs/*/*/status.json"))


@pytest.fixture(scope="module")
def words(tiny) -> tuple[str, ...]:
    return ("run", *(w for w in tiny if not w.startswith("logger")))


@pytest.mark.slow
# In a pack, both W&B runs are open at once.
@pytest.mark.parametrize("launcher", [(), ("hydra/launcher=packed",)])
def test_multirun_makes_separate_finished_runs(fork_server, tmp_path, words, launcher):
    sweep = ("-m", *words[1:], "seed=1,2", "study=seeds", "tags=[a,b]", "mask=box", *launcher)
    assert fork_server.run(tmp_path, "run", *sweep) == 0, (tmp_path / "child.log").read_text(
        encoding="utf-8"
    )
    found = runs_below(tmp_path)
    assert len(found) == 2
    seen = []
    for run in found:
        summary, stored = json.loads(inspect(run, "--summary")), records(run)
        final = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["final"]
        curve = [
            json.loads(line)
            for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        assert summary["state"] == "finished"
        assert summary["exit_code"] == 0
        assert summary["name"] == run.name
        assert summary["tags"] == ["a", "b"]
        assert summary["config"]["generator"]["resolution"] == 32
        assert summary["summary"]["final/psnr"] == pytest.approx(final["psnr"])
        assert summary["summary"]["state"] == "finished"
        seen.append((summary["run_id"], summary["config"]["seed"]))
        history = [r["history"]["item"] for r in stored if r["type"] == "history"]
        steps = {item["_step"]: item for item in history}
        assert len(steps) == len(history) == len(curve) + 1
        for row in curve:
            assert steps[row["step"]]["psnr"] == pytest.approx(row["psnr"][0])
            assert steps[row["step"]]["stage"] == row["stage"]
        assert "comparison._type" in steps[len(curve)]
        check_table(run, stored)
        check_lineage(run, summary["config"]["lineage"], stored)
        (started,) = (r["run"] for r in stored if r["type"] == "run")
        assert (started["run_group"], started["job_type"]) == ("seeds", "reconstruct")
        pictures = list(run.glob("wandb/offline-run-*/files/media/images/*.webp"))
        assert len(pictures) == len(list(run.glob("images/*/frames/*.webp")))
        kinds = Counter(r["type"] for r in stored)
        assert kinds["artifact"] >= 1
        assert kinds["exit"] == 1
    assert {s for _, s in seen} == {1, 2}
    assert len({i for i, _ in seen}) == 2


@pytest.mark.slow
def test_failing_job_closes_its_run_with_exit_code_1(fork_server, tmp_path, words):
    bad = (tmp_path / "bad.py", tmp_path / "loss")
    bad[0].write_text(
        "from dataclasses import dataclass\n"
        "from ganvas.loss import Term\n"
        "@dataclass(frozen=True)\n"
        "class Bad(Term):\n"
        '    """Fails."""\n'
        "    def bind(self, reference):\n"
        "        def fail(view):\n"
        "            raise RuntimeError('out of luck')\n"
        "        return fail\n"
    )
    sweep = (
        "-m", "--config-dir", str(tmp_path), *words[1:],
        "seed=1,2", "+loss.noise.bad={_target_: bad.Bad}",
    )  # fmt: skip
    assert fork_server.run(tmp_path, "run", *sweep) == 1
    log = (tmp_path / "child.log").read_text(encoding="utf-8")
    assert log.count("RuntimeError: out of luck") == 2
    assert "Traceback" not in log
    found = runs_below(tmp_path)
    assert len(found) == 2
    for run in found:
        summary = json.loads(inspect(run, "--summary"))
        assert summary["exit_code"] == 1
        assert summary["summary"]["state"] == "failed"


@pytest.mark.slow
def test_resumed_run_leaves_one_complete_run(fork_server, tmp_path, words):
    often = "trainer.checkpoint_seconds=0"
    assert fork_server.run(tmp_path, *words, often, kill=KILL_IN_N) == -9
    assert fork_server.run(tmp_path, *words) == 0, (tmp_path / "child.log").read_text(
        encoding="utf-8"
    )
    (run,) = runs_below(tmp_path)
    assert len(list(run.glob("wandb/offline-run-*"))) == 1
    found = records(run)
    history = [r["history"]["item"]["_step"] for r in found if r["type"] == "history"]
    assert history == list(range(11))
    assert [r["exit"]["exit_code"] for r in found if r["type"] == "exit"] == [0]


@pytest.mark.slow
def test_wandb_leaves_nothing_outside_the_run(fork_server, tmp_path, words):
    assert fork_server.run(tmp_path, *words) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"outputs", "child.log"}
