"""The pictures that a generator is dissected on: fresh samples, or embedded photographs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    """A picture with what it was drawn from.

    Attributes:
        name: What it is called.
        picture: (1, 3, H, W) in about [−1, 1].
        features: The activation (1, C, r, r) after each layer that was asked for.
        styles: (S,), all styles side by side.
    """

    name: str
    picture: Tensor
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

    def one(self, generator: Generator, index: int) -> Embedding:
        """Return the embedding of sample `index`."""
        import torch

        name = f"{self.seed + index:04d}"
        rng = torch.Generator().manual_seed(self.seed + index)
        latent = generator.sample_w(1, rng)
        noise = tuple(generator.sample_noise(1, rng))
        return Embedding(latent, noise, space="w", names=(name,), truncation=self.psi)


@dataclass(frozen=True)
class Embedded:
    """The images of a saved embedding.

    Attributes:
        embedding: The embedding, on the generator's device.
    """

    embedding: Embedding

    def one(self, generator: Generator, index: int) -> Embedding:
        """Return the embedding of image `index`."""
        return self.embedding[index : index + 1]


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
) -> Drawing:
    """Draw the one image of an embedding and keep what it was drawn from.

    Args:
        embedding: An embedding of one image.
        generator: The generator.
        layers: Layers whose activations are kept, as they are before `edits`.
        edits: Changes of activations by layer.
    """
    import torch

    from ganvas.embedding.embedding import join_styles
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
        picture = generator.synthesis(
            styles, embedding.noise, edits={**changes, **{name: keep(name) for name in layers}}
        )
    name = embedding.names[0] if embedding.names else "0"
    return Drawing(name, picture, kept, join_styles(styles)[0])
