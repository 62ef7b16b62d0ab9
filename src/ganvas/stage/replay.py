"""A step's kernels, recorded once on a GPU and replayed: CUDA graphs.

A small step is hundreds of kernels of a few microseconds, and launching one from Python takes
longer than that. A recorded step is launched as a whole. It reads and writes the same memory every
time, so what it computes may depend on nothing but tensors that are changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import torch

Result = TypeVar("Result")

WARM_UPS = 3
"""Runs before the recording: libraries choose their kernels and workspaces in the first ones."""


class Replay(Generic[Result]):
    """Computations on a GPU, each recorded at its first call and replayed at every call."""

    def __init__(self) -> None:
        self._recorded: dict[Hashable, tuple[torch.cuda.CUDAGraph, Result]] = {}

    def __call__(self, key: Hashable, function: Callable[[], Result]) -> Result:
        """Compute `function`, of which `key` names the recording.

        Returns:
            Its result, in the same tensors at every call: what is to be kept has to be copied.
        """
        if key not in self._recorded:
            self._recorded[key] = self._record(function)
        graph, result = self._recorded[key]
        graph.replay()
        return result

    def _record(self, function: Callable[[], Result]) -> tuple[torch.cuda.CUDAGraph, Result]:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                function()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Recordings run one after the other, so that they can share what they compute in.
        pool = next((earlier.pool() for earlier, _ in self._recorded.values()), None)
        cached = torch.is_autocast_cache_enabled()
        # A cast kept from before the recording would be missing in it.
        torch.set_autocast_cache_enabled(False)
        try:
            with torch.cuda.graph(graph, pool=pool):
                result = function()
        finally:
            torch.set_autocast_cache_enabled(cached)
        return graph, result
