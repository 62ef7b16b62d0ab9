"""Streams whose reader has gone away."""

from __future__ import annotations

import os
from typing import IO, Any


def let_go(stream: IO[Any]) -> None:
    """Let what a stream still buffers, and all that follows, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
