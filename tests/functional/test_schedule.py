from __future__ import annotations

import math

import pytest

from ganvas.functional.schedule import ramp
from ganvas.loss import ScheduledWeight
from ganvas.optimizer import Schedule


def projector(t: float, up: float, down: float) -> float:
    """The formula as StyleGAN2's projector states it."""
    falling = min(1.0, (1.0 - t) / down)
    return (0.5 - 0.5 * math.cos(falling * math.pi)) * min(1.0, t / up)


@pytest.mark.parametrize(("up", "down"), [(0.05, 0.25), (0.1, 0.6), (0.5, 1.0)])
def test_ramp_is_the_projectors(up, down):
    for i in range(101):
        assert ramp(i / 100, up, down) == pytest.approx(projector(i / 100, up, down))


def test_without_ramps_it_is_constant():
    assert [ramp(t, 0, 0) for t in (0, 0.5, 1)] == [1, 1, 1]


@pytest.mark.parametrize("steps", [1, 2, 25, 5000])
def test_no_step_has_rate_zero(steps):
    schedule = Schedule(up=0.1, down=0.6)
    rates = [schedule.at(step, steps) for step in range(steps)]
    assert min(rates) > 0
    assert max(rates) <= 1


def test_weight_over_the_stage():
    weight = ScheduledWeight(value=4.0, up=0.5)
    assert [weight.at(t) for t in (0, 0.25, 0.5, 1)] == [0, 2, 4, 4]
