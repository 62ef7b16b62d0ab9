"""StyleGAN3's filters against scipy's design of them."""

import numpy as np
import pytest
from scipy import signal, special

from ganvas.functional.lowpass import kaiser_beta, lowpass

DESIGNS = [(12, 2.0, 4.28, 16.0), (24, 8.0, 8.0, 64.0), (12, 30.0, 4.0, 64.0), (6, 1.0, 30.0, 64.0)]


@pytest.mark.parametrize(("taps", "cutoff", "width", "rate"), DESIGNS)
def test_a_separable_filter_is_scipys_firwin(taps, cutoff, width, rate):
    wanted = signal.firwin(taps, cutoff, width=width, fs=rate)
    assert lowpass(taps, cutoff, width, rate).numpy() == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize(("taps", "cutoff", "width", "rate"), [*DESIGNS, (11, 4.0, 8.0, 32.0)])
def test_a_radial_filter_is_a_jinc_in_a_kaiser_window(taps, cutoff, width, rate):
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    r = np.hypot(x[:, None], x)
    with np.errstate(invalid="ignore"):
        jinc = np.where(r == 0, cutoff, special.j1(2 * np.pi * cutoff * r) / (np.pi * r))
    window = np.kaiser(taps, signal.kaiser_beta(signal.kaiser_atten(taps, 2 * width / rate)))
    wanted = jinc * np.outer(window, window)
    found = lowpass(taps, cutoff, width, rate, radial=True).numpy()
    assert found == pytest.approx(wanted / wanted.sum(), abs=1e-7)


@pytest.mark.parametrize("taps", [2, 6, 12, 48])
@pytest.mark.parametrize("width", [0.01, 0.1, 0.5, 1.0])
def test_the_windows_beta_is_kaisers(taps, width):
    wanted = signal.kaiser_beta(signal.kaiser_atten(taps, width))
    assert kaiser_beta(taps, width) == pytest.approx(wanted)
