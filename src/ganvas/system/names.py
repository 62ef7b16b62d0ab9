"""Names that a record cannot hold: of control characters, of another encoding, or no text here."""

from __future__ import annotations

import sys
from unicodedata import category


def unreadable(name: str) -> str:
    """Return why a name from the system is of no use, and what helps; "" where it is plain text.

    Python keeps the bytes of such a name as surrogates: files are found by it, but neither YAML nor
    JSON in UTF-8 can hold it.
    """
    if any(category(letter) == "Cc" for letter in name):
        return f"the name {name!r} holds control characters; rename it"
    if not any("\ud800" <= letter <= "\udfff" for letter in name):
        return ""
    encoding = sys.getfilesystemencoding()
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if encoding == "utf-8":
        return f"{shown} is no text in UTF-8; rename it"
    return f"{shown} is no text under this locale ({encoding}); set LC_ALL=C.UTF-8 or PYTHONUTF8=1"
