"""What many tests need: the command line and the Python entry, on the tiny generator."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from ganvas.assets import status
from ganvas.runner.directory import RunDirectory

TINY = (
    "generator=tiny",
    "loss=pixel",
    "metrics=pixel",
    "logger=none",
    "trainer=cpu",
    "trainer.threads=1",
    "trainer.progress=false",
    "budget=preview",
    "budget.latent=6",
    "budget.noise=4",
    "budget.frame_every=2",
)
"""Overrides of a run that takes a moment."""


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Return the one line on stderr."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert len(lines) == 1, self.err
        return lines[0]


class ForkServer:
    """Starts commands in forked processes; see fork_server.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(
        self,
        folder: Path,
        *words: str,
        kill: tuple[str, int, str] | None = None,
        read: bool = True,
    ) -> int:
        """Start a command and return its process id."""
        folder.mkdir(parents=True, exist_ok=True)
        order = {"words": list(words), "folder": str(folder), "kill": kill, "read": read}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def wait(self) -> int:
        """Return the exit code of the command that was started last."""
        return int(self._line())

    def run(
        self,
        folder: Path,
        *words: str,
        kill: tuple[str, int, str] | None = None,
        read: bool = True,
    ) -> int:
        """Run a command and return its exit code."""
        self.start(folder, *words, kill=kill, read=read)
        return self.wait()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Return the one server of the session."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__).with_name("fork_server.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield ForkServer(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    """Return the overrides of a run that takes a moment."""
    return TINY


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that tests do not fight for the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def ganvas_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Return a function that calls the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> Finished:
        from ganvas.cli import main

        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(list(words))
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1
        return Finished(code, out.getvalue(), err.getvalue())

    return command


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study of two finished runs, made once: to be copied, not to be changed."""
    from ganvas.api import run

    output = tmp_path_factory.mktemp("finished")
    for seed in (0, 1):
        study = run([*TINY, f"output={output}", "study=s", f"seed={seed}"]).path.parent
    return study


@pytest.fixture
def tiny_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunDirectory]:
    """Return a function that executes a run of a moment below an empty folder."""
    monkeypatch.chdir(tmp_path)

    def execute(*overrides: str) -> RunDirectory:
        from ganvas.api import run

        return run([*TINY, *overrides])

    return execute


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run; start with what may take longest."""
    absent = [
        s.asset.name
        for s in status()
        if s.asset.name in ("mobilestylegan_ffhq", "vgg_lpips", "insightface") and not s.present
    ]
    for item in items:
        if item.get_closest_marker("assets") and absent:
            names = " ".join(absent)
            item.add_marker(pytest.mark.skip(reason=f"needs: ganvas assets fetch {names}"))
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests so that each worker's share starts with as many slow ones as the others'.

    Otherwise one of them is left at the end, alone. pytest-xdist cuts the list into equal parts.
    """
    items = sorted(items, key=duration, reverse=True)
    count = sum(duration(item) > (0.0, False) for item in items)
    slow, rest = items[:count], items[count:]
    order: list[pytest.Item] = []
    for worker in range(workers):
        share = (len(items) - len(order)) // (workers - worker)
        first = slow[worker::workers]
        room = max(0, share - len(first))
        order += first + rest[:room]
        rest = rest[room:]
    return order + rest


def duration(item: pytest.Item) -> tuple[float, bool]:
    """Return the seconds that a test asks for, 0 where the default will do, and if it is slow."""
    marker = item.get_closest_marker("timeout")
    asked = 0.0 if marker is None else float(marker.args[0])
    return asked, item.get_closest_marker("slow") is not None
