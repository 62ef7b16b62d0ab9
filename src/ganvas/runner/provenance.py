"""What produced a run: code, versions, hardware, and the command."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.image.source import Source
from ganvas.runner.checkout import git_state
from ganvas.system.files import sha256, write_json

if TYPE_CHECKING:
    import torch

PACKAGES = (
    "ganvas", "torch", "pytorch-lightning", "torchmetrics", "lpips", "hydra-core", "omegaconf",
    "numpy", "pillow", "safetensors", "wandb",
)  # fmt: skip
VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING", "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "PYTORCH_CUDA_ALLOC_CONF",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_CBWR", "ATEN_CPU_CAPABILITY",
    "SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "WANDB_MODE",
)  # fmt: skip


def provenance(device: torch.device) -> dict[str, Any]:
    """Describe this process; nothing secret is in it: only named environment variables are kept."""
    import torch

    return {
        "command": ["ganvas", *sys.argv[1:]],
        "directory": str(Path.cwd()),
        "git": git_state(),
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": describe(device),
        "threads": torch.get_num_threads(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


@cache
def versions() -> dict[str, str | None]:
    """Return the installed version of each package that can change a result."""
    installed: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = None
    return installed


def describe(device: torch.device) -> dict[str, Any]:
    """Return the device's type, name and memory."""
    import torch

    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return {
            "type": "cuda",
            "name": properties.name,
            "memory_mib": properties.total_memory >> 20,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
            "driver": _first_match(Path("/proc/driver/nvidia/version"), r"Module\s+(\S+)"),
        }
    return {
        "type": "cpu",
        "name": _first_match(Path("/proc/cpuinfo"), r"model name\s*:\s*(.+)")
        or platform.processor()
        or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def input_hashes(source: Source) -> list[str]:
    """Return the SHA-256 of every file of an input, in their order."""
    return [sha256(file) for file in source.files()]


def amend(file: Path, **facts: Any) -> None:
    """Add to a run's provenance what is known only once it works."""
    write_json(file, {**json.loads(file.read_text(encoding="utf-8")), **facts})


def _first_match(file: Path, pattern: str) -> str | None:
    try:
        match = re.search(pattern, file.read_text(encoding="utf-8"))
    except OSError:
        return None
    return match[1].strip() if match else None


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in MiB: of the device, or of the process on a CPU."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) >> 20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
