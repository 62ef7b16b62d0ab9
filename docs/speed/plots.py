"""The plots of docs/performance.md, drawn from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from speed.recipes import RECIPES
from speed.table import Rows, column

INK, FAINT = "#1f4e79", "#b8c9d9"
COLOURS = ("#1f4e79", "#c05a1c", "#4b7f52")
STYLE = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": "#e6e6e6", "axes.axisbelow": True, "legend.frameon": False,
    "svg.hashsalt": "ganvas", "svg.fonttype": "path",
}  # fmt: skip


def subsets(rows: Rows, axes: Axes) -> None:
    """Draw what a step costs by the first layer that may change, beside its operations."""
    names = [str(row["first"]).split(".")[0].replace("x", "×") for row in rows]
    for offset, key, colour, label in ((-0.2, "seconds", INK, "CPU time"),
                                       (0.2, "operations", FAINT, "operations")):  # fmt: skip
        values = column(rows, key)
        places = [i + offset for i in range(len(rows))]
        axes.bar(places, [100 * v / values[0] for v in values], 0.4, color=colour, label=label)
    axes.set_xticks(range(len(rows)), names, rotation=45, ha="right")
    axes.set(xlabel="first layer that may change", ylabel="% of a step of all layers")
    axes.legend(loc="upper right")
    axes.grid(axis="x", visible=False)


def batches(rows: Rows, axes: Axes) -> None:
    """Draw what an image costs by how many are drawn together."""
    for colour, name in zip(COLOURS, dict.fromkeys(r["generator"] for r in rows), strict=True):
        own = [row for row in rows if row["generator"] == name]
        alone = float(own[0]["milliseconds"])
        costs = [100 * cost / alone for cost in column(own, "milliseconds")]
        label = str(name).replace(" with a quarter of its channels", "")
        label = label.replace("the same at", "StyleGAN2,")
        axes.plot(column(own, "images"), costs, "o-", color=colour, label=label)
    axes.set_xscale("log", base=2)
    axes.set_xticks((1, 2, 4, 8), ("1", "2", "4", "8"))
    axes.set(xlabel="images drawn together", ylabel="CPU time of an image, % of alone")
    axes.set_ylim(0, 105)
    axes.legend()


def recipes(rows: Rows, key: str, label: str, axes: Axes) -> None:
    """Draw what runs of a recipe reach against what they cost."""
    for colour, recipe in zip(COLOURS, RECIPES, strict=False):
        own = [row for row in rows if row["recipe"] == recipe]
        axes.plot(column(own, "seconds"), column(own, key), "o-", color=colour, label=recipe)
    axes.set_xscale("log", base=2)
    axes.set_xticks((50, 100, 200, 400), ("50", "100", "200", "400"))
    axes.set(xlabel="CPU seconds of a run", ylabel=label)
    axes.legend()


def draw(measured: dict[str, Any], folder: Path) -> None:
    """Write images/speed_steps.svg and speed_recipes.svg into a folder."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    with pyplot.rc_context(STYLE):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        subsets(measured["subsets"], left)
        batches(measured["batches"], right)
        save(figure, images / "speed_steps.svg")
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.0), layout="constrained")
        recipes(measured["recipes"], "lpips", "LPIPS-VGG at 256², lower is nearer", left)
        recipes(measured["recipes"], "psnr", "PSNR at 1024², dB", right)
        save(figure, images / "speed_recipes.svg")


def save(figure: Any, file: Path) -> None:
    """Write a figure without the date, so that the same figures make the same file."""
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
