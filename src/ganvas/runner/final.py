"""The result of a run: which images are kept, their embeddings and final metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ganvas.edit import Recipe
from ganvas.functional.images import to_uint8
from ganvas.image.images import best_of
from ganvas.metrics import Metrics
from ganvas.metrics.measure import Values, mean, measure_embedding
from ganvas.metrics.regions import measure_identity, measure_regions
from ganvas.runner.directory import RunDirectory
from ganvas.runner.settings import Experiment
from ganvas.stage import Scene
from ganvas.start import Start


def kept_images(start: Start, stages: Mapping[str, Any], count: int) -> list[int]:
    """Return the places of the images that are results: all, or each photograph's best."""
    losses = [stage["loss"] for stage in stages.values() if "loss" in stage]
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
    """Measure the images that are kept, and return `metrics.json`."""
    last = list(experiment.edit.stages)[-1]
    render = to_uint8(scene.renders[last])
    embedding = scene.embedding("x").take(kept)
    of_embedding = measure_embedding(
        experiment.metrics,
        embedding,
        scene.generator,
        to_uint8(scene.images["x"][list(kept)]),
        experiment.seed,
        micro_batch,
    )
    of_edit = measure_edit(experiment.metrics, experiment.edit, scene, render)
    of_stage = stages[last]["images"]
    values = {n: of_stage[n] | of_embedding[n] | of_edit[n] for n in embedding.names}
    return {
        "final": mean(values),
        "images": values,
        "stages": stages,
        "about": experiment.metrics.about(scene.generator.resolution),
    }


def measure_edit(metrics: Metrics, recipe: Recipe, scene: Scene, pictures: Tensor) -> Values:
    """Measure the result's regions and identity, as far as the edit and the inputs have them."""
    names = scene.names
    eight_bit = {name: to_uint8(images) for name, images in scene.images.items()}
    values = measure_identity(metrics, names, pictures, eight_bit)
    if recipe.regions is None:
        return values
    regions = measure_regions(
        metrics,
        names,
        pictures,
        eight_bit[recipe.regions.inside],
        eight_bit[recipe.regions.outside],
        scene.masks[recipe.regions.mask],
    )
    return {name: values[name] | regions[name] for name in names}
