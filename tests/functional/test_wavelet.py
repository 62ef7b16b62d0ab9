import pytest
import torch

from ganvas.functional.wavelet import haar, inverse_haar


@pytest.fixture
def bands():
    return torch.randn(2, 12, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_inverse_is_the_formula(bands):
    ll, lh, hl, hh = bands.view(2, 4, 3, 3, 5).unbind(1)
    out = inverse_haar(bands)
    assert out.shape == (2, 3, 6, 10)
    for a in (0, 1):
        for b in (0, 1):
            sa, sb = (-1) ** a, (-1) ** b
            wanted = 0.5 * (ll + sa * lh + sb * hl + sa * sb * hh)
            torch.testing.assert_close(out[:, :, a::2, b::2], wanted)


def test_forward_undoes_inverse_and_keeps_the_norm(bands):
    out = inverse_haar(bands)
    torch.testing.assert_close(haar(out), bands)
    torch.testing.assert_close(out.norm(), bands.norm())


def test_gain_scales_each_band(bands):
    gain = torch.randn(2, 12, dtype=torch.float64)
    torch.testing.assert_close(
        inverse_haar(bands, gain), inverse_haar(bands * gain[:, :, None, None])
    )


def test_gradients(bands):
    gain = torch.randn(2, 12, dtype=torch.float64, requires_grad=True)
    small = bands[:, :, :2, :2].clone().requires_grad_()
    assert torch.autograd.gradcheck(inverse_haar, (small, gain))
    assert torch.autograd.gradcheck(inverse_haar, (small, gain.detach()))
    assert torch.autograd.gradcheck(inverse_haar, (small.detach(), gain))
