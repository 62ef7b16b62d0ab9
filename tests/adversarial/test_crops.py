"""Crops of pictures."""

from __future__ import annotations

import pytest
import torch

from ganvas.adversarial.crops import Crops, at_scales
from ganvas.functional.images import to_uint8

TURNED = {
    "none": [lambda x: x],
    "mirror": [lambda x: x, lambda x: x.flip(2)],
    "transpose": [lambda x: x, lambda x: x.mT],
    "square": [lambda x, k=k, m=m: (x.mT if m else x).rot90(k, (1, 2)) for k in range(4)
               for m in (False, True)],
}  # fmt: skip


@pytest.mark.parametrize("symmetry", list(TURNED))
def test_every_crop_is_a_window_of_a_picture_or_its_allowed_image(symmetry):
    rng = torch.Generator().manual_seed(0)
    pictures = [
        torch.randint(0, 256, size, generator=rng, dtype=torch.uint8)
        for size in [(3, 7, 5), (3, 4, 9)]
    ]
    known = {
        bytes(turn(p[:, y : y + 4, x : x + 4]).contiguous().numpy())
        for p in pictures
        for y in range(p.shape[1] - 3)
        for x in range(p.shape[2] - 3)
        for turn in TURNED[symmetry]
    }
    drawn = Crops(pictures, 4, symmetry).draw(2000, torch.Generator().manual_seed(1))
    seen = {bytes(crop.contiguous().numpy()) for crop in to_uint8(drawn)}
    assert seen == known


def test_scales_below_the_crop_are_left_out():
    picture = torch.full((3, 40, 60), 7, dtype=torch.uint8)
    parts = at_scales(picture, (1.0, 0.5, 0.2), 20)
    assert [tuple(part.shape) for part in parts] == [(3, 40, 60), (3, 20, 30)]
    assert all(bool((part == 7).all()) for part in parts)
