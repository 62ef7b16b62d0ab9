"""What the options of ``generator=`` have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganvas.config.schema import build, check
from ganvas.config.targets import explained, module_of
from ganvas.errors import CheckpointError, ConfigError, GanvasError

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


def loaded(config: GeneratorConfig) -> Generator:
    """Load the generator of an option, frozen.

    Raises:
        ConfigError: It is none, or lacks what a family must have.
        GanvasError: Its weights cannot be had.
    """
    from ganvas.generator.base import Generator

    generator = config.load()
    name = f"generator: {type(config).__name__}.load"
    if not isinstance(generator, Generator):
        raise ConfigError(f"{name} gives {type(generator).__name__}, not a Generator")
    for attribute in ("name", "layers", "z_dim", "w_dim", "w_avg"):
        if not hasattr(generator, attribute):
            raise ConfigError(f"{name} gives a {type(generator).__name__} without {attribute}")
    return generator.eval().requires_grad_(False)


def load_generator(described: Mapping[str, Any]) -> Generator:
    """Load the frozen generator that a configuration describes.

    Raises:
        ConfigError: It describes none.
        CheckpointError: Code outside ganvas, which is to load it, raises something else.
        GanvasError: Its weights cannot be had.
    """
    config: GeneratorConfig = build(check(dict(described), GeneratorConfig, "generator"))
    try:
        return loaded(config)
    except GanvasError:
        raise
    except Exception as error:
        module = module_of(type(config))
        if module.partition(".")[0] == "ganvas":
            raise
        # Outside of a run there is no log that a traceback could go to.
        raise CheckpointError(f"generator: {explained(error, module)}") from error
