"""Reading the records of a study back: one `Run` per run folder, each file read when asked for.

The format is described in docs/record.md. Nothing here imports torch, and nothing is executed.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from ganvas.errors import InputError, nearest

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARKS = ("status.json", "config.yaml")

Leaves = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run folder; its files are read lazily and kept.

    Attributes:
        path: The run's folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, ``<slug>-<signature>``: unique within the study."""
        return self.path.name

    @cached_property
    def status(self) -> dict[str, Any]:
        """`status.json`; a folder without one has the state ``unknown``."""
        return {"state": "unknown", **_json(self.path / "status.json")}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """`metrics.json`; empty until the run has finished."""
        return _json(self.path / "metrics.json")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """`provenance.json`."""
        return _json(self.path / "provenance.json")

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.yaml`, the full, resolved configuration."""
        return _yaml(self.path / "config.yaml")

    @cached_property
    def leaves(self) -> Leaves:
        """The configuration as one flat mapping from dotted key to scalar (or list of scalars)."""
        return dict(_flatten(self.config))

    @cached_property
    def _given(self) -> dict[str, Any]:
        return _yaml(self.path / "overrides.yaml", list_key="overrides")

    @cached_property
    def overrides(self) -> list[str]:
        """The overrides that were given on the command line or by the sweep."""
        return [str(item) for item in self._given.get("overrides") or []]

    @cached_property
    def choices(self) -> dict[str, str]:
        """Hydra's choice per group, without Hydra's own groups."""
        found = self._given.get("choices") or {}
        return {k: str(v) for k, v in found.items() if not str(k).startswith("hydra/")}

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.status["state"] == "finished")

    @property
    def images(self) -> list[str]:
        """The names of the run's images, in the order of the lists in `metrics.jsonl`."""
        return [str(name) for name in self.status.get("images") or self.metrics.get("images") or []]

    def final(self, metric: str) -> float | None:
        """Return the final value of `metric` over all images, or None."""
        if metric == "seconds":
            return number(self.status.get("seconds"))
        return number((self.metrics.get("final") or {}).get(metric))

    def per_image(self, metric: str) -> dict[str, float]:
        """Return the final values of `metric` per image, without missing ones."""
        found = self.metrics.get("images") or {}
        values = {str(image): number(row.get(metric)) for image, row in found.items()}
        return {image: value for image, value in values.items() if value is not None}

    def curve(self) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl`; an incomplete last line is left out."""
        try:
            text = (self.path / "metrics.jsonl").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        rows = []
        for line in text.splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return rows


def number(value: object) -> float | None:
    """Return `value` as a finite float, or None when it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def find_study(study: str | Path) -> Path:
    """Return the folder of `study`: a path, or a name below `outputs/`.

    Raises:
        InputError: There is no such folder.
    """
    for folder in (Path(study), Path("outputs") / study):
        if folder.is_dir():
            return folder
    outputs = Path("outputs")
    known = [p.name for p in outputs.iterdir() if p.is_dir()] if outputs.is_dir() else []
    raise InputError(f"no study or folder '{study}'{nearest(str(study), known)}")


def read_study(study: str | Path) -> list[Run]:
    """Return the runs of `study`, in the order of their names.

    Args:
        study: The study's folder, or its name below `outputs/`.

    Raises:
        InputError: The folder does not exist or holds no runs.
    """
    folder = find_study(study)
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    runs = [Run(folder / name) for name in names if _is_run(folder / name)]
    if not runs:
        raise InputError(f"no runs in {folder}: expected folders that hold a status.json")
    return runs


def _is_run(path: Path) -> bool:
    return any((path / mark).is_file() for mark in _MARKS)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from None
    return found if isinstance(found, dict) else {}


def _yaml(path: Path, list_key: str = "") -> dict[str, Any]:
    """Read a YAML mapping section by section, so that equal sections are parsed once per study."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        if text.startswith("- "):
            return {list_key: _section(text)}
        found: dict[str, Any] = {}
        for section in _sections(text):
            found.update(_section(section) or {})
    except (yaml.YAMLError, TypeError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise InputError(f"{path} is not a valid YAML mapping: {line}") from None
    return found


def _sections(text: str) -> Iterator[str]:
    """Split a block mapping where a line starts a new top-level key."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if lines and line[0] not in " \t\r\n-#}]":
            yield "".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield "".join(lines)


@lru_cache(maxsize=65536)
def _section(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # a safe loader


def _flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flatten(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _flatten(item, f"{prefix}.{index}")
    else:
        yield prefix, value
