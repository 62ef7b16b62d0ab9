"""Measure what a large study costs: listing, table, report, and starting it again when finished.

    python docs/bench_study.py FOLDER --runs 10000
    python docs/bench_study.py FOLDER --runs 10000 --plan

With --plan, only what it costs to plan the study is measured, by processor time: which run each job
is, and that each of them is right. `taskset -c 0` keeps it on one core.

Two runs of the tiny generator are executed; all others are copies of them with their own seed and
slightly other metrics, in the folders that their options stand for. Another study of as many runs
is then executed in part: interrupted after `--seconds`, looked at, and started again.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import ganvas
from ganvas.config.overrides import expand
from ganvas.runner.manifest import write_manifest
from ganvas.study.plan import Planned, plan

MASKS = ("full", "box")
BASE = (
    "generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "budget=preview",
    "budget.latent=5", "budget.noise=5", "budget.frame_every=0", "trainer=cpu",
)  # fmt: skip

WITH_MEMORY = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
sys.exit(code)
"""
"""Executes a command and prints its peak memory, MiB. This process has torch, and would be counted
in that of its own children."""


def make(output: Path, runs: int) -> None:
    """Fill `output`/large with `runs` finished runs."""
    base = [*BASE, "study=large", f"output={output}"]
    words = [[*base, f"mask={mask}", f"seed={s}"] for mask in MASKS for s in range(runs // 2)]
    sources = {m: ganvas.run([*base, f"mask={m}", "seed=0", "trainer.progress=false"]).path
               for m in MASKS}  # fmt: skip
    started = time.perf_counter()
    planned = plan(words)
    print(f"plan, the first time   {time.perf_counter() - started:6.1f} s")
    for job, word in zip(planned, words, strict=True):
        mask, seed = (item.partition("=")[2] for item in word[-2:])
        copy(sources[mask], job, seed)


def measure_planning(output: Path, runs: int) -> None:
    """Time the planning of sweeps of about `runs` jobs."""
    # What it costs to import torch and all that options name is not what is measured.
    plan([[*BASE, "study=plan", f"output={output / 'first'}"]])
    for name, axes in {
        "masks, seeds": [f"mask={','.join(MASKS)}", f"seed=range(0,{runs // 2})"],
        "rates, steps, seeds": [
            "optimizer.latent.lr=0.01,0.02,0.03,0.04", "budget.latent=5,6,7,8,9",
            f"seed=range(0,{runs // 20})",
        ],
    }.items():  # fmt: skip
        started = time.process_time()
        jobs = expand([*BASE, "study=plan", f"output={output / name.replace(', ', '-')}", *axes])
        plan(jobs)
        seconds = time.process_time() - started
        cost = f"{1000 * seconds / len(jobs):.2f} ms a job"
        print(f"plan {name:<20} {len(jobs)} jobs {seconds:6.1f} s   {cost}", flush=True)


def copy(source: Path, job: Planned, seed: str) -> None:
    """Copy what is read of a run, with another seed and slightly other metrics."""
    folder = Path(job.path)
    if folder == source:
        return
    folder.mkdir()
    for name in ("provenance.json", "metrics.jsonl", "embedding.safetensors"):
        shutil.copyfile(source / name, folder / name)
    status = json.loads((source / "status.json").read_text(encoding="utf-8"))
    signature = folder.name.rpartition("-")[2]
    (folder / "status.json").write_text(
        json.dumps(status | {"signature": signature}), encoding="utf-8"
    )
    for name, before, after in (
        ("config.yaml", "\nseed: 0\n", f"\nseed: {seed}\n"),
        ("overrides.yaml", "- seed=0\n", f"- seed={seed}\n"),
    ):
        text = (source / name).read_text(encoding="utf-8")
        assert text.count(before) == 1
        (folder / name).write_text(text.replace(before, after), encoding="utf-8")
    metrics = json.loads((source / "metrics.json").read_text(encoding="utf-8"))
    change = random.Random(str(folder)).gauss(0, 1)
    for values in (metrics["final"], *metrics["images"].values()):
        values["psnr"] += change
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    write_manifest(folder, signature)


def measure(output: Path, runs: int) -> None:
    """Time the commands as a user starts them."""
    again = sweep(output, "large", runs)
    look_at(output / "large")
    timed("start again, first time", again)
    timed("start again", again)


def measure_part(output: Path, runs: int, seconds: float) -> None:
    """Execute a study until it is interrupted, look at it, and start it once more."""
    words = sweep(output, "part", runs)
    for name in ("in part", "in part, again"):
        before, started = finished(output / "part"), time.perf_counter()
        if before == runs:
            return
        command = [sys.executable, "-m", "ganvas.cli", *words]
        launcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while launcher.poll() is None and finished(output / "part") == before:
            time.sleep(0.5)
        first = time.perf_counter() - started
        with suppress(subprocess.TimeoutExpired):
            launcher.wait(seconds)
        launcher.send_signal(signal.SIGINT)
        code = launcher.wait()
        done = finished(output / "part") - before
        assert done, "no run was finished"
        assert code in (0, 130), code
        print(f"{name}: first run       {first:6.1f} s", flush=True)
        print(f"{name}: {done} of {runs} runs  {time.perf_counter() - started:6.1f} s", flush=True)
        look_at(output / "part", f"{name}: ")


def sweep(output: Path, study: str, runs: int) -> list[str]:
    """Return the command of a study of `runs` runs."""
    axes = [f"mask={','.join(MASKS)}", f"seed=range(0,{runs // 2})"]
    base = [*BASE, f"study={study}", f"output={output}", "trainer.progress=false"]
    return ["run", "-m", "hydra/launcher=local", *base, *axes]


def finished(study: Path) -> int:
    """Count the runs of a study that are finished."""
    return sum('"finished"' in file.read_text() for file in study.glob("*/status.json"))


def look_at(study: Path, prefix: str = "") -> None:
    """Time what shows a study."""
    for command in ("ls", "table", "report"):
        timed(f"{prefix}ganvas {command}", [command, str(study)])


def timed(name: str, words: list[str]) -> None:
    """Run a command, which must succeed; print its seconds, its memory and its last line."""
    started = time.perf_counter()
    command = [sys.executable, "-c", WITH_MEMORY, sys.executable, "-m", "ganvas.cli", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.perf_counter() - started
    *shown, mib = done.stdout.strip().splitlines()
    assert done.returncode == 0, shown
    last = shown[-1] if shown else ""
    print(f"{name:<22}  {seconds:6.1f} s {mib:>6} MiB  {last}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--plan", action="store_true", help="measure the planning alone")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of the study that is run in part; 0: none"
    )
    options = parser.parse_args()
    folder = options.folder.resolve()
    if options.plan:
        measure_planning(folder, options.runs)
    else:
        make(folder, options.runs)
        measure(folder, options.runs)
        if options.seconds:
            measure_part(folder, options.runs, options.seconds)
