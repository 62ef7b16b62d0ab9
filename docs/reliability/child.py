"""Commands in processes that are forked from one which has imported everything.

A command then costs what it does, not the seconds that Python needs to import torch.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL = 0.01


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Attributes:
        code: Its exit code; minus the signal where one ended it.
        out: What it wrote to its standard output.
        err: What it wrote to its standard error.
        seconds: CPU seconds of the process and of those that it waited for.
        mib: Its peak memory, MiB, with what it shares with the process that it was forked from.
        in_time: Whether it ended by itself.
    """

    code: int
    out: str
    err: str
    seconds: float
    mib: int
    in_time: bool = True

    def fault(self, codes: Sequence[int]) -> str:
        """Return what is wrong with how it ended, as one line; "" where nothing is.

        Args:
            codes: The exit codes that are right.
        """
        if "Traceback (most recent call last)" in self.err + self.out:
            return f"a traceback: {self.err.strip().splitlines()[-1][:200]}"
        if not self.in_time:
            return f"still at work after {self.seconds:.0f} CPU seconds"
        if self.code not in codes:
            return f"exit code {self.code}: {self.err.strip()[-200:]}"
        complaints = [line for line in self.err.splitlines() if line.startswith("ganvas: ")]
        if self.code == 2 and len(complaints) != 1:
            return f"{len(complaints)} lines of complaint: {self.err.strip()[-300:]}"
        return ""


class Child:
    """A command at work in `folder`.

    Args:
        folder: Its working folder, made where it is not there.
        words: The words behind `ganvas`.
        before: Called in the child before the command; sets limits, arms a moment.
    """

    def __init__(
        self, folder: Path, words: Sequence[str], before: Callable[[], object] = lambda: None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._command(folder, words, before)

    def _command(self, folder: Path, words: Sequence[str], before: Callable[[], object]) -> None:
        code = 99
        try:
            os.setpgid(0, 0)
            os.chdir(folder)
            for number, file in enumerate(self._files, 1):
                os.dup2(file.fileno(), number)
            from ganvas.cli import main

            before()
            code = main(list(words))
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        finally:
            # The file system may be full, and handles used up: what is left is not to raise.
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            os._exit(code)

    def used(self) -> float:
        """Return the CPU seconds that the process has used; 0 where it is gone."""
        try:
            # Linux: the CPU clock of another process, as clock_getcpuclockid(3) makes it.
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return 0.0

    def ended(self) -> bool:
        """Return True when the process has ended, and waits to be waited for."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "Z"

    def signal(self, number: int) -> None:
        """Send a signal; one that comes too late is no mistake."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait_stopped(self) -> bool:
        """Wait until the process is stopped; return False where it has ended before."""
        # Not reaped here, so that `wait` learns how it ended.
        ended = os.WEXITED | os.WSTOPPED | os.WNOWAIT
        found = os.waitid(os.P_PID, self.pid, ended)
        return found is not None and found.si_code == os.CLD_STOPPED

    def wait(self, limit: float = 600.0) -> Ending:
        """Wait for its end; past `limit` seconds it is killed."""
        deadline, in_time = time.monotonic() + limit, True
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                break
            if in_time and time.monotonic() > deadline:
                in_time = False
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
            time.sleep(POLL)
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        seconds = usage.ru_utime + usage.ru_stime
        code = os.waitstatus_to_exitcode(status)
        return Ending(code, *texts, seconds, usage.ru_maxrss >> 10, in_time)


def run(folder: Path, words: Sequence[str], before: Callable[[], object] = lambda: None) -> Ending:
    """Run a command to its end."""
    return Child(folder, words, before).wait()


def warm(folder: Path, *commands: Sequence[str]) -> None:
    """Import all that `commands` import, by letting a child try each of them.

    The commands themselves are not executed here: what they start, such as threads, does not
    survive a fork.
    """
    import torch

    torch.set_num_threads(1)
    import_all("ganvas")
    for words in commands:
        reader, writer = os.pipe()

        def tell(writer: int = writer) -> None:
            original = os._exit

            def leave(code: int) -> None:
                with os.fdopen(writer, "w") as pipe:
                    pipe.write("\n".join(sys.modules))
                original(code)

            os._exit = leave  # type: ignore[assignment]

        child = Child(folder, words, tell)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            names = pipe.read().split()
        child.wait()
        for name in names:
            if name not in sys.modules and not name.startswith("__"):
                with contextlib.suppress(Exception):
                    importlib.import_module(name)


def import_all(package: str) -> None:
    """Import every module of a package; one whose extra is not installed is left out."""
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
