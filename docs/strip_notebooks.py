"""Remove outputs, execution counts and editors' metadata from notebooks, as git keeps them.

python docs/strip_notebooks.py FILE …

Exits with 1 where a file had any, like other hooks of pre-commit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def stripped(text: str) -> str:
    """Return a notebook's text as git keeps it."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(notebook).rstrip() + "\n"


def main(files: Sequence[str]) -> int:
    """Strip `files` in place; return 1 where one has changed."""
    changed = 0
    for file in map(Path, files):
        before = file.read_text(encoding="utf-8")
        after = stripped(before)
        if after != before:
            file.write_text(after, encoding="utf-8")
            print(f"stripped {file}")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
