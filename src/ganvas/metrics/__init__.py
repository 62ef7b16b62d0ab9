"""Final metrics (`metrics=`) on the saved 8-bit pictures."""

from ganvas.metrics.options import Metrics

__all__ = ["Metrics"]
