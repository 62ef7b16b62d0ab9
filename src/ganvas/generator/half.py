"""What StyleGAN2 and 3 share: their highest resolutions may run in half precision."""

from __future__ import annotations

from abc import abstractmethod

from ganvas.generator.labels import LabelledGenerator


class HalfPrecisionGenerator(LabelledGenerator):
    """A generator whose authors ran its highest resolutions in half precision.

    Attributes:
        half_from: The lowest resolution, or sampling rate, that runs in half precision; twice the
            image's, so that none does, at first.
    """

    half_from: int

    @abstractmethod
    def use_half(self) -> None:
        """Run as many of the highest resolutions in half precision as the original did."""

    @property
    def settings(self) -> tuple[int | str, ...]:
        """The class that it draws, and where half precision begins."""
        halved = self.half_from < 2 * self.resolution
        return (*super().settings, "half", self.half_from) if halved else super().settings
