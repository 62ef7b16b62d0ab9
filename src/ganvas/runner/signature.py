"""Identity: the same signature, the same run."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from ganvas.assets.packaged import packaged
from ganvas.checkpoint.from_file import FromFileConfig
from ganvas.checkpoint.remote import named_file
from ganvas.config.schema import Call
from ganvas.config.targets import TARGET, module_of, name_of, parameters
from ganvas.errors import ConfigError, InputError
from ganvas.image.find import find_pictures, refuse_address
from ganvas.system.files import sha256

WITHOUT_EFFECT = (
    "output", "study", "tags", "force", "retry_failed", "sweep_metric", "logger",
)  # fmt: skip
"""Root fields that cannot change a run's result."""

WITHOUT_EFFECT_IN_TRAINER = ("progress", "checkpoint_seconds")


@dataclass(frozen=True)
class Identity:
    """What a run is called.

    Attributes:
        signature: Ten hex digits of the hash over all that can change the result.
        slug: A few words for people.
    """

    signature: str
    slug: str

    @property
    def folder(self) -> str:
        """The name of the run's folder; short, whatever the overrides."""
        return f"{self.slug}-{self.signature}"


def text(value: Any) -> str:
    """Return what stands at one key of the root as text that differs whenever its results may."""
    if isinstance(value, Call) and value.key == "trainer":
        kept = {k: v for k, v in value.arguments.items() if k not in WITHOUT_EFFECT_IN_TRAINER}
        value = Call(value.key, value.target, kept)
    return json.dumps(canonical(value), sort_keys=True)


def identify(tree: Call, edit: str, text_of: Callable[[Any], str] = text) -> Identity:
    """Name the run of a checked configuration.

    Paths count by the content of what they name, so that a renamed photograph is the same run and a
    changed one is another.

    Args:
        tree: The checked root, as `schema.check` returns it.
        edit: The chosen option of the edit group, for the slug.
        text_of: `text`, or what remembers its results.
    """
    signature = digest(tree, WITHOUT_EFFECT, text_of)
    image = tree.arguments["image"].arguments["x"].arguments["path"]
    words = f"{edit}-{packaged(image).stem}"
    return Identity(signature, re.sub(r"[^\w-]+", "-", words)[:48].strip("-").lower())


def digest(tree: Call, without: Container[str], text_of: Callable[[Any], str] = text) -> str:
    """Return ten hex digits of the hash over a checked root, but for the fields `without`."""
    texts = {k: text_of(v) for k, v in tree.arguments.items() if k not in without}
    texts[TARGET] = json.dumps(_name(tree.target))
    whole = ", ".join(f'"{name}": {texts[name]}' for name in sorted(texts))
    return hashlib.sha256(f"{{{whole}}}".encode()).hexdigest()[:10]


def canonical(value: Any, field: str = "the configuration") -> Any:
    """Turn a checked tree into plain JSON values in which files are replaced by content hashes.

    A folder counts by its pictures; that of an own part that holds none, by all of its files.

    Args:
        value: The tree, or a value in it.
        field: The field that it is a value of, for messages.

    Raises:
        ConfigError: A default is of a kind that says nothing in a hash.
        InputError: A file is not there.
    """
    if isinstance(value, Call):
        # A default counts like the same value when it is written out.
        defaults = {
            name: p.default for name, p in parameters(value.target).items() if not p.required
        }
        return _canonical_object(value.target, {**defaults, **value.arguments})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return _canonical_object(type(value), fields)
    if isinstance(value, Mapping):
        # In order, because stages run in theirs.
        return [[str(k), canonical(v, field)] for k, v in value.items()]
    if isinstance(value, tuple | list):
        return [canonical(v, field) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((canonical(v, field) for v in value), key=repr)
    if isinstance(value, Path):
        own = not field.startswith("ganvas.") and value.is_dir()
        return _files(value) if own and not _holds_pictures(value) else content(value)
    if isinstance(value, Enum):
        return canonical(value.value, field)
    if not isinstance(value, str | int | float | None):
        raise ConfigError(
            f"{field}: nothing tells one {type(value).__name__} from another, so that runs cannot "
            "be told apart by it; take numbers, texts, paths, or a dataclass of these"
        )
    return value


def _canonical_object(target: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    values = {k: canonical(v, f"{name_of(target)}.{k}") for k, v in arguments.items()}
    if isinstance(target, type) and issubclass(target, FromFileConfig):
        values["checkpoint"] = _checkpoint(values["checkpoint"])
    return {TARGET: _name(target), **values}


def _checkpoint(source: str | None) -> str | None:
    """Return the hash of a checkpoint that is a file; an address, or what is missing, as it is."""
    path = named_file(source)
    return source if path is None or not path.is_file() else str(content(path))


def _name(target: Callable[..., Any]) -> str:
    """Name an option; one of ganvas by its package, in whose files it may then move."""
    module = module_of(target)
    if module.startswith("ganvas."):
        module = ".".join(module.split(".")[:2])
    return f"{module}.{target.__qualname__}"


def content(path: Path) -> str | list[str]:
    """Return the SHA-256 of a file, or those of the pictures in a folder or glob.

    Raises:
        InputError: Nothing is there, or it is an address.
    """
    path = packaged(path)
    refuse_address(path)
    if not path.exists() and not glob.has_magic(str(path)):
        raise InputError(f"no such file: {path}")
    if path.is_file():
        stat = path.stat()
        return _sha256(path, stat.st_mtime_ns, stat.st_size)
    return [str(content(file)) for file in find_pictures(path)]


def _holds_pictures(folder: Path) -> bool:
    try:
        return bool(find_pictures(folder))
    except InputError:
        return False


def _files(folder: Path) -> list[list[str]]:
    """Return the names and SHA-256 of all files of a folder, such as one with a network."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [[file.relative_to(folder).as_posix(), str(content(file))] for file in files]


@cache
def _sha256(path: Path, modified: int, size: int) -> str:
    return sha256(path)
