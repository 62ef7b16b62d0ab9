"""Latents in other programs' files: NVIDIA's `projected_w.npz` and a w+ tensor in a `.pt`.

They hold w+ alone: neither the noise maps nor which generator they belong to.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.errors import InputError
from ganvas.system.files import write_bytes

NAMES = ("latent", "w", "w_plus", "wplus", "latents")
"""Keys under which programs keep w+ where the file is a dictionary."""


def read_projected_w(path: Path) -> Tensor:
    """Read w+ (B, rows, w_dim) from a `projected_w.npz`, as NVIDIA's projector writes it.

    Raises:
        InputError: The file is missing, broken, or holds no array `w` of that shape.
    """
    try:
        with _existing(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if "w" not in file:
                raise InputError(f"{path} holds no array 'w' but {', '.join(file) or 'nothing'}")
            found = file["w"]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a readable .npz file: {error}") from error
    if not np.issubdtype(found.dtype, np.floating):
        raise InputError(f"{path}: 'w' holds {found.dtype}, not floating-point numbers")
    return _checked(torch.from_numpy(found), path)


def write_projected_w(path: Path, w: Tensor) -> None:
    """Write w+ (B, rows, w_dim) as a `projected_w.npz`."""
    buffer = io.BytesIO()
    np.savez(buffer, w=_plain(w).numpy())
    write_bytes(path, buffer.getbuffer())


def read_w_plus_pt(path: Path) -> Tensor:
    """Read w+ (B, rows, w_dim) from a `.pt` that holds a tensor, or a dictionary with one.

    Nothing in the file is executed.

    Raises:
        InputError: The file is missing, broken, asks for code, or holds no w+.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")
            found = torch.load(_existing(path), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(f"{path} holds more than tensors and is not opened") from error
    except (OSError, RuntimeError, EOFError, KeyError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path} is not a readable .pt file: {reason}") from error
    latent = _latent_in(found)
    if latent is None:
        raise InputError(f"{path} holds no w+ tensor")
    return _checked(latent, path)


def write_w_plus_pt(path: Path, w: Tensor) -> None:
    """Write w+ (B, rows, w_dim) as a `.pt` that holds the tensor alone."""
    buffer = io.BytesIO()
    torch.save(_plain(w), buffer)
    write_bytes(path, buffer.getbuffer())


READERS: dict[str, Callable[[Path], Tensor]] = {".npz": read_projected_w, ".pt": read_w_plus_pt}
WRITERS: dict[str, Callable[[Path, Tensor], None]] = {
    ".npz": write_projected_w,
    ".pt": write_w_plus_pt,
}


def require_kind(path: Path) -> str:
    """Return the suffix of `path`.

    Raises:
        InputError: It is neither .npz nor .pt.
    """
    if path.suffix not in READERS:
        raise InputError(f"{path}: a file of latents ends in {' or '.join(READERS)}")
    return path.suffix


def fit_rows(w: Tensor, rows: int, w_dim: int, path: Path) -> Tensor:
    """Return w+ (B, rows, w_dim) for a generator; a single w fits any number of rows.

    Raises:
        InputError: The file belongs to a generator of another shape.
    """
    if w.shape[2] == w_dim and w.shape[1] == rows:
        return w
    if w.shape[2] == w_dim and bool((w == w[:, :1]).all()):
        return w[:, :1].expand(-1, rows, -1).clone()
    raise InputError(
        f"{path} holds {w.shape[1]} rows of {w.shape[2]}; this generator has {rows} of {w_dim}"
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    return path


def _latent_in(found: Any) -> Tensor | None:
    if isinstance(found, Tensor):
        return found
    if isinstance(found, Mapping):
        named = [found[name] for name in NAMES if isinstance(found.get(name), Tensor)]
        # Some projectors keep one dictionary per picture.
        inner = [_latent_in(value) for value in found.values() if isinstance(value, Mapping)]
        several = named[:1] or [latent for latent in inner if latent is not None]
        if several:
            return torch.stack(several) if len(several) > 1 else several[0]
    return None


def _checked(w: Tensor, path: Path) -> Tensor:
    w = w.detach().float()
    if w.ndim == 2:
        w = w.unsqueeze(0)
    if w.ndim != 3 or 0 in w.shape:
        raise InputError(f"{path}: w+ has the shape (B, rows, w_dim), not {tuple(w.shape)}")
    if not bool(w.isfinite().all()):
        raise InputError(f"{path}: w+ holds values that are not finite")
    return w.contiguous()


def _plain(w: Tensor) -> Tensor:
    return w.detach().float().cpu().contiguous()
