"""TensorFloat-32: float32 products on tensor cores, with factors of ten bits of mantissa."""

from __future__ import annotations


def is_tf32_allowed() -> tuple[bool, bool]:
    """Return whether matrix products, and convolutions, may round their factors.

    torch allows it for convolutions alone unless it is told otherwise.
    """
    import torch

    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


def allow_tf32(products: bool, convolutions: bool | None = None) -> None:
    """Set whether matrix products, and convolutions (None: alike), may round their factors."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = products
    torch.backends.cudnn.allow_tf32 = products if convolutions is None else convolutions
