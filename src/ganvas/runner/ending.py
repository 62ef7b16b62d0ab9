"""What a run leaves at its end: pictures, embeddings and `metrics.json`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganvas.edit import Recipe
from ganvas.functional.images import to_uint8
from ganvas.image.images import best_of
from ganvas.image.picture import difference, save_animation, save_picture, to_picture
from ganvas.metrics.measure import describe, mean, measure
from ganvas.runner.contexts import run_context
from ganvas.runner.edited import scene_sheet
from ganvas.runner.folder import RunFolder
from ganvas.runner.settings import Experiment
from ganvas.runner.tuned import COSTS
from ganvas.stage import Scene
from ganvas.start import Start
from ganvas.tracking import Record

SHOWN = ("target", "mask", "result", "difference")
"""The pictures that stand for a finished run in dashboards."""


def kept_images(start: Start, stages: Mapping[str, Any], count: int) -> list[int]:
    """Return the places of the images that are results: all, or each photograph's best."""
    losses = [stage["loss"] for stage in stages.values() if "loss" in stage]
    if not (start.keeps_best and losses):
        return list(range(count))
    return best_of([math.inf if x is None else x for x in losses[-1]], start.solutions)


def save_pictures(folder: RunFolder, record: Record, recipe: Recipe, scene: Scene) -> None:
    """Save each image's result, difference and animation, and the contact sheet."""
    render = to_uint8(scene.renders[list(recipe.stages)[-1]])
    for name, picture, wanted in zip(scene.names, render, to_uint8(scene.images["x"]), strict=True):
        own = folder.images(name)
        save_picture(to_picture(picture), own / "result.png")
        save_picture(to_picture(difference(picture, wanted)), own / "difference.png")
        save_animation(record.frames(name), own / "progress.webp")
    save_picture(scene_sheet(recipe, scene), folder.path / "images" / "contact_sheet.png")


def save_embeddings(folder: RunFolder, scene: Scene, kept: Sequence[int]) -> None:
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


def shown_pictures(folder: RunFolder, names: Iterable[str]) -> dict[str, dict[str, Path]]:
    """Return the files of `SHOWN` that there are, by image and kind."""
    files = {name: {kind: folder.images(name) / f"{kind}.png" for kind in SHOWN} for name in names}
    return {n: {k: f for k, f in found.items() if f.is_file()} for n, found in files.items()}
