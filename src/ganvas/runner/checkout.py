"""Which version of the code runs: the state of its git checkout."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
SNAPSHOT = "snapshot.json"
"""What a copy of the package for a later job says about the checkout that it was made from."""


def git_state() -> dict[str, Any] | None:
    """Return the commit and the uncommitted changes of the checkout that runs, if any."""
    if (PACKAGE / SNAPSHOT).is_file():
        recorded: dict[str, Any] | None = json.loads((PACKAGE / SNAPSHOT).read_text("utf-8"))["git"]
        return recorded

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(PACKAGE), *words],
                capture_output=True, encoding="utf-8", errors="replace", timeout=20,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None or git("ls-files", "--error-unmatch", "version.py") is None:
        return None
    changes = git("diff", "HEAD") or ""
    return {
        "commit": commit,
        "dirty": bool(git("status", "--porcelain")),
        "diff": changes[:200_000],
    }
