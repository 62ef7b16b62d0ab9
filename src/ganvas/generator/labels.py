"""What StyleGAN1, 2 and 3 share: a mapping network that may ask for a class, and a w_avg."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import torch
from torch import Tensor, nn

from ganvas.errors import ConfigError
from ganvas.generator.architecture import StyleGANArchitecture
from ganvas.generator.base import Generator


class LabelledGenerator(Generator):
    """A generator whose mapping network may be conditional on a class.

    Args:
        architecture: Shapes and arithmetic.
        mapping: Makes the mapping network of widths, classes, a label's embedding and rate.

    Attributes:
        architecture: As given.
        mapper: The mapping network.
    """

    architecture: StyleGANArchitecture
    mapper: nn.Module
    _label: Tensor | None

    def __init__(
        self,
        architecture: StyleGANArchitecture,
        mapping: Callable[[Sequence[int], int, int, float], nn.Module],
    ) -> None:
        super().__init__()
        self.architecture = a = architecture
        self.hyperparameters = asdict(a)
        self.name = self.family
        self.z_dim, self.w_dim = a.mapping[0] - a.embedding, a.mapping[-1]
        self.mapper = mapping(a.mapping, a.classes, a.embedding, a.rate)
        self.register_buffer("w_avg", torch.empty(self.w_dim))
        self.register_buffer("_label", None, persistent=False)

    def use_label(self, label: int | None) -> None:
        """Draw this class where `mapping` gets no label.

        Raises:
            ConfigError: The model has no such class, or is conditional and no class is given.
        """
        classes = self.architecture.classes
        if label is None and classes:
            raise ConfigError(
                f"{self.name} is conditional on {classes} classes: "
                f"set generator.label to one of 0 to {classes - 1}"
            )
        if label is not None and not classes:
            raise ConfigError(f"generator.label={label}: {self.name} knows no classes")
        if label is not None and not 0 <= label < classes:
            raise ConfigError(
                f"generator.label={label}: {self.name} has classes 0 to {classes - 1}"
            )
        self._label = None if label is None else torch.eye(classes)[label]

    @property
    def settings(self) -> tuple[int | str, ...]:
        """The class that it draws."""
        return () if self._label is None else ("label", int(self._label.argmax()))

    def mapping(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Map z (B, z_dim) and, for class-conditional models, labels (B, classes) to w.

        Raises:
            ConfigError: The model needs a label and got none.
        """
        if self.architecture.classes and label is None:
            if self._label is None:
                self.use_label(None)
            label = self._label.expand(len(z), -1) if self._label is not None else None
        w: Tensor = self.mapper(z, label if self.architecture.classes else None)
        return w
