"""Samples drawn on the generator's device as a training asks for them, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from ganvas.encoder.augmentation import Augmentation
from ganvas.encoder.data import Truncation
from ganvas.errors import ConfigError
from ganvas.functional.seeds import seed_of
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.generator.base import Generator

CHUNK = 8
"""Samples drawn at a time, so that a batch's activations need not be in memory at once."""


class Samples(NamedTuple):
    """What the generator drew.

    Attributes:
        w: (B, rows, w_dim), the exact w+.
        pictures: (B, 3, r, r), uint8.
    """

    w: Tensor
    pictures: Tensor


@dataclass(frozen=True)
class Stream:
    """Random samples of a generator, w = w_avg + ψ(w' − w_avg) with new noise, some of them mixed.

    What is drawn depends on the seed and the index of a step alone.

    Attributes:
        psi: Smallest and greatest ψ; a sample's is drawn between them.
        mixing: Fraction of the samples whose rows, from a random one on, are those of another w.
            They lie in W+, where photographs lie. Karras et al. 2019, section 3.1.
        resolution: Height and width that pictures are shrunk to; never larger than the generator's.
        augmentation: How pictures are changed before the encoder sees them, anew each time.
        fresh: New samples that are drawn for a step.
        kept: The last so many samples are kept, on the device, and steps choose among them.
    """

    psi: tuple[Truncation, Truncation] = (0.5, 1.0)
    mixing: Annotated[float, Field(ge=0, le=1)] = 0.5
    resolution: Annotated[int, Field(ge=16)] = 256
    augmentation: Augmentation = field(default_factory=Augmentation)
    fresh: Annotated[int, Field(ge=1)] = 16
    kept: Annotated[int, Field(ge=1)] = 1024

    def __post_init__(self) -> None:
        if self.psi[0] > self.psi[1]:
            raise ConfigError(f"psi={list(self.psi)}: the first must not be above the second")
        if self.kept % self.fresh:
            raise ConfigError(f"kept={self.kept} must be a multiple of fresh={self.fresh}")

    def side(self, generator: Generator) -> int:
        """Return the height and width of the pictures."""
        return min(self.resolution, generator.resolution)

    @no_grad
    def draw(self, generator: Generator, seed: int, index: int, count: int) -> Samples:
        """Draw `count` samples, for step `index`."""
        import torch

        from ganvas.functional.images import resize, to_uint8

        device = generator.w_avg.device
        # On the device itself: noise maps from the CPU would take longer than the pictures.
        rng = torch.Generator(device).manual_seed(seed_of(seed, index))
        w = self._latents(generator, rng, count)
        parts = []
        for part in torch.split(w, CHUNK):
            noise = generator.sample_noise(len(part), rng)
            drawn = resize(generator(part, noise).float(), self.side(generator))
            parts.append(to_uint8(drawn))
        return Samples(w, torch.cat(parts))

    def _latents(self, generator: Generator, rng: torch.Generator, count: int) -> Tensor:
        """Return w+ (count, rows, w_dim) in float32, also under autocast."""
        import torch

        from ganvas.functional.mapping import style_mixed

        device, rows = generator.w_avg.device, generator.rows
        z = torch.randn(2 * count, generator.z_dim, generator=rng, device=device)
        low, high = self.psi
        psi = low + (high - low) * torch.rand(2 * count, 1, generator=rng, device=device)
        is_mixed = torch.rand(count, 1, generator=rng, device=device) < self.mixing
        change = torch.randint(1, rows, (count, 1), generator=rng, device=device)
        with torch.autocast(device.type, enabled=False):
            w = torch.lerp(generator.w_avg.expand(2 * count, -1), generator.mapping(z), psi)
            first, second = generator.broadcast(w).chunk(2)
        return style_mixed(first, second, change, is_mixed)
