from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ganvas.generator.tiny import TinyGenerator
from ganvas.metrics import pictures as measured
from ganvas.metrics.measure import mean, measure_embedding, measure_pictures, w_distance
from ganvas.metrics.options import Metrics
from ganvas.start import WAvg


def pictures(count: int = 2, side: int = 48) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    a = rng.integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    b = np.clip(a + rng.normal(0, 25, a.shape), 0, 255).astype(np.uint8)
    return torch.from_numpy(a), torch.from_numpy(b)


def test_psnr_of_8_bit_pictures():
    a, b = pictures()
    for value, x, y in zip(measured.psnr(a, b).tolist(), a.numpy(), b.numpy(), strict=True):
        assert value == pytest.approx(peak_signal_noise_ratio(x, y, data_range=255))


def test_ssim_is_that_of_skimage():
    a, b = pictures()
    for value, x, y in zip(measured.ssim(a, b).tolist(), a.numpy(), b.numpy(), strict=True):
        wanted = structural_similarity(
            x, y, channel_axis=0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, data_range=255,
        )  # fmt: skip
        # The two treat the border differently.
        assert value == pytest.approx(wanted, abs=5e-3)


def test_ms_ssim_needs_five_scales():
    assert measured.ms_ssim(*pictures(1, 160)) is None
    a, b = pictures(1, 192)
    same = measured.ms_ssim(a, a)
    other = measured.ms_ssim(a, b)
    assert same is not None
    assert other is not None
    assert same.item() == pytest.approx(1, abs=1e-5)
    assert 0.3 < other.item() < 1


@pytest.mark.assets
def test_lpips_is_that_of_the_package():
    from ganvas.network.lpips import perceptual_distance

    a, b = pictures(2, 64)
    found = measured.lpips(a, b, "alex", 256)
    module = perceptual_distance("alex").module
    with torch.no_grad():
        wanted = module(a.float() / 127.5 - 1, b.float() / 127.5 - 1).flatten()
    assert torch.allclose(found, wanted, atol=1e-6)
    assert measured.lpips(a, a, "alex", 256).abs().max() < 1e-6


def test_w_distance_leaves_out_rows_without_effect():
    generator = TinyGenerator()
    w = generator.broadcast(generator.w_avg[None]).clone()
    w[:, generator.effective_rows[0], 0] += 3
    w[:, generator.effective_rows[1], 5] -= 4
    idle = set(range(generator.rows)) - set(generator.effective_rows)
    w[:, list(idle)] += 100
    rows = len(generator.effective_rows)
    assert w_distance(w, generator).item() == pytest.approx((25 / rows) ** 0.5, rel=1e-5)


def test_metrics_of_an_embedding():
    generator = TinyGenerator()
    embedding = WAvg().begin(generator, ("a", "b"), seed=0)
    metrics = Metrics(("w_distance", "psnr_resampled_noise"))
    from ganvas.functional.images import to_uint8

    with torch.no_grad():
        fresh = generator.sample_noise(1, torch.Generator().manual_seed(6))
        other = generator(embedding.rows(generator)[:1], fresh)
        targets = to_uint8(embedding.render(generator))
    values = measure_embedding(metrics, embedding, generator, targets, 5, 2)
    assert values["a"]["w_distance"] == pytest.approx(0, abs=1e-6)
    wanted = measured.psnr(to_uint8(other), targets[:1]).item()
    assert values["a"]["psnr_resampled_noise"] == pytest.approx(wanted, abs=0.01)
    assert values["a"] == values["b"]


def test_final_is_the_mean_over_images_of_what_was_asked_for():
    a, b = pictures()
    values = measure_pictures(Metrics(("psnr",)), ("one", "two"), a, b)
    assert list(values) == ["one", "two"]
    assert list(values["one"]) == ["psnr"]
    assert mean(values)["psnr"] == pytest.approx(measured.psnr(a, b).mean().item(), rel=1e-5)


def test_every_metric_says_what_it_is():
    from typing import get_args

    from ganvas.metrics.options import Metric

    about = Metrics(get_args(Metric)).about(1024)
    assert set(about) == set(get_args(Metric))
    assert "[0, 255]" in about["psnr"]
    assert "1024×1024" in about["psnr"]
    assert "VGG16" in about["lpips"]
    assert "256²" in about["lpips"]
    assert "AlexNet" in about["lpips_alex"]
