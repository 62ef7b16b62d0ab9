"""What metrics see: pictures, and what they come from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ganvas.embedding import Embedding

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from torch import Tensor

    from ganvas.generator.base import Generator

T = TypeVar("T")

RESULT = "result"
RESAMPLED = "resampled"
Render = Literal["result", "resampled"]
"""The saved picture, or the same latent drawn with new noise maps."""


@dataclass(frozen=True)
class Region:
    """A mask, and what a result should resemble in it and around it.

    Attributes:
        mask: (B, 1, H, W) in [0, 1].
        inside: The pictures to resemble where the mask is 1, uint8 (B, 3, H, W).
        outside: The pictures to resemble where the mask is 0, uint8 (B, 3, H, W).
    """

    mask: Tensor
    inside: Tensor
    outside: Tensor


@dataclass(frozen=True)
class Context:
    """The result of a stage, or of a run, for a batch of images.

    What several metrics need is computed once: see `picture` and `features`.

    Attributes:
        names: One name per image.
        pictures: uint8 (B, 3, H, W) by name: the photographs x, y and z, the renders of finished
            stages, and "result".
        generator: The generator, tuned where a stage has done so.
        target: Name of the photograph that the result stands for.
        embedding: The embedding of x; None while a single stage is measured.
        region: The edit's mask with what it divides; None without one.
        seed: The run's seed.
        micro_batch: How many images are drawn at a time.
    """

    names: tuple[str, ...]
    pictures: Mapping[str, Tensor]
    generator: Generator
    target: str = "x"
    embedding: Embedding | None = None
    region: Region | None = None
    seed: int = 0
    micro_batch: int = 1
    _shared: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def result(self) -> UInt8[Tensor, "B 3 H W"]:
        """What was made, uint8 (B, 3, H, W)."""
        return self.pictures[RESULT]

    def picture(self, name: str) -> UInt8[Tensor, "B 3 H W"] | None:
        """Return the pictures (uint8, B, 3, H, W) of a name; None where there are none.

        "resampled" is the embedding drawn with new noise maps, so that no noise hides the latent.
        """
        if name == RESAMPLED and self.embedding is not None and self.embedding.noise:
            return self.shared(RESAMPLED, self._resampled)
        return self.pictures.get(name)

    def stands_for(self, render: Render) -> str:
        """Return the name of the photographs that a render stands for."""
        return self.target if render == RESULT else "x"

    def features(self, extract: Callable[[Tensor], Tensor], name: str) -> Tensor | None:
        """Return what a network says about the pictures of a name, computed once for all metrics.

        Args:
            extract: From one picture (1, 3, H, W) in [−1, 1] to (1, …); a function of a module, so
                that equal calls are recognised.
            name: See `picture`.

        Returns:
            (B, …), or None where there are no such pictures.
        """
        import torch

        from ganvas.functional.images import from_uint8

        pictures = self.picture(name)
        if pictures is None:
            return None

        @torch.no_grad()
        def compute() -> Tensor:
            return torch.cat([extract(from_uint8(picture[None])) for picture in pictures])

        return self.shared((extract, name), compute)

    def shared(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` gave for `key` the first time."""
        if key not in self._shared:
            self._shared[key] = compute()
        value: T = self._shared[key]
        return value

    def _resampled(self) -> Tensor:
        import torch

        from ganvas.functional.images import to_uint8

        assert self.embedding is not None
        rng = torch.Generator().manual_seed(self.seed + 1)
        fresh = self.generator.sample_noise(1, rng)
        old = self.embedding.noise
        noise = tuple(n.expand_as(o) for n, o in zip(fresh, old, strict=True))
        render = replace(self.embedding, noise=noise).render(self.generator, self.micro_batch)
        return to_uint8(render)
