"""Opening a checkpoint file: torch's two formats, plain pickles and safetensors.

Each reader returns the file's content as plain data with `Stored` arrays in it. The file is mapped
into memory, copy on write, so that reading a header costs a header.
"""

from __future__ import annotations

import io
import mmap
import struct
import zipfile
import zlib
from pathlib import Path

from ganvas.checkpoint.machine import Machine, Name
from ganvas.checkpoint.names import allowed
from ganvas.checkpoint.stored import STORAGE_TYPES, Storage
from ganvas.errors import CheckpointError

ZIP = b"PK\x03\x04"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001


def read(path: Path) -> object:
    """Return what a pickle or torch file holds, as plain data; nothing in it is run.

    Raises:
        CheckpointError: The file is missing, cut off, malformed, of another kind, or names
            something that is neither a tensor nor plain data.
    """
    data = map_file(path)
    try:
        if bytes(data[:4]) == ZIP:
            return _read_zip(data)
        if bytes(data[:1]) == b"\x80":
            return _read_pickles(data)
    except CheckpointError as error:
        raise CheckpointError(f"{error}") from error
    except (RecursionError, MemoryError, UnicodeDecodeError, struct.error) as error:
        raise CheckpointError("the file is malformed") from error
    raise CheckpointError(
        f"neither a pickle, a torch file nor safetensors; it begins with {bytes(data[:16])!r}"
    )


def map_file(path: Path) -> memoryview:
    """Map a file into memory, privately: what is written there never reaches the file."""
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except ValueError as error:
        raise CheckpointError("the file is empty") from error
    except OSError as error:
        raise CheckpointError(f"cannot be read ({error.strerror})") from error


# --- pickles, plain or in torch's format of before 1.6 ------------------------------------------


def _read_pickles(data: memoryview) -> object:
    table = allowed(len(data), _storage_from_bytes)
    machine = Machine(data, table, _refuse_persistent)
    first = machine.run()
    return _read_legacy(data) if first == _LEGACY_MAGIC else first


def _refuse_persistent(_key: object) -> object:
    raise CheckpointError("the pickle refers to data outside itself, which is not there")


def _storage_from_bytes(data: object) -> Storage:
    """Read a storage that torch wrote, in its old format, into a pickle's bytes."""
    if not isinstance(data, memoryview):
        raise CheckpointError("a tensor of the pickle has no bytes")
    storage = _read_legacy(data)
    if not isinstance(storage, Storage):
        raise CheckpointError("a tensor of the pickle has no storage")
    return storage


def _read_legacy(data: memoryview) -> object:
    """Read five pickles (magic number, protocol, system, content, keys), then the numbers."""
    storages: dict[str, Storage] = {}

    def persistent(key: object) -> Storage:
        storage, name = _declare(key)
        return storages.setdefault(name, storage)

    table = allowed(len(data), _refuse_persistent)
    position = 0
    parts: list[object] = []
    for index in range(5):
        machine = Machine(data, table, persistent if index == 3 else None, position)
        parts.append(machine.run())
        position = machine.position
    magic, protocol, _, content, keys = parts
    if magic != _LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL or not isinstance(keys, list):
        raise CheckpointError("not a torch file that can be read")
    for key in keys:
        storage = storages.get(key) if isinstance(key, str) else None
        if storage is None:
            raise CheckpointError("the torch file lists numbers that nothing refers to")
        end = position + 8 + storage.count * storage.dtype.itemsize
        if end > len(data) or int.from_bytes(data[position : position + 8], "little") != (
            storage.count
        ):
            raise CheckpointError("the file is cut off: a tensor's numbers are missing")
        storage.data = data[position + 8 : end]
        position = end
    return content


def _declare(key: object) -> tuple[Storage, str]:
    """Read ('storage', type, key, device, count[, view]), the way torch refers to numbers."""
    if not isinstance(key, tuple) or len(key) not in (5, 6) or key[0] != "storage":
        raise CheckpointError("the torch file refers to numbers in an unknown way")
    _, cls, name, _, count = key[:5]
    if len(key) == 6 and key[5] is not None:
        raise CheckpointError("the torch file shares numbers in a way that torch gave up in 2019")
    dtype = STORAGE_TYPES.get(cls.path.rsplit(".", 1)[-1]) if isinstance(cls, Name) else None
    if dtype is None or not isinstance(name, str) or not isinstance(count, int) or count < 0:
        raise CheckpointError("the torch file holds numbers of an unknown type")
    return Storage(dtype, count), name


# --- torch's zip format --------------------------------------------------------------------------


def _read_zip(data: memoryview) -> object:
    members = _members(data)
    pickles = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise CheckpointError("a zip file, but not one that torch.save wrote")
    prefix = pickles[0].removesuffix("data.pkl")
    if f"{prefix}constants.pkl" in members:
        raise CheckpointError("a TorchScript program, no checkpoint; save its state_dict instead")
    if bytes(members.get(f"{prefix}byteorder", memoryview(b"little"))) != b"little":
        raise CheckpointError("written on a big-endian machine, which is not supported")
    storages: dict[str, Storage] = {}

    def persistent(key: object) -> Storage:
        storage, name = _declare(key)
        if name not in storages:
            content = members.get(f"{prefix}data/{name}")
            if content is None or len(content) != storage.count * storage.dtype.itemsize:
                raise CheckpointError("the file is cut off: a tensor's numbers are missing")
            storage.data = content
            storages[name] = storage
        return storages[name]

    table = allowed(len(data), _storage_from_bytes)
    return Machine(members[pickles[0]], table, persistent).run()


def _members(data: memoryview) -> dict[str, memoryview]:
    """Return the members of an uncompressed zip file as views of it, their checksums compared."""
    try:
        with zipfile.ZipFile(io.BufferedReader(_View(data))) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise CheckpointError("the zip file is cut off or malformed") from error
    if sum(entry.file_size for entry in entries) > len(data):
        raise CheckpointError("the zip file unpacks to more than its own size, as torch's never do")
    members: dict[str, memoryview] = {}
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise CheckpointError(
                f"the zip file's '{entry.filename[:80]}' is compressed, as torch's never are"
            )
        header = data[entry.header_offset : entry.header_offset + 30]
        if len(header) < 30 or bytes(header[:4]) != ZIP:
            raise CheckpointError("the zip file is cut off or malformed")
        names, extra = struct.unpack("<HH", header[26:30])
        start = entry.header_offset + 30 + names + extra
        content = data[start : start + entry.file_size]
        if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
            raise CheckpointError(f"the zip file's '{entry.filename[:80]}' is damaged")
        members[entry.filename] = content
    return members


class _View(io.RawIOBase):
    """A file object on mapped memory, for zipfile to read the directory from."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._position, len(self._data))[whence]
        if base + offset < 0:
            raise OSError("seek before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        taken = self._data[self._position : self._position + len(target)]
        target[: len(taken)] = taken
        self._position += len(taken)
        return len(taken)
