"""Ablations: which component of an experiment is worth what.

Around the full experiment stand its variants: without one component each (leave-one-out), and a
bare one, without any, to which one component each is added (add-one-in).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from ganvas.config.compose import Resolver
from ganvas.config.groups import Groups, groups, read_yaml
from ganvas.config.overrides import Words
from ganvas.errors import ConfigError, DamagedError, nearest
from ganvas.system.files import write_json
from ganvas.system.reading import parse_json, read_file

Mode = Literal["both", "leave_one_out", "add_one_in"]

NEUTRAL = {"mask": "full", "layers": "all", "start": "random"}
"""The option of a group that stands for its absence."""

FULL, BARE, FILE = "full", "bare", "ablation.json"

_STAGE_OR_TERM = re.compile(r"~(edit\.stages\.\w+(\.objective\.\w+)?|loss\.\w+\.\w+)")
_SECTION = re.compile(r"\$\{loss\.(\w+)")


@dataclass(frozen=True)
class Component:
    """A part of an experiment that can be left out.

    Attributes:
        name: What it is called in tables.
        without: The override that leaves it out, such as ``~edit.stages.n`` or ``mask=full``.
        brings: Names of the components that it is added together with in add-one-in, because it can
            do nothing without them: a stage's terms, the stages of a term.
    """

    name: str
    without: str
    brings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key or group that it is about: ``start`` of ``start=random``."""
        return self.without.lstrip("~").partition("=")[0]

    @property
    def may_be_needed(self) -> bool:
        """Whether no experiment may be left without it: a stage, a block or a term."""
        return _STAGE_OR_TERM.fullmatch(self.without) is not None


@dataclass(frozen=True)
class Variant:
    """One setting of an ablation.

    Attributes:
        name: What it is called in tables.
        overrides: What makes it out of the full experiment.
        may_be_impossible: Whether it lacks a stage, a block or a term that may be needed.
    """

    name: str
    overrides: tuple[str, ...]
    may_be_impossible: bool = False


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


def read_ablation(name: str, known_groups: Groups | None = None) -> Ablation:
    """Read ablation/`name`.yaml of the program's or the user's folder.

    Args:
        name: The option.
        known_groups: The options of all folders; None: the program's own.

    Raises:
        ConfigError: There is none, or it is wrong.
    """
    options = (known_groups or groups())["ablation"]
    if name not in options:
        raise ConfigError(f"ablation: no option '{name}'{nearest(name, options)}")
    file = options[name]
    settings = read_yaml(file)
    if not isinstance(settings, dict):
        raise ConfigError(f"{file}: an ablation is a mapping with over, overrides and mode")
    unknown = settings.keys() - Ablation.__dataclass_fields__.keys()
    if unknown:
        key = min(unknown)
        raise ConfigError(f"{file}: unknown key '{key}'{nearest(key, Ablation.__annotations__)}")
    try:
        return TypeAdapter(Ablation).validate_python(settings)
    except ValidationError as error:
        raise ConfigError(f"{file}: {error.errors()[0]['msg']}") from error


def components(
    over: Sequence[str], base: Words, resolver: Resolver | None = None
) -> list[Component]:
    """Return the components that `over` names in the experiment that `base` composes.

    Args:
        over: Components, as `Ablation.over` has them.
        base: The overrides of the experiment.
        resolver: Composes it; None: with the program's own options alone.

    Raises:
        ConfigError: One of them is not part of the experiment.
    """
    resolver = resolver or Resolver()
    config = resolver.resolve(base).config
    written = resolver.compose(base).config
    terms = {name: _terms(config, stage) for name, stage in written["edit"]["stages"].items()}
    named: list[Component] = []
    for word in over:
        if "=" in word:
            named.append(Component(word, word))
        elif word in NEUTRAL:
            named.append(Component(word, f"{word}={NEUTRAL[word]}"))
        elif word == "loss":
            named += [_deleted(key, terms) for key in dict.fromkeys(chain(*terms.values()))]
        elif word == "stages":
            named += [_deleted(f"edit.stages.{name}", terms) for name in terms]
        else:
            _require(config, word, resolver.groups)
            named.append(_deleted(word, terms))
    if not named:
        raise ConfigError("over=[…] names nothing to leave out")
    return list(dict.fromkeys(named))


