"""Memory of a process: how much it holds, and how the C library treats what is freed."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

PROC = Path("/proc")

# Names and numbers of <malloc.h> of the GNU C library.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let the process keep freed memory for its next allocation, instead of returning it.

    The GNU C library gives blocks above 32 MB back to the system when they are freed, and the
    system clears and maps every page anew at the next allocation. A step of optimisation on a CPU
    allocates the same large tensors again and again, and spends about half of its time on that.

    Returns:
        Whether it took effect; elsewhere than with the GNU C library nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, -1))


def resident_mib(pid: int) -> int | None:
    """Return the resident memory in MiB of a process and all its descendants.

    Returns:
        None where the system does not tell, or the process is gone.
    """
    try:
        pages = int((PROC / str(pid) / "statm").read_text().split()[1])
        children = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    except (OSError, IndexError, ValueError):
        return None
    import resource

    below = sum(resident_mib(int(child)) or 0 for child in children)
    return (pages * resource.getpagesize() >> 20) + below


def can_measure() -> bool:
    """Return True where `resident_mib` works."""
    return (PROC / "self" / "statm").is_file()
