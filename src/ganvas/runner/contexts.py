"""What the metrics see of a stage, and of a whole run."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ganvas.edit import Recipe
from ganvas.functional.images import to_uint8
from ganvas.metrics import Context, Region
from ganvas.metrics.context import RESULT
from ganvas.runner.settings import Experiment
from ganvas.stage import Scene


def stage_context(scene: Scene, render: Tensor, target: str) -> Context:
    """Show the render of a stage, (B, 3, H, W), and the photographs by name."""
    pictures = {name: to_uint8(images) for name, images in scene.images.items()}
    pictures[RESULT] = to_uint8(render)
    return Context(scene.names, pictures, scene.generator, target)


def run_context(
    experiment: Experiment, scene: Scene, kept: Sequence[int], micro_batch: int
) -> Context:
    """Show the images that are kept: photographs, renders, the embedding of x, the edit's mask."""
    places = list(kept)
    recipe = experiment.edit
    pictures = {name: to_uint8(images[places]) for name, images in scene.images.items()}
    pictures |= {name: to_uint8(render[places]) for name, render in scene.renders.items()}
    pictures[RESULT] = pictures[list(recipe.stages)[-1]]
    embedding = scene.embedding("x").take(places)
    return Context(
        names=embedding.names,
        pictures=pictures,
        generator=scene.generator,
        embedding=embedding,
        region=_region(recipe, scene, places, pictures),
        seed=experiment.seed,
        micro_batch=micro_batch,
    )


def _region(
    recipe: Recipe, scene: Scene, places: list[int], pictures: dict[str, Tensor]
) -> Region | None:
    if recipe.regions is None:
        return None
    mask = scene.masks[recipe.regions.mask][places]
    return Region(mask, pictures[recipe.regions.inside], pictures[recipe.regions.outside])
