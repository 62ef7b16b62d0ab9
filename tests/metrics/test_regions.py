"""Metrics of an edit's regions, against values worked out by hand or with numpy alone."""

import numpy as np
import pytest
import torch

from ganvas.generator.tiny import TinyGenerator
from ganvas.metrics import PSNR, Context, Identity, Region, RegionPSNR, Seam
from ganvas.metrics.measure import measure
from ganvas.metrics.regions import region_lpips, region_psnr, seam


def grey(values):
    """Return one RGB picture (1, 3, H, W) of grey values (H, W)."""
    return torch.from_numpy(np.asarray(values, np.uint8)).expand(1, 3, -1, -1).contiguous()


def left_half(size=16):
    mask = torch.zeros(1, 1, size, size)
    mask[..., : size // 2] = 1
    return mask


def noise(size, seed, count=1):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (count, 3, size, size), dtype=np.uint8))


def test_psnr_of_a_region_is_that_of_its_pixels_alone():
    a, b = noise(16, 1, 2), noise(16, 2, 2)
    mask = left_half().expand(2, -1, -1, -1)
    for found, region in ((region_psnr(a, b, mask), np.s_[..., :8]),
                          (region_psnr(a, b, 1 - mask), np.s_[..., 8:])):  # fmt: skip
        for value, x, y in zip(found.tolist(), a.numpy(), b.numpy(), strict=True):
            error = np.square(x[region].astype(float) - y[region].astype(float)).mean()
            assert value == pytest.approx(10 * np.log10(255**2 / error), rel=1e-6)


def test_psnr_weights_by_a_soft_mask():
    picture, target = grey(np.zeros((4, 4))), grey([[10, 20, 0, 0]] * 4)
    mask = torch.tensor([1.0, 0.5, 0.0, 0.0]).expand(1, 1, 4, 4)
    error = (1 * 10**2 + 0.5 * 20**2) / 1.5
    found = region_psnr(picture, target, mask).item()
    assert found == pytest.approx(10 * np.log10(255**2 / error), rel=1e-5)


def test_an_empty_region_has_no_value():
    a, b, mask = noise(16, 1, 2), noise(16, 2, 2), left_half().repeat(2, 1, 1, 1)
    mask[1] = 0
    for found in (region_psnr(a, b, mask), seam(a, b, b, mask)):
        assert found.isnan().tolist() == [False, True]
    context = Context(("a", "b"), {"result": a}, TinyGenerator(), region=Region(mask, b, b))
    found = measure({"psnr": RegionPSNR(), "seam": Seam()}, context)
    assert list(found["a"]) == ["psnr", "seam"]
    assert not found["b"]


@pytest.mark.assets
def test_lpips_of_an_empty_region_has_no_value():
    mask = torch.zeros(2, 1, 64, 64)
    mask[0, :, 5:9, 7] = 1
    found = region_lpips(noise(64, 1, 2), noise(64, 2, 2), mask, 32)
    assert found.isnan().tolist() == [False, True]


def test_a_seam_is_the_step_along_the_masks_edge():
    flat, step = np.full((8, 8), 100), np.full((8, 8), 100)
    step[:, 4:] = 130
    mask = left_half(8)
    # The result steps by 30 where the mask ends, and no photo does.
    assert seam(grey(step), grey(flat), grey(flat), mask).item() == pytest.approx(30)
    # A photo steps there by itself.
    assert seam(grey(step), grey(step), grey(flat), mask).item() == pytest.approx(0)
    assert seam(grey(flat), grey(flat), grey(step), mask).item() == pytest.approx(-30)
    # A step elsewhere is no seam.
    aside = np.full((8, 8), 100)
    aside[:, 6:] = 130
    assert seam(grey(aside), grey(flat), grey(flat), mask).item() == pytest.approx(0)


def test_each_metric_looks_at_its_side():
    inside, outside = noise(16, 3), noise(16, 4)
    mask = left_half()
    result = torch.where(mask.bool(), inside, outside)
    spoiled = result.clone()
    spoiled[..., 12:] ^= 64
    metrics = {
        "psnr_inside": RegionPSNR(side="inside"),
        "psnr_outside": RegionPSNR(side="outside"),
        "seam": Seam(),
    }
    pictures = {"x": inside, "y": outside, "result": spoiled}
    context = Context(("a",), pictures, TinyGenerator(), region=Region(mask, inside, outside))
    found = measure(metrics, context)["a"]
    assert list(found) == ["psnr_inside", "psnr_outside", "seam"]
    without = Context(("a",), pictures, TinyGenerator())
    assert list(measure({**metrics, "psnr": PSNR()}, without)["a"]) == ["psnr"]
    assert found["psnr_inside"] > 100
    # Half of the outside is off by 64.
    half_off = 10 * np.log10(255**2 / (64**2 / 2))
    assert found["psnr_outside"] == pytest.approx(half_off, rel=1e-5)
    edge = seam(spoiled, inside, outside, mask).item()
    assert found["seam"] == pytest.approx(edge, rel=1e-5)


@pytest.mark.assets
def test_lpips_of_a_region_averages_its_map_there():
    from ganvas.network.lpips import perceptual_distance

    a, b = noise(64, 5), noise(64, 6)
    a[..., 40:] = b[..., 40:]
    # Where all counts, it is the package's own value.
    module = perceptual_distance("vgg").module
    with torch.no_grad():
        wanted = module(a.float() / 127.5 - 1, b.float() / 127.5 - 1).flatten()
    whole = region_lpips(a, b, torch.ones(1, 1, 64, 64), 256)
    assert torch.allclose(whole, wanted, atol=1e-5)
    left, right = torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
    left[..., :32], right[..., 32:] = 1, 1
    sides = region_lpips(a, b, left, 256), region_lpips(a, b, right, 256)
    # The sides are of one area.
    assert ((sides[0] + sides[1]) / 2).item() == pytest.approx(whole.item(), rel=1e-3)
    assert sides[1] < 0.5 * sides[0]


@pytest.mark.assets
def test_identity_is_measured_to_every_image_that_there_is():
    from ganvas.network.arcface import identity_features

    pictures, other = noise(128, 7), noise(128, 8)
    metrics = {f"identity_{image}": Identity(image=image) for image in "xyz"}
    context = Context(("a",), {"x": pictures, "z": other, "result": pictures}, TinyGenerator())
    values = measure(metrics, context)["a"]
    assert list(values) == ["identity_x", "identity_z"]
    assert values["identity_x"] == pytest.approx(1, abs=1e-5)
    with torch.no_grad():
        a, b = (identity_features(p.float() / 127.5 - 1) for p in (pictures, other))
    wanted = torch.cosine_similarity(a, b).item()
    assert values["identity_z"] == pytest.approx(wanted, abs=1e-5)
