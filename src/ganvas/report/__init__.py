"""The offline dashboard: a study as one page that opens from disk, without a request."""

from ganvas.report.build import build
from ganvas.report.command import add_arguments, main

__all__ = ["add_arguments", "build", "main"]
