"""The input images of an experiment, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ganvas.errors import ConfigError, InputError, about, one_or
from ganvas.image.source import Source


@dataclass(frozen=True)
class Images:
    """The photographs of an experiment; a recipe refers to them by these names.

    Attributes:
        x: The photographs to embed; several are embedded side by side.
        y: For edits with two images: as many as x, or one for all of x.
        z: For edits with three images: as many as x, or one for all of x.
    """

    x: Source
    y: Source | None = None
    z: Source | None = None

    def __post_init__(self) -> None:
        for name, source in (("y", self.y), ("z", self.z)):
            if source is not None and source.paste:
                raise ConfigError(f"{name}.paste: only the result of x is pasted back")

    def read(self) -> dict[str, dict[str, Image.Image]]:
        """Decode everything: per input name, square pictures by image name.

        Raises:
            InputError: A file is unusable, or y or z hold neither one nor as many pictures as x.
        """
        sources = {"x": self.x, "y": self.y, "z": self.z}
        pictures: dict[str, dict[str, Image.Image]] = {}
        for name, source in sources.items():
            if source is not None:
                with about(f"image.{name}", InputError):
                    pictures[name] = source.read()
        count = len(pictures["x"])
        for name, by_name in pictures.items():
            if len(by_name) not in (1, count):
                raise InputError(
                    f"image.{name} holds {len(by_name)} pictures; it needs {one_or(count)}, as "
                    "many as x"
                )
        return pictures


def repeated(
    pictures: dict[str, dict[str, Image.Image]], times: int
) -> dict[str, dict[str, Image.Image]]:
    """Repeat every photograph `times` times as name-1, name-2, …: one for each solution."""
    if times == 1:
        return pictures
    return {
        source: {f"{name}-{k}": p for name, p in several.items() for k in range(1, times + 1)}
        for source, several in pictures.items()
        if source == "x" or len(several) > 1
    } | {source: one for source, one in pictures.items() if source != "x" and len(one) == 1}


def best_of(losses: Sequence[float], times: int) -> list[int]:
    """Return, of every `times` solutions in a row, the index of the one with the lowest loss."""
    groups = range(0, len(losses), times)
    return [min(range(g, g + times), key=lambda index: losses[index]) for g in groups]
