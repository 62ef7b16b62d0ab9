"""How much memory a process and its children hold."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


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
