"""Previews of strokes while they are drawn: small, and only where they change anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import ceil
from typing import TYPE_CHECKING

from ganvas.edit.change import margin_of
from ganvas.edit.paint import PaintUnits
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator


@dataclass(frozen=True)
class Window:
    """Samples [top, bottom) × [left, right) of a layer."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, margin: int, unit: int, size: int) -> Window:
        """Return it with a margin, from multiple to multiple of `unit`, inside of `size` ²."""
        first = (max(edge - margin, 0) // unit * unit for edge in (self.top, self.left))
        last = (min(-(-(edge + margin) // unit) * unit, size) for edge in (self.bottom, self.right))
        (top, left), (bottom, right) = first, last
        return Window(top, bottom, left, right)

    def cut(self, maps: Tensor, size: int) -> Tensor:
        """Return this part of maps (…, h, w) whose whole stands for `size` ² samples."""
        scale = Fraction(maps.shape[-1], size)
        rows, columns = (
            slice(int(a * scale), int(b * scale))
            for a, b in ((self.top, self.bottom), (self.left, self.right))
        )
        return maps[..., rows, columns]

    def within(self, other: Window) -> Window:
        """Return it as seen from the corner of another one."""
        return Window(
            self.top - other.top, self.bottom - other.top,
            self.left - other.left, self.right - other.left,
        )  # fmt: skip


class StrokePreview:
    """Draws one image with strokes, at a small size, as often as the strokes change.

    The layers before the strokes are run once. A preview runs those behind, and from the layer at
    which the rest is restored on only the window that the change reaches: the picture is the whole
    one's box mean, not an approximation. A generator that does not say how far its layers reach
    is run whole.

    Attributes:
        paint: What is painted.
        generator: The generator.
        size: Height and width of the previews.
        picture: (1, 3, size, size), the image without strokes.
    """

    @no_grad
    def __init__(
        self, paint: PaintUnits, image: Embedding, generator: Generator, size: int = 256
    ) -> None:
        """Run what does not change.

        Args:
            paint: What is painted; its strokes may be replaced from preview to preview, if they
                stay at the same layers.
            image: The embedding of one image.
            generator: The generator.
            size: Height and width of the previews, a divisor of the image's.

        Raises:
            ConfigError: The size does not divide the image's.
        """
        from ganvas.functional.images import resize
        from ganvas.generator.tuning import tuned

        if size < 1 or generator.resolution % size:
            raise ConfigError(f"size={size} does not divide the {generator.resolution}² of images")
        self.paint, self.size = paint, size
        self.generator = generator = tuned(generator, image.delta)
        self._styles = image.styles(generator)
        first, last = paint.layers(generator)[0], paint.last(generator)
        states = image.activations(generator, {first, last})
        self._image, self._start = image, (first, states[first])
        self._before, self._restored = states[last], generator.layer_index(last)
        self.picture = resize(replace(image, resume=(last, states[last])).render(generator), size)

    @no_grad
    def draw(
        self, regions: Mapping[str, Float[Tensor, "1 1 H W"]], paint: PaintUnits | None = None
    ) -> Float[Tensor, "1 3 {self.size} {self.size}"]:
        """Draw the strokes, each in its region, in [0, 1].

        Args:
            regions: The region of each stroke, by the stroke's name.
            paint: Other strokes than before, at the same layers.

        Raises:
            ConfigError: A stroke has no region, or another layer.
        """
        import torch

        from ganvas.functional.images import resize

        paint = self.paint if paint is None else paint
        if paint.layers(self.generator) != self.paint.layers(self.generator):
            raise ConfigError("a preview's strokes stay at the layers that it was made for")
        if missing := sorted(set(paint.strokes) - set(regions)):
            raise ConfigError(f"stroke {missing[0]} has no region")
        pulls = paint.pulls(self.generator, regions)
        together = reduce(torch.maximum, (regions[name] for name in paint.strokes))
        painted = paint.painted(
            self._image, self.generator, pulls, together, paint.fresh(self.generator),
            self._before, self._start,
        )  # fmt: skip
        changed = self._changed(together)
        size = self._before.features.shape[-1]
        if changed is not None and self.generator.resolution % size:
            # Positions of an activation with a margin are no pixels of the picture.
            return resize(painted.render(self.generator), self.size)
        return self.picture if changed is None else self._pasted(painted, changed)

    def _changed(self, region: Tensor) -> Window | None:
        """Return where a region changes the restored layer and what is behind it; None: nowhere."""
        from ganvas.functional.activations import fit_mask

        layer = self.generator.layers[self._restored]
        size = self._before.features.shape[-1]
        if self.paint.restore is None:
            # Convolutions before the window carry the change as far as they like.
            return Window(0, size, 0, size)
        seen = (fit_mask(region, size, layer.margin) > 0)[0, 0].nonzero()
        if not len(seen):
            return None
        (top, left), (bottom, right) = seen.amin(0).tolist(), seen.amax(0).tolist()
        window = Window(top, bottom + 1, left, right + 1)
        return window.grown(self._reach(size), self._unit(size), size)

    def _reach(self, size: int) -> int:
        """Return how far the layers behind read, in samples of the restored one."""
        layers = self.generator.layers
        if margin_of(self.generator, layers[self._restored].name):
            return size
        try:
            reaches = [
                Fraction(self.generator.reach(index) * size, layers[index].resolution)
                for index in range(self._restored + 1, len(layers))
            ]
            last = Fraction(self.generator.reach(len(layers)) * size, self.generator.resolution)
        except ConfigError:
            return size
        return ceil(sum(reaches) + last)

    def _unit(self, size: int) -> int:
        """Return what windows are multiples of: of a preview's pixel, and of a skip's RGB."""
        return max(2, size // self.size)

    def _pasted(self, painted: Embedding, changed: Window) -> Tensor:
        from ganvas.functional.images import resize

        assert painted.resume is not None
        state = painted.resume[1]
        size = state.features.shape[-1]
        window = changed.grown(self._reach(size), self._unit(size), size)
        part = state.map(lambda maps: window.cut(maps, size))
        drawn = self._run(part, painted.noise, window, size)
        scale = self.generator.resolution // size
        inner = changed.within(window)
        rows, columns = (
            slice(a * scale, b * scale)
            for a, b in ((inner.top, inner.bottom), (inner.left, inner.right))
        )
        drawn = drawn[..., rows, columns]
        picture = self.picture.clone()
        target = changed.cut(picture, size)
        height, width = target.shape[-2:]
        target.copy_(resize(drawn, (height, width)))
        return picture

    def _run(self, state: Activation, maps: Sequence[Tensor], window: Window, size: int) -> Tensor:
        """Run the layers behind the restored one on a window of it, and draw that part."""
        generator = self.generator
        for index in range(self._restored + 1, len(generator.layers)):
            number = generator.layers[index].noise
            # The layer reads one of the maps, at its number.
            noise = [] if number is None else [window.cut(maps[number], size)] * (number + 1)
            state = generator.layer(index, state, self._styles, noise)
        return generator.finish(state, self._styles)
