"""Ablations: which component of an experiment is worth what.

Around the full experiment stand its variants: without one component each (leave-one-out), and a
bare one, without any, to which one component each is added (add-one-in).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from ganvas.compose import compose_job
from ganvas.errors import ConfigError, nearest
from ganvas.files import write_json
from ganvas.groups import config_dir, groups

Mode = Literal["both", "leave_one_out", "add_one_in"]

NEUTRAL = {"mask": "full", "layers": "all", "start": "random"}
"""The option of a group that stands for its absence."""

FULL, BARE, FILE = "full", "bare", "ablation.json"


@dataclass(frozen=True)
class Component:
    """A part of an experiment that can be left out.

    Attributes:
        name: What it is called in tables.
        without: The override that leaves it out, such as ``~edit.stages.n`` or ``mask=full``.
    """

    name: str
    without: str


@dataclass(frozen=True)
class Variant:
    """One setting of an ablation.

    Attributes:
        name: What it is called in tables.
        overrides: What makes it out of the full experiment.
    """

    name: str
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Ablation:
    """A named study in conf/ablation/.

    Attributes:
        over: What may be left out: ``mask``, ``layers``, ``start`` (their neutral option), ``loss``
            (every term), ``stages`` (every stage), a dotted key (it is deleted), or an override
            that stands for the absence of something, such as ``optimizer.noise.lr=0``.
        overrides: The full experiment.
        mode: "leave_one_out", "add_one_in" or "both".
    """

    over: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    mode: Mode = "both"


def read_ablation(name: str) -> Ablation:
    """Read conf/ablation/`name`.yaml.

    Raises:
        ConfigError: There is none, or it is wrong.
    """
    folder = config_dir() / "ablation"
    file = folder / f"{name}.yaml"
    if not file.is_file():
        known = [f.stem for f in folder.glob("*.yaml")]
        raise ConfigError(f"ablation: no option '{name}'{nearest(name, known)}")
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    unknown = found.keys() - Ablation.__dataclass_fields__.keys()
    if unknown:
        key = min(unknown)
        raise ConfigError(f"{file}: unknown key '{key}'{nearest(key, Ablation.__annotations__)}")
    try:
        return TypeAdapter(Ablation).validate_python(found)
    except ValidationError as error:
        raise ConfigError(f"{file}: {error.errors()[0]['msg']}") from error


def components(
    over: Sequence[str], base: Sequence[str], user_dirs: Sequence[Path] = ()
) -> list[Component]:
    """Return the components that `over` names in the experiment that `base` composes.

    Raises:
        ConfigError: One of them is not part of the experiment.
    """
    config: Any = compose_job(base, user_dirs).config
    found: list[Component] = []
    for word in over:
        if "=" in word:
            found.append(Component(word, word))
        elif word in NEUTRAL:
            found.append(Component(word, f"{word}={NEUTRAL[word]}"))
        elif word == "loss":
            found += [Component(key, f"~{key}") for key in _terms(config)]
        elif word == "stages":
            keys = [f"edit.stages.{name}" for name in config.edit.stages]
            found += [Component(key, f"~{key}") for key in keys]
        else:
            _require(config, word)
            found.append(Component(word, f"~{word}"))
    if not found:
        raise ConfigError("over=[…] names nothing to leave out")
    return found


def variants(parts: Sequence[Component], mode: Mode) -> list[Variant]:
    """Return the full experiment and its variants; equal ones appear once per role."""
    found = [Variant(FULL, ())]
    if mode in ("both", "leave_one_out"):
        found += [Variant(_left_out(part), (part.without,)) for part in parts]
    if mode in ("both", "add_one_in"):
        found.append(Variant(BARE, tuple(part.without for part in parts)))
        for part in parts:
            others = tuple(other.without for other in parts if other != part)
            found.append(Variant(f"only {part.name.partition('=')[0]}", others))
    return found


def _left_out(part: Component) -> str:
    """Say what a leave-one-out variant is: what it lacks, or what it has in the part's place."""
    return f"with {part.name}" if "=" in part.name else f"without {part.name}"


def write_members(study: Path, members: Mapping[str, Sequence[str]]) -> None:
    """Write which runs belong to which variant, for tables: names of run folders by variant."""
    write_json(study / FILE, {"base": FULL, "variants": {k: list(v) for k, v in members.items()}})


def read_members(study: Path) -> dict[str, list[str]]:
    """Return the names of the run folders by variant; {} for a study that is no ablation."""
    try:
        found = json.loads((study / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(k): [str(name) for name in v] for k, v in found["variants"].items()}


def _terms(config: Any) -> Iterator[str]:
    """Iterate over the terms of those sections of the loss that the recipe uses."""
    used = [
        block.terms
        for stage in config.edit.stages.values()
        for block in stage.get("objective", {}).values()
    ]
    for section in ("latent", "noise", "style"):
        terms = config.loss.get(section) or {}
        if terms in used:
            yield from (f"loss.{section}.{name}" for name in terms)


def _require(config: Any, key: str) -> None:
    at = config
    for part in key.split("."):
        if not hasattr(at, "keys") or part not in at:
            known = list(at) if hasattr(at, "keys") else []
            known += [*NEUTRAL, "loss", "stages"] if at is config else []
            hint = nearest(part, known)
            group = "; give the option that stands for its absence" if key in groups() else ""
            raise ConfigError(f"over: no '{key}' in the experiment{group or hint}")
        at = at[part]
    if key in groups():
        raise ConfigError(f"over: say which option stands for the absence of {key}: over=[{key}=…]")
