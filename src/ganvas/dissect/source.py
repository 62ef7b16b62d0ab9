"""The pictures that a generator is dissected on: fresh samples, or embedded photographs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.embedding import Embedding, require_fit
from ganvas.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, ActivationEdit, Generator

CALIBRATION_SEED = 2**40
"""Where the seeds begin of samples that choose thresholds, so that no sample is counted twice."""


@dataclass(frozen=True)
class Drawing:
    """Pictures with what they were drawn from.

    Attributes:
        names: What they are called.
        pictures: (B, 3, H, W) in about [−1, 1].
        features: The activation (B, C, r, r) after each layer that was asked for.
        styles: (B, S), all styles side by side.
    """

    names: tuple[str, ...]
    pictures: Tensor
    features: dict[str, Tensor]
    styles: Tensor


@dataclass(frozen=True)
class Samples:
    """Fresh samples; the one of seed s is that of `ganvas sample --seed s`.

    Attributes:
        seed: Seed of the first one.
        psi: Truncation ψ.
    """

    seed: int = 0
    psi: float = 0.7

    def take(self, generator: Generator, indices: Sequence[int]) -> Embedding:
        """Return the embedding of the samples at `indices`."""
        import torch

        seeds = [self.seed + index for index in indices]
        latents, maps = [], []
        for seed in seeds:
            rng = torch.Generator().manual_seed(seed)
            latents.append(generator.sample_w(1, rng))
            maps.append(generator.sample_noise(1, rng))
        noise = tuple(torch.cat(same) for same in zip(*maps, strict=True))
        names = tuple(f"{seed:04d}" for seed in seeds)
        return Embedding(torch.cat(latents), noise, "w", names=names, truncation=self.psi)


@dataclass(frozen=True)
class Embedded:
    """The images of a saved embedding.

    Attributes:
        embedding: The embedding, on the generator's device.
    """

    embedding: Embedding

    def take(self, generator: Generator, indices: Sequence[int]) -> Embedding:
        """Return the embedding of the images at `indices`."""
        return self.embedding.take(indices)


def opened(path: Path, generator: Generator) -> Embedded:
    """Read the embedded photographs.

    Raises:
        InputError: It is no embedding of this generator, or its activations are edited.
    """
    embedding = Embedding.load(path)
    if embedding.generator_hash != generator.source_hash:
        raise InputError(f"{path} belongs to another generator than {generator.name}")
    require_fit(embedding, generator)
    if embedding.resume is not None:
        raise InputError(f"{path}: its activations at {embedding.resume[0]} are edited already")
    return Embedded(embedding.to(generator.w_avg.device))


def draw(
    embedding: Embedding,
    generator: Generator,
    layers: Collection[str] = (),
    edits: Mapping[str, ActivationEdit] | None = None,
    restyle: Callable[[Tensor], Tensor] | None = None,
) -> Drawing:
    """Draw the images of an embedding together and keep what they were drawn from.

    Args:
        embedding: The embedding.
        generator: The generator.
        layers: Layers whose activations are kept, as they are before `edits`.
        edits: Changes of activations by layer.
        restyle: A change of the styles (B, S), all side by side.
    """
    import torch

    from ganvas.embedding.embedding import join_styles, split_styles
    from ganvas.generator.tuning import tuned

    kept: dict[str, Tensor] = {}
    changes = dict(edits or {})

    def keep(name: str) -> ActivationEdit:
        def store(state: Activation) -> Activation:
            kept[name] = state.features
            return changes[name](state) if name in changes else state

        return store

    with torch.no_grad():
        generator = tuned(generator, embedding.delta)
        styles = embedding.styles(generator)
        if restyle is not None:
            styles = split_styles(restyle(join_styles(styles)), generator)
        pictures = generator.synthesis(
            styles, embedding.noise, edits={**changes, **{name: keep(name) for name in layers}}
        )
    names = embedding.names or tuple(map(str, range(len(embedding))))
    return Drawing(names, pictures, kept, join_styles(styles))
