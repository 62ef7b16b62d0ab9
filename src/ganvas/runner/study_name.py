"""What a study may be called: its name is that of a folder."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

MOST_BYTES = 200
"""Of a name in UTF-8; file systems allow 255, and the longest names of runs and lists need some."""

_NAME = re.compile(r"\w[\w.-]*")


def study_name(name: Any) -> str:
    """Return the name of a study.

    Raises:
        ValueError: It is none; the message says what is allowed and suggests a name.

    >>> study_name("hole-3.final")
    'hole-3.final'
    """
    if not isinstance(name, str):
        reading = "nothing" if name is None else f"the {_type_name(name)} {name!r}"
        raise ValueError(
            f"a study's name is text, and YAML reads it as {reading}; take {suggested(name)}, or "
            "quote it: 'study=\"…\"'"
        )
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a study's name holds letters, digits, and _ . - behind the first of these; "
            f"take {suggested(name)}"
        )
    if len(name.encode()) > MOST_BYTES:
        raise ValueError(
            f"a study's name has at most {MOST_BYTES} bytes, not {len(name.encode())}; "
            f"take {suggested(name)}"
        )
    return name


def suggested(name: Any) -> str:
    """Return a name that is allowed and like the one given.

    >>> suggested("my holes (2)"), suggested(None), suggested(1000.0)
    ('my-holes-2', 'study-null', 'study-1000.0')
    """
    text = re.sub(r"[^\w.-]+", "-", str("null" if name is None else name)).strip("-.")
    short = text.encode()[:40].decode(errors="ignore") or "study"
    return short if isinstance(name, str) else f"study-{short}"


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "truth value"
    return "number" if isinstance(value, int | float) else type(value).__name__


StudyName = Annotated[str, BeforeValidator(study_name)]
