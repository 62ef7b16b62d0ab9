"""Weights & Biases as a sink of the run's record."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from ganvas.errors import ConfigError
from ganvas.tracking.sink import Logger, Outcome, Row, RunInfo, Sink

if TYPE_CHECKING:
    import wandb

SHOWN = 8
"""Images whose pictures and curves are sent; the record holds them all."""

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


class WandBSink:
    """One W&B run, which is always closed with the state that the run ended in."""

    def __init__(self, logger: WandB) -> None:
        self.logger = logger
        self.environment: dict[str, str | None] = {}
        self.run: wandb.Run | None = None

    def begin(self, info: RunInfo) -> None:
        """Open a fresh W&B run in the run's folder; what an earlier process left there is replaced.

        Raises:
            ConfigError: W&B cannot be reached or refuses the account.
        """
        import wandb

        folder = info.folder / "wandb"
        if self.logger.mode == "offline":
            # The record is replayed into the new run, so half a run of before is of no more use.
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._redirect(folder)
        try:
            self.run = wandb.init(
                dir=info.folder,
                mode=self.logger.mode,
                project=self.logger.project,
                entity=self.logger.entity,
                name=info.name,
                group=info.study,
                job_type=info.edit,
                tags=list(info.tags),
                config=info.config,
                reinit="create_new",
                settings=wandb.Settings(console="off", silent=True, disable_code=True),
            )
        except (wandb.errors.Error, OSError) as error:
            self._restore()
            raise ConfigError(
                f"logger.mode={self.logger.mode}: W&B does not start ({_line(error)}); "
                "logger=wandb works offline, logger=none without W&B"
            ) from error

    def log(self, row: Row, frames: dict[str, Path]) -> None:
        """Log means over images, the curve of each of the first images, and progress pictures."""
        import wandb

        assert self.run is not None
        values: dict[str, Any] = {"stage": row["stage"], "seconds": row["seconds"]}
        for name, per_image in row.items():
            if isinstance(per_image, list):
                finite = [v for v in per_image if v is not None]
                if finite:
                    values[name] = fmean(finite)
        if frames:
            values["progress"] = [
                wandb.Image(str(path), caption=name) for name, path in list(frames.items())[:SHOWN]
            ]
        self.run.log(values, step=row["step"])

    def end(self, outcome: Outcome) -> None:
        """Log the comparison table, summary and embedding, and close the run."""
        if self.run is None:
            return
        try:
            self._summarise(outcome)
        finally:
            self.run.finish(exit_code=0 if outcome.state in ("finished", "pruned") else 1)
            self.run = None
            self._restore()

    def _summarise(self, outcome: Outcome) -> None:
        import wandb

        assert self.run is not None
        self.run.summary["state"] = outcome.state
        for name, value in outcome.metrics.get("final", {}).items():
            self.run.summary[f"final/{name}"] = value
        if outcome.pictures:
            kinds = list(next(iter(outcome.pictures.values())))
            measured = outcome.metrics.get("images", {})
            metrics = list(next(iter(measured.values()), {}))
            table = wandb.Table(columns=["image", *kinds, *metrics])
            for name, files in outcome.pictures.items():
                pictures = [wandb.Image(str(files[kind])) for kind in kinds]
                table.add_data(name, *pictures, *(measured[name].get(m) for m in metrics))
            self.run.log({"comparison": table}, step=outcome.step)
        if outcome.embedding is not None and outcome.embedding.is_file():
            artifact = wandb.Artifact(f"embedding-{self.run.id}", type="embedding")
            artifact.add_file(str(outcome.embedding))
            self.run.log_artifact(artifact)

    def _redirect(self, folder: Path) -> None:
        for variable, name in FOLDERS.items():
            if variable == "WANDB_CONFIG_DIR" and self.logger.mode == "online":
                continue
            self.environment[variable] = os.environ.get(variable)
            os.environ[variable] = str(folder / name)

    def _restore(self) -> None:
        for variable, value in self.environment.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
        self.environment = {}


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
