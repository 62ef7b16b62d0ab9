"""The commands that are disturbed, and what must be the same to the bit when they have ended."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.runner.difference import MEASURED
from ganvas.runner.directory import RunDirectory, find_runs
from ganvas.system.files import UNFINISHED, sha256
from reliability.child import run

TINY = (
    "generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "trainer=cpu",
    "trainer.threads=1", "trainer.progress=false", "trainer.checkpoint_seconds=0",
    "budget=preview", "budget.latent=6", "budget.noise=4", "budget.frame_every=2",
)  # fmt: skip

Result = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """One command.

    Attributes:
        name: What it is called in tables.
        words: The words behind `ganvas`.
        prepare: Fills an empty working folder; takes it and the folder of what is made once.
        result: What the command leaves, by name; equal for equal work.
        launches: Whether it works in several processes.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Path, Path], object]
    result: Callable[[Path], Result]
    launches: bool = False


def nothing(folder: Path, made: Path) -> None:
    """Prepare nothing."""


def study(folder: Path, made: Path) -> None:
    """Lay a finished study `s` of two runs into the folder."""
    shutil.copytree(made / "outputs", folder / "outputs", dirs_exist_ok=True)


def study_with_wandb(folder: Path, made: Path) -> None:
    """Lay a study into the folder whose runs have W&B's offline records."""
    study(folder, made)
    for path in sorted((folder / "outputs" / "s").glob("[!.]*/")):
        offline = path / "wandb" / f"offline-run-20260131_120000-{path.name[-10:]}"
        offline.mkdir(parents=True)
        (offline / f"run-{path.name[-10:]}.wandb").write_text(path.name)


def generator_file(folder: Path, made: Path) -> None:
    """Lay a generator's file into the folder."""
    shutil.copy(made / "g.safetensors", folder)


def make(made: Path) -> None:
    """Make once what scenes are prepared with: a study, a generator's file."""
    from ganvas.checkpoint.generator_file import save_generator
    from ganvas.generator.architecture import StyleGAN2Architecture
    from ganvas.generator.random_weights import random_generator

    for seed in (0, 1):
        ended = run(made, ["run", *TINY, "study=s", f"seed={seed}"])
        if ended.code:
            raise SystemExit(f"a run that nothing disturbs has failed:\n{ended.err}")
    (path,) = [r.path for r in find_runs(made / "outputs" / "s") if r.config["seed"] == 0]
    (made / "outputs" / "first").symlink_to(path.relative_to(made / "outputs"))
    architecture = StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4))
    save_generator(random_generator(architecture), made / "g.safetensors")


def runs_of(folder: Path) -> Result:
    """Return every run's state and record, without seconds and memory."""
    found = {}
    for path in sorted((folder / "outputs").glob("*/[!.]*/status.json")):
        run_folder = RunDirectory(path.parent)
        found |= {f"{path.parent.name}: {k}": v for k, v in record(run_folder)}
    return found


def record(run_folder: RunDirectory) -> Iterator[tuple[str, Any]]:
    """Iterate over the parts of a run that equal runs have equal."""
    yield "state", run_folder.state
    yield "damage", run_folder.damage
    if run_folder.state != "finished":
        return
    yield "embedding", sha256(run_folder.embedding_file)
    yield "metrics", _without(run_folder.metrics, MEASURED)
    yield "curve", [_without(row, {"seconds"}) for row in run_folder.curve]
    for file in sorted((run_folder.path / "images").rglob("*")):
        if file.is_file():
            yield str(file.relative_to(run_folder.path)), sha256(file)


def file_of(name: str) -> Callable[[Path], Result]:
    """Return a function that returns the hash of one file."""

    def result(folder: Path) -> Result:
        file = folder / name
        return {name: sha256(file) if file.is_file() else "missing"}

    return result


def report_of(folder: Path) -> Result:
    """Return the hashes of a report's files, and the runs it was drawn from."""
    report = folder / "outputs" / "s" / "report"
    files = sorted(file for file in report.rglob("*") if file.is_file())
    contents = {str(file.relative_to(report)): _undated(file.read_bytes()) for file in files}
    return runs_of(folder) | {n: hashlib.sha256(c).hexdigest() for n, c in contents.items()}


def uploads_of(folder: Path) -> Result:
    """Return which W&B runs have come to a server, and are marked as sent."""
    marks = sorted(p.name for p in (folder / "outputs").rglob("*.synced"))
    log = folder / "uploads"
    return {"sent": sorted(set(log.read_text().split())) if log.is_file() else [], "marks": marks}


def pretend_to_upload() -> None:
    """Put a stand-in in the place of W&B's own upload: it notes what has come, and marks it."""
    from ganvas.command import wandb
    from ganvas.report.wandb_sync import send_offline_runs

    def send(words: Any) -> int:
        folder = Path(words[1])
        try:
            with Path("uploads").open("a") as log:
                log.write(f"{folder.name}\n")
            (file,) = folder.glob("run-*.wandb")
            file.with_name(f"{file.name}.synced").touch()
        except OSError:
            return 1
        return 0

    wandb.send_offline_runs = lambda runs: send_offline_runs(runs, send, lambda item: None)


SCENES = (
    Scene("run", ("run", *TINY), nothing, runs_of),
    Scene("rerun --check", ("rerun", "--check", "outputs/first"), study, runs_of),
    Scene("convert", ("convert", "g.safetensors", "g.pt", "--to", "rosinality"), generator_file,
          file_of("g.pt")),
    Scene("report", ("report", "s"), study, report_of),
    Scene("wandb sync", ("wandb", "sync", "s"), study_with_wandb, uploads_of),
    Scene("multirun, local", ("run", "-m", *TINY, "hydra/launcher=local", "hydra.launcher.jobs=2",
                              "study=m", "seed=0,1"), nothing, runs_of, launches=True),
    Scene("ablate", ("ablate", "--yes", *TINY, "study=a", "over=[stages]",
                     "hydra/launcher=local", "hydra.launcher.jobs=2"), nothing, runs_of,
          launches=True),
)  # fmt: skip


def difference(expected: Result, found: Result) -> str:
    """Return the first thing that differs, or ""."""
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            return f"{name}: {_short(expected.get(name))} → {_short(found.get(name))}"
    return ""


def left_over(folder: Path) -> str:
    """Return a temporary file or a checkpoint that was left behind, or ""."""
    for path, _, files in os.walk(folder):
        for name in files:
            if name.startswith(UNFINISHED) or name == "checkpoint.pt":
                return f"left behind: {Path(path, name).relative_to(folder)}"
    return ""


def _undated(page: bytes) -> bytes:
    """Return a page of the report without the time at which it was built."""
    return re.sub(rb"20\d\d-\d\d-\d\dT[\d:.]+(\+00:00|Z)", b"", page)


def _without(tree: Any, keys: set[str]) -> Any:
    if isinstance(tree, dict):
        return {k: _without(v, keys) for k, v in tree.items() if k not in keys}
    return tree


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return (
        text if len(text) < 70 else f"{text[:40]}… ({hashlib.md5(text.encode()).hexdigest()[:6]})"
    )
