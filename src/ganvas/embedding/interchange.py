"""Latents in other programs' files: `projected_w.npz`, `.npy` of encoders, and tensors in a `.pt`.

They hold w or w+ alone: neither the noise maps nor which generator they belong to.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from ganvas.errors import InputError
from ganvas.system.files import write_bytes

NAMES = ("latent", "w", "w_plus", "wplus", "latents")
"""Keys under which programs keep w+ where the file is a dictionary."""

MOST_BYTES = 1 << 30
"""What an archive of latents may unpack to; a single w+ takes 36 KiB."""


def read_projected_w(path: Path) -> Tensor:
    """Read w+ (B, rows, w_dim) from a `.npy`, or from a `projected_w.npz` as NVIDIA writes it.

    The content tells which of the two it is. Numbers of any precision and byte order become
    float32.

    Raises:
        InputError: The file is missing, broken, or holds no array `w` of that shape.
    """
    return _batched(_read_numpy(path))


def write_projected_w(path: Path, w: Tensor) -> None:
    """Write w+ (B, rows, w_dim) as a `projected_w.npz`."""
    buffer = io.BytesIO()
    np.savez(buffer, w=_plain(w).numpy())
    write_bytes(path, buffer.getbuffer())


def write_npy(path: Path, w: Tensor) -> None:
    """Write w+ (B, rows, w_dim) as a `.npy`."""
    buffer = io.BytesIO()
    np.save(buffer, _plain(w).numpy())
    write_bytes(path, buffer.getbuffer())


def read_w_plus_pt(path: Path) -> Tensor:
    """Read w+ (B, rows, w_dim) from a `.pt` that holds a tensor, or a dictionary with one.

    A dictionary per picture with a single w each gives (B, 1, w_dim). Nothing is executed.

    Raises:
        InputError: The file is missing, broken, asks for code, or holds no w+.
    """
    return _batched(_read_torch(path))


def write_w_plus_pt(path: Path, w: Tensor) -> None:
    """Write w+ (B, rows, w_dim) as a `.pt` that holds the tensor alone."""
    buffer = io.BytesIO()
    torch.save(_plain(w), buffer)
    write_bytes(path, buffer.getbuffer())


WRITERS: dict[str, Callable[[Path, Tensor], None]] = {
    ".npy": write_npy,
    ".npz": write_projected_w,
    ".pt": write_w_plus_pt,
}


def require_format(path: Path) -> str:
    """Return the suffix of `path`.

    Raises:
        InputError: It is neither .npy, .npz nor .pt.
    """
    if path.suffix not in WRITERS:
        raise InputError(f"{path}: a file of latents ends in .npy, .npz or .pt")
    return path.suffix


def read_latents(path: Path) -> Tensor:
    """Read what a file of latents holds, (B, rows, w_dim) or a matrix (N, w_dim).

    Of a matrix alone nobody can say whether its lines are rows of one picture or pictures.

    Raises:
        InputError: The file is missing, broken, or holds no latents.
    """
    return _read_torch(path) if require_format(path) == ".pt" else _read_numpy(path)


def _read_numpy(path: Path) -> Tensor:
    try:
        with _existing(path).open("rb") as file:
            array = _npz(file, path) if file.read(2) == b"PK" else _npy(file)
    except InputError:
        raise
    except Exception as error:  # Broken archives end in errors of every kind.
        suffix = path.suffix if path.suffix in WRITERS else ".npz"
        raise InputError(f"{path} is not a readable {suffix} file: {_line(error)}") from error
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"{path}: 'w' holds {array.dtype}, not floating-point numbers")
    # Of any precision and byte order; what float32 cannot hold becomes infinite and is refused.
    with np.errstate(over="ignore"):
        return _checked(torch.from_numpy(array.astype(np.float32)), path)


def _npy(file: BinaryIO) -> np.ndarray[Any, Any]:
    file.seek(0)
    array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _npz(file: BinaryIO, path: Path) -> np.ndarray[Any, Any]:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
        if "w" not in members:
            shown = ", ".join(list(members)[:5]) or "nothing"
            raise InputError(f"{path} holds no array 'w' but {shown}")
        if members["w"].file_size > MOST_BYTES:
            raise InputError(f"{path}: 'w' unpacks to more than {MOST_BYTES >> 20} MiB")
        with archive.open(members["w"]) as member:
            return _npy(io.BytesIO(member.read()))


def _read_torch(path: Path) -> Tensor:
    try:
        with warnings.catch_warnings():
            # Remarks on the format, which are for its writer.
            warnings.simplefilter("ignore")
            content = torch.load(_existing(path), map_location="cpu", weights_only=True)
    except InputError:
        raise
    except pickle.UnpicklingError as error:
        raise InputError(f"{path} holds more than tensors and is not opened") from error
    except Exception as error:  # Broken archives end in errors of every kind.
        raise InputError(f"{path} is not a readable .pt file: {_line(error)}") from error
    latent = _latent_in(content, path)
    if latent is None:
        raise InputError(f"{path} holds no w+ tensor")
    return _checked(latent, path)


def _latent_in(content: Any, path: Path) -> Tensor | None:
    if isinstance(content, Tensor):
        return content
    if not isinstance(content, Mapping):
        return None
    for name in NAMES:
        if isinstance(named := content.get(name), Tensor):
            return named
    # Some projectors keep one dictionary per picture, with its w+, or a single w.
    inner = [_latent_in(value, path) for value in content.values() if isinstance(value, Mapping)]
    pictures = [_one(latent, path) for latent in inner if latent is not None]
    if len({picture.shape for picture in pictures}) > 1:
        first, second = list(dict.fromkeys(tuple(picture.shape) for picture in pictures))[:2]
        raise InputError(
            f"{path} holds latents of unequal shapes, {first} and {second}; import them one by one"
        )
    return torch.stack(pictures) if pictures else None


def _one(latent: Tensor, path: Path) -> Tensor:
    """Return the latent of one picture as (rows, w_dim); a single w has one row."""
    _require_plain(latent, path)
    if latent.ndim == 3 and latent.shape[0] == 1:
        return latent[0]
    return latent.unsqueeze(0) if latent.ndim == 1 else latent


def _require_plain(latent: Tensor, path: Path) -> None:
    if latent.layout != torch.strided or latent.is_quantized or latent.is_meta:
        layout = str(latent.layout).removeprefix("torch.")
        layout = "quantised" if latent.is_quantized else "meta" if latent.is_meta else layout
        raise InputError(f"{path} holds a tensor of another kind ({layout}); save a dense one")
    if not latent.is_floating_point():
        dtype = str(latent.dtype).removeprefix("torch.")
        raise InputError(f"{path} holds {dtype}, not floating-point numbers")


def _checked(w: Tensor, path: Path) -> Tensor:
    _require_plain(w, path)
    w = w.detach().float()
    if w.ndim not in (2, 3) or 0 in w.shape:
        raise InputError(f"{path}: w+ has the shape (B, rows, w_dim), not {tuple(w.shape)}")
    if not bool(w.isfinite().all()):
        raise InputError(f"{path}: w+ holds values that are not finite")
    return w.contiguous()


def _batched(w: Tensor) -> Tensor:
    return w.unsqueeze(0) if w.ndim == 2 else w


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    return path


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _plain(w: Tensor) -> Tensor:
    return w.detach().float().cpu().contiguous()
