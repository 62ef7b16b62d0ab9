import numpy as np
import pytest
import torch

from ganvas.functional.features import (
    feature_distance,
    gram,
    mask_at,
    masked_features,
    style_distance,
)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def soft_mask(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


def test_perceptual_distance_is_the_sum_over_layers_of_mean_squares():
    m = soft_mask(2, 1, 16, 16)
    found = {"a": random(2, 5, 8, 8), "b": random(2, 7, 4, 4, seed=1)}
    wanted = {"a": random(2, 5, 8, 8, seed=2), "b": random(2, 7, 4, 4, seed=3)}
    distance = feature_distance(masked_features(found, m), masked_features(wanted, m))
    for i in range(2):
        total = 0.0
        for name, size in (("a", 8), ("b", 4)):
            step = 16 // size
            small = m[i, 0].numpy().reshape(size, step, size, step).mean((1, 3))
            error = small * (found[name][i] - wanted[name][i]).numpy()
            total += np.mean(error**2)
        assert distance[i].item() == pytest.approx(total, rel=1e-12)


def test_gram_matrix_is_that_of_masked_features_over_the_area():
    features, m = random(2, 4, 6, 6), soft_mask(2, 1, 6, 6)
    found = gram(features, m)
    for i in range(2):
        flat = (features[i] * m[i]).flatten(1).numpy()
        assert np.allclose(found[i].numpy(), flat @ flat.T / m[i].sum().item(), rtol=1e-12)


def test_gram_of_a_region_does_not_see_outside_nor_grow_with_its_area():
    texture = random(1, 4, 1, 1).expand(1, 4, 8, 8).clone()
    small = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    small[..., :2, :2] = 1
    inside = gram(texture, small)
    assert torch.allclose(inside, gram(texture), rtol=1e-12)
    texture[..., 4:, 4:] = 77.0
    assert torch.equal(inside, gram(texture, small))


def test_masks_are_shrunk_by_area():
    m = torch.zeros(1, 1, 4, 4)
    m[..., :1, :2] = 1
    assert mask_at(m, torch.zeros(1, 8, 2, 2)).tolist() == [[[[0.5, 0.0], [0.0, 0.0]]]]


def test_gradients_agree_with_finite_differences():
    m = soft_mask(1, 1, 6, 6)
    target = gram(random(1, 3, 6, 6, seed=5), m)
    features = random(1, 3, 6, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda f: style_distance(gram(f, m), target), (features,))
    wanted = {"a": random(1, 3, 6, 6, seed=4)}
    assert torch.autograd.gradcheck(
        lambda f: feature_distance(masked_features({"a": f}, m), masked_features(wanted, m)),
        (features,),
    )
