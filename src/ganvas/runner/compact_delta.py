"""What a stage that tuned the generator leaves: a compact delta, and what compaction costs."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.functional.images import to_uint8
from ganvas.functional.quality import mse, psnr_from_mse
from ganvas.generator.delta import Compact, compacted
from ganvas.metrics.measure import Values
from ganvas.stage import Scene

COSTS = {
    "delta_mib": {"text": "the compact delta's size", "unit": "MiB", "direction": "lower"},
    "psnr_exact": {"text": "with the exact delta", "unit": "dB", "direction": "higher"},
    "delta_db": {"text": "what the compact delta loses", "unit": "dB", "direction": "lower"},
}
"""What `compact` measures, as `metrics.json` describes it."""


def compact(
    embedding: Embedding, settings: Compact, scene: Scene, target: Tensor
) -> tuple[Embedding, Values]:
    """Tune the scene's generator with a small copy of an embedding's delta, and measure the copy.

    Args:
        embedding: What the stage left, with the exact change of the weights.
        settings: How its delta is stored.
        scene: The scene, whose generator and embeddings are tuned from now on.
        target: (1, 3, H, W), the photograph.

    Returns:
        The embedding with the copy; and by the photograph's name `delta_mib`, the size of the copy,
        `psnr_exact`, of the picture that the exact change draws, and `delta_db`, the dB that the
        copy loses against it.
    """
    assert embedding.delta is not None
    exact = embedding.delta
    generator = scene.generator
    shapes = {name: value.shape for name, value in generator.state_dict().items()}
    changes = {name: exact.of(name, shapes[name]) for name in exact.names}
    copy = compacted(changes, settings)
    psnr_exact = _psnr(embedding, scene, target)
    scene.tune(copy)
    embedding = replace(embedding, delta=copy)
    psnr = _psnr(embedding, scene, target)
    values = {
        "delta_mib": round(copy.size / 2**20, 3),
        "psnr_exact": round(psnr_exact, 4),
        "delta_db": round(psnr_exact - psnr, 4),
    }
    return embedding, dict.fromkeys(embedding.names, values)


def _psnr(embedding: Embedding, scene: Scene, target: Tensor) -> float:
    pictures = to_uint8(embedding.render(scene.generator)).float() / 127.5
    return float(psnr_from_mse(mse(pictures, to_uint8(target).float() / 127.5)))
