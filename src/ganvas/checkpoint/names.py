"""The names that a checkpoint's pickle may mention, and the inert things that stand for them."""

from __future__ import annotations

from collections.abc import Mapping

from ganvas.checkpoint.machine import Constructor, Name, Record
from ganvas.checkpoint.stored import (
    STORAGE_TYPES,
    NumpyArray,
    NumpyType,
    StoredTensor,
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
    table: dict[str, Constructor] = {
        "collections.OrderedDict": _dict,
        "dnnlib.util.EasyDict": _dict,
        "dnnlib.EasyDict": _dict,
        "dnnlib.tflib.network.Network": lambda: Record("Network"),
        "argparse.Namespace": lambda: Record("Namespace"),
        "torch_utils.persistence._reconstruct_persistent_obj": _module,
        "torch._utils._rebuild_tensor": StoredTensor,
        "torch._utils._rebuild_tensor_v2": StoredTensor,
        "torch._utils._rebuild_parameter": lambda data, *_: data,
        "torch.storage._load_from_bytes": load_storage,
        "torch.Size": lambda sizes=(): tuple(sizes),
        "torch.device": lambda *_: Record("device"),
        "_codecs.encode": _encoder(file_size),
        "copyreg._reconstructor": _reconstruct,
        "copy_reg._reconstructor": _reconstruct,
    }
    for builtins in ("builtins", "__builtin__"):
        table[f"{builtins}.set"] = table[f"{builtins}.frozenset"] = _set
        table[f"{builtins}.object"] = table[f"{builtins}.dict"] = _dict
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
    return Record(str(meta.get("class_name", "?"))[:80], meta.get("state"))


def _reconstruct(cls: object, _base: object = None, state: object = None) -> object:
    made = cls.make() if isinstance(cls, Name) else Record("object")
    if isinstance(made, dict) and isinstance(state, dict):
        made.update(state)
    return made


def _encoder(file_size: int) -> Constructor:
    left = file_size

    def encode(text: object, encoding: object = "latin1") -> memoryview:
        """Bytes that an old protocol wrote as text; all together no more than the file holds."""
        nonlocal left
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise CheckpointError("the pickle encodes text in a way that a checkpoint never needs")
        left -= len(text)
        if left < 0:
            raise CheckpointError("the pickle unfolds to more bytes than the file holds")
        return memoryview(bytearray(text, "latin1"))

    return encode
