"""What helps a user along: which options know a key, and what belongs to one option alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override

from ganvas.config.groups import groups, read_yaml
from ganvas.config.targets import TARGET, locate, parameters
from ganvas.errors import ConfigError, UnknownKeyError


def options_with(key: str) -> list[str]:
    """Return the options, as GROUP=OPTION, of the program that have `key`.

    >>> options_with("mask.left")
    ['mask=box']
    """
    group, _, below = key.partition(".")
    *parents, name = below.split(".")
    matching = []
    for option, file in groups().get(group, {}).items():
        node = read_yaml(file)
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            continue
        fields = parameters(locate(str(node[TARGET]), key)) if TARGET in node else {}
        if name in node or name in fields:
            matching.append(f"{group}={option}")
    return matching


@contextmanager
def unknown_keys_explained() -> Iterator[None]:
    """Say of a key that an option does not have which options have it.

    Raises:
        ConfigError: In the place of an `UnknownKeyError` of a key that others have.
    """
    try:
        yield
    except UnknownKeyError as error:
        others = options_with(error.key)
        if not others:
            raise
        raise ConfigError(f"{error.what}; it belongs to {', '.join(others)}") from None


def refuse_foreign_crop(
    image: Mapping[str, Any], overrides: Sequence[Override], preset: Path
) -> None:
    """Refuse another photograph that would be cut by the box, in pixels, of a preset's own.

    Args:
        image: The composed node `image`.
        overrides: What was given.
        preset: The file of the image option that was chosen.

    Raises:
        ConfigError: The first such photograph, with the ways out.
    """
    keys = {override.key_or_group for override in overrides}
    written = _written(preset, preset.stat().st_mtime_ns)
    for name, source in image.items():
        theirs = written.get(name)
        if not isinstance(theirs, Mapping) or not isinstance(source, Mapping):
            continue
        box, path = source.get("crop"), theirs.get("path")
        kept = isinstance(box, list) and box == theirs.get("crop")
        another = path is not None and source.get("path") != path
        if kept and another and f"image.{name}.crop" not in keys:
            shown = ",".join(map(str, box or ()))
            raise ConfigError(
                f"image.{name}.crop=[{shown}] belongs to {path}; "
                f"add image.{name}.crop=centre, or use image=file"
            )


@lru_cache(maxsize=64)
def _written(option: Path, modified: int) -> dict[str, Any]:
    content = read_yaml(option)
    return content if isinstance(content, dict) else {}
