"""Values in quotes, as Hydra's grammar reads them."""

from __future__ import annotations


def quoted(value: str) -> str:
    """Return a value in quotes, whatever it holds.

    >>> quoted("a b")
    "'a b'"
    """
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"
