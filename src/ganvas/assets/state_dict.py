"""The converter of assets that are a torch file holding one plain state dict."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

from ganvas.assets.archive import Archive
from ganvas.errors import AssetError


def convert(archive: Archive, folder: Path) -> None:
    """Write the state dict of the asset's only file as safetensors.

    Raises:
        AssetError: The file holds anything but tensors.
    """
    import torch
    from safetensors.torch import save_file

    ((name, content),) = archive.members()
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise AssetError(f"{name} of '{archive.asset.name}' is unreadable: {reason}") from error
    tensors = {key: value.contiguous().clone() for key, value in state.items()}
    save_file(tensors, folder / archive.asset.output, archive.metadata())
