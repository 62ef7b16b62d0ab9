"""Time one task on one generator, in ganvas with given settings or in the plain loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.functional.images import resize
from ganvas.generator import Generator
from ganvas.network.lpips import PerceptualDistance
from ganvas.runner.process import configured
from ganvas.runner.settings import Trainer
from ganvas.stage import Scene
from ganvas.stage.fit import FitSettings, ReportIntervals, Watcher, take_steps
from ganvas.stage.stage import Stage
from ganvas.system.tf32 import allow_tf32
from speed.plain import Draw, project
from speed.task import Task

WARM_UP = 4
"""Steps before the clock starts: kernels are chosen, and a step is recorded, in the first ones."""


@dataclass(frozen=True)
class Scenery:
    """What all variants of a task share.

    Attributes:
        generator: The frozen generator.
        w: (1, rows, w_dim), where the latent starts.
        noise: Where the noise maps start.
        target: (1, 3, H, W).
        distance: LPIPS.
    """

    generator: Generator
    w: Tensor
    noise: list[Tensor]
    target: Tensor
    distance: PerceptualDistance

    @classmethod
    def of(cls, generator: Generator, distance: PerceptualDistance) -> Scenery:
        """Start near one sample of the generator; the target is that sample."""
        rng = torch.Generator().manual_seed(0)
        drawn = generator.broadcast(generator.sample_w(1, rng))
        away = generator.broadcast(generator.sample_w(1, rng))
        with torch.no_grad():
            target = generator(drawn, generator.sample_noise(1, rng))
        # The picture of random weights has any range; VGG16 sees those of [−1, 1].
        start = torch.lerp(drawn, away, 0.3)
        return cls(generator, start, generator.sample_noise(1, rng), target, distance)


@dataclass(frozen=True)
class Row:
    """What came of one variant.

    Attributes:
        generator: Its name.
        task: What was optimised.
        variant: How it was computed.
        milliseconds: Mean wall time of a step.
        pass_milliseconds: Of the pass through the generator and back alone; NaN: not measured.
        gradient_error: Relative error of the first gradient, of that in plain float32.
        loss: The task's loss after the last step, computed in plain float32.
        peak_mib: Most memory of the GPU.
        note: What went wrong; empty: nothing.
    """

    generator: str
    task: str
    variant: str
    milliseconds: float
    pass_milliseconds: float
    gradient_error: float
    loss: float
    peak_mib: float
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for a JSON file, null for what was not measured."""
        values = asdict(self)
        return {k: None if isinstance(v, float) and not isfinite(v) else v
                for k, v in values.items()}  # fmt: skip


class Clock:
    """A monitor of a stage, and a callback, that times the steps after the first ones."""

    def __init__(
        self,
        steps: int,
        device: torch.device,
        now: Callable[[], float] = time.perf_counter,
        warm_up: int = WARM_UP,
    ) -> None:
        self.steps, self.device, self.now, self.warm_up = steps, device, now, warm_up
        self.started = self.seconds = 0.0

    def step(self, step: int) -> None:
        """Start behind the warm-up and stop at the last step, when the device is done."""
        if step in (self.warm_up - 1, self.steps - 1):
            synchronise(self.device)
            now = self.now()
            self.started, self.seconds = now, now - self.started

    @property
    def milliseconds(self) -> float:
        """The mean time of a step."""
        return 1000 * self.seconds / (self.steps - self.warm_up)

    def rows(self, rows: object) -> None:
        """Take the curve, as a run does."""

    def frame(self, step: int, pictures: object) -> None:
        """Take a picture: none is asked for."""

    def wants_checkpoint(self) -> bool:
        """Return False: nothing is saved."""
        return False

    def checkpoint(self, state: object) -> None:
        """Save: never asked for."""

    def stop_requested(self) -> bool:
        """Return False."""
        return False

    def notice(self, message: str) -> None:
        """Tell, because an image that stops would be no measurement."""
        raise RuntimeError(message)


def synchronise(device: torch.device) -> None:
    """Wait until the device has computed everything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def exact() -> Iterator[None]:
    """Compute in plain float32, the fastest kernels allowed."""
    with configured(Trainer(deterministic=False), 0):
        allow_tf32(False)
        yield


def scored(scenery: Scenery, task: Task, w: Tensor, noise: Sequence[Tensor]) -> float:
    """Return the task's data terms in plain float32."""
    with exact(), torch.no_grad():
        image = scenery.generator(w, noise)
        loss = task.mse * (image - scenery.target).square().mean()
        if task.lpips:
            small = min(256, image.shape[-1])
            features = scenery.distance.reference(resize(scenery.target, small))
            loss = loss + task.lpips * scenery.distance(resize(image, small), features).sum()
        return float(loss)


