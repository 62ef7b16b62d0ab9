"""The converter of assets that are a torch file holding one plain state dict."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

from ganvas.assets.archive import Archive
from ganvas.errors import AssetError, first_line
from ganvas.system.tensors import write_tensors


def convert(archive: Archive, folder: Path) -> None:
    """Write the state dict of the asset's only file as safetensors.

    Raises:
        AssetError: The file holds anything but tensors.
    """
    import torch

    ((name, content),) = archive.members()
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise AssetError(
            f"{name} of '{archive.asset.name}' is unreadable: {first_line(error)}"
        ) from error
    tensors = {key: value.clone() for key, value in state.items()}
    write_tensors(folder / archive.asset.output, tensors, archive.metadata())
