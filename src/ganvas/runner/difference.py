"""Two runs of one configuration, compared to the bit, and what may have caused a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ganvas.errors import InputError
from ganvas.runner.directory import RunDirectory

MEASURED = {"seconds", "steps_per_second", "peak_memory_mib"}
"""Metrics of the machine, which differ from run to run."""

CAUSES = ("versions", "device", "threads", "micro_batch", "assets", "generator", "inputs", "git",
          "python", "platform", "environment")  # fmt: skip
"""Parts of the provenance that can change a result."""


def differences(old: RunDirectory, new: RunDirectory) -> list[str]:
    """Return one line per result that is not bit-identical: embedding, metrics, pictures."""
    return [*_embedding(old, new), *_metrics(old, new), *_pictures(old, new)]


def causes(old: RunDirectory, new: RunDirectory) -> list[str]:
    """Return one line per part of the environment that differs."""
    lines = []
    for part in CAUSES:
        before, now = old.provenance.get(part), new.provenance.get(part)
        for key, first, second in _unequal(before, now, part):
            lines.append(f"{key}: {_short(first)} → {_short(second)}")
    return lines


def _embedding(old: RunDirectory, new: RunDirectory) -> Iterator[str]:
    first, second = old.embedding, new.embedding
    pairs = [("latent", first.latent, second.latent)]
    if len(first.noise) != len(second.noise):
        yield f"embedding: {len(first.noise)} noise maps → {len(second.noise)}"
    else:
        pairs += [
            (f"noise {i}", a, b)
            for i, (a, b) in enumerate(zip(first.noise, second.noise, strict=True))
        ]
    for name, a, b in pairs:
        if a.shape != b.shape:
            yield f"embedding: {name} has shape {tuple(a.shape)} → {tuple(b.shape)}"
        elif not torch.equal(a, b):
            yield f"embedding: {name} differs by up to {(a - b).abs().max():.3g}"


def _metrics(old: RunDirectory, new: RunDirectory) -> Iterator[str]:
    parts = ("final", "images", "stages")
    first, second = ({p: r.metrics.get(p) for p in parts} for r in (old, new))
    for key, before, now in _unequal(first, second, ""):
        if not MEASURED & set(key.split(".")):
            yield f"metrics: {key} {before} → {now}"


def _pictures(old: RunDirectory, new: RunDirectory) -> Iterator[str]:
    for image in old.images:
        try:
            first, second = (np.asarray(r.image("result", image), np.int16) for r in (old, new))
        except InputError:
            yield f"picture of {image}: missing"
            continue
        if first.shape != second.shape:
            yield f"picture of {image}: {first.shape} → {second.shape}"
        elif not np.array_equal(first, second):
            apart = np.abs(first - second)
            share = (apart > 0).any(axis=-1).mean()
            yield f"picture of {image}: {share:.1%} of the pixels differ, by up to {apart.max()}"


def _unequal(a: Any, b: Any, key: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for name in dict.fromkeys((*a, *b)):
            yield from _unequal(a.get(name), b.get(name), f"{key}.{name}" if key else str(name))
    elif a != b:
        yield key, a, b


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
