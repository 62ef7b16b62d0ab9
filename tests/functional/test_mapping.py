import math

import torch

from ganvas.functional.mapping import pixel_norm, style_mapping, style_mixed


def test_pixel_norm_gives_unit_mean_square():
    z = torch.randn(5, 16, dtype=torch.float64) * 7
    torch.testing.assert_close(pixel_norm(z).square().mean(dim=1), torch.ones(5).double())


def test_mapping_by_hand():
    weight = torch.tensor([[2.0, 0.0], [0.0, -1.0]])
    bias = torch.tensor([0.5, 0.0])
    w = style_mapping(torch.tensor([[3.0, 3.0]]), [(weight, bias)])
    wanted = torch.tensor([[2.5 * math.sqrt(2), -0.2 * math.sqrt(2)]])
    torch.testing.assert_close(w, wanted)


def test_mixed_styles_change_at_a_row_of_each_chosen_image():
    first, second = torch.zeros(3, 4, 2), torch.ones(3, 4, 2)
    mixed = style_mixed(
        first, second, torch.tensor([[1], [3], [2]]), torch.tensor([[True], [True], [False]])
    )
    assert mixed[..., 0].tolist() == [[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
