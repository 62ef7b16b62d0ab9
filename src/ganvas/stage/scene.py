"""What the stages of a run share: images, masks, embeddings, and the renders they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, nearest
from ganvas.generator.delta import Delta

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass
class Scene:
    """The state of a recipe between its stages.

    Attributes:
        generator: The frozen generator, tuned if a stage has done so.
        images: Input images by name (x, y, z), each (B, 3, H, W) in [−1, 1].
        masks: Masks of the edit by name, each (B, 1, H, W) in [0, 1].
        begin: Makes the embedding that any name starts with.
        embeddings: Embeddings by name, as the last stage left them.
        renders: What each finished stage drew, (B, 3, H, W), detached.
    """

    generator: Generator
    images: dict[str, Tensor]
    masks: dict[str, Tensor]
    begin: Callable[[], Embedding]
    embeddings: dict[str, Embedding] = field(default_factory=dict)
    renders: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def join(cls, scenes: Sequence[Scene], embedding: str) -> Scene:
        """Lay the images of scenes of one generator side by side, with one of their embeddings."""
        whole = Embedding.join([scene.embedding(embedding) for scene in scenes])
        return cls(
            scenes[0].generator,
            images=_side_by_side([scene.images for scene in scenes]),
            masks=_side_by_side([scene.masks for scene in scenes]),
            begin=lambda: whole,
            renders=_side_by_side([scene.renders for scene in scenes]),
        )

    def embedding(self, name: str) -> Embedding:
        """Return the embedding called `name`, starting it on first use."""
        if name not in self.embeddings:
            self.embeddings[name] = replace(self.begin(), delta=self.generator.delta)
        return self.embeddings[name]

    def copy(self, source: str, name: str) -> None:
        """Let the embedding called `name` be what that called `source` is; its photographs stay."""
        names = self.embedding(name).names
        self.embeddings[name] = replace(self.embedding(source), names=names)

    def picture(self, name: str) -> Tensor:
        """Return an input image or the frozen render of an earlier stage.

        Raises:
            ConfigError: There is no such image or stage (yet).
        """
        known = {**self.images, **self.renders}
        if name not in known:
            raise ConfigError(f"no image or earlier stage is called '{name}'{nearest(name, known)}")
        return known[name].detach()

    def mask(self, expression: str) -> Tensor | None:
        """Return the mask that an expression ("1", "name", "1 - name") stands for; None: all ones.

        Raises:
            ConfigError: There is no such mask.
        """
        if expression == "1":
            return None
        name = expression.removeprefix("1 - ")
        if name not in self.masks:
            raise ConfigError(f"no mask of the edit is called '{name}'{nearest(name, self.masks)}")
        mask = self.masks[name]
        return 1 - mask if name != expression else mask

    def keep(self, stage: str, embedding_name: str, embedding: Embedding, render: Tensor) -> None:
        """Store what a finished stage leaves."""
        self.embeddings[embedding_name] = embedding
        self.renders[stage] = render.detach()

    def tune(self, delta: Delta | None) -> None:
        """Draw everything from now on with the weights of a delta, whoever's photograph it is of.

        Raises:
            InputError: It does not fit the generator.
        """
        from ganvas.generator.tuning import tuned

        self.generator = tuned(self.generator, delta)
        self.embeddings = {n: replace(e, delta=delta) for n, e in self.embeddings.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images, of any embedding in the scene."""
        return self.embedding(next(iter(self.embeddings), "x")).names


def _side_by_side(each: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Concatenate the tensors (B, …) of the names that all have."""
    import torch

    names = [name for name in each[0] if all(name in tensors for tensors in each)]
    return {name: torch.cat([tensors[name] for tensors in each]) for name in names}


def slices(count: int, size: int) -> list[slice]:
    """Cut `count` images into micro-batches of at most `size`."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def automatic_micro_batch(device: torch.device, resolution: int, count: int) -> int:
    """Return how many images to draw at a time.

    On a CPU one image at a time keeps activations in the cache. On a GPU as many as fit: a step at
    1024² keeps about 2.5 GiB per image for the backward pass, and memory grows with the pixels.
    What torch keeps of the memory of earlier runs of the process is as free as the device's.
    """
    import torch

    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    per_image = 2.5 * 2**30 * (resolution / 1024) ** 2
    return max(1, min(count, int(0.8 * free / per_image)))


PACKED_PIXELS = 8 * 256**2
"""Pixels of the images that are drawn at a time on a CPU, where runs share a loop."""


def packed_micro_batch(device: torch.device, resolution: int, count: int) -> int:
    """Return how many images of several runs to draw at a time.

    On a CPU, a pass that draws one small image is mostly what its operations cost beside their
    arithmetic, which a pass of several has once. Large images are drawn one at a time.
    """
    if device.type == "cuda":
        return automatic_micro_batch(device, resolution, count)
    return max(1, min(count, PACKED_PIXELS // resolution**2))
