"""The names that a checkpoint's pickle may mention, and the inert things that stand for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized

from ganvas.checkpoint.machine import Constructor, Name, Record
from ganvas.checkpoint.stored import (
    STORAGE_TYPES,
    NumpyArray,
    NumpyType,
    StoredTensor,
    dimensions,
    numpy_scalar,
)
from ganvas.errors import CheckpointError

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8")


def allowed(file_size: int, load_storage: Constructor) -> dict[str, Constructor]:
    """Return the table of names for one file.

    Args:
        file_size: Bytes of the file, which bound what may be copied while it is read.
        load_storage: What reads the bytes of a torch storage inside a pickle.
    """
    spend = _budget(file_size)
    mapping, reconstruct = _copying(_dict, spend), _reconstructor(spend)
    table: dict[str, Constructor] = {
        "collections.OrderedDict": mapping,
        "dnnlib.util.EasyDict": mapping,
        "dnnlib.EasyDict": mapping,
        "dnnlib.tflib.network.Network": lambda: Record("Network"),
        "argparse.Namespace": lambda: Record("Namespace"),
        "torch_utils.persistence._reconstruct_persistent_obj": _module,
        "torch._utils._rebuild_tensor": StoredTensor,
        "torch._utils._rebuild_tensor_v2": StoredTensor,
        "torch._utils._rebuild_parameter": lambda data, *_: data,
        "torch.storage._load_from_bytes": load_storage,
        "torch.Size": lambda sizes=(): dimensions(sizes),
        "torch.device": lambda *_: Record("device"),
        "_codecs.encode": _encoder(spend),
        "copyreg._reconstructor": reconstruct,
        "copy_reg._reconstructor": reconstruct,
    }
    for builtins in ("builtins", "__builtin__"):
        table[f"{builtins}.set"] = table[f"{builtins}.frozenset"] = _copying(_set, spend)
        table[f"{builtins}.object"] = table[f"{builtins}.dict"] = mapping
    for core in ("numpy.core", "numpy._core"):
        table[f"{core}.multiarray._reconstruct"] = NumpyArray
        table[f"{core}.multiarray.scalar"] = numpy_scalar
        table[f"{core}.numeric._frombuffer"] = NumpyArray.from_buffer
    table["numpy.ndarray"] = NumpyArray
    table["numpy.dtype"] = NumpyType
    for storage in STORAGE_TYPES:
        table[f"torch.{storage}"] = table[f"torch.cuda.{storage}"] = _nothing
    for dtype in DTYPES:
        table[f"torch.{dtype}"] = _nothing
    return table


def _budget(file_size: int) -> Callable[[Sized], None]:
    """Return what counts all that is copied, which together is no more than the file holds.

    Each item and each letter takes a byte of the file, but a memo can name them again and again.
    """
    left = file_size

    def spend(items: Sized) -> None:
        nonlocal left
        left -= len(items)
        if left < 0:
            raise CheckpointError("the pickle unfolds to more than the file holds")

    return spend


def _copying(make: Constructor, spend: Callable[[Sized], None]) -> Constructor:
    """Return a constructor that pays for the items that it copies."""

    def copy(items: object = (), **more: object) -> object:
        if isinstance(items, Sized):
            spend(items)
        return make(items, **more)

    return copy


def _nothing(*_: object) -> object:
    raise CheckpointError("the pickle calls a type of numbers, which a checkpoint never needs")


def _dict(items: object = (), **_: object) -> dict[object, object]:
    if not isinstance(items, list | tuple):
        raise CheckpointError("the pickle is malformed: a mapping without items")
    return {_key(key): value for key, value in items}


def _key(key: object) -> str | int | None:
    if key is None or isinstance(key, str | int):
        return key
    raise CheckpointError("the pickle is malformed: a key is neither text nor a number")


def _set(items: object = ()) -> set[object]:
    if not isinstance(items, list | tuple):
        raise CheckpointError("the pickle is malformed: a set without items")
    return {_key(item) for item in items}


def _module(meta: object) -> Record:
    """A module that carries its own source code: its class name and its state, not its source."""
    if not isinstance(meta, Mapping):
        raise CheckpointError("the pickle holds a module without a description")
    name = meta.get("class_name")
    # Lists in lists make a text that no memory holds.
    return Record(name[:80] if isinstance(name, str) else "?", meta.get("state"))


def _reconstructor(spend: Callable[[Sized], None]) -> Constructor:
    def reconstruct(cls: object, _base: object = None, state: object = None) -> object:
        made = cls.make() if isinstance(cls, Name) else Record("object")
        if isinstance(made, dict) and isinstance(state, dict):
            spend(state)
            made.update(state)
        return made

    return reconstruct


def _encoder(spend: Callable[[Sized], None]) -> Constructor:
    def encode(text: object, encoding: object = "latin1") -> memoryview:
        """Bytes that an old protocol wrote as text; all together no more than the file holds."""
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise CheckpointError("the pickle encodes text in a way that a checkpoint never needs")
        spend(text)
        return memoryview(bytearray(text, "latin1"))

    return encode
