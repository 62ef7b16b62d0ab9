"""Small copies of matrices, and points on a sphere around a pivot."""

import pytest
import torch

from ganvas.functional.compaction import dequantise, low_rank, quantise
from ganvas.functional.locality import towards


def test_low_rank_is_the_nearest_matrix_of_its_rank():
    matrix = torch.randn(12, 20, generator=torch.Generator().manual_seed(0)).double()
    left, right = low_rank(matrix, 5)
    assert (left.shape, right.shape) == ((12, 5), (5, 20))
    # The error of the best approximation is what the other singular values hold.
    rest = torch.linalg.svdvals(matrix)[5:].square().sum().sqrt()
    torch.testing.assert_close((left @ right - matrix).norm(), rest)


@pytest.mark.parametrize(("bits", "kind"), [(8, torch.int8), (16, torch.int16)])
def test_rounding_is_off_by_half_a_step_of_its_row(bits, kind):
    scales = torch.tensor([1e-6, 1.0, 1e4, 0.0])[:, None]
    matrix = torch.randn(4, 50, generator=torch.Generator().manual_seed(0)) * scales
    integers, step = quantise(matrix, bits)
    assert integers.dtype == kind
    largest = 127 if bits == 8 else 32767
    torch.testing.assert_close(step[:3, 0], matrix[:3].abs().amax(1) / largest)
    error = (dequantise(integers, step) - matrix).abs()
    assert (error <= 0.5001 * matrix.abs().amax(1, keepdim=True) / largest).all()
    assert torch.equal(dequantise(integers, step)[3], torch.zeros(50))


def test_points_lie_at_the_distance_on_the_way_to_the_samples():
    rng = torch.Generator().manual_seed(0)
    pivot, samples = torch.randn(1, 3, 4, generator=rng), torch.randn(2, 3, 4, generator=rng)
    found = towards(pivot, samples, 0.7)
    for point, sample in zip(found, samples, strict=True):
        way = sample - pivot[0]
        torch.testing.assert_close((point - pivot[0]).norm(), torch.tensor(0.7))
        cosine = ((point - pivot[0]) * way).sum() / (0.7 * way.norm())
        torch.testing.assert_close(cosine, torch.tensor(1.0))
