"""The head that every HTML page has: it opens from disk and loads nothing that it does not name."""

from __future__ import annotations

import base64
import hashlib
import html

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""


def head(title: str, style: str, images: str = "data:", scripts: str = "") -> str:
    """Return a page up to its body, with a policy that allows what is named here alone.

    Args:
        title: Plain text; it is escaped.
        style: The page's CSS, pinned by its hash.
        images: Where pictures may come from, as a content security policy says it.
        scripts: Likewise for scripts, such as `pinned` text; "" for a page that runs none.
    """
    policy = f"default-src 'none'; img-src {images}; "
    if scripts:
        policy += f"script-src {scripts}; "
    policy += f"style-src {pinned(style)}; base-uri 'none'; form-action 'none'"
    return _HEAD.format(policy=policy, title=html.escape(title), style=style)


def pinned(text: str) -> str:
    """Return the source that allows one script or style and no other: its hash, in quotes."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
