"""Run every edit on public pictures and keep its contact sheet: `make gallery`.

Overrides go to every run, such as `budget=preview`. A finished run is not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from ganvas import run

WIDEST = 1600
EDITS = (
    "reconstruct", "crossover", "inpaint", "scribble", "style_transfer", "style_transfer_global",
    "attribute_transfer", "blend", "permute", "morph", "style_mix", "direction", "noise_only",
)  # fmt: skip


def keep(sheet: Image.Image, file: Path) -> None:
    """Save a picture as a small WebP."""
    small = sheet.convert("RGB")
    small.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    file.parent.mkdir(parents=True, exist_ok=True)
    small.save(file, quality=82, method=6)


def main(arguments: list[str] | None = None) -> None:
    """Run the edits one after the other and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=EDITS, default=EDITS, metavar="EDIT")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "gallery")
    parser.add_argument("overrides", nargs="*", default=["budget=quick"])
    options = parser.parse_args(arguments)
    for edit in options.only:
        common = [f"edit={edit}", "study=gallery", "logger=none", "metrics=edit"]
        result = run([*common, *options.overrides])
        keep(result.sheet, options.folder / f"{edit}.webp")
        for file in (result.path / "images").glob("*/*_strip.*"):
            keep(Image.open(file), options.folder / f"{edit}_strip.webp")
        values = {k: round(v, 3) for k, v in result.metrics["final"].items()}
        print(edit, values, flush=True)


if __name__ == "__main__":
    main()
