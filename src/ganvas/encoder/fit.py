"""Fit a network with a Lightning Trainer, and continue where an interrupted training was."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganvas.encoder.clock import Clock
from ganvas.encoder.closed_form import fit_linear
from ganvas.encoder.coordinates import Coordinates
from ganvas.encoder.judge import judged, judged_on_samples
from ganvas.encoder.network import Network, Outputs
from ganvas.encoder.option import Job
from ganvas.encoder.residual_encoder import ResidualEncoder, draw_mean
from ganvas.encoder.settings import Settings
from ganvas.encoder.state import State, kept_of
from ganvas.encoder.training import CLIP, EncoderTraining, Scene
from ganvas.errors import ConfigError, RunError, StorageError
from ganvas.functional.images import from_uint8, to_uint8
from ganvas.generator.base import Generator
from ganvas.generator.whitening import latent_whitening
from ganvas.image.source import Source, to_tensor
from ganvas.system.lightning import fit_steps, pl

ROW = 50
"""Steps of a row of the curve."""


def fit(option: Settings, generator: Generator, job: Job) -> ResidualEncoder:
    """Train the encoder that `option` describes; see `Residual.train`."""
    device = generator.w_avg.device
    size = option.stream.side(generator)
    if option.photographs and not option.objective.needs_renders:
        raise ConfigError("encoder.photographs: objective has no loss of pictures to train them by")
    photographs, judges = (
        pictures(path, size).to(device) for path in (option.photographs, option.judges)
    )
    option.maps.load(device)
    option.objective.load(device)
    whitener = latent_whitening(generator, undo=False, ridge=option.objective.floor).matrix.double()
    scene = Scene(
        generator=generator,
        coordinates=Coordinates.of(generator, torch.linalg.inv(whitener).float()),
        whitener=whitener.float(),
        mean_picture=draw_mean(generator, size),
        photographs=photographs,
        seed=job.seed,
    )
    steps = math.ceil(job.samples / option.stream.fresh)
    file = job.folder / f"state-{job.samples}.safetensors"
    state = State.load(file) or State()
    network = new_network(option, generator, job.seed)
    if network.linear is not None and not state.step:
        with torch.autocast(device.type, torch.bfloat16, enabled=job.precision != "32-true"):
            fit_linear(network, option, scene, job.report)
    clock = Clock(steps, option.seconds, state.seconds)
    training = EncoderTraining(option, network, scene, clock.progress)
    restore(training, state, file)
    run(training, clock, state, job, file)
    encoder = trained(training, job, state)
    figures = judged_on_samples(encoder, generator, option, job.seed)
    record = {"explained": figures["explained"], "held_out": option.held_out, "on_samples": figures}
    if len(judges):
        figures = judged(encoder, generator, from_uint8(judges), option)
        record["on_photographs"] = {"count": len(judges), **figures}
    encoder.record.update(record)
    file.unlink(missing_ok=True)
    return encoder


def run(training: EncoderTraining, clock: Clock, state: State, job: Job, file: Path) -> None:
    """Take all steps that are left."""
    if state.step >= clock.steps or clock.progress(state.step) >= 1:
        return
    device = training.scene.generator.w_avg.device
    steps, reporter = range(state.step, clock.steps), Reporter(clock, state, job, file)
    fit_steps(training, steps, device, job.precision, reporter, CLIP)


class Reporter(pl.Callback):
    """Writes the curve and the state, and ends a training whose time is over."""

    def __init__(self, clock: Clock, state: State, job: Job, file: Path) -> None:
        self.clock = clock
        self.state = state
        self.job = job
        self.file = file
        self.saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, training: pl.LightningModule, outputs: Any, step: int, index: int
    ) -> None:
        """Report and save what is due after step `step`."""
        assert isinstance(training, EncoderTraining)
        self.state.step = step + 1
        last = self.clock.progress(step + 1) >= 1
        if last or (step + 1) % ROW == 0:
            self._row(training)
        if not last and time.monotonic() - self.saved >= self.job.checkpoint_seconds:
            self._save(training)
        trainer.should_stop = trainer.should_stop or last

    def _row(self, training: EncoderTraining) -> None:
        samples = self.state.step * training.option.stream.fresh
        means = training.means()
        if not all(math.isfinite(value) for value in means.values()):
            raise RunError(
                f"a loss is not finite after {samples} samples; "
                "a lower encoder.learning_rate may help"
            )
        self.state.curve.append({"samples": samples, **means})
        words = ", ".join(f"{name} {value:.4f}" for name, value in means.items())
        self.job.report(f"{samples} samples, {self.clock.elapsed():.0f} s: {words}")

    def _save(self, training: EncoderTraining) -> None:
        """Write the state, and beside it the encoder as it is now."""
        from ganvas.encoder.file import save_encoder

        state = self.state
        state.seconds = self.clock.elapsed()
        state.network = training.network.state_dict()
        state.optimizer = kept_of(training.adam)
        state.sums = training.sums
        state.save(self.file)
        save_encoder(trained(training, self.job, state), self.job.folder / "latest.safetensors")
        self.saved = time.monotonic()


def pictures(folder: Path | None, size: int) -> Tensor:
    """Read the photographs of a folder, cut to the central square: (N, 3, size, size), uint8.

    Raises:
        InputError: The folder holds none, or one cannot be read.
    """
    if folder is None:
        return torch.zeros(0, 3, size, size, dtype=torch.uint8)
    return to_uint8(to_tensor(list(Source(folder).read().values()), size))


def new_network(option: Settings, generator: Generator, seed: int) -> Network:
    """Return the untrained network, of the seed's weights, on the generator's device."""
    outputs = Outputs(generator.w_dim, option.widths.groups(generator), option.variational)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(option.maps, option.widths, outputs)
    return network.to(generator.w_avg.device)


def restore(training: EncoderTraining, state: State, file: Path) -> None:
    """Put a saved state into a fresh training.

    Raises:
        StorageError: The state is of another network.
    """
    if not state.step:
        return
    try:
        training.network.load_state_dict(state.network)
    except RuntimeError as error:
        raise StorageError(
            f"{file} is of another network; remove it to start the training again"
        ) from error
    device = training.scene.generator.w_avg.device
    training.sums = {name: value.to(device) for name, value in state.sums.items()}
    training.saved_optimizer = state.optimizer


def trained(training: EncoderTraining, job: Job, state: State) -> ResidualEncoder:
    """Return the encoder as it is after the steps that are done."""
    option, scene = training.option, training.scene
    generator = scene.generator
    return ResidualEncoder(
        generator=generator.name,
        generator_hash=generator.source_hash,
        generator_resolution=generator.resolution,
        record={
            "samples": state.step * option.stream.fresh,
            "steps": state.step,
            "seed": job.seed,
            "curve": list(state.curve),
        },
        maps=option.maps,
        widths=option.widths,
        network=training.network,
        basis=scene.coordinates.basis,
        mean_picture=scene.mean_picture,
        iterations=option.iterations,
    )
