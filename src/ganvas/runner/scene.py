"""From an experiment to the scene of its stages; whatever does not fit is refused on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import torch
from torch import Tensor

from ganvas.edit import Recipe
from ganvas.embedding import Embedding, Space, require_fit
from ganvas.errors import ConfigError, InputError, about, nearest
from ganvas.generator import Generator
from ganvas.generator.tuning import require_delta, tuned
from ganvas.image.source import to_tensor
from ganvas.mask import Canvas, Full
from ganvas.metrics.measure import load
from ganvas.runner.settings import Experiment
from ganvas.stage import Scene
from ganvas.start import Start

log = logging.getLogger("ganvas")


def set_scene(
    experiment: Experiment,
    pictures: dict[str, dict[str, Any]],
    generator: Generator,
    generator_config: dict[str, Any],
    say: Callable[[str], None],
) -> tuple[Experiment, Scene]:
    """Return the experiment with its edit fitted to the generator, and the scene to run it on.

    Args:
        experiment: The built experiment.
        pictures: The decoded input pictures: per input, by image name.
        generator: The generator as it was loaded.
        generator_config: Its configuration, to be saved with the embedding.
        say: Takes a line for the user.

    Raises:
        GanvasError: The edit, the start or a metric does not fit; no work is done yet.
    """
    names, device = tuple(pictures["x"]), experiment.trainer.torch_device()
    generator = generator.to(device)
    if experiment.trainer.channels_last:
        generator = generator.to(memory_format=torch.channels_last)
    images = {
        name: _tensor(by_name, len(names), generator.resolution).to(device)
        for name, by_name in pictures.items()
    }
    solutions, source = experiment.start.solutions, experiment.image.x
    masks = experiment.edit.draw_masks(Canvas(images, experiment.seed, solutions, source))
    recipe, notices = experiment.edit.fitted_to(generator)
    if not experiment.edit.masks and not isinstance(experiment.mask, Full):
        notices = (*notices, "this edit has no mask, so mask= has no effect")
    for notice in notices:
        say(notice)
        log.debug("%s", notice)  # in the run's log alone, for it is shown already
    # Before any work, so that a start that does not fit is found; an encoder takes time.
    starts = {
        name: replace(begun, names=names, generator=generator_config).to(device)
        for name, begun in _starts(experiment, recipe, pictures, images, generator)
    }
    delta = starts["x"].delta
    for name, start in starts.items():
        require_delta(name, start.delta, delta)
    recipe.check(generator, starts, device)
    load(experiment.metrics, device)
    begun = {name: replace(start, delta=delta) for name, start in starts.items()}
    scene = Scene(tuned(generator, delta), images, masks, lambda: starts["x"], begun)
    return replace(experiment, edit=recipe), scene


def _tensor(by_name: dict[str, Any], count: int, resolution: int) -> Tensor:
    """Return an input (count, 3, H, W), in [−1, 1]; one picture serves all images."""
    pictures = to_tensor(list(by_name.values()), resolution)
    return pictures.expand(count, -1, -1, -1).contiguous()


def _starts(
    experiment: Experiment,
    recipe: Recipe,
    pictures: dict[str, dict[str, Any]],
    images: dict[str, Tensor],
    generator: Generator,
) -> Iterator[tuple[str, Embedding]]:
    """Iterate over what each embedding of a recipe starts from, by name; see `set_scene`."""
    if experiment.start.sees_photographs and recipe.hides:
        raise ConfigError(
            f"start: {type(experiment.start).__name__} sees what this edit hides of the "
            "photograph; use start=w_avg"
        )
    count = len(pictures["x"])
    for name in recipe.embeddings():
        start, own = experiment.start.of(name), tuple(pictures[name])
        own = own * count if len(own) < count else own
        begun = start.begin(generator, own, experiment.seed, images[name])
        require_begun(start, begun, count, generator)
        yield name, begun


def require_begun(start: Start, begun: Embedding, images: int, generator: Generator) -> None:
    """Refuse what a start, which may be somebody else's, begins with and cannot be drawn.

    Raises:
        ConfigError: It is no embedding, of another number of images, or of an unknown space.
        InputError: Its tensors are not those of the generator.
    """
    name = f"start: {type(start).__name__}.begin"
    if not isinstance(begun, Embedding):
        raise ConfigError(f"{name} gives {type(begun).__name__}, not an Embedding")
    if begun.space not in get_args(Space):
        raise ConfigError(f"{name} gives the space {begun.space!r}{nearest('', get_args(Space))}")
    if len(begun) != images:
        raise ConfigError(f"{name} gives {len(begun)} latents for {images} images")
    # A file with tuned weights is held against the generator where it is read.
    if begun.delta is None:
        with about(name, InputError):
            require_fit(begun, generator)
