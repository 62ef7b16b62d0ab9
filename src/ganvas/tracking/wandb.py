"""Weights & Biases as a sink of the run's record."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganvas.errors import ConfigError
from ganvas.image.picture import difference_picture, save_picture
from ganvas.system.environment import environment
from ganvas.system.files import link_equal, write_json
from ganvas.system.imports import stand_ins
from ganvas.system.names import unreadable
from ganvas.tracking.lineage import LINEAGE, artifact_name, attach, embedding_artifact, lineage
from ganvas.tracking.sink import (
    SHOWN,
    Logger,
    Outcome,
    Row,
    RunInfo,
    Sink,
    mean_values,
)

if TYPE_CHECKING:
    import wandb

FOLDERS = {"WANDB_DATA_DIR": "data", "WANDB_CACHE_DIR": "cache", "WANDB_CONFIG_DIR": "config"}
"""Where W&B would stage files outside the run's folder."""


@dataclass(frozen=True)
class WandB(Logger):
    """Weights & Biases: group = study, job type = edit, step = optimisation step.

    Attributes:
        mode: "offline" writes into the run's folder; "online" sends.
        project: W&B project.
        entity: W&B user or team; null: the account's default.
    """

    mode: Literal["offline", "online"] = "offline"
    project: str = "ganvas"
    entity: str | None = None

    def sink(self) -> Sink:
        """Return a sink that opens one W&B run."""
        return WandBSink(self)

    def check(self, folder: Path) -> None:
        """Refuse a folder whose path is no text, which W&B cannot pass on to its own process.

        Raises:
            ConfigError: It is none.
        """
        if reason := unreadable(str(folder.resolve())):
            raise ConfigError(f"W&B writes into no such folder: {reason}, or take logger=none")


class WandBSink:
    """One W&B run, which is always closed with the state that the run ended in."""

    def __init__(self, logger: WandB) -> None:
        self.logger = logger
        self.run: wandb.Run | None = None

    def begin(self, info: RunInfo) -> None:
        """Open a fresh W&B run in the run's folder; what an earlier process left there is replaced.

        Raises:
            ConfigError: W&B cannot be reached or refuses the account.
        """
        import wandb

        self.logger.check(info.folder)
        folder = info.folder / "wandb"
        if self.logger.mode == "offline":
            # The record is replayed into the new run, so half a run of before is of no more use.
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = artifact_name(info.folder)
        inputs = lineage(info.folder, info.config, info.edit)
        write_json(folder / LINEAGE, {**inputs, "folder": str(info.folder.resolve())})
        try:
            with self._staged(), without_launch():
                self.run = wandb.init(
                    # Absolute, because W&B's own process keeps the folder that it was started in.
                    dir=info.folder.resolve(),
                    mode=self.logger.mode,
                    project=self.logger.project,
                    entity=self.logger.entity,
                    name=info.name,
                    group=info.study,
                    job_type=info.edit,
                    tags=list(info.tags),
                    config={**info.config, "lineage": inputs},
                    reinit="create_new",
                    settings=quiet(),
                )
            if self.logger.mode == "online":
                attach(self.run, inputs)
        except (wandb.errors.Error, OSError) as error:
            raise ConfigError(
                f"logger.mode={self.logger.mode}: W&B does not start ({_line(error)}); "
                "logger=wandb works offline, logger=none without W&B"
            ) from error

    def log(self, row: Row, frames: dict[str, Path]) -> None:
        """Log means over images, and the progress picture of each of the first images."""
        import wandb

        assert self.run is not None
        values: dict[str, Any] = {"stage": row["stage"], "seconds": row["seconds"]}
        values |= mean_values(row)
        with self._staged():
            if frames:
                shown = list(frames.items())[:SHOWN]
                values["progress"] = [wandb.Image(str(file), caption=name) for name, file in shown]
            self.run.log(values, step=row["step"])

    def end(self, outcome: Outcome) -> None:
        """Log the comparison table, summary and embedding, and close the run."""
        if self.run is None:
            return
        try:
            with self._staged():
                self._summarise(outcome)
        finally:
            with self._staged():
                self.run.finish(exit_code=0 if outcome.state in ("finished", "pruned") else 1)
            self.run = None
            shutil.rmtree(self.folder / "differences", ignore_errors=True)
            pictures = [file for files in outcome.pictures.values() for file in files.values()]
            embedding = [] if outcome.embedding is None else [outcome.embedding]
            staged = self.folder / FOLDERS["WANDB_DATA_DIR"] / "artifacts" / "staging"
            _share_staged(staged, [*pictures, *embedding])

    def _staged(self) -> AbstractContextManager[None]:
        """Let W&B stage its files in this run's folder; another run may be at work beside it."""
        return staged_below(self.folder, self.logger.mode)

    def _summarise(self, outcome: Outcome) -> None:
        assert self.run is not None
        self.run.summary["state"] = outcome.state
        for name, value in outcome.metrics.get("final", {}).items():
            self.run.summary[f"final/{name}"] = value
        if outcome.pictures:
            differences = _save_differences(outcome, self.folder / "differences")
            table = _comparison_table(outcome, differences)
            self.run.log({"comparison": table}, step=outcome.step)
        if outcome.embedding is not None and outcome.embedding.is_file():
            self.run.log_artifact(embedding_artifact(self.name, outcome.embedding))


