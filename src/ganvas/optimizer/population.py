"""Optimisers that compare losses: the images of a photograph are a population of candidates.

A photograph's candidates are drawn side by side like photographs, so the stage's batches, its watch
and its best so far serve them, too. What `start.keep=best` keeps is the best of a photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ganvas.functional.seeds import seed_of

if TYPE_CHECKING:
    import numpy as np

Closure = Callable[[], Any]
"""Returns the losses (B,) of the candidates as they are."""


class RandomDraws(torch.optim.Optimizer):
    """Replaces z (B, z_dim) by new z ~ N(0, 1) in every step; no value leaves the device.

    Args:
        parameters: The latent alone, the candidates of a photograph side by side.
        population: Candidates of a photograph.
        seed: Seed of the draws.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], population: int, seed: int) -> None:
        super().__init__(list(parameters), {"population": population, "seed": seed})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> None:  # type: ignore[override]
        """Draw the next candidates, the same for every photograph."""
        group = self.param_groups[0]
        (latent,) = group["params"]
        state = self.state[latent]
        state["step"] = state.get("step", 0) + 1
        rng = torch.Generator().manual_seed(seed_of(group["seed"], state["step"]))
        drawn = torch.randn(group["population"], latent.shape[1], generator=rng)
        latent.copy_(drawn.repeat(len(latent) // len(drawn), 1), non_blocking=True)


class Evolution(torch.optim.Optimizer):
    """CMA-ES over the candidates of each photograph, which may descend before they are judged.

    Its state is the first mean and the losses of each population: samples follow from them and
    from the seed, so that a continued run repeats them and comes to the same distribution.

    Args:
        parameters: The latent (B, …) alone, the candidates of a photograph side by side.
        population: Candidates of a photograph.
        strategy: Makes the evolution strategy of the package `cma` around a mean (D,).
        inner: Descends from the candidates; None: they are judged where they were drawn.
        rates: The learning rate of each step of that descent.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        population: int,
        strategy: Callable[[np.ndarray], Any],
        inner: torch.optim.Optimizer | None = None,
        rates: Sequence[float] = (),
    ) -> None:
        super().__init__(list(parameters), {})
        self.population, self.strategy = population, strategy
        self.inner, self.rates = inner, rates
        (self.latent,) = self.param_groups[0]["params"]
        self._strategies: list[Any] = []
        self._samples: list[list[np.ndarray]] = []

    @torch.no_grad()
    def step(self, closure: Closure) -> None:  # type: ignore[override]
        """Descend once from every candidate, or judge the population and draw the next one."""
        losses: Tensor = closure()
        state = self.state[self.latent]
        descended = state.get("descended", 0)
        if self.inner is not None and descended < len(self.rates):
            for group in self.inner.param_groups:
                group["lr"] = self.rates[descended] * group.get("scale", 1.0)
            self.inner.step()
            state["descended"] = descended + 1
            return
        state["descended"] = 0
        if self.inner is not None:
            self.inner.state.clear()
        # The one wait for the device in a generation: the samples are drawn on the host.
        table = finite(losses).view(-1, self.population).cpu()
        if "mean" not in state:
            flat = self.latent.detach().flatten(1).view(*table.shape, -1)
            state["mean"] = flat[torch.arange(len(table)), table.argmin(1)].clone()
            state["losses"] = []
            self._strategies = self._begin(state["mean"])
        else:
            state["losses"] = [*state["losses"], table]
            self._tell(table)
        self.latent.copy_(self._ask().to(self.latent).view_as(self.latent))

    def state_dict(self) -> dict[str, Any]:
        """Return plain values and tensors."""
        inner = None if self.inner is None else self.inner.state_dict()
        return super().state_dict() | {"inner": inner}

    @torch.no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned, and repeat the populations until then."""
        super().load_state_dict(state_dict)
        if self.inner is not None:
            self.inner.load_state_dict(state_dict["inner"])
        state = self.state[self.latent]
        if "mean" not in state:
            return
        self._strategies = self._begin(state["mean"])
        self._ask()
        for table in state["losses"]:
            self._tell(table)
            self._ask()

    def _begin(self, means: Tensor) -> list[Any]:
        """Return a strategy for each photograph, around its mean (P, D)."""
        return [self.strategy(mean) for mean in means.double().cpu().numpy()]

    def _ask(self) -> Tensor:
        """Draw the next samples of all photographs: (B, D)."""
        import numpy as np

        self._samples = [strategy.ask() for strategy in self._strategies]
        return torch.from_numpy(np.array(self._samples)).flatten(0, 1)

    def _tell(self, table: Tensor) -> None:
        """Judge the samples by their losses (photographs, population)."""
        judged = zip(self._strategies, self._samples, table.tolist(), strict=True)
        for strategy, samples, losses in judged:
            strategy.tell(samples, losses)


def finite(losses: Tensor) -> Tensor:
    """Return losses with the greatest number in place of what is not finite: the worst rank."""
    worst = torch.finfo(losses.dtype).max
    return losses.nan_to_num(nan=worst, posinf=worst, neginf=worst)
