"""`ganvas layers`: where a generator can be edited, by the names and indices that options take."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table

from ganvas.command.generator_choice import chosen_generator
from ganvas.config.groups import user_folders
from ganvas.generator.base import Generator
from ganvas.generator.config import load_generator


def layers(options: argparse.Namespace) -> int:
    """List name, resolution, channels, style row and noise map of each layer; return 0.

    Raises:
        ConfigError: An override is not one of the generator's.
        GanvasError: The generator's weights cannot be had.
    """
    folders = user_folders(options.config_dir)
    generator = load_generator(chosen_generator(options.overrides, folders))
    table = Table(box=None, pad_edge=False)
    for title in ("layer", "resolution", "channels", "row", "noise map"):
        table.add_column(title, justify="left" if title == "layer" else "right")
    for layer in generator.layers:
        noise = "" if layer.noise is None else str(layer.noise)
        table.add_row(layer.name, str(layer.resolution), str(layer.channels), str(layer.row), noise)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
    console.print(table)
    console.print(summary(generator), soft_wrap=True)
    return 0


def summary(generator: Generator) -> str:
    """Return one line on the image, w+, and the rows that no layer reads or that change nothing."""
    size = f"{generator.resolution}×{generator.resolution}"
    line = f"{generator.name}: {size}, w+ of {generator.rows} rows of {generator.w_dim}"
    read = {layer.row for layer in generator.layers}
    beside = [row for row in generator.effective_rows if row not in read]
    if beside:
        line += f"; for the input or the output alone: {', '.join(map(str, beside))}"
    void = sorted(set(range(generator.rows)) - set(generator.effective_rows))
    if void:
        line += f"; without effect: {', '.join(map(str, void))}"
    return line
