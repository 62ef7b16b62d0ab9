"""The embedding of photographs: latent and noise together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.config.trust import refuse_foreign
from ganvas.embedding import storage
from ganvas.embedding.variables import Space, Variables
from ganvas.errors import CheckpointError, ConfigError, InputError
from ganvas.generator.config import load_generator
from ganvas.image.picture import to_picture
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from PIL import Image
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator


@dataclass(frozen=True)
class Embedding(Variables):
    """The embedding of a batch of images; it can be drawn, saved and opened again."""

    def styles(self, generator: Generator) -> list[Float[Tensor, "B _"]]:
        """Return the styles (S space) that `generator` draws this latent with."""
        from ganvas.generator.tuning import tuned

        generator = tuned(generator, self.delta)
        if self.space == "s":
            return split_styles(self.latent, generator)
        return generator.styles(self.rows(generator))

    def rows(self, generator: Generator) -> Float[Tensor, "B rows w_dim"]:
        """Return the latent as w+ (B, rows, w_dim), truncated by ψ; s has no w+."""
        return rows_of(self.latent, self.space, generator, self.truncation)

    def activations(self, generator: Generator, layers: Collection[str]) -> dict[str, Activation]:
        """Return the states after the named layers, going on from edited activations.

        Raises:
            ValueError: The latent is in S space, which has no w+.
        """
        from ganvas.generator.tuning import tuned

        generator = tuned(generator, self.delta)
        rows = self.rows(generator)
        return generator.activations(rows, self.noise, layers, resume=self.resume)

    @no_grad
    def render(self, generator: Generator, micro_batch: int = 1) -> Float[Tensor, "B 3 H W"]:
        """Draw the images (B, 3, H, W) in about [−1, 1], `micro_batch` at a time.

        The same micro-batch on the same device and threads gives the same picture to the bit.
        After tuning, it is the tuned generator that draws, whether it is given or its base.
        """
        import torch

        from ganvas.generator.tuning import tuned

        generator = tuned(generator, self.delta)
        parts = []
        for first in range(0, len(self), micro_batch):
            part = self[first : first + micro_batch]
            styles = part.styles(generator)
            parts.append(generator.synthesis(styles, part.noise, resume=part.resume))
        return torch.cat(parts)

    def load_generator(self, trust: bool = False) -> Generator:
        """Load the generator that the embedding was made with.

        Args:
            trust: Import and fetch what its configuration names outside of ganvas, too.

        Raises:
            InputError: The embedding does not say which, or does not fit it.
            ConfigError: It names code outside of ganvas or an address, and is not trusted.
            CheckpointError: The generator's weights are not those that it was made with.
        """
        if not self.generator:
            raise InputError("the embedding does not say which generator it belongs to")
        if not trust:
            refuse_foreign(self.generator, "generator")
        generator = load_generator(self.generator)
        if generator.source_hash != self.generator_hash:
            raise CheckpointError(
                f"the embedding belongs to {generator.name} with weights "
                f"{self.generator_hash[:12]}…, but these are {generator.source_hash[:12]}…"
            )
        require_fit(self, generator)
        return generator

    def pictures(
        self, device: torch.device | str = "cpu", trust: bool = False
    ) -> list[Image.Image]:
        """Draw the images as 8-bit pictures, with the generator that the embedding names.

        Args:
            device: Where to draw.
            trust: See `load_generator`, which lists the errors, too.
        """
        import torch

        from ganvas.functional.images import to_uint8

        generator = self.load_generator(trust).to(device)
        try:
            images = self.to(device).render(generator)
        except RuntimeError as error:
            if self.resume is None or isinstance(error, torch.OutOfMemoryError):
                raise
            raise InputError(
                f"the activations of the embedding do not fit {generator.name} at {self.resume[0]}"
            ) from error
        return [to_picture(picture) for picture in to_uint8(images)]

    def save(self, path: Path) -> None:
        """Write one safetensors file, whole or not at all; equal embeddings give equal bytes."""
        storage.save(self, path)

    @classmethod
    def load(cls, path: Path | str) -> Embedding:
        """Read a file that `save` wrote; nothing that it names is imported or fetched.

        Raises:
            InputError: The file is missing, broken, or not an embedding.
        """
        return storage.load(Path(path), cls)


def require_fit(embedding: Embedding, generator: Generator) -> None:
    """Refuse an embedding whose tensors are not those of a generator.

    Raises:
        InputError: The first that has another shape, a layer that the generator does not have, or
            a change of weights that does not fit.
    """
    from ganvas.generator.tuning import tuned

    generator = tuned(generator, embedding.delta)
    widths = {
        "z": (generator.z_dim,),
        "w": (generator.w_dim,),
        "w+": (generator.rows, generator.w_dim),
        "s": (sum(style_widths(generator)) if embedding.space == "s" else 0,),
    }
    shapes = {"latent": (embedding.latent, widths[embedding.space])}
    maps = [(1, r, r) for r in generator.noise_resolutions]
    if len(embedding.noise) != len(maps):
        raise InputError(
            f"the embedding has {len(embedding.noise)} noise maps; {generator.name} has {len(maps)}"
        )
    shapes |= {
        f"noise map {index}": pair
        for index, pair in enumerate(zip(embedding.noise, maps, strict=True))
    }
    for name, (tensor, shape) in shapes.items():
        if tensor.shape[1:] != shape:
            raise InputError(
                f"the embedding's {name} has the shape {tuple(tensor.shape[1:])} per image; "
                f"{generator.name} takes {shape}"
            )
    if embedding.resume is not None:
        _require_resumable(*embedding.resume, generator)


def _require_resumable(name: str, state: Activation, generator: Generator) -> None:
    try:
        layer = generator.layers[generator.layer_index(name)]
    except ConfigError as error:
        raise InputError(f"the embedding resumes at a layer that is not there: {error}") from error
    if state.features.shape[1] != layer.channels:
        raise InputError(
            f"the embedding resumes at {name} with {state.features.shape[1]} channels; "
            f"{generator.name} has {layer.channels}"
        )


def rows_of(latent: Tensor, space: Space, generator: Generator, truncation: float = 1.0) -> Tensor:
    """Turn a latent of space z, w or w+ into w+ (B, rows, w_dim), pulled towards w_avg by ψ.

    Raises:
        ValueError: `space` is s, which has no w+.
    """
    if space == "s":
        raise ValueError("a latent in S space has no w+")
    if space == "z":
        latent = generator.mapping(latent)
    rows = latent if space == "w+" else generator.broadcast(latent)
    return rows if truncation == 1.0 else generator.truncate(rows, truncation)


def split_styles(latent: Float[Tensor, "B C"], generator: Generator) -> list[Float[Tensor, "B _"]]:
    """Cut s (B, all styles side by side) into the styles of `generator`, one (B, C) per affine."""
    import torch

    return list(torch.split(latent, style_widths(generator), dim=1))


def style_widths(generator: Generator) -> list[int]:
    """Return how many channels of S space each affine layer of a generator has, in order."""
    template = generator.styles(generator.broadcast(generator.w_avg.unsqueeze(0)))
    return [style.shape[1] for style in template]


def join_styles(styles: Sequence[Float[Tensor, "B _"]]) -> Float[Tensor, "B C"]:
    """Lay the styles of S space side by side: (B, sum of C)."""
    import torch

    return torch.cat(list(styles), dim=1)
