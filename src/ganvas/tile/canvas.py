"""A canvas: the tiles' activations joined at one layer, and the rest of the network over them.

Any window of the picture can be drawn by itself. Behind the joint each position has a style of its
own, interpolated between the tiles, and the noise of its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import torch
from torch import Tensor

from ganvas.functional.philox import normal_field
from ganvas.functional.tiling import centres, merge, partition, spread
from ganvas.generator.base import Activation, Generator
from ganvas.tile.cache import TileCache
from ganvas.tile.geometry import Geometry
from ganvas.tile.overlay import Overlay, mask_over
from ganvas.tile.window import Window, needed

Tile = tuple[int, int]

CANVAS_NOISE, TILE_NOISE = 0, 1
"""Streams of noise: behind the joint by position on the canvas, before it by position of a tile."""

ACTIVATIONS_MIB, STYLES_MIB = 256, 64
"""Memory for what neighbouring windows share of the tiles."""


Latents = Callable[[Tile], Tensor]
"""Returns w+ (1, rows, w_dim) of a tile."""


class Canvas:
    """Draws windows of a picture of any size.

    Args:
        generator: Frozen; draws the tiles up to the joint.
        geometry: Where the tiles lie.
        latents: Gives each tile's w+.
        seed: Of the noise.
        rest: What draws behind the joint: of a StyleGAN1 `ganvas.tile.statistics.frozen`; None:
            the generator itself.
        overlays: Parts of tiles with another latent, w+ (1, rows, w_dim), later ones on top.
    """

    def __init__(
        self,
        generator: Generator,
        geometry: Geometry,
        latents: Latents,
        seed: int,
        rest: Generator | None = None,
        overlays: Sequence[tuple[Overlay, Tensor]] = (),
    ) -> None:
        self.generator, self.rest = generator, rest or generator
        self.geometry, self.latents, self.seed = geometry, latents, seed
        self.join = generator.layer_index(geometry.layer)
        self.height, self.width = geometry.pixels(generator)
        self.activation = TileCache(self._activation, _bytes, ACTIVATIONS_MIB << 20)
        self._tile_styles = TileCache(
            lambda tile: generator.styles(latents(tile)),
            lambda styles: sum(style.nbytes for style in styles),
            STYLES_MIB << 20,
        )
        self._overlays: dict[Tile, list[tuple[Overlay, Tensor]]] = {}
        for overlay, w in overlays:
            self._overlays.setdefault(overlay.tile, []).append((overlay, w))

    @torch.no_grad()
    def draw(self, window: Window) -> Tensor:
        """Draw a window of the picture: (1, 3, h, w) in about [−1, 1]."""
        windows = self.windows(window)
        state, at = self._joined(windows[0]), windows[0]
        for index, after in enumerate(windows[1:-1], self.join + 1):
            state, at = self._layer(index, state, at, after)
        image = self.rest.finish(state, self._styles_in(at, len(self.generator.layers) - 1))
        rows, columns = window.inside(at.scaled(image.shape[-1] // at.width))
        return image[..., rows, columns]

    def windows(self, window: Window) -> list[Window]:
        """Return what a window of the picture needs of each layer, from the joint on."""
        return needed(self.generator, self.join, self.geometry.size, window)

    def tiles(self, window: Window) -> set[Tile]:
        """Return the tiles that a window of the picture depends on."""
        touched = set()
        windows = self.windows(window)
        for index, inner in enumerate(windows[:-1], self.join):
            rows, columns = self._parts(inner, index)
            touched |= set(_pairs(rows, columns))
        rows, columns = self._parts(windows[0], self.join, self.geometry.overlap)
        return touched | set(_pairs(rows, columns))

    def _activation(self, tile: Tile) -> Activation:
        """Return the crop of a tile's activation at the joint."""
        crop = self._crop(tile, self._tile_styles(tile))
        for overlay, w in self._overlays.get(tile, ()):
            crop = self._overlaid(crop, self._crop(tile, self.generator.styles(w)), overlay)
        return crop

    def _overlaid(self, crop: Activation, other: Activation, overlay: Overlay) -> Activation:
        """Return a tile's crop with that of another latent where the overlay's mask is."""
        g, features = self.geometry, crop.features

        def blend(maps: Tensor, others: Tensor) -> Tensor:
            scale = maps.shape[-1] / g.crop
            rows, columns = (
                centres(0, maps.shape[-1], scale) + number * g.stride for number in overlay.tile
            )
            mask = mask_over(overlay, g, rows, columns).to(maps.device, non_blocking=True)
            return torch.lerp(maps, others, mask)

        rgb = crop.rgb
        if rgb is not None and other.rgb is not None:
            rgb = blend(rgb, other.rgb)
        return Activation(blend(features, other.features), rgb)

    def _crop(self, tile: Tile, styles: Sequence[Tensor]) -> Activation:
        noise = [
            self._noise(TILE_NOISE, index, Window(row * r, row * r + r, column * r, column * r + r))
            for index, r in enumerate(self.generator.noise_resolutions)
            for row, column in [tile]
            if r <= self.generator.layers[self.join].resolution
        ]
        name = self.geometry.layer
        g = self.geometry
        state = self.generator.states(styles, noise, [name])[name]
        full = state.features.shape[-1]

        def cropped(maps: Tensor) -> Tensor:
            ratio = full // maps.shape[-1]
            top, left, side = (length // ratio for length in (g.top, g.left, g.crop))
            return maps[..., top : top + side, left : left + side].clone()

        return state.map(cropped)

    def _joined(self, window: Window) -> Activation:
        rows, columns = self._parts(window, self.join, self.geometry.overlap)
        pieces = {tile: self.activation(tile) for tile in _pairs(rows, columns)}
        first = next(iter(pieces.values()))

        def joined(maps: Callable[[Activation], Tensor | None]) -> Tensor | None:
            example = maps(first)
            if example is None:
                return None
            ratio = self.geometry.crop // example.shape[-1]
            part = window.divided(ratio)
            weights = self._weights(part, 1 / ratio, self.geometry.overlap)
            into = example.new_zeros(*example.shape[:2], part.height, part.width)
            crops = ((*tile, m) for tile, state in pieces.items() if (m := maps(state)) is not None)
            stride = self.geometry.stride // ratio
            return merge(crops, *weights, into, (part.top, part.left), stride)

        features = joined(lambda state: state.features)
        assert features is not None
        return Activation(features, joined(lambda state: state.rgb))

    def _layer(
        self, index: int, state: Activation, at: Window, after: Window
    ) -> tuple[Activation, Window]:
        """Run layer `index` on the window `at` of the layer before, and cut `after` out of it."""
        layers = self.generator.layers
        factor = layers[index].resolution // layers[index - 1].resolution
        whole = at.scaled(factor)
        number = layers[index].noise
        # The layer reads one of the maps, at its number.
        noise = [] if number is None else [self._noise(CANVAS_NOISE, number, whole)] * (number + 1)
        state = self.rest.layer(index, state, self._styles_in(at, index - 1), noise)

        def cut(maps: Tensor) -> Tensor:
            ratio = whole.width // maps.shape[-1]
            rows, columns = after.divided(ratio).inside(whole.divided(ratio))
            return maps[..., rows, columns]

        return state.map(cut), after

    def _styles_in(self, window: Window, index: int) -> _Styles:
        """Return the styles over a window of layer `index`."""
        rows, columns = self._parts(window, index)
        scale = self._scale(index)
        weights = self._weights(window, scale, self._ramp)
        grid = [[self._tile_styles((row, column)) for column in columns] for row in rows]
        parts = weights[0][:, rows.start : rows.stop], weights[1][:, columns.start : columns.stop]

        deltas = [
            self._delta(tile, window, scale, weights)
            for tile in _pairs(rows, columns)
            if tile in self._overlays
        ]

        def style(number: int) -> Tensor:
            tiles = [[styles[number][0] for styles in line] for line in grid]
            if len(rows) == len(columns) == 1 and not deltas:
                return tiles[0][0][None]
            field = spread(torch.stack([torch.stack(line) for line in tiles]), *parts)
            return sum((delta(number) for delta in deltas), start=field)

        return _Styles(style, len(grid[0][0]))

    def _delta(
        self, tile: Tile, window: Window, scale: float, weights: tuple[Tensor, Tensor]
    ) -> Callable[[int], Tensor]:
        """Return what a tile's overlays add to each style over a window, (1, C, h, w)."""
        rows = centres(window.top, window.bottom, scale)
        columns = centres(window.left, window.right, scale)
        device = weights[0].device
        counted = weights[0][:, tile[0], None] * weights[1][:, tile[1]]
        parts = [
            (
                mask_over(overlay, self.geometry, rows, columns).to(device, non_blocking=True),
                self.generator.styles(w),
            )
            for overlay, w in self._overlays[tile]
        ]
        base = self._tile_styles(tile)

        def delta(number: int) -> Tensor:
            first = base[number][0][:, None, None]
            field = first
            for mask, styles in parts:
                field = field + mask * (styles[number][0][:, None, None] - field)
            return (counted * (field - first))[None]

        return delta

    @property
    def _ramp(self) -> float:
        return self.geometry.blend * self.geometry.stride

    def _scale(self, index: int) -> int:
        layers = self.generator.layers
        return layers[index].resolution // layers[self.join].resolution

    def _weights(self, window: Window, scale: float, ramp: float) -> tuple[Tensor, Tensor]:
        """Return what the tiles of each row and column count in a window, on the device."""
        device = self.generator.w_avg.device
        rows, columns = (
            weights.to(device, non_blocking=True) for weights in self._counts(window, scale, ramp)
        )
        return rows, columns

    def _counts(self, window: Window, scale: float, ramp: float) -> tuple[Tensor, Tensor]:
        """Return them on the CPU."""
        spans = (window.top, window.bottom), (window.left, window.right)
        rows, columns = (
            partition(centres(*span, scale), joints, ramp)
            for span, joints in zip(spans, self.geometry.joints, strict=True)
        )
        return rows, columns

    def _parts(self, window: Window, index: int, ramp: float | None = None) -> tuple[range, range]:
        """Return the rows and columns of tiles that count anything in a window of a layer."""
        # On the CPU: which tiles they are would be waited for, several times for each layer.
        weights = self._counts(window, self._scale(index), self._ramp if ramp is None else ramp)
        counted = [w.amax(dim=0).nonzero()[:, 0] for w in weights]
        rows, columns = (range(int(c[0]), int(c[-1]) + 1) for c in counted)
        return rows, columns

    def _noise(self, stream: int, number: int, window: Window) -> Tensor:
        field = normal_field(
            self.seed, (stream, number), window.top, window.left, window.height, window.width,
            self.generator.w_avg.device,
        )  # fmt: skip
        return field[None, None]


class _Styles(Sequence[Tensor]):
    """Styles that are spread over a window when they are read."""

    def __init__(self, style: Callable[[int], Tensor], count: int) -> None:
        self._style, self._count = style, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        return self._style(index % self._count)


def _pairs(rows: range, columns: range) -> Iterator[Tile]:
    return ((row, column) for row in rows for column in columns)


def _bytes(state: Activation) -> int:
    maps = [state.features] + ([] if state.rgb is None else [state.rgb])
    return sum(m.nbytes for m in maps)