def plainly(scenery: Scenery, draw: Draw, task: Task, steps: int, variant: str, tf32: bool) -> Row:
    """Time the plain loop."""
    device = scenery.w.device
    clock = Clock(steps, device)
    reset_peak(device)
    with exact():
        allow_tf32(tf32)
        w, noise = project(
            draw, task, scenery.w, scenery.noise, scenery.target, scenery.distance,
            clock.step, steps,
        )  # fmt: skip
    loss = scored(scenery, task, w, noise)
    return Row(
        scenery.generator.name, task.name, variant, clock.milliseconds, float("nan"), 0.0, loss,
        peak(device),
    )  # fmt: skip


def in_ganvas(
    scenery: Scenery, task: Task, steps: int, variant: str, trainer: Trainer, reference: Tensor
) -> Row:
    """Time a stage of ganvas, Lightning's loop included.

    Args:
        scenery: Generator, start and target.
        task: What is optimised.
        steps: How many steps.
        variant: What it is called.
        trainer: The settings.
        reference: The first gradient in plain float32, one vector.
    """
    device = scenery.w.device
    reset_peak(device)
    layout = torch.channels_last if trainer.channels_last else torch.contiguous_format
    scenery.generator.to(memory_format=layout)  # type: ignore[call-overload]
    with configured(trainer, 0):
        error = relative_error(first_gradient(scenery, task, trainer.precision), reference)
        stage = stage_of(scenery, task, steps, graphs=trainer.cuda_graphs)
        clock = Clock(steps, device)
        fit_timed(stage, clock, 1, trainer.precision)
        alone = pass_alone(stage, trainer.precision)
        last = stage.variables.embedding()
    scenery.generator.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    loss = scored(scenery, task, last.latent, last.noise)
    return Row(
        scenery.generator.name, task.name, variant, clock.milliseconds, alone, error, loss,
        peak(device),
    )  # fmt: skip


def fit_timed(stage: Stage, clock: Clock, images: int, precision: str = "32-true") -> None:
    """Take a stage's steps, with a clock as its monitor; raise what the clock has raised."""
    intervals = ReportIntervals(flush_every=10**9, frame_every=0, frame_resolution=64)
    watcher = Watcher(clock, range(images))
    take_steps(stage, [watcher], FitSettings(intervals, clock.device, precision))
    if watcher.error is not None:
        raise watcher.error


def stage_of(scenery: Scenery, task: Task, steps: int, *, graphs: bool = False) -> Stage:
    """Return the task as a stage."""
    start = Embedding(scenery.w, tuple(scenery.noise), "w+", names=("x",))
    scene = Scene(scenery.generator, {"x": scenery.target}, {}, lambda: start)
    return Stage(task.stage(steps), scene, 1, cuda_graphs=graphs)


@contextmanager
def precise(device: torch.device, precision: str) -> Iterator[None]:
    """Compute as Lightning does for a precision."""
    half = precision == "bf16-mixed"
    with torch.autocast(device.type, torch.bfloat16 if half else None, enabled=half):
        yield


def first_gradient(scenery: Scenery, task: Task, precision: str = "32-true") -> Tensor:
    """Return the gradient at the start as one vector (D,) on the device."""
    stage = stage_of(scenery, task, 1)
    with precise(scenery.w.device, precision):
        gradients = stage._pass(0, 0)[2]
    return torch.cat([g.flatten().float() for g in gradients if g is not None])


def pass_alone(stage: Stage, precision: str, repeats: int = 10) -> float:
    """Return the milliseconds of a pass and back without what a step does around it."""
    device = stage.variables.start.latent.device
    with precise(device, precision):
        stage._pass(0, 0)
        synchronise(device)
        started = time.perf_counter()
        for _ in range(repeats):
            stage._pass(0, 0)
        synchronise(device)
    return 1000 * (time.perf_counter() - started) / repeats


def relative_error(found: Tensor, exact: Tensor) -> float:
    """Return ‖a − b‖ / ‖b‖."""
    return float((found - exact).norm() / exact.norm())


def reset_peak(device: torch.device) -> None:
    """Forget the most memory so far."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak(device: torch.device) -> float:
    """Return the most memory since `reset_peak`, MiB; NaN on a CPU."""
    return (
        torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else float("nan")
    )
