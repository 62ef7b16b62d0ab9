import pytest
import torch

from ganvas.functional.blur import gaussian_blur
from ganvas.functional.masks import dilate, edge_weight, segment_distance


def test_the_edge_of_a_box_is_as_long_as_its_outline():
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    assert edge_weight(mask).sum().item() == pytest.approx(4 * 32, rel=0.01)
    assert edge_weight(gaussian_blur(mask, 2.0)).sum().item() == pytest.approx(4 * 32, rel=0.1)
    assert edge_weight(torch.ones(1, 1, 8, 8)).sum() == 0


def test_dilation_grows_by_the_radius():
    mask = torch.zeros(1, 1, 9, 9)
    mask[..., 4, 4] = 1
    assert dilate(mask, 2).sum() == 25
    assert torch.equal(dilate(mask, 0), mask)


def test_distance_to_a_segment_ends_at_its_ends():
    x, y = torch.tensor([-3.0, 0.5, 5.0]), torch.tensor([4.0, 0.3, 3.0])
    assert segment_distance(x, y, (0, 0), (1, 0)).tolist() == pytest.approx([5.0, 0.3, 5.0])
