"""`ganvas assets`: published weights and pictures."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ganvas import assets
from ganvas.assets.table import find


def list_assets(options: argparse.Namespace) -> int:
    """Show every asset, whether it is in the cache, and its licence; return 0."""
    table = Table(box=None, pad_edge=False)
    for title in ("asset", "state", "MiB", "what", "licence"):
        table.add_column(title)
    for status in assets.status():
        size = f"{status.size / 2**20:.0f}" if status.present else ""
        state = "present" if status.present else "absent"
        table.add_row(status.asset.name, state, size, status.asset.summary, status.asset.licence)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"cache: {assets.cache_folder()}", soft_wrap=True)
    return 0


def fetch(options: argparse.Namespace) -> int:
    """Fetch, check and convert the named assets, each with a progress bar; return 0."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    for name in options.name:
        find(name)
    with Progress(*columns) as bars:
        for name in options.name:
            task = bars.add_task(name, total=None)

            def show(done: int, total: int | None, task: object = task) -> None:
                bars.update(task, completed=done, total=total)  # type: ignore[arg-type]

            path = assets.fetch(name, show)
            size = path.stat().st_size
            bars.update(task, completed=size, total=size)
            bars.print(f"{name}: {path}", soft_wrap=True)
    return 0
