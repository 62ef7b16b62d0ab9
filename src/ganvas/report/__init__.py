"""The offline dashboard: a study as one page that opens from disk, without a request."""

from ganvas.report.build import build

__all__ = ["build"]
