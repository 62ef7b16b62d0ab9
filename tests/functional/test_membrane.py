"""The membrane against the exact solution, and a picture that joins its surroundings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganvas.functional.membrane import membrane, seamless
from ganvas.image.membrane import membrane as exact


def test_on_a_square_it_is_near_to_the_exact_solution() -> None:
    walk = np.random.default_rng(0).standard_normal((96, 96)).cumsum(0).cumsum(1)
    known = torch.ones(1, 1, 96, 96, dtype=torch.bool)
    known[..., 1:-1, 1:-1] = False
    ours = membrane(torch.tensor(walk)[None, None], known)[0, 0].numpy()
    expected = exact(walk)
    assert abs(ours - expected).max() < 0.02 * np.ptp(expected)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 63)])
def test_a_plane_is_its_own_membrane(height: int, width: int) -> None:
    plane = torch.linspace(0, 1, height)[:, None] + torch.linspace(2, 0, width)
    known = torch.ones(1, 1, height, width, dtype=torch.bool)
    known[..., 9:30, 12:28] = False
    hidden = torch.where(known, plane, 1e3)
    assert (membrane(hidden, known) - plane).abs().max() < 0.01


def test_where_nothing_is_known_it_is_flat() -> None:
    assert not membrane(torch.ones(2, 3, 8, 8), torch.zeros(2, 1, 8, 8, dtype=torch.bool)).any()


def test_a_picture_takes_on_the_colours_around_it_and_keeps_its_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    around = torch.rand(2, 3, 64, 64, generator=generator)
    cast = torch.tensor([0.3, -0.2, 0.1])[:, None, None]
    mask = torch.zeros(2, 1, 64, 64)
    mask[..., 20:44, 16:40] = 1
    torch.testing.assert_close(seamless(around + cast, around, mask), around, atol=1e-5, rtol=0)


def test_what_is_under_the_mask_is_not_looked_at() -> None:
    generator = torch.Generator().manual_seed(0)
    picture, around = torch.rand(2, 1, 3, 32, 32, generator=generator)
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    mask[..., 6:22, 6:8] = 0.5
    other = torch.where(mask == 1, torch.rand(around.shape, generator=generator), around)
    assert torch.equal(seamless(picture, around, mask), seamless(picture, other, mask))
