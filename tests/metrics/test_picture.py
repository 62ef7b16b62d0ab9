"""Metrics of pictures and of latents, against other libraries or values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ganvas.errors import ConfigError
from ganvas.functional.images import to_uint8
from ganvas.generator.tiny import TinyGenerator
from ganvas.metrics import LPIPS, MSSSIM, PSNR, SSIM, Context, Metric, WDistance
from ganvas.metrics.measure import describe, mean, measure
from ganvas.start import WAvg


def pictures(count: int = 2, side: int = 48) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    a = rng.integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    b = np.clip(a + rng.normal(0, 25, a.shape), 0, 255).astype(np.uint8)
    return torch.from_numpy(a), torch.from_numpy(b)


def context(result, x, **more):
    names = tuple(f"{i:03d}" for i in range(len(x)))
    return Context(names, {"x": x, "result": result}, TinyGenerator(), **more)


def test_psnr_of_8_bit_pictures():
    a, b = pictures()
    for value, x, y in zip(PSNR().compare(a, b).tolist(), a.numpy(), b.numpy(), strict=True):
        assert value == pytest.approx(peak_signal_noise_ratio(x, y, data_range=255))


def test_ssim_is_that_of_skimage():
    a, b = pictures()
    for value, x, y in zip(SSIM().compare(a, b).tolist(), a.numpy(), b.numpy(), strict=True):
        wanted = structural_similarity(
            x, y, channel_axis=0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, data_range=255,
        )  # fmt: skip
        # The two treat the border differently.
        assert value == pytest.approx(wanted, abs=5e-3)


def test_ssim_and_ms_ssim_are_those_of_torchmetrics():
    from torchmetrics.functional import image as reference

    a, b = pictures(2, 192)
    for metric, function in (
        (SSIM(), reference.structural_similarity_index_measure),
        (MSSSIM(), reference.multiscale_structural_similarity_index_measure),
    ):
        wanted = [function(x[None].float(), y[None].float(), data_range=255.0).item()
                  for x, y in zip(a, b, strict=True)]  # fmt: skip
        assert metric.compare(a, b).tolist() == pytest.approx(wanted, abs=1e-5)


def test_ssim_of_even_areas_is_exact():
    flat, other = (torch.full((1, 3, 32, 32), level, dtype=torch.uint8) for level in (250, 120))
    first = (0.01 * 255) ** 2
    # Without variance, what remains is the luminance.
    wanted = (2 * 250 * 120 + first) / (250**2 + 120**2 + first)
    assert SSIM().compare(flat, other).item() == pytest.approx(wanted, abs=1e-6)
    assert SSIM().compare(flat, flat).item() == 1
    stripes = flat.clone()
    stripes[..., ::2] = 251
    wanted = structural_similarity(
        np.pad(flat[0].numpy(), ((0, 0), (5, 5), (5, 5)), "reflect").astype(float),
        np.pad(stripes[0].numpy(), ((0, 0), (5, 5), (5, 5)), "reflect").astype(float),
        channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )  # fmt: skip
    assert SSIM().compare(flat, stripes).item() == pytest.approx(wanted, abs=1e-6)


def test_ms_ssim_needs_five_scales():
    assert MSSSIM().compare(*pictures(1, 160)) is None
    a, b = pictures(1, 192)
    same = MSSSIM().compare(a, a)
    other = MSSSIM().compare(a, b)
    assert same is not None
    assert other is not None
    assert same.item() == pytest.approx(1, abs=1e-5)
    assert 0.3 < other.item() < 1


@pytest.mark.assets
def test_lpips_is_that_of_the_package():
    from ganvas.network.lpips import perceptual_distance

    a, b = pictures(2, 64)
    found = LPIPS(net="alex").compare(a, b)
    module = perceptual_distance("alex").module
    with torch.no_grad():
        wanted = module(a.float() / 127.5 - 1, b.float() / 127.5 - 1).flatten()
    assert torch.allclose(found, wanted, atol=1e-6)
    assert LPIPS(net="alex").compare(a, a).abs().max() < 1e-6


@pytest.mark.assets
def test_lpips_of_the_face_sees_the_crop_alone():
    a, b = pictures(1, 128)
    wanted = LPIPS().compare(a[..., 40:120, 24:104], b[..., 40:120, 24:104])
    assert torch.allclose(LPIPS(crop="face").compare(a, b), wanted, atol=1e-6)
    aside = b.clone()
    aside[..., :40, :] = aside[..., 120:, :] = aside[..., :24] = aside[..., 104:] = 0
    assert torch.allclose(LPIPS(crop="face").compare(a, aside), wanted, atol=1e-6)


def test_w_distance_leaves_out_rows_without_effect():
    generator = TinyGenerator()
    w = generator.broadcast(generator.w_avg[None]).clone()
    w[:, generator.effective_rows[0], 0] += 3
    w[:, generator.effective_rows[1], 5] -= 4
    idle = set(range(generator.rows)) - set(generator.effective_rows)
    w[:, list(idle)] += 100
    rows = len(generator.effective_rows)
    assert WDistance().distance(w, generator).item() == pytest.approx((25 / rows) ** 0.5, rel=1e-5)


def test_metrics_of_an_embedding():
    generator = TinyGenerator()
    embedding = WAvg().begin(generator, ("a", "b"), seed=0)
    metrics = {"w_distance": WDistance(), "psnr_resampled_noise": PSNR(render="resampled")}
    with torch.no_grad():
        fresh = generator.sample_noise(1, torch.Generator().manual_seed(6))
        other = generator(embedding.rows(generator)[:1], fresh)
        targets = to_uint8(embedding.render(generator))
    seen = Context(("a", "b"), {"x": targets, "result": targets}, generator,
                   embedding=embedding, seed=5, micro_batch=2)  # fmt: skip
    values = measure(metrics, seen)
    assert values["a"]["w_distance"] == pytest.approx(0, abs=1e-6)
    wanted = PSNR().compare(to_uint8(other), targets[:1]).item()
    assert values["a"]["psnr_resampled_noise"] == pytest.approx(wanted, abs=0.01)
    assert values["a"] == values["b"]


def test_final_is_the_mean_over_images_of_what_was_asked_for():
    a, b = pictures()
    values = measure({"psnr": PSNR()}, context(a, b))
    assert list(values) == ["000", "001"]
    assert list(values["000"]) == ["psnr"]
    assert mean(values)["psnr"] == pytest.approx(PSNR().compare(a, b).mean().item(), rel=1e-5)


def test_what_a_stage_has_not_is_not_measured():
    """Of a stage alone there is no embedding, so that nothing is known of the latent."""
    metrics = {"w": WDistance(), "new": PSNR(render="resampled"), "psnr": PSNR()}
    assert list(measure(metrics, context(*pictures()))["000"]) == ["psnr"]


def test_a_result_is_compared_with_the_photograph_that_it_stands_for():
    a, b = pictures()
    seen = Context(("a", "b"), {"x": b, "y": a, "result": a}, TinyGenerator(), target="y")
    assert measure({"psnr": PSNR()}, seen)["a"]["psnr"] > 100


def test_what_metrics_share_is_computed_once():
    calls = []

    def extract(image):
        calls.append(image.shape)
        return image.mean((2, 3))

    a, b = pictures()
    seen = context(a, b)
    first, again = seen.features(extract, "x"), seen.features(extract, "x")
    assert first is again
    assert calls == [(1, 3, 48, 48)] * 2
    assert torch.allclose(first, b.float().mean((2, 3)) / 127.5 - 1, atol=1e-5)
    assert seen.features(extract, "z") is None


class Half(Metric):
    def measure(self, context):
        return torch.tensor([1.0, float("nan")])

    def about(self, resolution):
        return "of the first image"


def test_an_image_without_a_value_counts_for_nothing():
    values = measure({"half": Half()}, context(*pictures()))
    assert values == {"000": {"half": 1.0}, "001": {}}
    assert mean(values) == {"half": 1.0}


def test_a_metric_that_gives_no_number_per_image_is_named():
    with pytest.raises(ConfigError, match=r"metrics\.half: Half\.measure gives \(2,\), not one"):
        measure({"half": Half()}, context(*pictures(3)))


def test_every_metric_of_an_option_says_what_it_is():
    from ganvas.config.compose import compose_job
    from ganvas.config.schema import build
    from ganvas.runner.job import validate

    about = {}
    for option in ("full", "edit", "pixel"):
        experiment = build(validate(compose_job([f"metrics={option}"]).config))
        about |= describe(experiment.metrics, 1024)
    assert all(a["text"] and a["direction"] in ("higher", "lower", "none") for a in about.values())
    assert "[0, 255]" in about["psnr"]["text"]
    assert "1024×1024" in about["psnr"]["text"]
    assert "VGG16" in about["lpips"]["text"]
    assert "256²" in about["lpips"]["text"]
    assert "AlexNet" in about["lpips_alex"]["text"]
    assert {name: a["direction"] for name, a in about.items() if name in ("psnr", "lpips")} == {
        "psnr": "higher", "lpips": "lower",
    }  # fmt: skip
    assert about["psnr"]["unit"] == about["psnr_inside"]["unit"] == "dB"
    assert about["w_distance"]["direction"] == "none"
