"""Steps of ganvas beside those of a plain projector, and of NVIDIA's network in its place.

All of them optimise the same variables under the same terms, StyleGAN2 with random weights.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch

from ganvas.network.lpips import perceptual_distance
from speed import nvidia
from speed.measure import Clock, Scenery, fit_timed, stage_of
from speed.networks import CONFIG_F, stylegan2
from speed.plain import Draw, drawer, project
from speed.table import Rows, table
from speed.task import TASKS, Task

STEPS = {256: 4, 1024: 3}
"""Resolution → steps of a turn, of which the first warms up."""
TURNS = 2


def of_the_plain_loop(scenery: Scenery, draw: Draw, task: Task, steps: int) -> float:
    """Return the CPU seconds of a step of the plain loop."""
    clock = Clock(steps, torch.device("cpu"), time.process_time, warm_up=1)
    project(
        draw, task, scenery.w, scenery.noise, scenery.target, scenery.distance, clock.step, steps,
    )  # fmt: skip
    return clock.milliseconds / 1000


def of_a_stage(scenery: Scenery, task: Task, steps: int) -> float:
    """Return the CPU seconds of a step of ganvas, Lightning's loop included."""
    clock = Clock(steps, torch.device("cpu"), time.process_time, warm_up=1)
    fit_timed(stage_of(scenery, task, steps), clock, 1)
    return clock.milliseconds / 1000


def measure(checkout: Path | None = None) -> Rows:
    """Return the CPU seconds of a step, the least of its turns, by resolution and task.

    Args:
        checkout: One of NVIDIA's stylegan2-ada-pytorch, for its network.
    """
    rows: Rows = []
    for resolution, steps in STEPS.items():
        generator = stylegan2(CONFIG_F[: resolution.bit_length() - 2])
        scenery = Scenery.of(generator, perceptual_distance("vgg", "cpu"))
        draws = {"plain": drawer(generator)}
        if checkout is not None:
            draws["nvidia"] = nvidia.drawer(checkout, generator)
        for task in TASKS:
            taken: dict[str, list[float]] = {}
            for _ in range(TURNS):
                for name, draw in draws.items():
                    seconds = of_the_plain_loop(scenery, draw, task, steps)
                    taken.setdefault(name, []).append(seconds)
                taken.setdefault("ganvas", []).append(of_a_stage(scenery, task, steps))
            fastest = {name: min(seconds) for name, seconds in taken.items()}
            rows.append({"resolution": resolution, "task": task.name, **fastest})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    others = [name for name in ("plain", "nvidia") if name in rows[0]]
    titles = {"plain": "plain loop", "nvidia": "with NVIDIA's network"}
    head = ("StyleGAN2, f", "what moves", *(titles[name] for name in others), "ganvas",
            *(f"× {titles[name]}" for name in others))  # fmt: skip
    lines = []
    for row in rows:
        seconds = (f"{row[name]:.2f} s" for name in (*others, "ganvas"))
        factors = (f"{float(row[name]) / float(row['ganvas']):.2f}" for name in others)
        lines.append((f"{row['resolution']}²", row["task"], *seconds, *factors))
    return table(head, lines)
