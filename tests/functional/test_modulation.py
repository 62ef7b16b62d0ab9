"""A style for each position."""

from __future__ import annotations

import pytest
import torch

from ganvas.functional.modulation import scaled


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("space", [(), (4, 6), (2, 3)])
def test_a_style_scales_the_samples_that_share_it(space, memory_format):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, 5, 4, 6, generator=rng).to(memory_format=memory_format)
    style = torch.randn(1, 5, *space, generator=rng)
    y = scaled(x, style)
    shared = 4 // space[0] if space else 4
    for row in range(4):
        for column in range(6):
            here = style[(..., row // shared, column // shared)] if space else style
            assert torch.equal(y[..., row, column], x[..., row, column] * here)
    assert y.is_contiguous(memory_format=memory_format)
    if memory_format == torch.channels_last:
        assert y.stride() == x.stride()  # that of the batch, too: convolutions look at it
