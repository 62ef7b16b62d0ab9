"""How natural a latent is, against numpy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganvas.generator.tiny import TinyGenerator
from ganvas.metrics import Context, PNDistance
from ganvas.metrics.measure import measure
from ganvas.start import WAvg


def unrectified(w):
    return np.where(w < 0, 5 * w, w)


def test_the_distance_is_mahalanobis_in_unrectified_w():
    generator = TinyGenerator()
    with torch.no_grad():
        samples = generator.sample_w(10_000, torch.Generator().manual_seed(0))
        w = generator.sample_w(3, torch.Generator().manual_seed(1))
    known = unrectified(samples.double().numpy())
    _, spread, axes = np.linalg.svd(known - known.mean(0), full_matrices=False)
    variance = spread**2 / (len(known) - 1)
    # No direction counts as narrower than a hundredth of the widest.
    variance = np.maximum(variance, 1e-4 * variance.max())
    moved = (unrectified(w.double().numpy()) - known.mean(0)) @ axes.T
    wanted = np.sqrt((moved**2 / variance).mean(1))
    found = PNDistance().distance(generator.broadcast(w), generator)
    assert found.tolist() == pytest.approx(wanted.tolist(), rel=1e-3)


def test_samples_have_about_one_and_rows_without_effect_do_not_count():
    generator = TinyGenerator()
    with torch.no_grad():
        w = generator.broadcast(generator.sample_w(500, torch.Generator().manual_seed(2))).clone()
    assert PNDistance().distance(w, generator).square().mean().item() == pytest.approx(1, abs=0.1)
    far = w[:2].clone()
    idle = sorted(set(range(generator.rows)) - set(generator.effective_rows))
    far[:, idle] += 100
    assert PNDistance().distance(far, generator).equal(PNDistance().distance(w[:2], generator))


def test_a_latent_that_leaves_its_place_becomes_less_natural():
    generator = TinyGenerator()
    embedding = WAvg().begin(generator, ("a",), seed=0)
    picture = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    context = Context(("a",), {"x": picture, "result": picture}, generator, embedding=embedding)
    near = measure({"p": PNDistance()}, context)["a"]["p"]
    away = replace(embedding, latent=embedding.latent + 3)
    far = measure({"p": PNDistance()}, replace(context, embedding=away))["a"]["p"]
    assert far > 2 * near
    assert measure({"p": PNDistance()}, replace(context, embedding=None)) == {"a": {}}
