"""Agreement of units and concepts against numpy and scipy on the pixels themselves."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from ganvas.functional.dissection import (
    above,
    information_quality_ratio,
    intersection_over_union,
    joint_histogram,
    pixels_per_cell,
    quantiles,
    threshold_levels,
)


@pytest.fixture
def pixels():
    """Two units of 400 pixels, the first of which goes with one of two concepts."""
    rng = np.random.default_rng(0)
    concepts = rng.random((2, 400)) < [[0.3], [0.1]]
    units = rng.normal(size=(2, 400))
    units[0] += 2 * concepts[0]
    return units, concepts


@pytest.fixture
def counted(pixels):
    units, concepts = (torch.from_numpy(part.copy()) for part in pixels)
    edges = quantiles(units.float(), threshold_levels())
    everything = torch.ones(1, 400, dtype=torch.int64)
    histogram = joint_histogram(units.float(), edges, torch.cat([concepts.long(), everything]))
    return histogram[:-1], histogram[-1], edges.numpy()


def test_the_information_quality_ratio_is_that_of_joint_entropies(pixels, counted):
    units, concepts = pixels
    joint, total, edges = counted
    ratios = information_quality_ratio(joint, total)
    assert ratios.shape == (2, 2, 64)
    for k, concept in enumerate(concepts):
        for u, unit in enumerate(units):
            for e, edge in enumerate(edges[u]):
                active = unit.astype(np.float32) > edge
                table = np.histogram2d(active, concept, bins=2, range=[[0, 1], [0, 1]])[0]
                together = entropy(table.ravel())
                mutual = entropy(table.sum(1)) + entropy(table.sum(0)) - together
                assert ratios[k, u, e].item() == pytest.approx(mutual / together, abs=1e-6)


def test_the_best_threshold_lies_between_what_is_in_the_concept_and_what_is_not(counted):
    joint, total, edges = counted
    ratios = information_quality_ratio(joint, total)
    # The unit is normal around 2 inside of the concept, around 0 outside.
    assert 0.5 < edges[0][ratios[0, 0].argmax()] < 1.8
    assert ratios[0, 0].max() > 5 * max(ratios[0, 1].max(), ratios[1, 0].max())


def test_a_unit_that_is_the_concept_has_the_ratio_one():
    concept = torch.tensor([[0, 1, 1, 0, 0, 1, 0, 0]])
    edges = torch.tensor([[0.5]])
    everything = torch.ones_like(concept)
    histogram = joint_histogram(concept.float(), edges, torch.cat([concept, everything]))
    assert information_quality_ratio(histogram[:1], histogram[1]).item() == pytest.approx(1)
    constant = joint_histogram(concept.float() * 0, edges, torch.cat([concept, everything]))
    assert information_quality_ratio(constant[:1], constant[1]).item() == 0


def test_iou_is_that_of_sets(pixels, counted):
    units, concepts = pixels
    joint, total, edges = counted
    scores = intersection_over_union(joint, total)
    for k, concept in enumerate(concepts):
        for u, unit in enumerate(units):
            for e in (0, 20, 40, 63):
                active = unit.astype(np.float32) > edges[u, e]
                expected = (active & concept).sum() / (active | concept).sum()
                assert scores[k, u, e].item() == pytest.approx(expected, abs=1e-6)
                assert above(total)[u, e] == active.sum()


def test_pixels_of_cells_are_counted():
    masks = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.4
    expected = masks.numpy().reshape(3, 4, 2, 4, 2).sum((2, 4))
    assert (pixels_per_cell(masks, 4).numpy() == expected).all()