@contextmanager
def staged_below(folder: Path, mode: str) -> Iterator[None]:
    """Let W&B stage and cache its files below `folder`; online it keeps the user's own settings."""
    wanted = {
        variable: str(folder / name)
        for variable, name in FOLDERS.items()
        if not (variable == "WANDB_CONFIG_DIR" and mode == "online")
    }
    with environment(wanted):
        yield


class StagedLaunchInputs:
    """Stands for W&B's class of this name: there are no inputs of W&B's job queue to apply."""

    def apply(self, run: wandb.Run) -> None:
        """Leave the run as it is."""


def without_launch() -> AbstractContextManager[None]:
    """Let W&B start a run without its job queue, half of the computing that this costs.

    ganvas stages no inputs for a queue, and W&B imports all of it, and its API, to find none.
    """
    launch = "wandb.sdk.launch"
    internal = {"StagedLaunchInputs": StagedLaunchInputs}
    return stand_ins({launch: {}, f"{launch}.inputs": {}, f"{launch}.inputs.internal": internal})


def quiet() -> wandb.Settings:
    """Return the settings of a run that prints nothing and looks at no code."""
    import wandb

    return wandb.Settings(console="off", silent=True, disable_code=True)


def _save_differences(outcome: Outcome, folder: Path) -> dict[str, Path]:
    """Save how each result differs from its target, for looking at; return the files by image."""
    saved = {}
    for name, files in outcome.pictures.items():
        if {"result", "target"} <= files.keys():
            saved[name] = folder / f"{name}.webp"
            save_picture(difference_picture(files["result"], files["target"]), saved[name])
    return saved


def _share_staged(staged: Path, files: Iterable[Path]) -> None:
    """Let W&B's copies of the run's files be hard links, where the file system has them."""
    by_size = {file.stat().st_size: file for file in files if file.is_file()}
    for copy in staged.glob("*"):
        file = by_size.get(copy.stat().st_size)
        if file is not None and filecmp.cmp(file, copy, shallow=False):
            link_equal(file, copy)


def _comparison_table(outcome: Outcome, differences: dict[str, Path]) -> wandb.Table:
    """Return the table of the results: a row per image with its pictures and final values."""
    import wandb

    stems = list(next(iter(outcome.pictures.values())))
    if differences:
        stems.append("difference")
    measured = outcome.metrics.get("images", {})
    metrics = list(outcome.metrics.get("final", {}))
    heads = ["input" if stem == "target" else stem for stem in stems]
    table = wandb.Table(columns=["image", *heads, *metrics])
    for name, files in outcome.pictures.items():
        shown = files | {"difference": differences.get(name)}
        cells = [wandb.Image(str(shown[stem])) for stem in stems]
        table.add_data(name, *cells, *(measured[name].get(m) for m in metrics))
    return table


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
