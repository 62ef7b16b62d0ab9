"""Choosing tiles that resemble a guide and agree with their neighbours."""

from itertools import product

import torch

from ganvas.functional.agreement import disagreement, distances, energy, refine


def drawn(count, seed=0):
    return torch.randn(count, 4, 4, 3, generator=torch.Generator().manual_seed(seed))


def test_distances_are_mean_squared_differences():
    tiles, guides = drawn(5), drawn(3, 1)
    expected = (guides[:, None] - tiles[None]).square().mean((2, 3, 4))
    torch.testing.assert_close(distances(tiles, guides), expected)


def test_disagreement_is_where_the_tiles_overlap():
    a, b = drawn(2)
    assert torch.equal(disagreement(a, b, 1, -2), (a[:, 3] - b[:, 0]).square().mean())
    torch.testing.assert_close(disagreement(a, b, 2, -3), (a[2:] - b[:2]).square().mean())


def test_refinement_lowers_the_energy_and_nears_the_best_of_all():
    tiles = drawn(3)
    data = distances(tiles, drawn(6, 1)).view(2, 3, 3)
    every = torch.arange(3).expand(2, 3, 3)
    nearest = data.argmin(2)
    start = energy(nearest, data, tiles, 2, 1.0)
    choice = refine(nearest, every, data, tiles, 2, 1.0, 10)
    end = energy(choice, data, tiles, 2, 1.0)
    all_of_them = [
        energy(torch.tensor(c).view(2, 3), data, tiles, 2, 1.0) for c in product(range(3), repeat=6)
    ]
    assert end < start
    assert end <= min(all_of_them) + 0.2 * (start - min(all_of_them))
    # No single swap is better.
    for row, column, other in product(range(2), range(3), range(3)):
        swapped = choice.clone()
        swapped[row, column] = other
        assert energy(swapped, data, tiles, 2, 1.0) >= end - 1e-6
    assert torch.equal(refine(nearest, every, data, tiles, 2, 0.0, 10), nearest)
