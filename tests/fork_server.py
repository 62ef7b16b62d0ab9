"""A process that has imported everything and forks one child per command, so that killing is cheap.

Reads one JSON object per line: `words` of the command line, `folder` to work in, `kill`, a list
[place, call, "before" or "after"] at which the child kills itself with SIGKILL, and `read`: false
where the standard output is a pipe that nobody reads. Answers with the child's process id, and with
its exit code when it has ended (minus the signal, if one ended it).
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import torch

WHAT_A_RUN_IMPORTS = (
    "cma",
    "ganvas.cli",
    "ganvas.command.run",
    "ganvas.generator.tiny_network",
    "ganvas.metrics",
    "ganvas.runner.engine",
    "ganvas.runner.final",
    "ganvas.runner.job",
    "ganvas.runner.together",
    "ganvas.optimizer.population",
    "ganvas.stage.stage",
    "ganvas.tracking",
    "numpy.random",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "safetensors.torch",
)


def arm(place: str, call: int, when: str) -> None:
    """Make the `call`-th call of "module:name.name" kill this process, before or after its work."""
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    original = getattr(owner, name)
    calls = 0

    @functools.wraps(original)
    def deadly(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


def child(order: dict) -> None:
    """Run one command and leave with its exit code."""
    from ganvas.cli import main

    os.chdir(order["folder"])
    log = os.open(Path(order["folder"]) / "child.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log if order["read"] else unread(), 1)
    os.dup2(log, 2)
    if order["kill"]:
        arm(*order["kill"])
    code = main(order["words"])
    sys.stdout.flush()
    os._exit(code)


def remember(words: list[str]) -> None:
    """Compose a run's options here, where every child finds what is composed already."""
    from ganvas.config.compose import Resolver
    from ganvas.config.overrides import parse
    from ganvas.errors import GanvasError

    command, *overrides = words
    if command == "run" and "-m" not in overrides:
        # What is wrong with them is for the child to say.
        with suppress(GanvasError):
            Resolver().resolve(parse(overrides))


def unread() -> int:
    """Return the end of a pipe whose other end is closed."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def serve() -> None:
    """Obey orders until the input ends."""
    torch.set_num_threads(1)
    for module in WHAT_A_RUN_IMPORTS:
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        remember(order["words"])
        process = os.fork()
        if process == 0:
            try:
                child(order)
            finally:
                os._exit(99)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
