"""Counting over samples, shard by shard: what was counted stays, whatever ends the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.dissect.concepts import SIDE, Segment
from ganvas.dissect.counts import Counts, LayerCounts, added
from ganvas.dissect.source import CALIBRATION_SEED, Embedded, Samples, draw
from ganvas.errors import ConfigError
from ganvas.system.files import remove_abandoned
from ganvas.system.tensors import read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator

SHARD = 25
"""Samples of a shard: what a killed process loses at most."""

CALIBRATION_VALUES = 2**17
"""Values of a unit, over all calibration samples, that its thresholds are quantiles of."""

Report = Callable[[int, int], None]
"""Called with the samples that are counted and those that there will be."""


@dataclass(frozen=True)
class Survey:
    """What is counted, and where the shards lie.

    Attributes:
        generator: The generator.
        layers: Names of layers.
        segment: From pictures to the masks of K concepts.
        source: Where pictures come from.
        folder: Where shards are kept; it belongs to the generator and to all settings.
        calibration: Samples that each unit's thresholds are quantiles of.
        psi: Truncation ψ of these.
        batch: Pictures that are drawn together; a shard is a batch at most.
    """

    generator: Generator
    layers: tuple[str, ...]
    segment: Segment
    source: Samples | Embedded
    folder: Path
    calibration: int = 32
    psi: float = 0.7
    batch: int = 1

    def edges(self) -> dict[str, Tensor]:
        """Return the thresholds (U, E) of each layer's units, from the folder or from samples.

        Raises:
            StorageError: They cannot be written.
        """
        path = self.folder / "edges.safetensors"
        if path.is_file():
            return read_tensors(path)[0]
        edges = self._calibrated()
        write_tensors(path, edges, {"format": "ganvas-dissection-edges-1"})
        return edges

    def _calibrated(self) -> dict[str, Tensor]:
        import torch

        from ganvas.functional.dissection import quantiles, threshold_levels

        seen: dict[str, list[Tensor]] = {name: [] for name in self.layers}
        samples = Samples(CALIBRATION_SEED, self.psi)
        for index in range(self.calibration):
            one = samples.take(self.generator, [index])
            states = one.activations(self.generator, self.layers)
            for name in self.layers:
                margin = self.generator.layers[self.generator.layer_index(name)].margin
                values = inside(states[name].features, margin)[0].flatten(1)
                step = -(-values.shape[1] * self.calibration // CALIBRATION_VALUES)
                seen[name].append(values[:, index % step :: step])
        levels = threshold_levels()
        return {name: quantiles(torch.cat(v, 1).float(), levels) for name, v in seen.items()}

    def run(self, samples: int, report: Report = lambda done, of: None) -> Counts:
        """Count over the first `samples` pictures of the source, going on from what is there.

        Raises:
            StorageError: A shard cannot be written.
            InputError: A shard cannot be read, or a picture cannot be segmented.
        """
        remove_abandoned(self.folder)
        edges = self.edges()
        counts: list[Counts] = []
        for indices in shard_ranges(samples):
            path = self.folder / f"shard-{indices.start:06d}-{indices.stop:06d}.safetensors"
            if path.is_file():
                shard = Counts.load(path, self.layers)
            else:
                counted: list[Counts] = []
                for part in batches(indices, self.batch):
                    counted = [added([*counted, self._count(part, edges)])]
                    report(part[-1] + 1, samples)
                (shard,) = counted
                shard.save(path)
            # One after the other, so that a thousand shards need no more memory than two.
            counts = [added([*counts, shard])]
            report(indices.stop, samples)
        return counts[0]

    def _count(self, indices: Sequence[int], edges: dict[str, Tensor]) -> Counts:
        embedding = self.source.take(self.generator, indices)
        drawing = draw(embedding, self.generator, self.layers)
        masks = self.segment(drawing.pictures, drawing.names)
        layers = {
            name: count_layer(
                drawing.features[name],
                masks,
                edges[name],
                grid_of(self.generator, name),
                self.generator.layers[self.generator.layer_index(name)].margin,
                [index % 2 for index in indices],
            )
            for name in self.layers
        }
        pixels = masks.flatten(2).sum(2).cpu()
        return Counts(layers, pixels, drawing.styles.float().cpu())


def count_layer(
    features: Tensor, masks: Tensor, edges: Tensor, grid: int, margin: int, halves: Sequence[int]
) -> LayerCounts:
    """Count samples at one layer.

    Args:
        features: (B, U, r, r).
        masks: (B, K, SIDE, SIDE), boolean.
        edges: (U, E) thresholds.
        grid: Cells per side; features of more samples are averaged.
        margin: Samples of the features outside of the image, on each side.
        halves: Which half of the samples each belongs to: 0 or 1.
    """
    import torch

    from ganvas.functional.dissection import joint_histogram, pixels_per_cell
    from ganvas.functional.images import resize

    units = resize(inside(features, margin).float(), grid).flatten(2).transpose(0, 1)
    everywhere = torch.ones_like(masks[:, :1])
    concepts = torch.cat([masks, everywhere], 1)
    pixels = torch.stack([pixels_per_cell(each, grid).flatten(1) for each in concepts], 1)
    edges = edges.to(units.device)
    shape = len(pixels), len(units), edges.shape[1] + 1
    counted = torch.zeros(2, *shape, dtype=torch.int64, device=units.device)
    for half in set(halves):
        chosen = [index for index, side in enumerate(halves) if side == half]
        counted[half] = joint_histogram(
            units[:, chosen].flatten(1), edges, pixels[:, chosen].flatten(1)
        )
    within = pixels[:-1].flatten(1).double() @ units.flatten(1).double().T
    counted = counted.cpu()
    return LayerCounts(counted[:, :-1], counted[:, -1], within.cpu())


def inside(features: Tensor, margin: int) -> Tensor:
    """Return activations (1, U, r, r) without the samples that lie outside of the image."""
    return features[..., margin : features.shape[-2] - margin, margin : features.shape[-1] - margin]


def grid_of(generator: Generator, layer: str) -> int:
    """Return the cells per side on which a layer is compared: a power of two, at most SIDE."""
    resolution = generator.layers[generator.layer_index(layer)].resolution
    return int(min(2 ** (resolution.bit_length() - 1), SIDE))


def shard_ranges(samples: int) -> Iterator[range]:
    """Cut the indices of samples into shards."""
    for first in range(0, samples, SHARD):
        yield range(first, min(first + SHARD, samples))


def batches(indices: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Cut indices into batches of a size; the last one may have fewer."""
    for first in range(0, len(indices), size):
        yield indices[first : first + size]


def chosen_layers(generator: Generator, wanted: Sequence[int | str]) -> tuple[str, ...]:
    """Return the names of layers given by name or resolution, each once, in their order.

    Raises:
        ConfigError: The generator has no such layer, or none is named.
    """
    names = {generator.find_layer(layer) for layer in wanted}
    if not names:
        raise ConfigError("layers: at least one layer is needed")
    return tuple(sorted(names, key=generator.layer_index))
