"""What units cause, on a generator where it is known."""

import pytest
import torch

from dissect_squares import BLUE, CONCEPTS, segment
from ganvas.dissect import Alpha, Effect
from ganvas.dissect.alpha import optimise
from ganvas.dissect.dissection import summarised
from ganvas.dissect.effect import best_layer, measure, showing
from ganvas.functional.dissection import bootstrap_ratio

LAYER = "16x16.units"


@pytest.fixture
def dissection(survey, squares):
    return summarised(survey.run(6), survey.edges(), CONCEPTS, squares)


def effect_of(dissection, squares, survey, concept, ranking="iou", units=1):
    pictures = [survey.source.one(squares, index) for index in range(3)]
    effect = Effect(units=units, random=2)
    return measure(dissection, squares, segment, pictures, concept, LAYER, effect, ranking)


def test_the_unit_of_a_concept_removes_it_and_random_ones_do_not(dissection, squares, survey):
    caused = effect_of(dissection, squares, survey, "blue")
    assert caused.units == (BLUE,)
    assert (caused.best.removed.value, caused.best.removed.low) == (1, 1)
    assert caused.best.others.value == 0
    # Inserted everywhere, all that was not blue becomes it.
    assert caused.best.added.value == 1
    assert caused.pictures == 3
    assert caused.chance.removed.value == 0


def test_alpha_finds_the_unit_by_gradients(dissection, squares, survey):
    pictures = [survey.source.one(squares, index) for index in range(2)]
    value = optimise(
        Alpha(steps=6), dissection, squares, lambda x: (x[:, 2] + 1).sum(), pictures, LAYER
    )
    assert value[BLUE] > 0.3
    value[BLUE] = 0
    assert (value == 0).all()
    ranked = dissection.with_alpha("blue", LAYER, value.index_fill(0, torch.tensor(BLUE), 0.5))
    assert ranked.best("blue", LAYER, 3, "alpha") == (BLUE,)
    assert ranked.has_alpha("blue", LAYER)
    assert not ranked.has_alpha("red", LAYER)


def test_pictures_that_show_a_concept_are_chosen(survey, squares):
    pixels = torch.tensor([0, 5000, 10, 700, 9999])
    names = [e.names[0] for e in showing(survey.source, squares, pixels, 2)]
    assert names == ["0001", "0003"]


def test_the_layer_whose_units_agree_best(dissection):
    assert best_layer(dissection, "blue", 1) == LAYER


def test_the_interval_of_a_ratio_of_sums():
    before = torch.arange(10.0, 50)
    after = before * torch.rand(40, generator=torch.Generator().manual_seed(0))
    value, low, high = bootstrap_ratio(after, before)
    assert value == pytest.approx(float(after.sum() / before.sum()))
    # As numpy's percentiles of resampled sums have it.
    import numpy as np

    rng = np.random.default_rng(1)
    index = rng.integers(0, 40, (20000, 40))
    ratios = after.numpy()[index].sum(1) / before.numpy()[index].sum(1)
    assert [low, high] == pytest.approx(np.percentile(ratios, [2.5, 97.5]), abs=0.02)
    assert bootstrap_ratio(after, before) == (value, low, high)
