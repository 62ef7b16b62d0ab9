"""ganvas's log on the command line."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger("ganvas")


def show_log() -> None:
    """Show ganvas's log on stderr, in plain lines."""
    if not log.handlers:
        log.addHandler(Lines(logging.INFO))
        log.setLevel(logging.INFO)
        log.propagate = False


class Lines(logging.Handler):
    """Prints to whatever stderr is at the time, so that a progress bar stays below the lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        print(self.format(record), file=sys.stderr)
