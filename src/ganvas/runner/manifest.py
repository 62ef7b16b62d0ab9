"""What a run has written: size and hash of every file of its record, in `manifest.json`.

A file that differs from its entry is cut, changed or of another run. Looking for that costs little:
texts are hashed whole, embeddings at their head, pictures are known by their size. `ganvas check`
hashes all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ganvas.errors import DamagedError
from ganvas.system.files import UNFINISHED, sha256, write_json
from ganvas.system.reading import parse_json, read_file

VERSION = 2
"""The version of the record that this program writes, in `status.json` and `manifest.json`.

Version 1, which neither names its version nor has a manifest, is read as well.
"""

FILE = "manifest.json"
CURVE = "metrics.jsonl"
HEAD = 1 << 16
"""Bytes at the start of a large file that are hashed by themselves."""

TEXTS = (".yaml", ".json", ".jsonl")
RECORD = ("config.yaml", "overrides.yaml", "provenance.json", CURVE, "metrics.json",
          "embedding*.safetensors", "images/**/*")  # fmt: skip
"""The files of a record, as patterns; the status and the logs change after the end of a run."""


@dataclass(frozen=True)
class Entry:
    """One file as it was written.

    Attributes:
        size: Its bytes.
        sha256: The hash of all of them, in hex.
        head: The hash of the first `HEAD` bytes.
    """

    size: int
    sha256: str
    head: str

    @classmethod
    def of(cls, file: Path) -> Entry:
        """Describe a file."""
        size, head = file.stat().st_size, _head(file)
        return cls(size, head if size <= HEAD else sha256(file), head)


@dataclass(frozen=True)
class Manifest:
    """The files of one run.

    Attributes:
        signature: The run's signature.
        files: By their path relative to the run's folder, with slashes.
    """

    signature: str = ""
    files: dict[str, Entry] = field(default_factory=dict)

    def require(self, run: Path, name: str, content: bytes) -> None:
        """Compare the content of a file with its entry, if there is one.

        The curve may end in a line that is cut.

        Raises:
            DamagedError: It is not what the run has written.
        """
        entry, file = self.files.get(name), run / name
        if entry is None or hashlib.sha256(content).hexdigest() == entry.sha256:
            return
        if not content and entry.size:
            raise DamagedError(f"{file} is empty")
        if name == CURVE and content and not content.endswith(b"\n"):
            return
        raise DamagedError(_difference(file, len(content), entry))

    def problems(self, run: Path, thorough: bool = False) -> Iterator[str]:
        """Iterate over one line for each file that is not what the run has written.

        Args:
            run: The run's folder.
            thorough: Hash all files whole, pictures included.
        """
        for name, entry in self.files.items():
            file = run / name
            try:
                if file.suffix in TEXTS:
                    content = read_file(file)
                    self.require(run, name, content)
                    if thorough and len(content) != entry.size:
                        yield f"{file} ends in a line that is cut"
                    continue
                size = file.stat().st_size
                equal = size == entry.size
                if equal and thorough:
                    equal = sha256(file) == entry.sha256
                elif equal and file.suffix == ".safetensors":
                    equal = _head(file) == entry.head
                if not equal:
                    yield f"{file} is empty" if not size else _difference(file, size, entry)
            except DamagedError as error:
                yield str(error)
            except (FileNotFoundError, NotADirectoryError):
                yield f"{file} is missing"
            except OSError as error:
                yield f"{file} cannot be read: {error.strerror or error}"


def write_manifest(run: Path, signature: str, patterns: Iterable[str] = RECORD) -> None:
    """Describe the files of the run in folder `run` that `patterns` name.

    Files that share their content on disk are hashed once.
    """
    known: dict[tuple[int, int], Entry] = {}
    files: dict[str, Any] = {}
    for file in sorted({file for pattern in patterns for file in run.glob(pattern)}):
        if not file.is_file() or file.name.startswith(UNFINISHED):
            continue
        stat = file.stat()
        inode = (stat.st_dev, stat.st_ino)
        if inode not in known:
            known[inode] = Entry.of(file)
        files[file.relative_to(run).as_posix()] = asdict(known[inode])
    write_json(run / FILE, {"version": VERSION, "signature": signature, "files": files})


def is_newer(content: Mapping[str, Any]) -> bool:
    """Return True for a status or manifest that a newer version of this program has written."""
    version = content.get("version", 1)
    return not isinstance(version, int) or version > VERSION


def read_manifest(run: Path) -> Manifest:
    """Read the manifest of the run in folder `run`.

    Raises:
        DamagedError: It is missing, cut or broken.
    """
    file = run / FILE
    content = parse_json(read_file(file), file)
    if is_newer(content):
        raise DamagedError(f"{file} was written by a newer version of ganvas")
    try:
        files = {str(name): Entry(**entry) for name, entry in content["files"].items()}
        signature = str(content["signature"])
    except (AttributeError, KeyError, TypeError):
        raise DamagedError(f"{file} is broken: it lists no files") from None
    for name, entry in files.items():
        if not (isinstance(entry.size, int) and isinstance(entry.sha256, str)):
            raise DamagedError(f"{file} is broken: no size or hash of {name}")
        # A stranger's manifest must not make this program read files elsewhere.
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise DamagedError(f"{file} names a file outside of the run: {name}")
    return Manifest(signature, files)


def _head(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.sha256(opened.read(HEAD)).hexdigest()


def _difference(file: Path, size: int, entry: Entry) -> str:
    if size < entry.size:
        return f"{file} is cut or of another run: {size} bytes instead of {entry.size}"
    return f"{file} is not what the run has written; it is of another run or was changed"
