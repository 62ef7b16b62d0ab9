"""The state that an interrupted training of a network continues from: tensors and plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganvas.errors import StorageError
from ganvas.system.tensors import read_tensors, write_tensors

FORMAT = "ganvas-encoder-training-1"


@dataclass
class State:
    """Where a training stands.

    Attributes:
        step: Steps that are done.
        seconds: Seconds that they took.
        curve: The means of the losses, a row every few steps.
        sums: The sums of the row that is begun.
        network: The weights by name.
        optimizer: For each weight, by its index, what the optimiser keeps of it.
    """

    step: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, Tensor] = field(default_factory=dict)
    network: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write one safetensors file, whole or not at all.

        Raises:
            StorageError: The file cannot be written.
        """
        tensors = {f"network/{name}": tensor for name, tensor in self.network.items()}
        tensors |= {f"sums/{name}": tensor for name, tensor in self.sums.items()}
        for index, values in self.optimizer.items():
            tensors |= {f"optimizer/{index}/{name}": tensor for name, tensor in values.items()}
        plain = {"step": self.step, "seconds": self.seconds, "curve": self.curve}
        write_tensors(path, tensors, {"format": FORMAT, "state": json.dumps(plain)})

    @classmethod
    def load(cls, path: Path) -> State | None:
        """Read what `save` wrote; None where there is nothing.

        Raises:
            StorageError: The file is broken, or another kind of file.
        """
        if not path.is_file():
            return None
        try:
            tensors, metadata = read_tensors(path)
            if metadata.get("format") != FORMAT:
                raise ValueError("it is no state of a training")
            plain = json.loads(metadata["state"])
            state = cls(int(plain["step"]), float(plain["seconds"]), list(plain["curve"]))
            for key, tensor in tensors.items():
                state._add(key, tensor)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{path} is broken ({error}); remove it to start the training again"
            ) from error
        return state

    def _add(self, key: str, tensor: Tensor) -> None:
        part, _, name = key.partition("/")
        if part == "optimizer":
            index, _, name = name.partition("/")
            self.optimizer.setdefault(int(index), {})[name] = tensor
        elif part in ("network", "sums"):
            getattr(self, part)[name] = tensor
        else:
            raise ValueError(f"'{key}' belongs to nothing")


def kept_of(optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Tensor]]:
    """Return what an optimiser keeps of each weight, by its index."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {index: dict(values) for index, values in state.items()}
