"""`ganvas doctor`: what this machine has."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from pathlib import Path

import torch
from rich.console import Console

from ganvas import assets
from ganvas.config.groups import config_dir
from ganvas.runner.provenance import describe, versions
from ganvas.runner.settings import Trainer


def doctor(options: argparse.Namespace) -> int:
    """Print versions, device, memory, disk, assets and W&B's mode; return 0."""
    console = Console(highlight=False, soft_wrap=True)

    def section(title: str, **lines: object) -> None:
        console.print(f"[bold]{title}[/]")
        for name, value in lines.items():
            console.print(f"  {name:<19} {value}", markup=False)

    section("versions", python=platform.python_version(), **versions())
    device = Trainer().torch_device()
    hardware = describe(device)
    section("device", **hardware, threads=torch.get_num_threads(), memory=memory())
    cache = assets.cache_folder()
    section("disk", here=room(Path()), cache=f"{cache} ({room(cache)})")
    present = {s.asset.name: "present" if s.present else "absent" for s in assets.status()}
    section("assets", **present)
    mode = os.environ.get("WANDB_MODE", "as logger= says (offline by default)")
    account = "set" if os.environ.get("WANDB_API_KEY") else "not set"
    section("W&B", WANDB_MODE=mode, WANDB_API_KEY=account)
    section("configuration", conf=config_dir(), executable=sys.executable)
    return 0


def memory() -> str:
    """Return the machine's memory in words."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    return f"{total / 2**30:.1f} GiB, {free / 2**30:.1f} GiB unused"


def room(path: Path) -> str:
    """Return the free space of the disk that holds `path`, which need not exist yet."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return f"{shutil.disk_usage(path).free / 2**30:.1f} GiB free"
