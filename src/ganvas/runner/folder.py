"""A run's folder: its names, its lock, its state."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganvas.errors import StorageError
from ganvas.system.files import storage_errors, write_json, write_text

LOCK_TRIES = 20


@dataclass(frozen=True)
class RunFolder:
    """One run on disk, `outputs/<study>/<slug>-<signature>/`; docs/record.md lists its files.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def status_file(self) -> Path:
        """Where the run stands."""
        return self.path / "status.json"

    @property
    def checkpoint_file(self) -> Path:
        """The state to continue from."""
        return self.path / "checkpoint.pt"

    @property
    def embedding_file(self) -> Path:
        """Latent and noise."""
        return self.path / "embedding.safetensors"

    @property
    def stop_file(self) -> Path:
        """Why a run that is at work is to stop; a search writes it."""
        return self.path / "stop"

    @property
    def stop_reason(self) -> str:
        """The line that a search left in the stop file, or ""."""
        try:
            return self.stop_file.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def ask_to_stop(self, reason: str) -> None:
        """Ask the process that works on the run to save its state and stop as pruned."""
        write_text(self.stop_file, reason + "\n")

    def images(self, name: str) -> Path:
        """Return the folder of one image's pictures."""
        return self.path / "images" / name

    def status(self) -> dict[str, Any]:
        """Return the content of `status.json`, or {} where there is none that can be read."""
        try:
            found: dict[str, Any] = json.loads(self.status_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    @property
    def state(self) -> str:
        """Return running, finished, interrupted, pruned, failed, or "new" before its start.

        A run whose process is gone is called interrupted, whatever it wrote last.
        """
        state = str(self.status().get("state", "new"))
        return "interrupted" if state == "running" and not self.is_locked() else state

    def write_status(self, **changes: Any) -> None:
        """Update `status.json`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(self.status_file, {**self.status(), **changes, "updated": now})

    @contextmanager
    def locked(self, held: int | None = None) -> Iterator[None]:
        """Hold the run for this process; the system lets go of it however the process ends.

        Args:
            held: A descriptor from `try_lock` that this process was given by the one that started
                it; closed at the end.

        Raises:
            StorageError: Another process holds it.
        """
        # A process that only looks (`is_locked`) holds the lock for an instant, hence the patience.
        for _ in range(LOCK_TRIES):
            if held is not None:
                break
            held = self.try_lock()
            if held is None:
                time.sleep(0.05)
        if held is None:
            raise StorageError(f"another process is working on {self.path}")
        try:
            yield
        finally:
            os.close(held)

    def try_lock(self) -> int | None:
        """Return the descriptor of a lock on the run, or None when another process holds it.

        The lock lasts until every copy of the descriptor is closed, so it can be handed to a
        process that is being started, without a moment in which nobody holds it.
        """
        with storage_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file

    def is_locked(self) -> bool:
        """Return True when a process holds the run."""
        try:
            file = os.open(self.path / ".lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    @property
    def error(self) -> str:
        """Return the line that a failed run left, or ""."""
        return str(self.status().get("error") or "")

    def is_worked_on_here(self) -> bool:
        """Return True when the process that holds the run is on this machine."""
        return self.status().get("host") == socket.gethostname()

    def size(self) -> int:
        """Return the bytes that the folder holds."""
        return sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file())

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path)


def find_runs(output: Path) -> list[RunFolder]:
    """Return every run below a folder of studies, a study, or a run, sorted by path."""
    found = {
        file.parent for depth in ("", "*/", "*/*/") for file in output.glob(f"{depth}status.json")
    }
    return [RunFolder(path) for path in sorted(found)]
