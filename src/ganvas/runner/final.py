"""The result of a run: which images are kept, their embeddings and final metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.edit import Recipe
from ganvas.image.images import best_of
from ganvas.metrics.measure import describe, mean, measure
from ganvas.runner.compact_delta import COSTS
from ganvas.runner.contexts import run_context
from ganvas.runner.directory import RunDirectory
from ganvas.runner.settings import Experiment
from ganvas.stage import Scene, StageConfig
from ganvas.start import Start


def kept_images(start: Start, recipe: Recipe, stages: Mapping[str, Any], count: int) -> list[int]:
    """Return the places of the images that are results: all, or each photograph's best.

    The best one has the lowest loss in the last stage that optimises x.
    """
    of_x = [
        n for n, s in recipe.stages.items() if isinstance(s, StageConfig) and s.embedding == "x"
    ]
    losses = [stages[name]["loss"] for name in of_x]
    if not (start.keeps_best and losses):
        return list(range(count))
    return best_of([math.inf if x is None else x for x in losses[-1]], start.solutions)


def save_embeddings(folder: RunDirectory, scene: Scene, kept: Sequence[int]) -> None:
    """Save the embedding of x, and beside it those of the other inputs."""
    scene.embedding("x").take(kept).save(folder.embedding_file)
    for name, other in scene.embeddings.items():
        if name != "x":
            other.take(kept).save(folder.path / f"embedding.{name}.safetensors")


def final_metrics(
    experiment: Experiment,
    scene: Scene,
    kept: Sequence[int],
    stages: Mapping[str, Any],
    micro_batch: int,
) -> dict[str, Any]:
    """Measure the images that are kept, and return `metrics.json`.

    What the last stage was measured by is not measured again.
    """
    measured = stages[list(experiment.edit.stages)[-1]]
    rest = {k: metric for k, metric in experiment.metrics.items() if k not in measured["final"]}
    context = run_context(experiment, scene, kept, micro_batch)
    values = measure(rest, context)
    values = {name: measured["images"][name] | row for name, row in values.items()}
    order = dict.fromkeys((*experiment.metrics, *measured["final"]))
    images = {name: {key: row[key] for key in order if key in row} for name, row in values.items()}
    final = mean(images)
    about = COSTS | describe(experiment.metrics, scene.generator.resolution)
    return {
        "final": final,
        "images": images,
        "stages": stages,
        "about": {name: about[name] for name in final},
    }
