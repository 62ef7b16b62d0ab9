"""`ganvas report STUDY`: build once, or again whenever the study has moved on."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ganvas.analysis.study import find_study
from ganvas.command.log import show_log
from ganvas.config.groups import user_folders
from ganvas.errors import ConfigError
from ganvas.report.build import build

_PAUSE = 3.0
_WATCHED = ("status.json", "metrics.jsonl", "metrics.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ganvas report` to `parser`."""
    parser.add_argument("study", metavar="STUDY", help="a study's folder or its name in outputs/")
    parser.add_argument(
        "--output", metavar="DIR", help="the report's folder (default: STUDY/report)"
    )
    parser.add_argument(
        "--single-file", action="store_true", help="embed everything in one HTML file"
    )
    parser.add_argument(
        "--config-dir", metavar="DIR", help="add your own options, and the modules beside them"
    )
    parser.add_argument(
        "--watch", action="store_true", help="build again while the study runs, until Ctrl-C"
    )


def main(args: argparse.Namespace) -> int:
    """Build the report that `args` asks for and print where it is."""
    if args.watch and args.single_file:
        raise ConfigError("--watch and --single-file exclude each other: a watched page reloads")
    user_folders(args.config_dir)
    show_log()
    page = build(args.study, args.output, args.single_file, watched=args.watch)
    print(f"{page}  {page.stat().st_size / 1e6:.1f} MB")
    if args.watch:
        print("watching; Ctrl-C ends")
        for _ in watch(args.study, args.output):
            print(f"built again at {time.strftime('%H:%M:%S')}", flush=True)
    return 0


def watch(study: str, output: str | None, pause: float = _PAUSE) -> Iterator[Path]:
    """Build again whenever a run's record has changed, and yield the page; Ctrl-C ends it.

    Args:
        study: The study's folder or name.
        output: The report's folder.
        pause: Seconds between two looks.
    """
    folder = find_study(study)
    seen = _stamp(folder)
    try:
        while True:
            time.sleep(pause)
            now = _stamp(folder)
            if now != seen:
                seen = now
                yield build(study, output, watched=True)
    except KeyboardInterrupt:
        return


def _stamp(folder: Path) -> tuple[int, int]:
    """Number of record files and the newest change among them."""
    times = []
    with os.scandir(folder) as entries:
        for entry in entries:
            for name in _WATCHED:
                try:
                    times.append(Path(entry.path, name).stat().st_mtime_ns)
                except (FileNotFoundError, NotADirectoryError):
                    continue
    return len(times), max(times, default=0)
