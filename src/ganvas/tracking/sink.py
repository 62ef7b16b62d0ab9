"""What a logger is: a sink of a run's events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from PIL import Image

Row = dict[str, Any]
SHOWN = 8
"""Images whose pictures are sent to a sink; the record holds them all."""


def mean_values(row: Row) -> dict[str, float]:
    """Return the mean over images of each value; images where it is not finite are left out.

    >>> mean_values({"step": 3, "stage": "w", "psnr": [20.0, 22.0, None], "loss": [None]})
    {'psnr': 21.0}
    """
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    finite = {name: [v for v in values if v is not None] for name, values in lists.items()}
    return {name: fmean(values) for name, values in finite.items() if values}


def rows_per_image(row: Row, images: Sequence[str]) -> list[Row]:
    """Return one row per image, with one value instead of each list of them.

    >>> rows_per_image({"step": 3, "psnr": [20.0, 22.0]}, ["a", "b"])
    [{'step': 3, 'image': 'a', 'psnr': 20.0}, {'step': 3, 'image': 'b', 'psnr': 22.0}]
    """
    shared = {name: value for name, value in row.items() if not isinstance(value, list)}
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    return [
        {**shared, "image": image, **{name: values[i] for name, values in lists.items()}}
        for i, image in enumerate(images)
    ]


@dataclass(frozen=True)
class RunInfo:
    """What a sink is told when a run begins.

    Attributes:
        folder: The run's folder.
        name: Slug and signature.
        study: The study: the group of runs that are compared.
        edit: The edit: the kind of job.
        tags: The user's words.
        config: The full, resolved configuration.
        images: Names of the images.
    """

    folder: Path
    name: str
    study: str
    edit: str
    tags: tuple[str, ...]
    config: dict[str, Any]
    images: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a sink is told when a run ends.

    Attributes:
        state: finished, interrupted, pruned or failed.
        step: Optimisation steps done, over the whole run.
        metrics: The content of `metrics.json`; {} where the run did not finish.
        pictures: Per image, the files of target, mask (where the edit has one) and result.
        embedding: The embedding's file, where there is one.
    """

    state: str
    step: int
    metrics: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, dict[str, Path]] = field(default_factory=dict)
    embedding: Path | None = None


def comparison(files: dict[str, Path]) -> dict[str, Image.Image]:
    """Open the pictures of one image, and add the difference of its result from its target."""
    from ganvas.image.picture import difference_picture

    pictures = {}
    for stem, file in files.items():
        with Image.open(file) as picture:
            pictures[stem] = picture.convert("RGB")
    if {"result", "target"} <= files.keys():
        pictures["difference"] = difference_picture(files["result"], files["target"])
    return pictures


class Sink(Protocol):
    """Receives the events of one run, in order; the step never goes back."""

    def begin(self, info: RunInfo) -> None:
        """Open the run."""

    def log(self, row: Row, frames: dict[str, Path]) -> None:
        """Take one step: its row of the curve and, at some steps, a picture per image."""

    def end(self, outcome: Outcome) -> None:
        """Close the run, also after a failure."""


class Logger(ABC):
    """An option of `logger=`: makes the sink of a run, or none."""

    @abstractmethod
    def sink(self) -> Sink | None:
        """Return a fresh sink."""

    def check(self, folder: Path) -> None:  # noqa: B027 - most write anywhere
        """Refuse a folder that the sink cannot write into, before any work.

        Raises:
            ConfigError: It cannot.
        """


class NoLogger(Logger):
    """The run's own record only."""

    def sink(self) -> None:
        """Return nothing: there is no sink besides the record."""
        return
