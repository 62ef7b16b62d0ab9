"""A composed configuration whose root is a class: what the commands beside `ganvas run` take."""

from __future__ import annotations

from typing import Any

from ganvas.config.compose import Job, Resolver
from ganvas.config.hints import unknown_keys_explained
from ganvas.config.overrides import Words, parse, refuse_several
from ganvas.config.schema import Call, check


def resolve_as(
    target: type[Any], resolver: Resolver, words: Words, sweeps: bool = False
) -> tuple[Call, Job]:
    """Compose one job and check it against the signature of `target`.

    Args:
        target: The class that the root describes.
        resolver: Composes the command's root.
        words: Overrides without sweeps.
        sweeps: Whether the command makes a sweep of several values with -m.

    Returns:
        The checked call of `target`, and the job as plain values.

    Raises:
        ConfigError: One line that names the key.
    """
    overrides = parse(words)
    refuse_several(overrides, sweeps)
    job = resolver.resolve(overrides)
    with unknown_keys_explained():
        call = check(job.config, target)
    assert isinstance(call, Call)
    return call, job
