"""When images rest and what counts as their best, on losses that are written down."""

import math

import pytest
import torch

from ganvas.stage import EarlyStopping
from ganvas.stage.watch import Watch


def resting_at(losses, patience=3, improvement=0.1):
    """Return the step after which an image of these losses rests; None: it never does."""
    stopping = EarlyStopping(patience=patience, improvement=improvement)
    watch = Watch(1, torch.device("cpu"), comparable=True, early_stopping=stopping)
    for step, loss in enumerate(losses):
        watch.update(torch.tensor([loss]), step)
        if watch.resting.item():
            return step
    return None


def test_an_image_rests_after_steps_without_enough_improvement():
    assert resting_at([10.0, 9.5, 9.2, 9.1, 1.0]) == 3
    assert resting_at([10.0, 8.9, 7.9, 7.0, 6.2, 5.5]) is None


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_a_loss_below_zero_rests_as_one_above_zero_does(scale):
    # A term with a negative weight makes it: standing still, or rising, is no improvement.
    assert resting_at([-10 * scale] * 6) == 3
    assert resting_at([-10 * scale, -9.95 * scale, -9.9 * scale, -9.85 * scale, -9.8 * scale]) == 3
    assert resting_at([-scale * 1.2**step for step in range(9)]) is None
    # Across zero, in either direction.
    assert resting_at([1.0, 0.5, 0.0, -0.1, -0.2, -0.3], improvement=0.0) is None
    assert resting_at([0.0, 0.0, 0.0, 0.0, 0.0]) == 3


def test_an_image_that_is_not_finite_keeps_its_best():
    watch = Watch(2, torch.device("cpu"), comparable=True)
    for step, losses in enumerate([[3.0, -1.0], [2.0, -2.0], [math.nan, -3.0], [1.0, -math.inf]]):
        watch.update(torch.tensor(losses), step)
    assert watch.best_loss.tolist() == [2, -3]
    assert watch.best_step.tolist() == [1, 2]
    assert watch.died.tolist() == [2, 3]
