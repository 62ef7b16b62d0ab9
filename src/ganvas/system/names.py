"""Names that are no text: written in another encoding, or under a locale without their letters."""

from __future__ import annotations

import sys


def unreadable(name: str) -> str:
    """Return why a name from the system is no text, and what helps; "" where it is text.

    Python keeps the bytes of such a name as surrogates: files are found by it, but neither YAML nor
    JSON in UTF-8 can hold it.
    """
    if not any("\ud800" <= letter <= "\udfff" for letter in name):
        return ""
    encoding = sys.getfilesystemencoding()
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if encoding == "utf-8":
        return f"{shown} is no text in UTF-8; rename it"
    return f"{shown} is no text under this locale ({encoding}); set LC_ALL=C.UTF-8 or PYTHONUTF8=1"
