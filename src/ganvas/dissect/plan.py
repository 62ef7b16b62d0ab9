"""What `ganvas dissect` is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ganvas.dissect.concepts import Concepts, require_concept
from ganvas.dissect.effect import Effect
from ganvas.dissect.summary import Threshold
from ganvas.errors import about
from ganvas.generator import GeneratorConfig

SHARING = ("generator", "samples", "threshold", "quantile", "effect", "output", "batch", "device")
"""Fields that leave the shards as they are, so that plans that differ in them share a folder; a
generator has a folder by the hash of its content, and what it is set to besides counts with the
rest."""


@dataclass(frozen=True)
class DissectPlan:
    """A dissection: pictures, layers, concepts, thresholds, and what is measured afterwards.

    Attributes:
        generator: The frozen generator (group).
        concepts: Who says where a concept is (group).
        layers: Where: a resolution, for its last layer, or a layer's name.
        samples: How many pictures.
        seed: Seed of the first sample.
        psi: Truncation ψ of the samples.
        embedding: An embedding.safetensors whose images are counted instead of samples.
        calibration: Samples that each unit's thresholds are quantiles of.
        threshold: Of each unit and concept, that of the highest information quality ratio
            ("quality"), or a quantile of the unit ("quantile").
        quantile: Which one.
        effect: Measure what the best units cause; null: do not.
        output: Folder of all dissections.
        batch: Pictures that are drawn together; null: 1 on the CPU, 25 on a GPU.
        device: auto, cpu or cuda.
    """

    generator: GeneratorConfig
    concepts: Concepts
    layers: tuple[int | str, ...] = (8, 16, 32)
    samples: Annotated[int, Field(ge=2, le=1_000_000)] = 1000
    seed: Annotated[int, Field(ge=0, lt=2**39)] = 0
    psi: float = 0.7
    embedding: Path | None = None
    calibration: Annotated[int, Field(ge=1, le=1024)] = 32
    threshold: Threshold = "quality"
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.99
    effect: Effect | None = field(default_factory=Effect)
    output: Path = Path("dissections")
    batch: Annotated[int, Field(ge=1)] | None = None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"

    def __post_init__(self) -> None:
        if self.effect is not None and self.effect.concepts is not None:
            with about("effect.concepts"):
                for name in self.effect.concepts:
                    require_concept(name, tuple(self.concepts.members))
