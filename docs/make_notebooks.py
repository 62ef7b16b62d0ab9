"""Execute the notebooks and write them with their pictures to docs/notebooks/.

    python docs/make_notebooks.py [NAME …] [--folder DIR]

The notebooks themselves stay without outputs. A cell tagged `parameters` may be replaced by other
overrides, as the tests do with those of a tiny generator. The runs of all notebooks lie in DIR;
those that are finished there are not repeated.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SOURCE, FOLDER = ROOT / "notebooks", ROOT / "docs" / "notebooks"
WIDEST = 1000
WIDGET = "application/vnd.jupyter.widget-view+json"
PROGRESS = re.compile(r"^\d+/\d+ \w+  step .*\n", re.MULTILINE)
"""How far a run has come: of use while it runs."""


def notebooks() -> list[Path]:
    """Return the notebooks in their order."""
    return sorted(SOURCE.glob("*.ipynb"))


def execute(
    path: Path, folder: Path, overrides: Sequence[str] | None = None
) -> nbformat.NotebookNode:
    """Execute a notebook in `folder`; return it with its outputs.

    Args:
        path: The notebook.
        folder: The working directory of its kernel.
        overrides: What stands in place of its parameters; None: its own.
    """
    notebook = nbformat.read(path, as_version=4)
    if overrides is not None:
        (cell,) = filter(is_parameters, notebook.cells)
        cell.source = f"overrides = {list(overrides)!r}"
    client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return notebook


def is_parameters(cell: nbformat.NotebookNode) -> bool:
    """Return True for the cell whose overrides may be replaced."""
    return "parameters" in cell.metadata.get("tags", [])


def render(notebook: nbformat.NotebookNode, name: str, folder: Path) -> str:
    """Return an executed notebook as Markdown; its pictures are written to `folder`."""
    parts = [f"<!-- Made from notebooks/{name}.ipynb by `make docs`; do not edit. -->"]
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for kind, content in outputs(cell):
            if kind == "text":
                parts.append(f"```text\n{content.rstrip()}\n```")
                continue
            count += 1
            file = folder / f"{name}_{count}.webp"
            picture = Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")
            picture.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
            picture.save(file, quality=82, method=6)
            parts.append(f"![]({file.name})")
    return "\n\n".join(parts) + "\n"


def outputs(cell: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield what a cell prints, then what it shows: ("text", …) or ("picture", PNG in Base64)."""
    streams = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout"]
    if printed := PROGRESS.sub("", "".join(streams)).strip():
        yield "text", printed
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            yield "picture", data["image/png"]
        elif "text/plain" in data and WIDGET not in data:
            yield "text", data["text/plain"]


def main(names: Sequence[str], folder: Path) -> None:
    """Render the notebooks called `names`, or all of them; their runs lie in `folder`."""
    FOLDER.mkdir(exist_ok=True)
    for path in notebooks():
        name = path.stem
        if names and name not in names:
            continue
        (folder / name).mkdir(parents=True, exist_ok=True)
        executed = execute(path, folder / name)
        for stale in FOLDER.glob(f"{name}_*.webp"):
            stale.unlink()
        (FOLDER / f"{name}.md").write_text(render(executed, name, FOLDER), encoding="utf-8")
        print(f"docs/notebooks/{name}.md", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Render the notebooks with their pictures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 01_embed; default: all")
    parser.add_argument("--folder", type=Path, help="where their runs lie")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(options.names, options.folder or Path(temporary))
