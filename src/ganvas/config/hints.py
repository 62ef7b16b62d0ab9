"""What helps a user along: which options know a key, and what belongs to one option alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf

from ganvas.config.groups import groups
from ganvas.config.schema import TARGET, locate, parameters
from ganvas.errors import ConfigError


def options_with(key: str) -> list[str]:
    """Return the options, as GROUP=OPTION, of the program that have `key`.

    >>> options_with("mask.left")
    ['mask=box']
    """
    group, _, below = key.partition(".")
    *parents, name = below.split(".")
    found = []
    for option, file in groups().get(group, {}).items():
        node = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            continue
        fields = parameters(locate(str(node[TARGET]), key)) if TARGET in node else {}
        if name in node or name in fields:
            found.append(f"{group}={option}")
    return found


def refuse_foreign_crop(image: DictConfig, overrides: Sequence[str], preset: Path) -> None:
    """Refuse another photograph that would be cut by the box, in pixels, of a preset's own.

    Args:
        image: The composed node `image`.
        overrides: What was given.
        preset: The file of the image option that was chosen.

    Raises:
        ConfigError: The first such photograph, with the ways out.
    """
    given = {line.lstrip("+").partition("=")[0] for line in overrides}
    written = OmegaConf.load(preset)
    assert isinstance(written, DictConfig)
    for name in map(str, image):
        own, source = written.get(name), image[name]
        if not isinstance(own, DictConfig) or not isinstance(source, DictConfig):
            continue
        box, theirs = source.get("crop"), own.get("path")
        kept = isinstance(box, ListConfig) and box == own.get("crop")
        another = theirs is not None and source.path != theirs
        if kept and another and f"image.{name}.crop" not in given:
            shown = ",".join(map(str, box))
            raise ConfigError(
                f"image.{name}.crop=[{shown}] belongs to {theirs}; "
                f"add image.{name}.crop=centre, or use image=file"
            )
