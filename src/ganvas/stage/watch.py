"""Which images still run and how good each has been, kept on the device."""

from __future__ import annotations

import torch
from torch import Tensor


class Watch:
    """The NaN watch and the best so far of every image; nothing here waits for the device.

    Args:
        count: Number of images.
        device: Where the images are optimised.
        comparable: Whether losses of different steps compare; if not, the latest is the best.
    """

    def __init__(self, count: int, device: torch.device, *, comparable: bool) -> None:
        self.comparable = comparable
        self.alive = torch.ones(count, dtype=torch.bool, device=device)
        self.best_loss = torch.full((count,), torch.inf, device=device)
        self.best_step = torch.full((count,), -1, dtype=torch.long, device=device)

    def update(self, loss: Tensor, step: int) -> Tensor:
        """Take the losses (B,) of one step and return which images (B,) are at their best now."""
        self.alive &= loss.isfinite()
        better = self.alive & (loss < self.best_loss) if self.comparable else self.alive.clone()
        self.best_loss = torch.where(better, loss, self.best_loss)
        self.best_step.masked_fill_(better, step)
        return better

    def state(self) -> dict[str, Tensor]:
        """Return the tensors to save."""
        return {"alive": self.alive, "best_loss": self.best_loss, "best_step": self.best_step}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over saved tensors."""
        device = self.alive.device
        self.alive, self.best_loss, self.best_step = (
            state[name].to(device) for name in ("alive", "best_loss", "best_step")
        )


def per_image(flags: Tensor, like: Tensor) -> Tensor:
    """Shape flags (B,) so that they broadcast over a tensor (B, …)."""
    return flags.view(-1, *[1] * (like.ndim - 1))
