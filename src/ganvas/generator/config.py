"""What the options of ``generator=`` have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from ganvas.generator.base import Generator


@dataclass(frozen=True)
class GeneratorConfig(ABC):
    """A light description of a generator; making one reads no file and builds no network."""

    @abstractmethod
    def load(self) -> Generator:
        """Build the generator on the CPU, frozen, reading or fetching its weights.

        Raises:
            AssetError: Its weights cannot be fetched.
            CheckpointError: Its file cannot be read.
        """
