"""Operations on latents: mixing, morphing, directions."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.layers import Layers, Split, selected
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator


class LatentOperation(Operation):
    """An operation on style rows: it leaves the embedding that comes first in w+."""

    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Refuse latents that have no style rows, or none that count.

        Raises:
            ConfigError: One is in S space, or its activations are edited.
        """
        for name in self.embeddings():
            require_rows(specs[name])
        specs[self.embeddings()[0]] = EmbeddingSpec("w+")


@dataclass(frozen=True)
class StyleMix(LatentOperation):
    """Some style rows of another image. Karras et al. 2019; Abdal et al. 2019, section 4.2.

    Attributes:
        layers: Which rows are taken; by default the style, from the resolution 64 on.
        embedding: The image that keeps the other rows and its noise.
        other: The image whose rows are taken.
    """

    layers: Layers = field(default_factory=lambda: Split("style"))
    embedding: str = "x"
    other: str = "y"

    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Refuse a subset without rows, too."""
        super().check(generator, specs)
        rows_in(self.layers, generator)

    def embeddings(self) -> tuple[str, ...]:
        """Return the image's and the other's."""
        return (self.embedding, self.other)

    @no_grad
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Replace the rows and draw the picture."""
        kept, other = scene.embedding(self.embedding), scene.embedding(self.other)
        rows = rows_in(self.layers, scene.generator)
        latent = in_rows(kept, scene.generator).clone()
        latent[:, rows] = in_rows(other, scene.generator)[:, rows]
        mixed = scene.embeddings[self.embedding] = with_rows(kept, latent)
        return mixed.render(scene.generator)


@dataclass(frozen=True)
class Morph(LatentOperation):
    """λw₁ + (1 − λ)w₂ with λ from 1 to 0, as a film. Abdal et al. 2019, section 4.1.

    Noise that was fitted to one face is a ghost on any other. Near its end of the film it fades
    out, into noise as it was drawn before anything was fitted.

    Attributes:
        count: Pictures of the film.
        at: λ of the picture that the operation leaves.
        fade: Over which part of the film, at each end, the fitted noise fades.
        seed: Seed of the noise in between; with the run's it is what the run started from.
        embedding: w₁, where the film begins.
        other: w₂, where it ends.
    """

    count: Annotated[int, Field(ge=2)] = 9
    at: Annotated[float, Field(ge=0, le=1)] = 0.5
    fade: Annotated[float, Field(gt=0, le=0.5)] = 0.25
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    embedding: str = "x"
    other: str = "y"

    def embeddings(self) -> tuple[str, ...]:
        """Return w₁ and w₂."""
        return (self.embedding, self.other)

    def frames(self, scene: Scene) -> Iterator[Tensor]:
        """Draw the film from the image to the other."""
        import torch

        for weight in torch.linspace(1, 0, self.count).tolist():
            with torch.no_grad():
                picture = self._between(scene, weight).render(scene.generator)
            yield picture

    @no_grad
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Leave the picture in between."""
        middle = scene.embeddings[self.embedding] = self._between(scene, self.at)
        return middle.render(scene.generator)

    def _between(self, scene: Scene, weight: float) -> Embedding:
        import torch

        first, last = scene.embedding(self.embedding), scene.embedding(self.other)
        latent = torch.lerp(in_rows(last, scene.generator), in_rows(first, scene.generator), weight)
        fresh = scene.generator.noise_of(self.seed, len(first))
        maps = zip(fresh, first.noise, last.noise, strict=True)
        # Exact at the ends, where one of the two shares is 1 and the other 0.
        of_first, of_last = (max(0.0, 1 - part / self.fade) for part in (1 - weight, weight))
        noise = tuple(torch.lerp(torch.lerp(n, a, of_first), b, of_last) for n, a, b in maps)
        return with_rows(replace(first, noise=noise), latent)


@dataclass(frozen=True)
class Direction(LatentOperation):
    """w₁ + λ(w₃ − w₂): what tells two images apart, carried to a third. Abdal et al. 2019, 4.3.

    Attributes:
        strengths: The λ of the strip.
        strength: λ of the picture that the operation leaves.
        layers: Which rows move; null: all.
        embedding: w₁, the image that moves.
        start: w₂, where the direction starts.
        end: w₃, where it ends.
    """

    strengths: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    strength: float = 1.0
    layers: Layers | None = None
    embedding: str = "x"
    start: str = "y"
    end: str = "z"

    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Refuse a subset without rows, too."""
        super().check(generator, specs)
        if self.layers is not None:
            rows_in(self.layers, generator)

    def embeddings(self) -> tuple[str, ...]:
        """Return w₁, w₂ and w₃."""
        return (self.embedding, self.start, self.end)

    def frames(self, scene: Scene) -> Iterator[Tensor]:
        """Draw the strip."""
        import torch

        for strength in self.strengths:
            with torch.no_grad():
                picture = self._moved(scene, strength).render(scene.generator)
            yield picture

    @no_grad
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Leave the picture at `strength`."""
        moved = scene.embeddings[self.embedding] = self._moved(scene, self.strength)
        return moved.render(scene.generator)

    def _moved(self, scene: Scene, strength: float) -> Embedding:
        import torch

        generator = scene.generator
        embedding = scene.embedding(self.embedding)
        ends = [in_rows(scene.embedding(name), generator) for name in (self.start, self.end)]
        step = strength * (ends[1] - ends[0])
        if self.layers is not None:
            kept = torch.zeros(generator.rows, 1, device=step.device)
            kept[rows_in(self.layers, generator)] = 1
            step = step * kept
        return with_rows(embedding, in_rows(embedding, generator) + step)


def in_rows(embedding: Embedding, generator: Generator) -> Float[Tensor, "B rows w_dim"]:
    """Return the latent as w+ (B, rows, w_dim).

    Raises:
        ConfigError: It is in S space, or its activations are edited.
    """
    require_rows(EmbeddingSpec.of(embedding))
    return embedding.rows(generator)


def with_rows(embedding: Embedding, rows: Float[Tensor, "B rows w_dim"]) -> Embedding:
    """Return the embedding with another latent, w+ (B, rows, w_dim) that is truncated already."""
    return replace(embedding, latent=rows, space="w+", truncation=1.0)


def require_rows(spec: EmbeddingSpec) -> None:
    """Refuse an embedding without style rows, or whose rows no longer rule.

    Raises:
        ConfigError: It is in S space, or its activations are edited.
    """
    if spec.space == "s":
        raise ConfigError("operations on style rows need start.space z, w or w+, not s")
    if spec.edited is not None:
        raise ConfigError(f"style rows cannot move: the activations at {spec.edited} are edited")


def rows_in(layers: Layers, generator: Generator) -> list[int]:
    """Return the style rows that a subset selects.

    Raises:
        ConfigError: There is none.
    """
    rows = list(selected(layers, generator).rows)
    if not rows:
        raise ConfigError(
            "the layer subset (layers) selects no style row to move; 'ganvas layers' lists what "
            "the generator has"
        )
    return rows
