"""Reading the tensors of an asset."""

from __future__ import annotations

from torch import Tensor

from ganvas import assets


def asset_tensors(name: str, prefix: str = "") -> dict[str, Tensor]:
    """Return the tensors of asset `name` whose names start with `prefix`, which is cut off.

    Raises:
        AssetError: The asset cannot be fetched.
    """
    from safetensors import safe_open

    with safe_open(assets.path(name), framework="pt") as opened:
        keys = [key for key in opened.keys() if key.startswith(prefix)]  # noqa: SIM118
        return {key.removeprefix(prefix): opened.get_tensor(key) for key in keys}
