"""An embedding as named tensors and text: its file, and its part of a run's checkpoint.

A file may come from a stranger. Nothing in it is imported or fetched here, and what could not have
been written by `save` is refused with the name of the part that is wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from ganvas.config.trust import renewed
from ganvas.embedding.variables import Space, Variables
from ganvas.generator.delta import Delta
from ganvas.system.files import is_file_name
from ganvas.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "ganvas-embedding-1"
TUNED_FORMAT = "ganvas-embedding-2"
"""The format of a file with a delta, so that no reader overlooks it."""

RANKS = {"z": 2, "w": 2, "w+": 3, "s": 2}
"""Dimensions of the latent in each space."""

AnyEmbedding = TypeVar("AnyEmbedding", bound=Variables)

_TENSORS = re.compile(r"latent|noise\.(0|[1-9]\d{0,3})|resume\.(features|rgb)|delta\..+")


def save(embedding: Variables, path: Path) -> None:
    """Write one safetensors file, whole or not at all; equal embeddings give equal bytes.

    A noise map is stored as float16 where that loses nothing, as it does behind a stage.

    Raises:
        StorageError: The file cannot be written.
    """
    from ganvas.functional.numbers import as_half_if_exact
    from ganvas.system.tensors import write_tensors

    tensors, metadata = flatten(embedding)
    tensors |= {
        name: as_half_if_exact(tensor)
        for name, tensor in tensors.items()
        if name.startswith("noise.")
    }
    tuned = embedding.delta is not None
    metadata |= {"format": TUNED_FORMAT if tuned else FORMAT, "ganvas": __version__}
    write_tensors(path, tensors, metadata)


def load(path: Path, cls: type[AnyEmbedding]) -> AnyEmbedding:
    """Read a file that `save` wrote, as an object of class `cls`.

    Raises:
        InputError: The file is missing, broken, not an embedding, or none that `save` writes.
    """
    from ganvas.system.tensors import read_as

    def checked(tensors: dict[str, Tensor], metadata: dict[str, str]) -> AnyEmbedding:
        embedding = restore(tensors, metadata, cls)
        _check(embedding, tensors)
        return replace(embedding, noise=tuple(noise.float() for noise in embedding.noise))

    return read_as("embedding", path, (FORMAT, TUNED_FORMAT), checked)


def flatten(embedding: Variables) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return an embedding as named tensors, on their device, and text by key."""
    tensors = {"latent": embedding.latent}
    tensors |= {f"noise.{index}": noise for index, noise in enumerate(embedding.noise)}
    if embedding.resume is not None:
        tensors["resume.features"] = embedding.resume[1].features
        if embedding.resume[1].rgb is not None:
            tensors["resume.rgb"] = embedding.resume[1].rgb
    if embedding.delta is not None:
        tensors |= {f"delta.{key}": value for key, value in embedding.delta.tensors.items()}
    metadata = {
        "space": embedding.space,
        "truncation": repr(embedding.truncation),
        "resume": embedding.resume[0] if embedding.resume else "",
        "generator": json.dumps(embedding.generator),
        "generator_hash": embedding.generator_hash,
        "names": json.dumps(list(embedding.names)),
    }
    return tensors, metadata


def restore(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str], cls: type[AnyEmbedding]
) -> AnyEmbedding:
    """Return what was flattened, as an object of class `cls`; targets get their present names.

    Raises:
        KeyError: A part is missing.
        ValueError: A part cannot be read.
    """
    from ganvas.generator.base import Activation

    resume = None
    if layer := metadata.get("resume"):
        resume = (layer, Activation(tensors["resume.features"], tensors.get("resume.rgb")))
    delta = {
        key.removeprefix("delta."): value
        for key, value in tensors.items()
        if key.startswith("delta.")
    }
    maps = sum(key.startswith("noise.") for key in tensors)
    return cls(
        latent=tensors["latent"],
        noise=tuple(tensors[f"noise.{index}"] for index in range(maps)),
        space=metadata["space"],  # type: ignore[arg-type]
        generator=renewed(_parsed(metadata, "generator", dict)),
        generator_hash=metadata["generator_hash"],
        names=tuple(_parsed(metadata, "names", list)),
        truncation=float(metadata["truncation"]),
        resume=resume,
        delta=Delta(delta) if delta else None,
    )


def _parsed(metadata: Mapping[str, str], key: str, wanted: type) -> Any:
    value = json.loads(metadata[key])
    if not isinstance(value, wanted):
        raise ValueError(f"'{key}' is no {wanted.__name__}")
    return value


def _check(embedding: Variables, tensors: Mapping[str, Tensor]) -> None:
    """Raise ValueError where a part of an embedding from a file could not be drawn or named."""
    import torch

    unknown = [name for name in tensors if not _TENSORS.fullmatch(name)]
    if unknown:
        raise ValueError(f"it holds an unknown tensor '{unknown[0][:60]}'")
    if embedding.space not in get_args(Space):
        raise ValueError(f"the space '{embedding.space[:20]}' is none of {', '.join(RANKS)}")
    if not math.isfinite(embedding.truncation):
        raise ValueError(f"the truncation is {embedding.truncation}")
    if embedding.latent.ndim != RANKS[embedding.space] or 0 in embedding.latent.shape:
        raise ValueError(
            f"a latent in {embedding.space} has {RANKS[embedding.space]} dimensions, not the shape "
            f"{tuple(embedding.latent.shape)}"
        )
    count = len(embedding)
    for name, tensor in tensors.items():
        if name.startswith("delta."):
            _require_numbers(name, tensor)
            continue
        half_allowed = name.startswith(("resume.", "noise."))
        if tensor.dtype != torch.float32 and not (half_allowed and tensor.dtype == torch.float16):
            raise ValueError(f"'{name}' holds {_dtype(tensor)}, not float32")
        _require_numbers(name, tensor)
        shape = tuple(tensor.shape)
        if name != "latent" and (len(shape) != 4 or shape[0] != count):
            raise ValueError(f"'{name}' has the shape {shape}, for {count} images")
        if name.startswith("noise.") and (shape[1] != 1 or shape[2] != shape[3]):
            raise ValueError(f"'{name}' has the shape {shape}, not ({count}, 1, side, side)")
    _check_names(embedding.names, count)


def _require_numbers(name: str, tensor: Tensor) -> None:
    import torch

    if tensor.is_complex() or tensor.dtype == torch.bool or 0 in tensor.shape:
        raise ValueError(f"'{name[:60]}' has the shape {tuple(tensor.shape)} of {_dtype(tensor)}")
    if not bool(tensor.isfinite().all()):
        raise ValueError(f"'{name[:60]}' holds numbers that are not finite")


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _check_names(names: tuple[Any, ...], count: int) -> None:
    if len(names) not in (0, count) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{len(names)} names stand beside {count} images")
    for name in names:
        # Names of earlier versions may hold a slash.
        if len(name) > 255 or not all(map(is_file_name, name.split("/"))):
            raise ValueError(f"the image name {name[:60]!r} cannot be the name of a file")
    if len(set(names)) < len(names):
        raise ValueError("two images have the same name")
