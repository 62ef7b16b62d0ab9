"""Searches that compare losses: against the package alone, brute force, and themselves resumed."""

import copy

import cma
import numpy as np
import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.functional.images import from_uint8
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All
from ganvas.loss import MSE, Block, ScheduledWeight
from ganvas.optimizer import CMAES, Adam, RandomSearch, Schedule
from ganvas.optimizer import cma as option
from ganvas.optimizer.population import Evolution
from ganvas.stage import StageConfig

TARGETS = torch.tensor([[1.0, -2.0, 0.5, 3.0, 0.0], [-1.0, 0.0, 2.0, 0.5, 1.5]])
P = 6


def losses(latent):
    """The squared distance of each candidate to its photograph's target: (photographs · P,)."""
    return (latent - TARGETS.repeat_interleave(len(latent) // 2, 0)).square().sum(1)


def candidates():
    """Starts of both photographs, the same for both as `start=population` has them."""
    return torch.randn(P, 5, generator=torch.Generator().manual_seed(0)).repeat(2, 1)


def built(latent, **settings):
    return CMAES(population=P, **settings).build([latent], list)


def step(optimizer, latent, of=losses):
    latent.grad = None
    loss = of(latent)
    loss.sum().backward()
    optimizer.step(lambda: loss.detach())


def alone(start, target, generations, covariance):
    """What the package does for one photograph, written out: the samples of each generation."""
    first = ((start - target) ** 2).sum(1)
    rng = np.random.default_rng(3)
    options = {"popsize": P, "seed": np.nan, "verbose": -9, "randn": lambda *s: rng.normal(size=s),
               "CMA_diagonal": covariance == "diagonal"}  # fmt: skip
    mean = start[first.argmin()].double().numpy()
    strategy = cma.CMAEvolutionStrategy(mean, 0.5, options)
    for _ in range(generations):
        samples = strategy.ask()
        yield torch.from_numpy(np.array(samples)).float()
        there = torch.from_numpy(np.array(samples)).float()
        strategy.tell(samples, ((there - target) ** 2).sum(1).tolist())


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_each_photograph_is_searched_as_the_package_would_do_it_alone(covariance):
    latent = torch.nn.Parameter(candidates())
    optimizer = built(latent, covariance=covariance, seed=3)
    ones = [alone(candidates()[:P], target, 60, covariance) for target in TARGETS]
    for expected in zip(*ones, strict=True):
        step(optimizer, latent)
        assert torch.allclose(latent.detach(), torch.cat(expected), atol=1e-4)
    assert losses(latent).view(2, P).amin(1).max() < 0.05 * losses(candidates()).min()


@pytest.mark.parametrize("descent", [None, Adam(lr=0.1, schedule=Schedule(up=0, down=0))])
@pytest.mark.parametrize("until", [1, 7, 12])
def test_a_search_that_is_taken_over_goes_on_to_the_bit(until, descent):
    more = {} if descent is None else {"gradient": descent, "gradient_steps": 2}
    latent = torch.nn.Parameter(candidates())
    optimizer = built(latent, **more)
    for _ in range(until):
        step(optimizer, latent)
    other = torch.nn.Parameter(latent.detach().clone())
    resumed = built(other, **more)
    # Copied, as through a file: torch shares tensors with what it loads.
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(9):
        step(optimizer, latent)
        step(resumed, other)
        assert torch.equal(latent, other)


def test_basin_cma_judges_samples_by_where_descent_takes_them():
    # Every sample descends into the same minimum, so all are equally good and none is preferred.
    lr, steps = 0.25, 3
    latent = torch.nn.Parameter(candidates())
    descent = Adam(lr=lr, schedule=Schedule(up=0, down=0))
    optimizer = built(latent, gradient=descent, gradient_steps=steps)
    told = []
    tell = Evolution._tell
    optimizer._tell = lambda table: (told.append(table), tell(optimizer, table))
    for generation in range(3):
        drawn = torch.nn.Parameter(latent.detach().clone())
        by_hand = torch.optim.Adam([drawn], lr=lr)
        for _ in range(steps):
            step(optimizer, latent)
            by_hand.zero_grad()
            losses(drawn).sum().backward()
            by_hand.step()
        assert torch.allclose(latent, drawn, atol=1e-6)
        step(optimizer, latent)
        if generation:
            assert torch.allclose(told[-1].flatten(), losses(drawn).detach(), atol=1e-5)
    assert not torch.allclose(latent, drawn, atol=1e-2)


def test_a_candidate_whose_loss_is_no_number_is_the_worst():
    def broken(latent):
        loss = losses(latent)
        return torch.where(torch.arange(len(loss)) % P == 2, loss * torch.nan, loss)

    latent = torch.nn.Parameter(candidates())
    optimizer = built(latent)
    for _ in range(60):
        step(optimizer, latent, broken)
    assert latent.isfinite().all()
    assert losses(latent).min() < 0.05 * losses(candidates()).min()


def test_the_best_of_random_draws_is_that_of_a_loop(tiny_run):
    steps, count = 5, 3
    run = tiny_run(
        "experiment=z_random", f"start.count={count}", f"budget.latent={steps}",
        "loss=pixel", "budget.frame_every=0", "optimizer.latent.seed=4",
    )  # fmt: skip
    generator = TinyGenerator()
    photograph = from_uint8(torch.from_numpy(np.array(run.image("target"))).permute(2, 0, 1))
    noise = generator.sample_noise(1, torch.Generator().manual_seed(0))
    drawn = [torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(0))]
    for k in range(1, steps + 1):
        rng = torch.Generator().manual_seed(4 * 1_000_003 + k)
        drawn.append(torch.randn(count, generator.z_dim, generator=rng))
    best = min(
        torch.cat(drawn),
        key=lambda z: (
            (generator(generator.broadcast(generator.mapping(z[None])), noise) - photograph)
            .square()
            .mean()
        ),
    )
    assert torch.allclose(run.embedding.latent[0], best, atol=1e-6)
    assert len(run.embedding) == 1


def stage(term, **others):
    block = Block({"mse": term}, target="x")
    return StageConfig({"latent": RandomSearch(), **others}, All(), {"W_l": block}, 4)


MISTAKES = {
    "optimizer.noise: CMAES is for the latent": lambda: CMAES(population=4).check("noise"),
    "needs start.space=z, not w": lambda: RandomSearch().check_start("w", 1),
    r"start.count=4: there are 6 images": lambda: CMAES(population=4).check_start("z", 6),
    "give both or neither": lambda: CMAES(population=4, gradient_steps=2),
    "compares the losses of steps": lambda: stage(MSE(weight=ScheduledWeight(1.0, down=0.5))),
    "a stage of its own": lambda: stage(MSE(), noise=Adam(lr=0.1)),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_what_cannot_be_searched_is_refused(line):
    with pytest.raises(ConfigError, match=line):
        MISTAKES[line]()


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(option, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'ganvas\[search\]'"):
        CMAES(population=4).check("latent")
