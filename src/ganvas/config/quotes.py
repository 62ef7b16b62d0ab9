"""Values in quotes, as Hydra's grammar reads them."""

from __future__ import annotations

import re


def quoted(value: str) -> str:
    """Return a value in quotes, whatever it holds.

    >>> quoted("a b")
    "'a b'"
    """
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def in_shell(word: str) -> str:
    r"""Return a word in double quotes, as a shell reads it, for single ones are the grammar's.

    >>> print(in_shell("path='a $1.jpg'"))
    "path='a \$1.jpg'"
    """
    escaped = re.sub(r'([\\"$`])', r"\\\1", word)
    return f'"{escaped}"'
