"""What the texts of a record hold, in the shape that every reader relies on.

A manifest tells whether a file is the one that the run wrote. The status is in none, nor are the
files of a run at work and of older records; and a stranger may have written both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganvas.errors import DamagedError
from ganvas.runner.manifest import CURVE, is_newer
from ganvas.system.reading import number, parse_json, parse_rows, parse_yaml

STATES = ("running", "finished", "interrupted", "pruned", "failed")

Test = Callable[[Any], bool]


def read_status(content: bytes, file: Path) -> dict[str, Any]:
    """Return what a `status.json` says; what a newer version says is not judged.

    Args:
        content: The file's bytes.
        file: Its path, for messages.

    Raises:
        DamagedError: It is cut or broken, or does not say how the run stands.
    """
    status = parse_json(content, file)
    if is_newer(status):
        return status
    if status.get("state") not in STATES:
        raise DamagedError(f"{file} does not say how the run stands")
    return _shaped(status, file, _STATUS)


def read_config(content: bytes, file: Path) -> dict[str, Any]:
    """Return what a `config.yaml` holds; arguments and errors as `read_status`."""
    return _shaped(parse_yaml(content, file), file, _CONFIG)


def read_composition(content: bytes, file: Path) -> dict[str, Any]:
    """Return `overrides` and `choices` of an `overrides.yaml`; as `read_status`."""
    return _shaped(parse_yaml(content, file, list_key="overrides"), file, _COMPOSITION)


def read_provenance(content: bytes, file: Path) -> dict[str, Any]:
    """Return what a `provenance.json` holds; as `read_status`."""
    return _shaped(parse_json(content, file), file, _PROVENANCE)


def read_metrics(content: bytes, file: Path) -> dict[str, Any]:
    """Return what a `metrics.json` holds; as `read_status`."""
    return _shaped(parse_json(content, file), file, _METRICS)


def read_curve(content: bytes, file: Path, images: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a `metrics.jsonl`; as `read_status`.

    Args:
        content: The file's bytes; half a last line is left out.
        file: Its path, for messages.
        images: How many values each list has; 0: that is not known.

    Raises:
        DamagedError: A line is broken, or is no row of a curve.
    """
    rows = parse_rows(content, file)
    for line, row in enumerate(rows, 1):
        if not isinstance(row.get("step"), int):
            raise DamagedError(f"{file} is broken in line {line}: it has no step")
        for name, values in row.items():
            if isinstance(values, list) and not _is_per_image(values, images):
                raise DamagedError(
                    f"{file} is broken in line {line}: {name!r} has not one number per image"
                )
    return rows


READERS: dict[str, Callable[[bytes, Path], Any]] = {
    "config.yaml": read_config,
    "overrides.yaml": read_composition,
    "provenance.json": read_provenance,
    "metrics.json": read_metrics,
    CURVE: read_curve,
}
"""The reader of each text of a record, the status left out."""


def _shaped(content: dict[str, Any], file: Path, shape: Mapping[str, Test]) -> dict[str, Any]:
    for key, test in shape.items():
        if content.get(key) is not None and not test(content[key]):
            raise DamagedError(f"{file} is broken: '{key}' is not what a run writes there")
    return content


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    """Return True for numbers, finite or not, and None, which stands for those that are not."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_finite(value: Any) -> bool:
    return number(value) is not None


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _all(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _each(test: Test) -> Test:
    return lambda value: isinstance(value, dict) and all(map(test, value.values()))


def _is_per_image(values: list[Any], images: int) -> bool:
    return len(values) == (images or len(values)) and all(map(_is_number, values))


def _is_stage(value: Any) -> bool:
    return isinstance(value, dict) and all(
        test(value[key]) for key, test in _RESULT.items() if value.get(key) is not None
    )


_RESULT: dict[str, Test] = {"final": _each(_is_number), "images": _each(_each(_is_number))}
_METRICS: dict[str, Test] = {
    **_RESULT,
    "stages": _each(_is_stage),
    "about": _each(lambda value: isinstance(value, dict | str)),
}
_CONFIG: dict[str, Test] = dict.fromkeys(("image", "start", "trainer"), _is_mapping)
_COMPOSITION: dict[str, Test] = {"overrides": _all(_is_plain), "choices": _each(_is_plain)}
_PROVENANCE: dict[str, Test] = {
    "directory": _is_text,
    "inputs": _is_mapping,
    "environment": _is_mapping,
    "versions": _is_mapping,
}
_STATUS: dict[str, Test] = {
    **dict.fromkeys(("step", "total_steps", "seconds", "psnr", "attempts"), _is_finite),
    **dict.fromkeys(("signature", "error", "stage", "started"), _is_text),
    "images": _all(_is_text),
}


def hashes_by_image(inputs: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, str]:
    """Return the hashes of all inputs by image; {} where not every photograph has one.

    Args:
        inputs: The hashes of x, y and z, of each one for all photographs or one for each.
        shown: Which photograph each image is a solution of.
    """
    names, columns = list(dict.fromkeys(shown.values())), list(inputs.values())
    if not all(isinstance(c, list) and len(c) in (1, len(names)) for c in columns):
        return {}
    if len(inputs.get("x") or []) != len(names):
        return {}
    spread = [column * len(names) if len(column) == 1 else column for column in columns]
    rows = [" ".join(map(str, row)) for row in zip(*spread, strict=True)]
    of = dict(zip(names, rows, strict=True))
    return {image: of[name] for image, name in shown.items()}
