"""What the options of ``generator=`` have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganvas.config.schema import build, check

if TYPE_CHECKING:
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


def load_generator(described: Mapping[str, Any]) -> Generator:
    """Load the frozen generator that a configuration describes.

    Raises:
        ConfigError: It describes none.
        GanvasError: Its weights cannot be had.
    """
    config: GeneratorConfig = build(check(dict(described), GeneratorConfig, "generator"))
    return config.load().eval().requires_grad_(False)
