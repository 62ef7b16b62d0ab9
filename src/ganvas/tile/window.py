"""Windows of a canvas, and how large a window of a layer another one behind it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True, slots=True)
class Window:
    """Samples [top, bottom) × [left, right) of a canvas."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    def scaled(self, factor: int) -> Window:
        """Return the same part of a canvas of `factor` times the size."""
        return Window(*(factor * edge for edge in (self.top, self.bottom, self.left, self.right)))

    def divided(self, factor: int) -> Window:
        """Return the samples of a canvas of 1/`factor` of the size that this window touches."""
        return Window(
            self.top // factor,
            -(-self.bottom // factor),
            self.left // factor,
            -(-self.right // factor),
        )

    def grown(self, margin: int) -> Window:
        """Return the window with a margin around it, which may lie outside of the canvas."""
        return Window(
            self.top - margin, self.bottom + margin, self.left - margin, self.right + margin
        )

    def clipped(self, height: int, width: int) -> Window:
        """Return what lies on a canvas of that size, from even to even.

        A skip generator's RGB has half the size of its features, so that both must be cut alike.
        """
        return Window(
            max(self.top, 0) // 2 * 2,
            min(self.bottom + self.bottom % 2, height),
            max(self.left, 0) // 2 * 2,
            min(self.right + self.right % 2, width),
        )

    def meets(self, other: Window) -> bool:
        """Return True where the windows have a sample in common."""
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )

    def common(self, other: Window) -> Window:
        """Return the samples that both windows have; they must meet."""
        return Window(
            max(self.top, other.top),
            min(self.bottom, other.bottom),
            max(self.left, other.left),
            min(self.right, other.right),
        )

    def inside(self, outer: Window) -> tuple[slice, slice]:
        """Return rows and columns of this window in a tensor that holds `outer`."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )


def raster(height: int, width: int, side: int) -> Iterator[Window]:
    """Iterate over the squares that a canvas is cut into, row by row; the last ones are smaller."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield Window(top, min(top + side, height), left, min(left + side, width))


def needed(generator: Generator, join: int, size: tuple[int, int], picture: Window) -> list[Window]:
    """Return what is needed of each layer from `join` on so that a window of the picture is exact.

    Args:
        generator: Its layers say how far they reach.
        join: Index of the layer whose activations are joined.
        size: Height and width of the canvas in samples of that layer.
        picture: The window in pixels.

    Returns:
        One window for layer `join`, one for each layer behind it, and the picture's own.

    Raises:
        ConfigError: The generator's layers do not say how far they reach.
    """
    last = len(generator.layers)
    resolutions = [layer.resolution for layer in generator.layers[join:]] + [generator.resolution]
    windows = [picture]
    for index in range(last, join, -1):
        before = resolutions[index - join - 1]
        factor = resolutions[index - join] // before
        height, width = (side * before // resolutions[0] for side in size)
        reached = windows[0].grown(generator.reach(index)).divided(factor)
        windows.insert(0, reached.clipped(height, width))
    return windows
