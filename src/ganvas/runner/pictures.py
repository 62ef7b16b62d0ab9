"""The pictures that a run leaves: inputs, masks, films, stages, results, contact sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from PIL import Image
from torch import Tensor

from ganvas.edit import Recipe
from ganvas.functional.images import to_uint8
from ganvas.image import Source
from ganvas.image.paste import pasted
from ganvas.image.picture import difference, save_animation, save_picture, to_picture
from ganvas.image.sheet import contact_sheet, frames_of, mask_picture, strip
from ganvas.runner.directory import RunDirectory
from ganvas.runner.settings import Experiment
from ganvas.runner.sharing import share_pictures
from ganvas.stage import Scene
from ganvas.tracking import Record

FILM_RESOLUTION = 512
STAGE_QUALITY = 98
"""Of the WebP of a stage that is not the last one: 43 dB from what the stage drew, at 1024²."""

SHOWN = ("target", "mask", "result")
"""The pictures that stand for a finished run in dashboards."""


def save_inputs(folder: RunDirectory, names: tuple[str, ...], scene: Scene) -> None:
    """Save the run's inputs, per image: `target` and `input_<name>`, without loss, and the masks.

    The recipe's first mask is `mask.png`, which dashboards lay over the pictures; the others are
    `mask_<name>.png`. Masks that are 1 everywhere say nothing and are not saved.
    """
    for key, images in scene.images.items():
        stem = "target" if key == "x" else f"input_{key}"
        for name, picture in zip(names, to_uint8(images), strict=True):
            file = folder.picture_folder(name) / f"{stem}.webp"
            save_picture(to_picture(picture), file, lossless=True)
    for index, (key, masks) in enumerate(scene.masks.items()):
        if bool((masks == 1).all()):
            continue
        stem = "mask" if index == 0 else f"mask_{key}"
        for name, mask in zip(names, masks, strict=True):
            save_picture(
                mask_picture(mask).convert("L"), folder.picture_folder(name) / f"{stem}.png"
            )


def save_stage(
    folder: RunDirectory, names: tuple[str, ...], stage: str, pictures: Tensor, last: bool
) -> None:
    """Save what a stage draws; only the last one's picture, which is the result, as PNG.

    That of an earlier stage is for looking at: it is measured before it is saved, and an exact one
    would be a fifth of a sharp portrait's record.

    Args:
        folder: The run.
        names: The images.
        stage: The stage's name.
        pictures: (B, 3, H, W), 8 bit.
        last: Whether it is the recipe's last stage, or an operation, whose film is a WebP.
    """
    for name, picture in zip(names, pictures, strict=True):
        file = folder.picture_folder(name) / f"{stage}{'.png' if last else '.webp'}"
        save_picture(to_picture(picture), file, quality=STAGE_QUALITY)


def save_frames(
    folder: RunDirectory, names: tuple[str, ...], stage: str, frames: Iterator[Tensor]
) -> None:
    """Save the film of an operation, where it draws one: `<stage>.webp` and `<stage>_strip.png`."""
    films = [frames_of(images, FILM_RESOLUTION) for images in frames]
    if not films:
        return
    for index, name in enumerate(names):
        pictures = [film[index] for film in films]
        files = [folder.picture_folder(name) / f".{stage}.{k:03}.png" for k in range(len(pictures))]
        for file, picture in zip(files, pictures, strict=True):
            save_picture(picture, file)
        # There and back, so that the loop has no jump.
        save_animation([*files, *files[-2:0:-1]], folder.picture_folder(name) / f"{stage}.webp")
        for file in files:
            file.unlink()
        save_picture(strip(pictures), folder.picture_folder(name) / f"{stage}_strip.png")


def save_pictures(
    folder: RunDirectory, record: Record, experiment: Experiment, scene: Scene
) -> None:
    """Save each image's result and animation, and the contact sheet; store equal pictures once."""
    recipe = experiment.edit
    results = results_of(recipe, scene)
    for name, picture in results.items():
        images = folder.picture_folder(name)
        save_picture(picture, images / "result.png")
        save_animation(record.frames(name), images / "progress.webp")
    whole = paste_back(experiment.image.x, results, experiment.start.solutions)
    for name, photograph in whole.items():
        save_picture(photograph, folder.picture_folder(name) / "pasted.jpg")
    sheet = scene_sheet(recipe, scene, whole)
    save_picture(sheet, folder.path / "images" / "contact_sheet.webp")
    share_pictures(folder.path)


def results_of(recipe: Recipe, scene: Scene) -> dict[str, Image.Image]:
    """Return what the recipe's last stage draws, by image."""
    render = to_uint8(scene.renders[list(recipe.stages)[-1]])
    return dict(zip(scene.names, map(to_picture, render), strict=True))


def paste_back(
    source: Source, results: Mapping[str, Image.Image], solutions: int
) -> dict[str, Image.Image]:
    """Return the photographs with the results in them, by image; none where none is asked for.

    Args:
        source: The photographs x.
        results: By image; those of one photograph follow each other.
        solutions: How many images there are of each photograph.

    Raises:
        InputError: A photograph is gone since the run has read it.
    """
    if not source.paste:
        return {}
    files = [file for file in source.files() for _ in range(solutions)]
    return {
        name: pasted(file, source.crop, result)
        for (name, result), file in zip(results.items(), files, strict=True)
    }


def scene_sheet(
    recipe: Recipe, scene: Scene, whole: Mapping[str, Image.Image], limit: int = 8
) -> Image.Image:
    """Draw inputs, masks, every stage, result and difference: a row for each image, by name.

    Args:
        recipe: The edit.
        scene: What it has drawn.
        whole: The photographs with the results in them, by image, where there are such.
        limit: Rows at most.
    """
    last = list(recipe.stages)[-1]
    rows = {}
    for index, name in enumerate(scene.names[:limit]):
        row = {key: to_picture(images[index]) for key, images in scene.images.items()}
        row |= {f"mask {key}": mask_picture(mask[index]) for key, mask in scene.masks.items()}
        row |= {f"stage {step}": to_picture(scene.renders[step][index]) for step in recipe.stages}
        result, target = to_uint8(scene.renders[last][index]), to_uint8(scene.images["x"][index])
        row["result"] = to_picture(result)
        row["difference to x"] = to_picture(difference(result, target))
        if name in whole:
            row["pasted"] = whole[name]
        rows[name] = row
    return contact_sheet(rows)


def shown_pictures(folder: RunDirectory, names: Iterable[str]) -> dict[str, dict[str, Path]]:
    """Return the files of `SHOWN` that there are, by image and stem."""
    pictures = {}
    for name in names:
        files = {stem: folder.picture_file(name, stem) for stem in SHOWN}
        pictures[name] = {stem: file for stem, file in files.items() if file.is_file()}
    return pictures
