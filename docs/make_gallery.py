"""Run every edit on public pictures and keep its contact sheet: `make gallery`.

Overrides that follow the script's name go to every run, such as `budget=preview`; `--only` names
the edits. The sheets go to docs/gallery.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from ganvas import run

FOLDER = Path(__file__).parent / "gallery"
WIDEST = 1600
EDITS = {
    "reconstruct": [],
    "crossover": [],
    "inpaint": [],
    "scribble": [],
    "style_transfer": [],
    "style_transfer_global": [],
    "attribute_transfer": [],
    "blend": [],
    "permute": [],
    "morph": [],
    "style_mix": [],
    "direction": [],
    "noise_only": [],
}


def keep(picture: Path, name: str) -> None:
    """Save a picture as a small WebP in the gallery."""
    with Image.open(picture) as opened:
        sheet = opened.convert("RGB")
    sheet.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    FOLDER.mkdir(exist_ok=True)
    sheet.save(FOLDER / f"{name}.webp", quality=82, method=6)


def main(words: list[str]) -> None:
    """Run the edits one after the other; a finished run is not repeated."""
    only = [word.removeprefix("--only=").split(",") for word in words if word.startswith("--only=")]
    overrides = [word for word in words if not word.startswith("--only=")]
    for edit in only[0] if only else EDITS:
        given = [f"edit={edit}", "study=gallery", "logger=none", "metrics=edit", *EDITS[edit]]
        result = run([*given, *overrides])
        keep(result.path / "images" / "contact_sheet.png", edit)
        for file in (result.path / "images").glob("*/*_strip.png"):
            keep(file, f"{edit}_strip")
        values = {k: round(v, 3) for k, v in result.metrics["final"].items()}
        print(edit, values, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["budget=quick"])
