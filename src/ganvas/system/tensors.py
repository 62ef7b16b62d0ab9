"""Named tensors in a safetensors file: the one writer and the one reader."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ganvas.errors import ConfigError, InputError
from ganvas.system.files import write_bytes

if TYPE_CHECKING:
    from torch import Tensor

Content = TypeVar("Content")

ALIGNMENT = 8
"""The header of a safetensors file is a multiple of so many bytes, its own length left out."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and metadata; equal content gives equal bytes.

    Raises:
        StorageError: The file cannot be written.
    """
    from safetensors.torch import save

    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    # Bytes first: the library's own writing does not say when a disk is full.
    write_bytes(path, _in_order(save(plain, dict(metadata))))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors of a file and its metadata.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            return {key: file.get_tensor(key) for key in file.keys()}, metadata  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"not a readable safetensors file: {error}") from error


def require_whole(content: bytes) -> None:
    """Check that a safetensors file is as long as its header says; its tensors are not looked at.

    Raises:
        ValueError: It is cut, or no such file.
    """
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        size = 8 + length + max(ends, default=0)
    except (struct.error, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("it is no safetensors file") from None
    if size != len(content):
        raise ValueError(f"{len(content)} bytes instead of {size}")


def read_as(
    what: str,
    path: Path,
    formats: tuple[str, ...],
    restore: Callable[[dict[str, Tensor], dict[str, str]], Content],
) -> Content:
    """Read a file that may come from a stranger, as what it should be.

    Args:
        what: What it should be: "embedding".
        path: The file.
        formats: What its metadata may call its format.
        restore: Makes the object from tensors and metadata. What it raises over their content
            (KeyError, ValueError, TypeError, IndexError, ConfigError) is the file's fault.

    Raises:
        InputError: The file is missing, broken, or something else.
    """
    if not path.is_file():
        raise InputError(f"no such {what}: {path}")
    try:
        tensors, metadata = read_tensors(path)
    except ValueError as error:
        raise InputError(f"{path} is {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if metadata.get("format") not in formats:
        raise InputError(f"{path} is a safetensors file but not a ganvas {what}")
    try:
        return restore(tensors, metadata)
    except (LookupError, ValueError, TypeError, RecursionError, ConfigError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{path} is a broken {what}: {reason}") from error


def _in_order(content: bytes) -> bytes:
    """Sort the metadata, which the library writes in the order of a hash table."""
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:start])
    metadata = dict(sorted(header.pop("__metadata__", {}).items()))
    ordered = {"__metadata__": metadata, **header}
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + content[start:]
