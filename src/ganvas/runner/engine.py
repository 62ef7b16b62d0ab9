"""A run from its checked configuration to its finished folder."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganvas.edit import Operation
from ganvas.errors import ConfigError, Interrupted, Pruned, shape_of
from ganvas.metrics.measure import Values, mean, measure
from ganvas.runner.checkpoint import load_checkpoint, pack, save_checkpoint, unpack
from ganvas.runner.compact_delta import compact
from ganvas.runner.contexts import stage_context
from ganvas.runner.directory import RunDirectory
from ganvas.runner.divergence import require_progress
from ganvas.runner.final import final_metrics, kept_images, save_embeddings
from ganvas.runner.monitor import RunMonitor
from ganvas.runner.pictures import (
    save_frames,
    save_inputs,
    save_pictures,
    save_stage,
    shown_pictures,
)
from ganvas.runner.process import Process
from ganvas.runner.provenance import peak_memory
from ganvas.runner.scene import set_scene
from ganvas.runner.settings import Experiment
from ganvas.stage import StageConfig
from ganvas.stage.scene import automatic_micro_batch
from ganvas.system.files import write_json
from ganvas.tracking import Outcome, Record

if TYPE_CHECKING:
    from ganvas.stage.fit import FitSettings, Fitted, Fitting

log = logging.getLogger("ganvas")


@dataclass
class Progress:
    """How far a run has come; what a checkpoint holds.

    Attributes:
        index: Position of the stage in the recipe that runs, or comes next.
        stage_state: That stage's state, or None at its start.
        stages: `metrics.json`'s entry of each finished stage.
        seconds: Seconds of optimisation so far.
        stage_seconds: Those of the stage that runs.
        side_by_side: Most images that have shared a loop, those of other runs too.
    """

    index: int = 0
    stage_state: dict[str, Any] | None = None
    stages: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    stage_seconds: float = 0.0
    side_by_side: int = 0


class Run:
    """One experiment at work.

    Args:
        experiment: The built experiment.
        pictures: The decoded input pictures: per input, by image name.
        folder: The run's folder, locked by this process.
        record: The run's record.
        generator_config: The generator's configuration, to be saved with the embedding.
        process: What it uses of its process.
    """

    def __init__(
        self,
        experiment: Experiment,
        pictures: dict[str, dict[str, Any]],
        folder: RunDirectory,
        record: Record,
        generator_config: dict[str, Any],
        process: Process,
    ) -> None:
        self.names = tuple(pictures["x"])
        self.folder, self.record = folder, record
        self.bar, self.stop = process.bar, process.stop
        self.device = experiment.trainer.torch_device()
        generator = process.load(experiment.generator)
        self.experiment, self.scene = set_scene(
            experiment, pictures, generator, generator_config, self.bar.say
        )
        self.micro_batch = experiment.trainer.micro_batch or automatic_micro_batch(
            self.device, self.scene.generator.resolution, len(self.names)
        )
        self.progress = Progress()

    def generator_identity(self) -> dict[str, str]:
        """Return the generator's name and the SHA-256 of its weights."""
        generator = self.scene.generator
        return {"name": generator.name, "sha256": generator.source_hash}

    # --- the course of a run --------------------------------------------------------------------

    def execute(self) -> Fitting[dict[str, Any]]:
        """Run every stage that is not done yet, save the result, and return `metrics.json`.

        Yields:
            Each stage that is to be fitted; how it was is sent back.

        Raises:
            Interrupted: The run was asked to stop; its state is saved.
        """
        self._restore()
        save_inputs(self.folder, self.names, self.scene)
        self.record.begin(self._step())
        steps = list(self.experiment.edit.stages.items())
        for index in range(self.progress.index, len(steps)):
            name, step = steps[index]
            log.info("stage %s", name)
            if isinstance(step, StageConfig):
                entry = yield from self._fit(name, step)
            else:
                entry = self._apply(name, step)
            self.progress = Progress(
                index + 1,
                stages={**self.progress.stages, name: entry},
                seconds=self.progress.seconds,
                side_by_side=self.progress.side_by_side,
            )
            self._checkpoint()
            self._stop_if_asked()
        return self._finish()

    def _fit(self, name: str, config: StageConfig) -> Fitting[dict[str, Any]]:
        # Lightning imports torchmetrics and torchvision: seconds that a checked, finished or
        # refused run does without.
        from ganvas.stage.fit import Fit

        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        state = self.progress.stage_state
        self.bar.start(name, config.steps, int(state["step"]) if state else 0)
        if config.start_from is not None and config.steps:
            self.scene.copy(config.start_from, config.embedding)
        monitor, settings = self._monitor(name), self._fit_settings()
        fitted = yield Fit(config, self.scene, monitor, settings, self.micro_batch, state)
        self.progress.side_by_side = max(self.progress.side_by_side, fitted.images)
        if fitted.interrupted:
            self._stop_if_asked()
            raise Pruned(f"{self.folder.stop_reason} of {self.experiment.edit.steps}")
        require_progress(name, config, fitted.watch)
        self.progress.seconds = monitor.seconds
        return self._keep(name, config, fitted, monitor.stage_seconds)

    def _monitor(self, stage: str) -> RunMonitor:
        return RunMonitor(
            stage=stage,
            offset=self._offset(stage),
            seconds=self.progress.seconds,
            stage_seconds=self.progress.stage_seconds,
            folder=self.folder,
            record=self.record,
            bar=self.bar,
            stop=self.stop,
            save=self._checkpoint_stage,
            every=self.experiment.trainer.checkpoint_seconds,
        )

    def _fit_settings(self) -> FitSettings:
        from ganvas.stage.fit import FitSettings, ReportIntervals

        budget, trainer = self.experiment.budget, self.experiment.trainer
        intervals = ReportIntervals(budget.flush_every, budget.frame_every, budget.frame_resolution)
        return FitSettings(
            intervals, self.device, trainer.precision, trainer.cuda_graphs, trainer.micro_batch
        )

    def _keep(
        self, name: str, config: StageConfig, fitted: Fitted, seconds: float
    ) -> dict[str, Any]:
        """Draw, save and measure what a stage leaves; return its entry of `metrics.json`.

        Args:
            name: The stage's name.
            config: The stage.
            fitted: How it was fitted.
            seconds: How long that took.
        """
        # Before it is drawn: what is stored is what is shown and measured.
        embedding = fitted.embedding.rounded()
        costs: Values = {name: {} for name in self.names}
        if "weights" in config.optimise:
            target = self.scene.images[config.embedding]
            embedding, costs = compact(embedding, config.compact, self.scene, target)
        render = embedding.render(self.scene.generator, self.micro_batch)
        self.scene.keep(name, config.embedding, embedding, render)
        # Seconds can be 0: a coarse clock does not see a step of a tiny generator.
        pace_of = fitted.steps * len(self.names) / seconds if seconds else 0.0
        entry = self._picture_entry(name, render, config.embedding, costs)
        return entry | {
            "loss": [x if math.isfinite(x) else None for x in fitted.watch.best_loss.tolist()],
            "steps": fitted.steps,
            "seconds": round(seconds, 3),
            "steps_per_second": round(pace_of, 4),
            "peak_memory_mib": peak_memory(self.device),
        }

    def _apply(self, name: str, operation: Operation) -> dict[str, Any]:
        started = time.monotonic()
        save_frames(self.folder, self.names, name, operation.frames(self.scene))
        render = operation.apply(self.scene)
        side = self.scene.generator.resolution
        if getattr(render, "shape", None) != (wanted := (len(self.names), 3, side, side)):
            raise ConfigError(
                f"stages.{name}: {type(operation).__name__}.apply gives {shape_of(render)}, not "
                f"the pictures {wanted}"
            )
        self.scene.renders[name] = render.detach()
        entry = self._picture_entry(name, render, "x", {})
        return entry | {"steps": 0, "seconds": round(time.monotonic() - started, 3)}

    def _picture_entry(
        self, stage: str, render: Tensor, against: str, more: Values
    ) -> dict[str, Any]:
        """Save a stage's pictures and measure them against the image that they stand for."""
        context = stage_context(self.scene, render, against)
        stages = self.experiment.edit.stages
        last = stage == list(stages)[-1] or not isinstance(stages[stage], StageConfig)
        save_stage(self.folder, self.names, stage, context.result, last)
        values = measure(self.experiment.metrics, context)
        values = {name: row | more.get(name, {}) for name, row in values.items()}
        return {"final": mean(values), "images": values}

    def _finish(self) -> dict[str, Any]:
        """Save embedding, final pictures and metrics."""
        experiment, scene, stages = self.experiment, self.scene, self.progress.stages
        kept = kept_images(experiment.start, experiment.edit, stages, len(self.names))
        save_pictures(self.folder, self.record, experiment, scene)
        save_embeddings(self.folder, scene, kept)
        metrics = final_metrics(experiment, scene, kept, stages, self.micro_batch)
        write_json(self.folder.path / "metrics.json", metrics)
        return metrics

    def outcome(self, state: str, metrics: dict[str, Any]) -> Outcome:
        """Describe the end of the run to the sinks."""
        names = metrics["images"] if state == "finished" else ()
        pictures = shown_pictures(self.folder, names)
        return Outcome(state, self._step(), metrics, pictures, self.folder.embedding_file)

    # --- continuing -----------------------------------------------------------------------------

    def _restore(self) -> None:
        state = load_checkpoint(self.folder.checkpoint_file)
        if state is None:
            return
        threads = self.experiment.trainer.threads or state["threads"]
        if self.device.type == "cpu" and threads != torch.get_num_threads():
            # Convolutions round differently with another number of threads.
            torch.set_num_threads(threads)
        self.micro_batch = state["micro_batch"]
        names = [field.name for field in fields(Progress)]
        self.progress = Progress(**{name: state[name] for name in names if name in state})
        for name, packed in state["embeddings"].items():
            self.scene.embeddings[name] = unpack(packed).to(self.device)
        self.scene.tune(next((e.delta for e in self.scene.embeddings.values()), None))
        self.scene.renders = {k: v.to(self.device) for k, v in state["renders"].items()}
        log.info("continuing at step %d", self._step())

    def _checkpoint(self) -> None:
        scene = self.scene
        save_checkpoint(
            self.folder.checkpoint_file,
            {
                **vars(self.progress),
                "threads": torch.get_num_threads(),
                "micro_batch": self.micro_batch,
                "embeddings": {name: pack(e) for name, e in scene.embeddings.items()},
                "renders": scene.renders,
            },
        )

    def _checkpoint_stage(self, state: dict[str, Any], seconds: float, stage: float) -> None:
        self.progress.stage_state = state
        self.progress.stage_seconds = stage
        before, self.progress.seconds = self.progress.seconds, seconds
        self._checkpoint()
        self.progress.seconds = before

    def _stop_if_asked(self) -> None:
        if self.stop.requested:
            raise Interrupted(
                f"stopped at step {self._step()} of {self.experiment.edit.steps}; "
                "the same command continues there"
            )

    def _offset(self, name: str) -> int:
        """Return the steps of the run before stage `name`."""
        total = 0
        for stage, step in self.experiment.edit.stages.items():
            if stage == name:
                return total
            total += step.steps if isinstance(step, StageConfig) else 0
        raise ConfigError(f"no stage '{name}'")

    def _step(self) -> int:
        """Return the number of optimisation steps done, over the whole run."""
        names = list(self.experiment.edit.stages)
        if self.progress.index >= len(names):
            return self.experiment.edit.steps
        state = self.progress.stage_state
        return self._offset(names[self.progress.index]) + (int(state["step"]) if state else 0)
