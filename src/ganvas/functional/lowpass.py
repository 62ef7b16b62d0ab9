"""Design of StyleGAN3's low-pass filters.

Source: Karras et al. 2021 (StyleGAN3), appendix C; Kaiser's formulas as in Oppenheim & Schafer,
Discrete-Time Signal Processing, section 7.5.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def kaiser_beta(taps: int, width: float) -> float:
    """Return the Kaiser window's β for a transition of `width`, as a fraction of Nyquist's rate."""
    attenuation = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        above = attenuation - 21
        return 0.5842 * math.pow(above, 0.4) + 0.07886 * above
    return 0.0


def lowpass(
    taps: int, cutoff: float, width: float, rate: float, radial: bool = False
) -> Float[Tensor, " {taps}"] | Float[Tensor, "{taps} {taps}"]:
    """Return a low-pass filter of sum one.

    Args:
        taps: Its length.
        cutoff: In cycles per unit, as `rate`.
        width: Of the transition band.
        rate: Samples per unit.
        radial: Depend on the distance alone, by a jinc instead of a product of sincs.

    Returns:
        (taps,), or (taps, taps) if radial.
    """
    beta = kaiser_beta(taps, width / (rate / 2))
    window = torch.kaiser_window(taps, periodic=False, beta=beta, dtype=torch.float64)
    x = (torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2) / rate
    if not radial:
        kernel = torch.special.sinc(2 * cutoff * x) * window
    else:
        r = torch.hypot(x[:, None], x[None]).clamp(min=1e-12)
        jinc = torch.special.bessel_j1(2 * cutoff * math.pi * r) / (math.pi * r)
        kernel = jinc * window.outer(window)
    normalised: Tensor = (kernel / kernel.sum()).float()
    return normalised
