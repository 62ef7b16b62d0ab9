"""Two runs of one configuration, compared to the bit, and what may have caused a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.embedding.storage import flatten
from ganvas.errors import InputError
from ganvas.runner.directory import RunDirectory

MEASURED = {"seconds", "steps_per_second", "peak_memory_mib"}
"""Metrics of the machine, which differ from run to run."""

EMBEDDINGS = "embedding*.safetensors"
"""The files of the embeddings, of which that of x has no name of its own."""

DESCRIBED = ("space", "truncation", "resume")
"""What an embedding's file says of its arrays; its generator is among the causes."""

Flat = tuple[dict[str, Tensor], dict[str, str]]

CAUSES = ("versions", "device", "threads", "micro_batch", "side_by_side", "assets", "generator",
          "inputs", "git", "own_code", "python", "platform", "environment")  # fmt: skip
"""Parts of the provenance that can change a result."""


def differences(old: RunDirectory, new: RunDirectory) -> list[str]:
    """Return one line per result that is not bit-identical: embeddings, metrics, pictures."""
    return [*_embeddings(old, new), *_metrics(old, new), *_pictures(old, new)]


def causes(old: RunDirectory, new: RunDirectory) -> list[str]:
    """Return one line per part of the environment that differs."""
    lines = []
    for part in CAUSES:
        before, now = old.provenance.get(part), new.provenance.get(part)
        for key, first, second in _unequal(before, now, part):
            lines.append(f"{key}: {_short(first)} → {_short(second)}")
    return lines


def _embeddings(old: RunDirectory, new: RunDirectory) -> Iterator[str]:
    """Compare the embeddings of x and of the other inputs."""
    for name in sorted({file.name for run in (old, new) for file in run.path.glob(EMBEDDINGS)}):
        label = name.removesuffix(".safetensors")
        if not (old.path / name).is_file():
            yield f"{label}: only in the repetition"
        elif not (new.path / name).is_file():
            yield f"{label}: missing"
        else:
            parts = [flatten(_embedding(run, name)) for run in (old, new)]
            yield from _parts(label, *parts)


def _embedding(run: RunDirectory, name: str) -> Embedding:
    run.read(name)  # it is compared with what the run has written
    return Embedding.load(run.path / name)


def _parts(label: str, old: Flat, new: Flat) -> Iterator[str]:
    """Compare latent, noise, tuned weights and edited activations, and what they are."""
    for name in dict.fromkeys((*old[0], *new[0])):
        a, b = old[0].get(name), new[0].get(name)
        if a is None or b is None:
            yield f"{label}: {name} is only in one of them"
        elif a.shape != b.shape:
            yield f"{label}: {name} has shape {tuple(a.shape)} → {tuple(b.shape)}"
        elif not torch.equal(a, b):
            # The integers of tuned weights would overflow.
            yield f"{label}: {name} differs by up to {(a.double() - b.double()).abs().max():.3g}"
    for name in DESCRIBED:
        if old[1][name] != new[1][name]:
            yield f"{label}: {name} {old[1][name]} → {new[1][name]}"


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
