"""From a recognised checkpoint to a generator that is ready to run."""

from __future__ import annotations

import torch
from torch import Tensor

from ganvas.checkpoint.content import Checkpoint
from ganvas.errors import CheckpointError, nearest
from ganvas.generator.labels import LabelledGenerator
from ganvas.generator.skeleton import Built, skeleton

W_AVG_SAMPLES = 10_000


def missing(checkpoint: Checkpoint, generator: Built) -> tuple[str, ...]:
    """Return the arrays that the file lacks and that can be made up for.

    Raises:
        CheckpointError: An array is missing that cannot, is of another shape, or is unknown.
    """
    expected = generator.state_dict()
    absent = [key for key in expected if key not in checkpoint.tensors]
    for key in absent:
        if key.rsplit(".", 1)[-1] not in Checkpoint.OPTIONAL:
            raise CheckpointError(f"'{key}' is missing{nearest(key, checkpoint.tensors)}")
    for key, stored in checkpoint.tensors.items():
        if key not in expected:
            raise CheckpointError(f"'{key}' belongs to no supported {generator.family}")
        if stored.shape != tuple(expected[key].shape):
            raise CheckpointError(
                f"'{key}' has the shape {stored.shape}, not {tuple(expected[key].shape)}"
            )
    return tuple(absent)


def weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Load the arrays of a checkpoint, in float32.

    Raises:
        CheckpointError: One holds numbers that are not finite.
    """
    return {key: _finite(key, stored.load()) for key, stored in checkpoint.tensors.items()}


def build(checkpoint: Checkpoint) -> Built:
    """Build the generator and give it the checkpoint's weights; what is lacking is estimated.

    The mean of w is that of 10,000 samples and the noise maps are drawn, both from a fixed seed.

    Raises:
        CheckpointError: The arrays do not fit the architecture, or are not finite.
    """
    generator = skeleton(checkpoint.architecture)
    absent, expected = missing(checkpoint, generator), generator.state_dict()
    loaded = weights(checkpoint)
    rng = torch.Generator().manual_seed(0)
    for key in absent:
        loaded[key] = torch.randn(expected[key].shape, generator=rng)
    generator.load_state_dict(loaded, strict=True, assign=True)
    generator.eval().requires_grad_(False)
    if "w_avg" in absent:
        generator.w_avg.copy_(_mean_w(generator, rng))
    return generator


def _finite(key: str, weights: Tensor) -> Tensor:
    if weights.is_complex() or not weights.isfinite().all():
        raise CheckpointError(f"'{key}' holds numbers that are not finite")
    return weights.float()


@torch.no_grad()
def _mean_w(generator: Built, rng: torch.Generator) -> Tensor:
    z = torch.randn(W_AVG_SAMPLES, generator.z_dim, generator=rng)
    label = None
    if isinstance(generator, LabelledGenerator) and (classes := generator.architecture.classes):
        label = torch.eye(classes)[torch.arange(W_AVG_SAMPLES) % classes]
    return generator.mapping(z, label).mean(dim=0)
