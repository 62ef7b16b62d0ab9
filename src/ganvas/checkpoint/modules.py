"""Walking a pickled NVIDIA module: its tensors by name, and what its parts say about themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError

MAX_DEPTH = 12


def walk(record: Record, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Record]]:
    """Yield (dotted name, module) for a module and everything below it."""
    if depth > MAX_DEPTH:
        raise CheckpointError("the modules of the file are nested too deeply")
    yield prefix, record
    for name, child in entries(record, "_modules").items():
        if isinstance(child, Record):
            yield from walk(child, f"{prefix}.{name}" if prefix else name, depth + 1)


def tensors(record: Record) -> dict[str, Stored]:
    """Return the parameters and buffers of a module and its parts, by dotted name."""
    stored: dict[str, Stored] = {}
    for prefix, module in walk(record):
        for table in ("_parameters", "_buffers"):
            for name, value in entries(module, table).items():
                if isinstance(value, Stored):
                    stored[f"{prefix}.{name}" if prefix else name] = value
    return stored


def entries(record: Record, name: str) -> dict[str, object]:
    """Return one of a module's tables, such as `_buffers`."""
    table = attribute(record, name)
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise CheckpointError(f"a module '{record.class_name}' of the file has no readable {name}")
    return {str(key): value for key, value in table.items()}


def attribute(record: Record, name: str) -> object:
    """Return what a module's state holds under a name, or None."""
    return record.state.get(name) if isinstance(record.state, dict) else None


def number(record: Record, name: str) -> float | None:
    """Return a number of a module's state, or None where it says None."""
    value = attribute(record, name)
    if value is None or isinstance(value, int | float):
        return value
    raise CheckpointError(
        f"a module '{record.class_name}' of the file has a {name} that is no number"
    )
