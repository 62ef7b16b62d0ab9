"""Scripts and styles of a page, pinned by their hash."""

from __future__ import annotations

import base64
import hashlib


def digest(text: str) -> str:
    """Return what a content security policy calls a script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
