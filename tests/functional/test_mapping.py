import math

import torch

from ganvas.functional.mapping import pixel_norm, style_mapping


def test_pixel_norm_gives_unit_mean_square():
    z = torch.randn(5, 16, dtype=torch.float64) * 7
    torch.testing.assert_close(pixel_norm(z).square().mean(dim=1), torch.ones(5).double())


def test_mapping_by_hand():
    weight = torch.tensor([[2.0, 0.0], [0.0, -1.0]])
    bias = torch.tensor([0.5, 0.0])
    w = style_mapping(torch.tensor([[3.0, 3.0]]), [(weight, bias)])
    wanted = torch.tensor([[2.5 * math.sqrt(2), -0.2 * math.sqrt(2)]])
    torch.testing.assert_close(w, wanted)
