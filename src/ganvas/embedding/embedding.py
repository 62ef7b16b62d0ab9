"""The embedding of photographs: latent and noise together, saved to render identically."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ganvas.errors import CheckpointError, InputError
from ganvas.functional.images import to_uint8
from ganvas.generator.base import Activation
from ganvas.generator.config import load_generator
from ganvas.generator.delta import Delta
from ganvas.generator.tuning import tuned
from ganvas.image.picture import to_picture
from ganvas.system.files import write_bytes
from ganvas.version import __version__

if TYPE_CHECKING:
    from PIL import Image

    from ganvas.generator.base import Generator

Space = Literal["z", "w", "w+", "s"]
FORMAT = "ganvas-embedding-1"
TUNED_FORMAT = "ganvas-embedding-2"
"""The format of a file with a delta, so that no reader overlooks it."""


@dataclass(frozen=True)
class Embedding:
    """The variables of a batch of images: a latent and the noise maps of unit variance.

    Attributes:
        latent: z (B, z_dim), w (B, w_dim), w+ (B, rows, w_dim), or s (B, all styles side by side).
        noise: One map (B, 1, r, r) per noise input of the generator; empty where it has none.
        space: Which of the four `latent` is.
        generator: The generator's configuration, as in the run's `config.yaml`.
        generator_hash: SHA-256 of the generator's weights.
        names: One name per image.
        truncation: ψ that w is pulled towards w_avg with when it is rendered; 1 is none.
        resume: What an activation operation left: a layer's name and the state after it, from which
            rendering goes on with the styles and noise of the layers behind.
        delta: How the weights that draw the images differ from the generator's, after tuning.
    """

    latent: Tensor
    noise: tuple[Tensor, ...]
    space: Space = "w+"
    generator: dict[str, Any] = field(default_factory=dict)
    generator_hash: str = ""
    names: tuple[str, ...] = ()
    truncation: float = 1.0
    resume: tuple[str, Activation] | None = None
    delta: Delta | None = None

    def __len__(self) -> int:
        return self.latent.shape[0]

    def __getitem__(self, images: slice) -> Embedding:
        """Return the embedding of some of the images."""
        return replace(self._each(lambda tensor: tensor[images]), names=self.names[images])

    def take(self, images: Sequence[int]) -> Embedding:
        """Return the embedding of the images at these places, in this order."""
        places = list(images)
        names = tuple(self.names[place] for place in places) if self.names else ()
        return replace(self._each(lambda tensor: tensor[places]), names=names)

    def to(self, device: torch.device | str) -> Embedding:
        """Return the same embedding on another device."""
        delta = None if self.delta is None else self.delta.to(device)
        return replace(self._each(lambda tensor: tensor.to(device)), delta=delta)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Embedding:
        """Return the same embedding with every tensor of its images changed."""
        resume = None
        if self.resume is not None:
            layer, state = self.resume
            rgb = None if state.rgb is None else change(state.rgb)
            resume = layer, Activation(change(state.features), rgb)
        noise = tuple(change(n) for n in self.noise)
        return replace(self, latent=change(self.latent), noise=noise, resume=resume)

    def styles(self, generator: Generator) -> list[Tensor]:
        """Return the styles (S space) that `generator` draws this latent with."""
        generator = tuned(generator, self.delta)
        if self.space == "s":
            return split_styles(self.latent, generator)
        return generator.styles(self.rows(generator))

    def rows(self, generator: Generator) -> Tensor:
        """Return the latent as w+ (B, rows, w_dim), truncated by ψ; s has no w+."""
        return rows_of(self.latent, self.space, generator, self.truncation)

    def activations(self, generator: Generator, layers: Collection[str]) -> dict[str, Activation]:
        """Return the states after the named layers, going on from edited activations.

        Raises:
            ValueError: The latent is in S space, which has no w+.
        """
        generator = tuned(generator, self.delta)
        rows = self.rows(generator)
        return generator.activations(rows, self.noise, layers, resume=self.resume)

    @torch.no_grad()
    def render(self, generator: Generator, micro_batch: int = 1) -> Tensor:
        """Draw the images (B, 3, H, W) in about [−1, 1], `micro_batch` at a time.

        The same micro-batch on the same device and threads gives the same picture to the bit.
        After tuning, it is the tuned generator that draws, whether it is given or its base.
        """
        generator = tuned(generator, self.delta)
        parts = []
        for first in range(0, len(self), micro_batch):
            part = self[first : first + micro_batch]
            styles = part.styles(generator)
            parts.append(generator.synthesis(styles, part.noise, resume=part.resume))
        return torch.cat(parts)

    def load_generator(self) -> Generator:
        """Load the generator that the embedding was made with.

        Raises:
            InputError: The embedding does not say which.
            CheckpointError: The generator's weights are not those that it was made with.
        """
        if not self.generator:
            raise InputError("the embedding does not say which generator it belongs to")
        generator = load_generator(self.generator)
        if generator.source_hash != self.generator_hash:
            raise CheckpointError(
                f"the embedding belongs to {generator.name} with weights "
                f"{self.generator_hash[:12]}…, but these are {generator.source_hash[:12]}…"
            )
        return generator

    def pictures(self, device: torch.device | str = "cpu") -> list[Image.Image]:
        """Draw the images as 8-bit pictures, with the generator that the embedding names.

        Raises:
            InputError: It names none.
            CheckpointError: The generator's weights are not those that it was made with.
        """
        generator = self.load_generator().to(device)
        return [to_picture(p) for p in to_uint8(self.to(device).render(generator))]

    def save(self, path: Path) -> None:
        """Write one safetensors file, under a temporary name that is then renamed."""
        tensors = {"latent": self.latent.detach().cpu().contiguous()}
        for index, noise in enumerate(self.noise):
            tensors[f"noise.{index}"] = noise.detach().cpu().contiguous()
        if self.resume is not None:
            tensors["resume.features"] = self.resume[1].features.detach().cpu().contiguous()
            if self.resume[1].rgb is not None:
                tensors["resume.rgb"] = self.resume[1].rgb.detach().cpu().contiguous()
        if self.delta is not None:
            stored = self.delta.to("cpu").tensors
            tensors |= {f"delta.{key}": value.contiguous() for key, value in stored.items()}
        metadata = {
            "format": FORMAT if self.delta is None else TUNED_FORMAT,
            "ganvas": __version__,
            "space": self.space,
            "truncation": repr(self.truncation),
            "resume": self.resume[0] if self.resume else "",
            "generator": json.dumps(self.generator),
            "generator_hash": self.generator_hash,
            "names": json.dumps(list(self.names)),
        }
        # Bytes first: the library's own writing does not say when a disk is full.
        write_bytes(path, save(tensors, metadata))

    @classmethod
    def load(cls, path: Path | str) -> Embedding:
        """Read a file that `save` wrote.

        Raises:
            InputError: The file is missing, broken, or not an embedding.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError(f"no such embedding: {path}")
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is not a readable safetensors file: {error}") from error
        if metadata.get("format") not in (FORMAT, TUNED_FORMAT):
            raise InputError(f"{path} is a safetensors file but not a ganvas embedding")
        try:
            resume = None
            if layer := metadata.get("resume"):
                resume = (layer, Activation(tensors["resume.features"], tensors.get("resume.rgb")))
            delta = {
                key.removeprefix("delta."): value
                for key, value in tensors.items()
                if key.startswith("delta.")
            }
            noises = sum(key.startswith("noise.") for key in tensors)
            return cls(
                latent=tensors["latent"],
                noise=tuple(tensors[f"noise.{i}"] for i in range(noises)),
                space=metadata["space"],
                generator=json.loads(metadata["generator"]),
                generator_hash=metadata["generator_hash"],
                names=tuple(json.loads(metadata["names"])),
                truncation=float(metadata["truncation"]),
                resume=resume,
                delta=Delta(delta) if delta else None,
            )
        except (KeyError, ValueError) as error:
            raise InputError(f"{path} is an incomplete embedding: {error}") from error


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


def split_styles(latent: Tensor, generator: Generator) -> list[Tensor]:
    """Cut s (B, all styles side by side) into the styles of `generator`, one (B, C) per affine."""
    template = generator.styles(generator.broadcast(generator.w_avg.unsqueeze(0)))
    return list(torch.split(latent, [style.shape[1] for style in template], dim=1))


def join_styles(styles: Sequence[Tensor]) -> Tensor:
    """Lay the styles of S space side by side: (B, sum of C)."""
    return torch.cat(list(styles), dim=1)
