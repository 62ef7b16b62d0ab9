"""Which images still run and how good each has been, kept on the device."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ganvas.stage.early_stopping import EarlyStopping

SAVED = ("alive", "died", "best_loss", "best_step", "resting", "stale", "mark")
"""The tensors that a continued stage needs."""


class Watch:
    """The NaN watch and the best so far of every image; nothing here waits for the device.

    Args:
        count: Number of images.
        device: Where the images are optimised.
        comparable: Whether losses of different steps compare; if not, the latest is the best.
        early_stopping: When an image rests; None: never.
    """

    def __init__(
        self,
        count: int,
        device: torch.device,
        *,
        comparable: bool,
        early_stopping: EarlyStopping | None = None,
    ) -> None:
        self.early_stopping = early_stopping
        self.resting = torch.zeros(count, dtype=torch.bool, device=device)
        self.stale = torch.zeros(count, dtype=torch.long, device=device)
        self.mark = torch.full((count,), torch.inf, device=device)
        self.comparable = comparable
        self.alive = torch.ones(count, dtype=torch.bool, device=device)
        self.died = torch.full((count,), -1, dtype=torch.long, device=device)
        self.best_loss = torch.full((count,), torch.inf, device=device)
        self.best_step = torch.full((count,), -1, dtype=torch.long, device=device)

    def update(self, loss: Tensor, step: int) -> Tensor:
        """Take the losses (B,) of one step and return which images (B,) are at their best now."""
        self.require_finite(loss.isfinite(), step)
        running = self.running
        better = running & (loss < self.best_loss) if self.comparable else running.clone()
        self._rest(loss, running)
        self.best_loss = torch.where(better, loss, self.best_loss)
        self.best_step.masked_fill_(better, step)
        return better

    def of(self, images: slice) -> Watch:
        """Return the watch of some of the images."""
        some = Watch(
            len(self.alive[images]),
            self.alive.device,
            comparable=self.comparable,
            early_stopping=self.early_stopping,
        )
        some.restore({name: tensor[images] for name, tensor in self.state().items()})
        return some

    def require_squares(self, tensors: Iterable[Tensor], step: int) -> None:
        """Give up the images whose part of a tensor (B, …) is not finite once it is squared.

        Optimisers square gradients, distances and priors square variables: where that overflows,
        an update is 0 and the image would stay where it is without a word.
        """
        for tensor in tensors:
            squares = tensor.reshape(len(tensor), -1).square().sum(1)
            self.require_finite(squares.isfinite(), step)

    def require_finite(self, finite: Tensor, step: int) -> None:
        """Give up the images (B,) of which something is not finite, and remember the step."""
        self.died.masked_fill_(self.alive & ~finite, step)
        self.alive &= finite

    @property
    def running(self) -> Tensor:
        """Which images (B,) are neither dead nor resting."""
        return self.alive & ~self.resting

    def _rest(self, loss: Tensor, running: Tensor) -> None:
        """Let images rest whose loss has not fallen enough below its mark for long enough."""
        if self.early_stopping is None:
            return
        # A loss below 0, of a term with a negative weight, improves as it goes on falling.
        needed = self.early_stopping.improvement * self.mark.abs()
        improved = running & (loss < self.mark - needed)
        improved |= running & self.mark.isinf()
        self.mark = torch.where(improved, loss, self.mark)
        self.stale = torch.where(improved, torch.zeros_like(self.stale), self.stale + 1)
        self.resting |= running & (self.stale >= self.early_stopping.patience)

    def state(self) -> dict[str, Tensor]:
        """Return the tensors to save."""
        return {name: getattr(self, name) for name in SAVED}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over saved tensors."""
        device = self.alive.device
        for name in state.keys() & set(SAVED):
            setattr(self, name, state[name].to(device))


def per_image(flags: Tensor, like: Tensor) -> Tensor:
    """Shape flags (B,) so that they broadcast over a tensor (B, …)."""
    return flags.view(-1, *[1] * (like.ndim - 1))
