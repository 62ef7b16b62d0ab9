"""The variables that an embedding consists of, image by image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from ganvas.generator.delta import Delta

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.generator.base import Activation

Space = Literal["z", "w", "w+", "s"]


@dataclass(frozen=True)
class Variables:
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

    def __getitem__(self, images: slice) -> Self:
        """Return the embedding of some of the images."""
        return replace(self._each(lambda tensor: tensor[images]), names=self.names[images])

    def take(self, images: Sequence[int]) -> Self:
        """Return the embedding of the images at these positions, in this order."""
        indices = list(images)
        names = tuple(self.names[index] for index in indices) if self.names else ()
        return replace(self._each(lambda tensor: tensor[indices]), names=names)

    def is_joinable(self, other: Self) -> bool:
        """Return whether `join` can lay the images of both side by side."""
        return self._shared == other._shared and self.delta is other.delta

    @property
    def _shared(self) -> tuple[Any, ...]:
        """What images side by side have in common, but for the change of weights."""
        resume = None if self.resume is None else (self.resume[0], self.resume[1].rgb is None)
        return self.space, self.truncation, self.generator_hash, len(self.noise), resume

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the embedding of the images of all `parts`, which are joinable, in their order."""
        import torch

        from ganvas.generator.base import Activation

        first, resume = parts[0], None
        if first.resume is not None:
            states = [part.resume[1] for part in parts if part.resume is not None]
            resume = first.resume[0], Activation.join(states)
        return replace(
            first,
            latent=torch.cat([part.latent for part in parts]),
            noise=tuple(map(torch.cat, zip(*(part.noise for part in parts), strict=True))),
            names=tuple(name for part in parts for name in part.names),
            resume=resume,
        )

    def to(self, device: torch.device | str) -> Self:
        """Return the same embedding on another device."""
        delta = None if self.delta is None else self.delta.to(device)
        return replace(self._each(lambda tensor: tensor.to(device)), delta=delta)

    def rounded(self) -> Self:
        """Return the embedding as a stage leaves it: noise maps are rounded to float16.

        Their file is then half as large, and still draws the picture that was saved to the bit.
        """
        from ganvas.functional.numbers import round_to_half

        return replace(self, noise=tuple(map(round_to_half, self.noise)))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        """Return the same embedding with every tensor of its images changed."""
        from ganvas.generator.base import Activation

        resume = None
        if self.resume is not None:
            layer, state = self.resume
            rgb = None if state.rgb is None else change(state.rgb)
            resume = layer, Activation(change(state.features), rgb)
        noise = tuple(change(n) for n in self.noise)
        return replace(self, latent=change(self.latent), noise=noise, resume=resume)
