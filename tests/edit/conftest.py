import pytest
import torch

from ganvas.embedding import Embedding
from ganvas.generator.tiny import TinyGenerator
from ganvas.stage import Scene


@pytest.fixture
def scene() -> Scene:
    """Two images and their embeddings x, y, z on a tiny generator, and the mask m, a half."""
    generator = TinyGenerator()
    half = torch.zeros(2, 1, 32, 32)
    half[..., :16] = 1

    def embedding(seed: int) -> Embedding:
        rng = torch.Generator().manual_seed(seed)
        w = torch.stack([generator.sample_w(2, rng) for _ in range(generator.rows)], 1)
        return Embedding(w, tuple(generator.sample_noise(2, rng)), names=("a", "b"))

    found = {name: embedding(seed) for seed, name in enumerate("xyz")}
    images = {name: e.render(generator) for name, e in found.items()}
    masks = {"m": half, "full": torch.ones(2, 1, 32, 32)}
    return Scene(generator, images, masks, lambda: embedding(9), found)