def variants(parts: Sequence[Component], mode: Mode) -> list[Variant]:
    """Return the full experiment and its variants.

    Of several values that stand for the absence of one key, each makes a variant in leave-one-out;
    the first of them is the one of the bare experiment.
    """
    all_variants = [Variant(FULL, ())]
    if mode in ("both", "leave_one_out"):
        all_variants += [_variant(_left_out(part), [part]) for part in parts]
    if mode in ("both", "add_one_in"):
        first = {part.key: part for part in reversed(parts)}
        absent = [part for part in parts if part is first[part.key]]
        all_variants.append(_variant(BARE, absent))
        for part in absent:
            kept = {part.name, *part.brings}
            others = [other for other in absent if other.name not in kept]
            all_variants.append(_variant(f"only {part.key}", others))
    return all_variants


def _variant(name: str, absent: Sequence[Component]) -> Variant:
    overrides = tuple(part.without for part in absent)
    return Variant(name, overrides, any(part.may_be_needed for part in absent))


def _left_out(part: Component) -> str:
    """Say what a leave-one-out variant is: what it lacks, or what it has in the part's place."""
    return f"with {part.name}" if "=" in part.name else f"without {part.name}"


def require_same(study: Path, experiments: Mapping[str, Collection[str]]) -> None:
    """Refuse variants that have the name of another one in the study, with which they would mix.

    Args:
        study: The study's folder.
        experiments: Per variant the hashes of its experiments, whatever their images and seeds.

    Raises:
        ConfigError: The first such variant.
        DamagedError: The study's list of variants is cut or broken.
    """
    known = _read(study)["experiments"]
    for name, hashes in experiments.items():
        if name in known and not set(hashes) <= set(known[name]):
            raise ConfigError(
                f"study={study.name} has a variant '{name}' of another experiment, with which this "
                "one would be averaged: give another study="
            )


def add_members(
    study: Path,
    members: Mapping[str, Sequence[str]],
    experiments: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Write which runs belong to which variant, for tables: names of run folders by variant.

    Those of earlier ablations in the same study stay.

    Args:
        study: The study's folder.
        members: The names of the run folders by variant.
        experiments: As `require_same` takes them.

    Raises:
        DamagedError: The study's list of variants is cut or broken.
    """
    before = _read(study)
    known = before["variants"]
    merged = {k: list(dict.fromkeys([*known.get(k, ()), *members.get(k, ())]))
              for k in {**members, **known}}  # fmt: skip
    hashes = {name: sorted(some) for name, some in (experiments or {}).items()}
    # The earlier ones stay: of a part of a sweep, only some are here again.
    hashes |= before["experiments"]
    write_json(study / FILE, {"base": FULL, "variants": merged, "experiments": hashes})


def read_members(study: Path) -> dict[str, list[str]]:
    """Return the names of the run folders by variant; {} for a study that is no ablation.

    Raises:
        DamagedError: The file is cut or broken.
    """
    return _read(study)["variants"]


def _read(study: Path) -> dict[str, dict[str, list[str]]]:
    """Return the runs and the experiments by variant; older files have none of the latter."""
    file = study / FILE
    if not file.exists():
        return {"variants": {}, "experiments": {}}
    content = parse_json(read_file(file), file)
    found = {key: content.get(key, {}) for key in ("variants", "experiments")}
    for key, lists in found.items():
        if not (isinstance(lists, dict) and all(map(_is_texts, lists.values()))):
            raise DamagedError(f"{file} is broken: '{key}' is not what an ablation writes there")
    return found


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _deleted(key: str, terms: Mapping[str, Sequence[str]]) -> Component:
    """Return the component that is deleted, given the terms of every stage."""
    stage = key.removeprefix("edit.stages.")
    stages = [f"edit.stages.{name}" for name, used in terms.items() if key in used]
    return Component(key, f"~{key}", tuple(terms.get(stage, stages)))


def _terms(config: Any, stage: Any) -> list[str]:
    """Return the keys of the terms in those sections of the loss that a stage, as written, uses."""
    sections = dict.fromkeys(_SECTION.findall(json.dumps(stage)))
    return [f"loss.{name}.{term}" for name in sections for term in config["loss"].get(name) or {}]


def _require(config: dict[str, Any], key: str, known_groups: Groups) -> None:
    at: Any = config
    for part in key.split("."):
        if not hasattr(at, "keys") or part not in at:
            known = set(at) if hasattr(at, "keys") else set()
            known |= {*NEUTRAL, "loss", "stages"} if at is config else set()
            hint = nearest(part, known)
            group = "; give the option that stands for its absence" if key in known_groups else ""
            raise ConfigError(f"over: no '{key}' in the experiment{group or hint}")
        at = at[part]
    if key in known_groups:
        raise ConfigError(f"over: say which option stands for the absence of {key}: over=[{key}=…]")
