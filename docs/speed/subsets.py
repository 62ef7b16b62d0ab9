"""What a step costs where only late layers may change, beside its share of the operations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.generator import Generator
from ganvas.generator.config import loaded
from ganvas.layers import Explicit
from ganvas.loss import MSE, Block
from ganvas.optimizer import Adam
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg
from speed.clock import by_turns
from speed.table import Rows, percent, table


def step_from(generator: Generator, first: int) -> Callable[[], object]:
    """Return a step that fits the rows and maps of the layers from `first` on, with MSE."""
    behind = generator.layers[first:]
    layers = Explicit(
        rows=tuple(sorted({layer.row for layer in behind})),
        noise=tuple(layer.noise for layer in behind if layer.noise is not None),
    )
    adam = Adam(lr=0.1)
    config = StageConfig(
        optimise={"latent": adam, "noise": adam}, layers=layers,
        objective={"fit": Block({"mse": MSE()})}, steps=1,
    )  # fmt: skip
    start = WAvg().begin(generator, ("x",), seed=0)
    target = torch.zeros(1, 3, generator.resolution, generator.resolution)
    stage = Stage(config, Scene(generator, {"x": target}, {}, lambda: start), 1)
    return lambda: stage._pass(0, 0)


def measure() -> Rows:
    """Return CPU seconds and operations of a step, by the first layer that may change."""
    generator = loaded(MobileStyleGANConfig())
    steps = {generator.layers[i].name: step_from(generator, i)
             for i in range(0, len(generator.layers), 2)}  # fmt: skip
    operations = {}
    for name, step in steps.items():
        with FlopCounterMode(display=False) as counter:
            step()
        operations[name] = counter.get_total_flops()
    seconds = by_turns(steps)
    return [{"first": name, "seconds": seconds[name], "operations": operations[name]}
            for name in steps]  # fmt: skip


def page(rows: Rows) -> str:
    """Return the table of the page."""
    return table(
        ("first layer that may change", "CPU time", "operations"),
        [(f"`{row['first']}`", percent(row["seconds"], rows[0]["seconds"]),
          percent(row["operations"], rows[0]["operations"])) for row in rows],
    )  # fmt: skip
