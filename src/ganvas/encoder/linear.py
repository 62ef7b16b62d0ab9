"""The linear encoder as an option of `encoder=`: ridge regression from frozen features to w."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.encoder.data import Data
from ganvas.encoder.features import Features
from ganvas.encoder.linear_encoder import LinearEncoder
from ganvas.encoder.option import Job, Trainable
from ganvas.encoder.shards import Shards
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from ganvas.functional.ridge import NormalEquations
    from ganvas.generator.base import Generator

Penalty = Annotated[float, Field(gt=0)]
CURVE = (0.25, 0.5, 1.0)
"""Fractions of the training samples at which the error is recorded."""


@dataclass(frozen=True)
class Linear(Trainable):
    """Ridge regression in closed form: minutes, no epochs, and one answer.

    The penalty is the one with the smallest error on samples that are held out; with it, all
    samples are regressed once more.

    Attributes:
        features: What is seen of a picture.
        data: How training samples are drawn.
        penalties: The λ to choose from, for features of unit variance.
        held_out: Fraction of the samples that choose, at the end.
    """

    features: Features
    data: Data = field(default_factory=Data)
    penalties: tuple[Penalty, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def train(self, generator: Generator, job: Job) -> LinearEncoder:
        """Draw the samples that are not in the job's folder yet, and regress.

        More samples keep the first ones, and continue in the same folder.

        Raises:
            ConfigError: There are too few samples to hold some out.
            AssetError: A network that the features need cannot be had.
        """
        from ganvas.functional.ridge import (
            Affine,
            NormalEquations,
            normal_equations,
            ridge,
            summed,
        )

        samples = job.samples
        shards = Shards(job.folder / "shards", self.data, self.features, samples, job.seed)
        kept = len(shards) - max(1, round(self.held_out * len(shards)))
        if kept < 1:
            raise ConfigError(
                f"samples={samples}: at least {self.data.shard + 1} are needed, one shard of "
                f"{self.data.shard} to learn from and another to choose the penalty"
            )
        self.features.load(generator.w_avg.device)
        shards.compute(generator, job.report)
        job.report("regressing")
        judges = summed(normal_equations(*pair) for pair in islice(shards, kept, None))
        marks = {max(1, round(fraction * kept)) for fraction in CURVE}
        curve: list[dict[str, float]] = []
        parts = (normal_equations(*pair) for pair in shards)
        for done, sums in enumerate(accumulate(parts, NormalEquations.plus), 1):
            if done in marks:
                curve += [judged(sums, penalty, judges) for penalty in self.penalties]
        best = min(curve[-len(self.penalties) :], key=lambda row: row["error"])
        affine = ridge(sums, best["penalty"])
        return LinearEncoder(
            features=self.features,
            affine=Affine(*(tensor.float() for tensor in affine)),
            picture_resolution=self.data.resolution,
            generator=generator.name,
            generator_hash=generator.source_hash,
            generator_resolution=generator.resolution,
            record={
                "samples": samples,
                "held_out": judges.pairs,
                "seed": job.seed,
                "penalty": best["penalty"],
                "explained": best["explained"],
                "curve": curve,
            },
        )


def judged(sums: NormalEquations, penalty: float, judges: NormalEquations) -> dict[str, float]:
    """Return the error of the regression of some sums on those that judge it.

    It is the mean squared distance of w, and the part of the spread of w that is explained: one
    minus the error over that of the mean w; NaN where one sample judges, which has no spread.
    """
    from ganvas.functional.ridge import mean_squared_error, ridge

    error = float(mean_squared_error(judges, ridge(sums, penalty)).sum())
    mean = judges.moments[-1] / judges.pairs
    spread = float((judges.squares / judges.pairs - mean.square()).sum())
    return {
        "samples": sums.pairs,
        "penalty": penalty,
        "error": error,
        "explained": 1 - error / spread if judges.pairs > 1 else math.nan,
    }
