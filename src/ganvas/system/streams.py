"""Streams whose reader has gone away, or has no letters for what is shown."""

from __future__ import annotations

import os
from io import TextIOWrapper
from typing import IO, Any


def let_go(stream: IO[Any]) -> None:
    """Let what a stream still buffers, and all that follows, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def show_all(stream: IO[Any]) -> None:
    """Let a stream write a letter that its encoding, that of the locale, lacks as its number."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
