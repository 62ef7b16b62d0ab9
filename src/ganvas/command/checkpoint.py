"""`ganvas convert` and `ganvas inspect`: generators' files."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganvas.checkpoint.convert import convert as convert_file
from ganvas.checkpoint.inspect import inspect as inspect_file
from ganvas.checkpoint.inspect import lines


def convert(options: argparse.Namespace) -> int:
    """Rewrite a checkpoint and say what was estimated or lost; return 0."""
    done = convert_file(Path(options.source), Path(options.destination), options.to)
    print(f"{done.source.layout} -> {done.target}: {options.destination}")
    if done.estimated:
        print(f"estimated: {', '.join(done.estimated)}")
    for sentence in done.lost:
        print(f"lost: {sentence}")
    return 0


def inspect(options: argparse.Namespace) -> int:
    """Print what a checkpoint holds; return 0."""
    for line in lines(inspect_file(Path(options.file))):
        print(line)
    return 0
