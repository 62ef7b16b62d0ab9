"""One HTML page out of the files in `static/`: data as inert JSON, code pinned by its hash."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from ganvas.report.bundle import bundle
from ganvas.system.page import head, pinned

_STYLES = ("theme", "layout", "table", "charts", "pictures", "run")
_ENTRY = "app"

_TOP = """<div id="app">
<noscript>This report needs JavaScript; nothing leaves the page.</noscript>
</div>
<script type="application/json" id="data">{data}</script>
"""
_END = """<script>{script}</script>
</body>
</html>
"""
# The program comes last: while a large file is still being read, a block would be cut off.


def safe_json(value: Any) -> str:
    r"""Return `value` as JSON that is inert inside HTML and JavaScript.

    ``<``, ``>`` and ``&`` are escaped, and so is everything outside ASCII, U+2028 among it.

    >>> safe_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def render(data: dict[str, Any], blocks: Iterable[tuple[str, Any]] = ()) -> Iterable[str]:
    """Yield the page piece by piece.

    Args:
        data: What the page shows at once.
        blocks: Identifier and content of what it parses only when asked for: with `--single-file`
            each run's pictures and details.
    """
    style = "\n".join(read_static(f"style/{name}.css") for name in _STYLES)
    code = bundle(lambda name: read_static(f"script/{name}.js"), _ENTRY)
    script = f"'use strict';(() => {{\n{code}\n}})();"
    scripts = pinned(script) if data["single"] else f"{pinned(script)} 'self' file:"
    yield head(f"{data['study']} · ganvas", style, "'self' file: data: blob:", scripts)
    yield _TOP.format(data=safe_json(data))
    for name, content in blocks:
        yield (
            f'<script type="application/json" id="{html.escape(name)}">'
            f"{safe_json(content)}</script>\n"
        )
    yield _END.format(script=script)


def read_static(path: str) -> str:
    """Return the text of a file in `static/`."""
    file = resources.files("ganvas.report") / "static" / path
    return file.read_text(encoding="utf-8")
