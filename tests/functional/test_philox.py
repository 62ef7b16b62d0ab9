"""Philox against the known answers of its authors; windows of the field of noise."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from ganvas.functional.philox import normal_field, philox

# Salmon et al.: `kat_vectors` of Random123, philox4x32, 10 rounds.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter, key, words):
    assert philox(torch.tensor(counter), key).tolist() == list(words)


def test_a_window_is_a_part_of_the_field():
    field = normal_field(3, (1, 2), 0, 0, 60, 90)
    for top, left, height, width in ((0, 0, 1, 1), (7, 13, 20, 31), (59, 88, 1, 2), (5, 8, 3, 8)):
        window = normal_field(3, (1, 2), top, left, height, width)
        assert torch.equal(window, field[top : top + height, left : left + width])


def test_far_away_there_is_noise_too():
    far = normal_field(2**63 - 1, (0, 0), 2**32 - 4, 2**35 - 16, 4, 16)
    assert far.unique().numel() > 60


def test_the_field_is_normal_and_white():
    field = normal_field(0, (0, 0), 0, 0, 512, 512).double()
    assert abs(field.mean()) < 4 / 512
    assert abs(field.square().mean() - 1) < 4 * 2**0.5 / 512
    assert abs((field**4).mean() - 3) < 4 * 96**0.5 / 512
    for shifted in (
        field[1:] * field[:-1],
        field[:, 1:] * field[:, :-1],
        field[:, 8:] * field[:, :-8],
    ):
        assert abs(shifted.mean()) < 4 / 512


def test_seeds_and_streams_are_fields_of_their_own():
    fields = [
        normal_field(seed, stream, 0, 0, 64, 64).flatten()
        for seed, stream in ((0, (0, 0)), (1, (0, 0)), (1 << 32, (0, 0)), (0, (1, 0)), (0, (0, 1)))
    ]
    correlation = torch.corrcoef(torch.stack(fields)) - torch.eye(5)
    assert correlation.abs().max() < 5 / 64


def test_its_numbers_are_quantiles_of_the_normal_distribution():
    levels = (np.arange(2**16) + 0.5) / 2**16
    quantiles = torch.from_numpy(norm.ppf(levels)).float()
    field = normal_field(0, (0, 0), 0, 0, 1024, 1024)
    near = torch.searchsorted(quantiles, field).clamp(1, 2**16 - 1)
    gap = torch.minimum((quantiles[near] - field).abs(), (quantiles[near - 1] - field).abs())
    assert gap.max() < 1e-6
    # What the docstring says of them.
    assert 4.32 < field.abs().max() < 4.33
    assert abs(quantiles.double().square().mean() - 1) < 3e-5
