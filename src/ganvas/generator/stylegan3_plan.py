"""Sampling rates, cutoffs and sizes of StyleGAN3's layers.

Source: Karras et al. 2021 (StyleGAN3), section 3.1 and appendix C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ganvas.generator.architecture import StyleGAN3Architecture


@dataclass(frozen=True, slots=True)
class Band:
    """What a signal between two layers is.

    Attributes:
        cutoff: Highest frequency, in cycles per image.
        half_width: Half of the transition band above and below the cutoff.
        rate: Samples per image.
        size: Samples of the whole map, with its margin.
        channels: Number of its channels.
    """

    cutoff: float
    half_width: float
    rate: int
    size: int
    channels: int

    @property
    def resolution(self) -> int:
        """The least power of two whose Nyquist frequency is not below the cutoff."""
        # Rounded, because cutoffs are powers in floating point.
        return int(2 ** math.ceil(round(math.log2(2 * self.cutoff), 6)))


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: the signal that it reads, the signal that it makes, and the filters between.

    Attributes:
        source: The signal that it reads.
        target: The signal that it makes.
        kernel: Size of its convolution.
        rate: Sampling rate at its leaky ReLU.
        up_taps: Length of the filter on the way up; 1 is none.
        down_taps: Length of the filter on the way down; 1 is none.
        radial: Whether the filter on the way down depends on the distance alone.
    """

    source: Band
    target: Band
    kernel: int
    rate: int
    up_taps: int
    down_taps: int
    radial: bool

    @property
    def factors(self) -> tuple[int, int]:
        """By how much it samples up, and down."""
        return self.rate // self.source.rate, self.rate // self.target.rate

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros before and after, at the higher rate, that centre the target on the source."""
        up, down = self.factors
        total = (self.target.size - 1) * down + 1
        total -= (self.source.size + self.kernel - 1) * up
        total += self.up_taps + self.down_taps - 2
        low = (total + up) // 2
        return low, total - low


def plan(a: StyleGAN3Architecture) -> tuple[Step, ...]:
    """Return the layers from the first to the one that makes RGB."""
    steps: list[Step] = []
    for index in range(a.layers + 1):
        source, target = band(a, max(index - 1, 0)), band(a, index)
        last, critical = index == a.layers, index >= a.layers - a.critical
        rate = max(source.rate, target.rate) * (1 if last else a.oversampling)
        up, down = rate // source.rate, rate // target.rate
        steps.append(
            Step(
                source,
                target,
                1 if last else a.kernel,
                rate,
                a.taps * up if up > 1 and not last else 1,
                a.taps * down if down > 1 and not last else 1,
                a.radial and not critical,
            )
        )
    return tuple(steps)


def band(a: StyleGAN3Architecture, index: int) -> Band:
    """Return the signal that layer `index` makes."""
    last_cutoff = a.resolution / 2
    share = min(index / (a.layers - a.critical), 1)
    cutoff = a.first_cutoff * (last_cutoff / a.first_cutoff) ** share
    stopband = a.first_stopband * (last_cutoff * a.last_stopband / a.first_stopband) ** share
    rate = 2 ** math.ceil(math.log2(min(2 * stopband, a.resolution)))
    inside = index >= a.layers - 1
    return Band(
        cutoff,
        max(stopband, rate / 2) - cutoff,
        rate,
        a.resolution if inside else rate + 2 * a.margin,
        3 if index == a.layers else round(min(a.channel_base / 2 / cutoff, a.channel_max)),
    )
