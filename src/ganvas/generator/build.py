"""From a recognised checkpoint to a generator that is ready to run."""

from __future__ import annotations

import torch

from ganvas.checkpoint.content import Checkpoint
from ganvas.errors import CheckpointError
from ganvas.generator.stylegan2 import StyleGAN2


def build(checkpoint: Checkpoint, *, half: bool = False) -> StyleGAN2:
    """Build the generator and give it the checkpoint's weights."""
    with torch.device("meta"):
        generator = StyleGAN2(checkpoint.architecture, half=half)
    expected = {own_name(key): tuple(t.shape) for key, t in generator.state_dict().items()}
    weights = {}
    for key, shape in expected.items():
        weights[module_name(key)] = checkpoint.tensors[key].load()
    generator.load_state_dict(weights, strict=True, assign=True)
    generator.source_hash = checkpoint.source_hash
    return generator.eval().requires_grad_(False)


def own_name(key: str) -> str:
    return key.replace("mapping_network.", "mapping.").replace("synthesis_network.", "synthesis.")


def module_name(key: str) -> str:
    return key.replace("mapping.", "mapping_network.").replace("synthesis.", "synthesis_network.")
