"""`ganvas train`: train an encoder on what a generator draws, or a generator on pictures."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from omegaconf import OmegaConf
from pydantic import Field

from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.config.groups import user_folders
from ganvas.config.schema import Call, build
from ganvas.encoder import Job, Trainable
from ganvas.errors import Interrupted
from ganvas.generator import GeneratorConfig
from ganvas.runner.process import configured
from ganvas.runner.settings import Trainer
from ganvas.runner.signature import text
from ganvas.system.files import write_json, write_text

ROOT = "train"
"""The configuration that is composed."""

FILE = "encoder-{samples}.safetensors"


@dataclass(frozen=True)
class Training:
    """One training of an encoder.

    Attributes:
        generator: The generator that draws, and that the encoder is for (group).
        encoder: What is trained (group).
        trainer: Device and threads (group).
        samples: How many pictures the generator draws.
        seed: Seed of the samples.
        output: Folder of all trainings.
    """

    generator: GeneratorConfig
    encoder: Trainable
    trainer: Trainer
    samples: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0, lt=2**40)] = 0
    output: Path = Path("encoders")


def train(options: argparse.Namespace) -> int:
    """Train the network that the command names; return 0.

    Raises:
        GanvasError: As `train_encoder` or `train_generator` says.
    """
    if options.network == "generator":
        from ganvas.command.train_generator import train_generator

        return train_generator(options)
    return train_encoder(options)


def train_encoder(options: argparse.Namespace) -> int:
    """Train an encoder, or continue, or recognise one that is finished; return 0.

    Raises:
        ConfigError: An override is wrong, or there are too few samples.
        Interrupted: Ctrl-C; what is drawn stays, and the same command continues.
    """
    resolver = Resolver(user_folders(options.config_dir), root=ROOT)
    tree, job = resolve_as(Training, resolver, options.overrides)
    training: Training = build(tree)
    training.trainer.require_device()
    folder = (
        training.output / f"{job.choices['generator']}-{job.choices['encoder']}-{signature(tree)}"
    )
    file = folder / FILE.format(samples=training.samples)
    if file.is_file():
        print(f"{file} is finished already")
        return 0
    write_text(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(job.config)))
    with configured(training.trainer, training.seed):
        try:
            fit(training, folder, file)
        except KeyboardInterrupt as error:
            raise Interrupted("stopped; the same command continues from what is saved") from error
    return 0


def signature(tree: Call) -> str:
    """Return ten hex digits of all that changes a sample: not how many there are, or where."""
    without = ("samples", "output")
    texts = {k: text(v) for k, v in tree.arguments.items() if k not in without}
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:10]


def fit(training: Training, folder: Path, file: Path) -> None:
    """Train, write the encoder's file and its record, and say what was reached."""
    import torch

    from ganvas.encoder.file import save_encoder
    from ganvas.generator.config import loaded

    device = training.trainer.torch_device()
    threads = threads_of(folder, torch.get_num_threads())
    torch.set_num_threads(threads)
    generator = loaded(training.generator).to(device)
    report = print if training.trainer.progress else silent
    job = Job(
        training.samples,
        training.seed,
        folder,
        training.trainer.precision,
        training.trainer.checkpoint_seconds,
        report,
    )
    encoder = training.encoder.train(generator, job)
    save_encoder(encoder, file)
    write_json(file.with_suffix(".json"), encoder.record)
    record, size = encoder.record, file.stat().st_size / 2**20
    print(
        f"{file}: {size:.1f} MiB, explains {record['explained']:.1%} of w on "
        f"{record['held_out']} samples held out"
    )


def threads_of(folder: Path, now: int) -> int:
    """Return the threads that the training began with; another number rounds differently."""
    file = folder / "threads.json"
    if file.is_file():
        return int(json.loads(file.read_text(encoding="utf-8")))
    write_json(file, now)
    return now


def silent(line: str) -> None:
    """Say nothing."""
