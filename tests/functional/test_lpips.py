import torch

from ganvas.functional.lpips import feature_maps, unit_features


def test_unit_features_have_length_one():
    unit = unit_features(torch.randn(2, 8, 3, 3, dtype=torch.float64))
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(2, 3, 3).double())


def test_features_that_a_relu_made_zero_have_a_zero_gradient():
    before = torch.tensor([[-1.0, 0.0, -2.0], [1.0, -1.0, 2.0]])[..., None, None]
    before.requires_grad_()
    unit = unit_features(before.relu())
    unit.square().sub(1).square().sum().backward()
    assert unit[0].eq(0).all()
    assert before.grad[0].eq(0).all()
    assert before.grad[1].ne(0).sum() == 2


def test_maps_weigh_squared_differences():
    a, b = torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 2)
    head = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    (found,) = feature_maps([a], [b], [head])
    torch.testing.assert_close(found, ((a - b) ** 2 * head).sum(dim=1, keepdim=True))
