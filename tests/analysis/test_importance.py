"""ω² of axes against a one-way analysis of variance by scipy."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from ganvas.analysis.axes import Axis
from ganvas.analysis.compare import importance


@dataclass
class Measured:
    """A run of which only its values are known."""

    values: dict[str, float]
    hashes: dict[str, str] = field(default_factory=dict)

    def per_image(self, metric):
        return self.values

    def photograph(self, image):
        return image


def axis(name, of_run):
    levels = tuple(map(str, sorted(set(of_run))))
    return Axis(name, levels, levels, None, tuple(of_run))


def test_it_is_that_of_the_runs_means_once_each_image_is_taken_off():
    rng = np.random.default_rng(0)
    of_run = [0, 1, 2] * 5
    values = 20 + rng.normal(0, 5, 4) + np.array(of_run)[:, None] + rng.normal(0, 1, (15, 4))
    runs = [Measured(dict(zip("abcd", row, strict=True))) for row in values]
    centred = (values - values.mean(0)).mean(1)
    f = stats.f_oneway(*(centred[np.array(of_run) == level] for level in range(3))).statistic
    found = importance(runs, [axis("mask", of_run), axis("seed", range(15))], "psnr")
    assert found["mask"] == pytest.approx(2 * (f - 1) / (2 * (f - 1) + 15))
    assert found["seed"] == 0


def test_an_axis_explains_nothing_of_a_metric_that_is_the_same_everywhere():
    # Photographs that few runs have: the mean of three times 0.1 is not 0.1.
    runs = [Measured({"a": 0.1}) for _ in range(3)] + [Measured({"b": 0.1}) for _ in range(2)]
    assert importance(runs, [axis("mask", [0, 0, 0, 1, 1])], "lpips") == {"mask": 0}


def test_a_run_without_values_says_nothing():
    runs = [Measured({"a": 1.0}), Measured({"a": 2.0}), Measured({}), Measured({"a": 1.5})]
    found = importance(runs, [axis("mask", [0, 1, 1, 0])], "psnr")
    without = importance([runs[0], runs[1], runs[3]], [axis("mask", [0, 1, 0])], "psnr")
    assert found == without
    assert importance([Measured({})] * 3, [axis("mask", [0, 1, 1])], "psnr") == {"mask": 0}
