"""Operations on activations (B, C, r, r): the paper's tensor operations and GAN Dissection's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganvas.functional.images import resize


def mix(
    kept: Float[Tensor, "B C h w"],
    taken: Float[Tensor, "B C h w"],
    keep: Float[Tensor, "#B 1 h w"] | None,
    take: Float[Tensor, "#B 1 h w"] | None,
) -> Float[Tensor, "B C h w"]:
    """Return keep ⊙ A + take ⊙ B, exactly A or B where one mask is 1 and the other 0.

    Args:
        kept: A, (B, C, r, r).
        taken: B, same shape.
        keep: M₁, (B, 1, r, r); None for zeros.
        take: 1 − M₂, (B, 1, r, r); None for ones.

    Source: I_att of Abdal et al. 2020, section 4.
    """
    keep = torch.zeros_like(taken[:, :1]) if keep is None else keep
    take = torch.ones_like(taken[:, :1]) if take is None else take
    mixed = keep * kept + take * taken
    mixed = torch.where((keep == 0) & (take == 1), taken, mixed)
    return torch.where((keep == 1) & (take == 0), kept, mixed)


def fit_mask(
    mask: Float[Tensor, "B 1 H W"], size: int, margin: int = 0
) -> Float[Tensor, "B 1 {size} {size}"]:
    """Resize a mask (B, 1, H, W) of the image, or (B, 1, 1, 1), to an activation of `size`.

    The `margin` samples outside of the image, on each side, take the values at the mask's border.
    """
    if mask.shape[-1] == 1:
        return mask.expand(-1, 1, size, size)
    return F.pad(resize(mask, size - 2 * margin), [margin] * 4, mode="replicate")


def swap_channels(
    first: Float[Tensor, "B C h w"], second: Float[Tensor, "B C h w"], channels: Sequence[int]
) -> Float[Tensor, "B C h w"]:
    """Return the first tensor with some channels of the second."""
    index = torch.tensor(list(channels), device=first.device)
    return first.index_copy(1, index, second.index_select(1, index))


def set_channels(
    features: Float[Tensor, "B C h w"],
    channels: Sequence[int],
    values: Float[Tensor, " K"] | float,
) -> Float[Tensor, "B C h w"]:
    """Set channels to a constant each: 0 ablates a unit, a high value inserts it.

    Args:
        features: (B, C, r, r).
        channels: Indices of the units.
        values: (K,) with one value per unit, or one for all.

    Source: Bau et al. 2019, *GAN Dissection*.
    """
    changed = features.clone()
    values = torch.as_tensor(values, dtype=features.dtype, device=features.device)
    changed[:, list(channels)] = values.expand(len(channels)).view(1, -1, 1, 1)
    return changed


def permute_channels(
    features: Float[Tensor, "B C h w"], rng: torch.Generator, fraction: float = 1.0
) -> Float[Tensor, "B C h w"]:
    """Permute a random `fraction` of the channels among themselves; the same for every image."""
    count = features.shape[1]
    chosen = torch.randperm(count, generator=rng)[: round(fraction * count)]
    order = torch.arange(count)
    order[chosen] = chosen[torch.randperm(len(chosen), generator=rng)]
    return features[:, order.to(features.device)]


def permute_tiles(
    features: Float[Tensor, "B C h w"], rng: torch.Generator, tiles: int
) -> Float[Tensor, "B C h w"]:
    """Cut the map into `tiles` × `tiles` pieces and permute them; the same for every image.

    Raises:
        ValueError: The map's size is no multiple of `tiles`.
    """
    batch, channels, height, width = features.shape
    if height % tiles or width % tiles:
        raise ValueError(f"a map of {height}×{width} cannot be cut into {tiles}×{tiles} tiles")
    high, wide = height // tiles, width // tiles
    cut = features.reshape(batch, channels, tiles, high, tiles, wide).permute(0, 1, 2, 4, 3, 5)
    cut = cut.reshape(batch, channels, tiles * tiles, high, wide)
    order = torch.randperm(tiles * tiles, generator=rng).to(features.device)
    cut = cut[:, :, order].view(batch, channels, tiles, tiles, high, wide)
    return cut.permute(0, 1, 2, 4, 3, 5).reshape(batch, channels, height, width)


def pull_channels(
    features: Float[Tensor, "B C h w"],
    channels: Sequence[int],
    values: Float[Tensor, " K"],
    weight: Float[Tensor, "#B 1 h w"],
) -> Float[Tensor, "B C h w"]:
    """Move channels towards a constant each: u + weight (v − u); where the weight is 0, not a bit.

    Args:
        features: (B, C, r, r).
        channels: Indices of the units.
        values: v, (K,) with one value per unit.
        weight: How far, at each position; 1 arrives, more goes beyond.

    Source: Bau et al. 2019, *GAN Dissection*, section 3.2.
    """
    index = list(channels)
    before = features[:, index]
    ends = values.to(features).view(1, -1, 1, 1)
    changed = features.clone()
    changed[:, index] = before + weight * (ends - before)
    return changed
