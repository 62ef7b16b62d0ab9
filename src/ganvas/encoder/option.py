"""What the options of `encoder=` have in common: something that is trained on a generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganvas.encoder.encoder import Encoder
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Job:
    """One training: how much, from which seed, and where it keeps what it needs to continue.

    Attributes:
        samples: How many samples the generator draws.
        seed: Their seed, and that of the network's first weights.
        folder: Where the state lies that an interrupted training continues from.
        precision: "32-true", or "bf16-mixed" for bfloat16 where autocast allows it.
        checkpoint_seconds: Seconds between two saves of the state.
        report: Takes a line of progress.
    """

    samples: int
    seed: int
    folder: Path
    precision: str = "32-true"
    checkpoint_seconds: float = 30.0
    report: Callable[[str], None] = print


class Trainable(ABC):
    """An encoder that can be trained, described by its settings."""

    @abstractmethod
    def train(self, generator: Generator, job: Job) -> Encoder:
        """Train on a frozen generator, from the start or from what `job.folder` holds.

        Raises:
            ConfigError: The settings do not go with the generator or the number of samples.
            AssetError: A network that is needed cannot be had.
            InputError: Photographs cannot be read.
            StorageError: The folder cannot be written, or holds a broken state.
        """
