import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure as reference_ms_ssim,
)
from torchmetrics.functional.image import structural_similarity_index_measure as reference_ssim

from ganvas.functional.ssim import ms_ssim, ssim, ssim_maps


def pictures(size):
    rng = torch.Generator().manual_seed(0)
    a = torch.rand(2, 3, size, size, generator=rng, dtype=torch.float64) * 2 - 1
    noise = torch.randn(2, 3, size, size, generator=rng, dtype=torch.float64)
    return a, (a + 0.2 * noise).clamp(-1, 1)


def test_the_map_is_torchmetrics_away_from_its_padded_border():
    a, b = pictures(48)
    _, wanted = reference_ssim(a, b, data_range=2.0, return_full_image=True)
    found, _ = ssim_maps(a, b)
    assert found.shape == (2, 3, 38, 38)
    assert torch.allclose(found, wanted[..., 5:-5, 5:-5], atol=1e-6)
    assert ssim(a, b).tolist() == pytest.approx(found.mean((1, 2, 3)).tolist())
    assert ssim(a, a).tolist() == pytest.approx([1, 1], abs=1e-12)


def test_ms_ssim_is_torchmetrics_up_to_the_border():
    a, b = pictures(192)
    wanted = [reference_ms_ssim(x[None], y[None], data_range=2.0).item()
              for x, y in zip(a, b, strict=True)]  # fmt: skip
    # The reference's coarsest scale averages over its padded border as well.
    assert ms_ssim(a, b).tolist() == pytest.approx(wanted, abs=2e-3)
    assert ms_ssim(a, a).tolist() == pytest.approx([1, 1], abs=1e-12)


def test_continued_by_reflection_both_are_torchmetrics():
    a, b = pictures(192)
    grey = [((image + 1) * 127.5).round() for image in (a, b)]
    for images, span in (((a, b), 2.0), (grey, 255.0)):
        pairs = list(zip(*images, strict=True))
        for own, reference in ((ssim, reference_ssim), (ms_ssim, reference_ms_ssim)):
            wanted = [reference(x[None], y[None], data_range=span).item() for x, y in pairs]
            found = own(*images, span=span, reflect=True)
            assert found.tolist() == pytest.approx(wanted, abs=1e-6)


def test_a_mask_keeps_out_what_differs_far_away():
    a, _ = pictures(64)
    b = a.clone()
    b[..., :16] = 1.0
    mask = torch.zeros(2, 1, 64, 64, dtype=torch.float64)
    mask[..., 32:] = 1
    assert ssim(a, b, mask).tolist() == pytest.approx([1, 1], abs=1e-12)
    assert ssim(a, b).max() < 0.9


def test_gradients_agree_with_finite_differences():
    a, b = pictures(14)
    mask = torch.rand(1, 1, 14, 14, dtype=torch.float64)
    image = a[:1, :1].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ssim(x, b[:1, :1], mask), (image,))


@pytest.mark.parametrize("size", [(11, 11), (13, 37), (48, 33)])
def test_whole_windows_alone_are_skimages(size):
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (3, 3, *size)).astype(float)
    b = np.clip(a + rng.normal(0, 40, a.shape), 0, 255).round()
    wanted = [
        structural_similarity(
            x, y, channel_axis=0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, data_range=255,
        )
        for x, y in zip(a, b, strict=True)
    ]  # fmt: skip
    assert ssim(torch.from_numpy(a), torch.from_numpy(b), span=255.0).tolist() == pytest.approx(
        wanted, abs=1e-12
    )


def test_a_mask_weights_skimages_map():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 256, (30, 40)).astype(float)
    b = np.clip(a + rng.normal(0, 30, a.shape), 0, 255)
    _, whole = structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
        full=True,
    )  # fmt: skip
    mask = rng.random((30, 40))
    inner = np.s_[5:-5, 5:-5]
    tensors = (torch.from_numpy(image)[None, None] for image in (a, b, mask))
    wanted = np.average(whole[inner], weights=mask[inner])
    assert ssim(*tensors, span=255.0).item() == pytest.approx(wanted, abs=1e-12)
