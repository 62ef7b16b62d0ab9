"""The linear head, against NumPy's least squares and against its own formula."""

import numpy as np
import torch

from ganvas.functional.colour_head import apply_head, fit_head


def features_and_heads():
    rng = torch.Generator().manual_seed(0)
    features = torch.randn(2, 5, 8, 6, generator=rng, dtype=torch.float64)
    features[:, 1] *= 30
    heads = torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)
    return features, heads


def test_a_head_is_an_affine_map_of_each_position():
    features, heads = features_and_heads()
    pictures = apply_head(features, heads)
    for image in range(2):
        expected = features[image, :, 3, 4] @ heads[image, :-1] + heads[image, -1]
        assert torch.allclose(pictures[image, :, 3, 4], expected)


def test_each_image_has_the_head_that_made_it():
    features, heads = features_and_heads()
    found = fit_head(features, apply_head(features, heads), 1e-12)
    assert torch.allclose(found, heads, atol=1e-8)


def test_it_is_the_least_squares_fit_of_what_no_head_makes():
    features, heads = features_and_heads()
    pictures = apply_head(features, heads).tanh()
    found = fit_head(features, pictures, 1e-12)
    rows = np.concatenate([features[1].flatten(1).T.numpy(), np.ones((48, 1))], axis=1)
    expected, *_ = np.linalg.lstsq(rows, pictures[1].flatten(1).T.numpy(), rcond=None)
    assert np.allclose(found[1].numpy(), expected, atol=1e-6)
