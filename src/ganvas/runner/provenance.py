"""What produced a run: code, versions, hardware, and the command."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

PACKAGES = (
    "ganvas", "torch", "torchvision", "pytorch-lightning", "torchmetrics", "lpips", "hydra-core",
    "omegaconf", "numpy", "pillow", "safetensors", "wandb",
)  # fmt: skip
VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG",
    "PYTORCH_CUDA_ALLOC_CONF", "SLURM_JOB_ID", "WANDB_MODE",
)  # fmt: skip


def provenance(device: torch.device) -> dict[str, Any]:
    """Describe this process; nothing secret is in it: only named environment variables are kept."""
    return {
        "command": ["ganvas", *sys.argv[1:]],
        "git": git_state(Path(__file__).resolve().parent),
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": describe(device),
        "threads": torch.get_num_threads(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def versions() -> dict[str, str | None]:
    """Return the installed version of each package that can change a result."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def describe(device: torch.device) -> dict[str, Any]:
    """Return the device's kind, name and memory."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return {
            "type": "cuda",
            "name": properties.name,
            "memory_mib": properties.total_memory >> 20,
            "cuda": torch.version.cuda,
        }
    return {
        "type": "cpu",
        "name": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """Return the commit and the uncommitted changes of the checkout that holds `folder`, if any."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None or git("ls-files", "--error-unmatch", __file__) is None:
        return None
    changes = git("diff", "HEAD") or ""
    return {
        "commit": commit,
        "dirty": bool(git("status", "--porcelain")),
        "diff": changes[:200_000],
    }


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in MiB: of the device, or of the process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) >> 20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
