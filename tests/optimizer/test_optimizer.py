"""The family of Adam, each against its formula."""

import math

import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.optimizer import Adam

LR, B1, B2, EPS = 0.1, 0.8, 0.9, 1e-8
GRADIENTS = [1.0, -0.5, 8.0, 0.3, 0.2, -0.1, 0.4, 0.05, 0.5, -0.2]


def expected(algorithm):
    """Return where a scalar that starts at 0 is after each step."""
    x, m, v, highest, longest, places = 0.0, 0.0, 0.0, 0.0, 0.0, []
    limit = 2 / (1 - B2) - 1
    for t, g in enumerate(GRADIENTS, start=1):
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        highest, longest = max(highest, v), max(B2 * longest, abs(g) + EPS)
        mean, square = m / (1 - B1**t), v / (1 - B2**t)
        if algorithm == "adam":
            x -= LR * mean / (math.sqrt(square) + EPS)
        elif algorithm == "amsgrad":
            x -= LR * mean / (math.sqrt(highest / (1 - B2**t)) + EPS)
        elif algorithm == "adamax":
            x -= LR * mean / longest
        else:
            known = limit - 2 * t * B2**t / (1 - B2**t)
            if known > 5:
                care = (known - 4) * (known - 2) * limit / ((limit - 4) * (limit - 2) * known)
                x -= LR * mean * math.sqrt(care) / (math.sqrt(square) + EPS)
            else:
                x -= LR * mean
        places.append(x)
    return places


@pytest.mark.parametrize("algorithm", ["adam", "amsgrad", "adamax", "radam"])
def test_every_algorithm_follows_its_formula(algorithm):
    x = torch.nn.Parameter(torch.zeros(1))
    how = Adam(lr=LR, betas=(B1, B2), eps=EPS, algorithm=algorithm)
    optimizer = how.build([x], list)
    places = []
    for gradient in GRADIENTS:
        x.grad = torch.tensor([gradient])
        optimizer.step()
        places.append(x.item())
    assert places == pytest.approx(expected(algorithm), rel=1e-4)


def test_rates_in_other_units_are_for_noise_or_for_weights():
    adam = Adam(lr=LR, lr_units="image")
    adam.check("noise")
    for kind in ("latent", "weights"):
        with pytest.raises(ConfigError, match=rf"optimizer\.{kind}\.lr_units=image"):
            adam.check(kind)
    rms = Adam(lr=LR, lr_units="rms")
    rms.check("weights")
    for kind in ("latent", "noise", "activation"):
        with pytest.raises(ConfigError, match=rf"optimizer\.{kind}\.lr_units=rms"):
            rms.check(kind)
