"""How well a trained encoder does: on samples whose w is known, and on photographs."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ganvas.encoder.objective import perceptual, similarity
from ganvas.encoder.residual_encoder import ResidualEncoder
from ganvas.encoder.settings import Settings
from ganvas.functional.images import from_uint8, resize
from ganvas.generator.base import Generator


@torch.no_grad()
def judged(
    encoder: ResidualEncoder, generator: Generator, pictures: Tensor, option: Settings
) -> dict[str, float]:
    """Return the means of what the objective looks at over renders of encoded pictures.

    Args:
        encoder: The encoder.
        generator: Draws with the noise maps of seed 0, the same for all.
        pictures: (N, 3, r, r) in [−1, 1], at most as large as the encoder sees them.
        option: Losses with a weight of 0 are not measured; their networks may be missing.

    Returns:
        "mse", and "lpips" and "identity", the cosine similarity, where they are trained for.
    """
    noise = generator.noise_of(0)
    rows: list[dict[str, Tensor]] = []
    for picture in pictures[:, None]:
        w = encoder.encode(picture, generator)
        render = resize(generator(w, noise), picture.shape[-1]).clamp(-1, 1)
        row = {"mse": (render - picture).square().mean()}
        if option.objective.lpips:
            row["lpips"] = perceptual(render, picture).mean()
        if option.objective.identity:
            row["identity"] = similarity(render, picture).mean()
        rows.append(row)
    return {
        name: round(float(torch.stack([row[name] for row in rows]).mean()), 4) for name in rows[0]
    }


@torch.no_grad()
def judged_on_samples(
    encoder: ResidualEncoder, generator: Generator, option: Settings, seed: int
) -> dict[str, float]:
    """Return `judged` on new samples, and the part of the spread of w that is explained."""
    stream = replace(option.stream, mixing=0.0)
    # Another seed than that of the training.
    w, drawn = stream.draw(generator, seed + 1, 0, option.held_out)
    pictures = from_uint8(drawn)
    rows = list(generator.effective_rows)
    error = (encoder.encode(pictures, generator) - w)[:, rows].square().sum()
    explained = round(1 - float(error / (w - generator.w_avg)[:, rows].square().sum()), 4)
    return {"explained": explained, **judged(encoder, generator, pictures, option)}
