"""Run every edit on public portraits and keep its contact sheets: `make gallery`.

Each person is embedded once; edits of embeddings go on from there, without fitting again. Overrides
go to every run that fits something, such as `budget=preview`. A finished run is not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from ganvas import run
from ganvas.runner.directory import RunDirectory
from portraits import cut

WIDEST = 1600
PAIRS = {"": ("astronaut", "obama"), "_2": ("biden", "obama")}
"""x and y of every edit, by what is added to the names of its sheets."""
SERIOUS, SMILING = "obama2", "obama"
"""One man twice: what tells the two apart is a direction."""
NEAR = ("budget.latent=24", "optimizer.latent.lr=0.05")
"""How the second of the two is fitted, as `edit=direction` does it under `budget=quick`."""
OF_EMBEDDINGS = (
    "attribute_transfer", "blend", "direction", "permute", "morph", "style_mix",
)  # fmt: skip
"""Edits of what is embedded already."""
OF_PHOTOGRAPHS = (
    "crossover", "inpaint", "noise_only", "scribble", "style_transfer",
    "style_transfer_global",
)  # fmt: skip
"""Edits with an objective of their own."""
EDITS = ("reconstruct", *OF_EMBEDDINGS, *OF_PHOTOGRAPHS)
ONE_IMAGE = ("reconstruct", "inpaint", "noise_only", "permute")


class Gallery:
    """Runs of edits, on persons by name.

    Args:
        pictures: Where the portraits are cut to.
        overrides: For every run that fits something.
    """

    def __init__(self, pictures: Path, overrides: list[str]) -> None:
        self.pictures = cut(pictures)
        self.fit = overrides

    def edited(self, edit: str, x: str, y: str) -> RunDirectory:
        """Return the run of an edit of x, with y where it needs one."""
        words = [f"edit={edit}", "study=gallery", "logger=none", "metrics=edit"]
        words += self._photograph("x", x)
        if edit == "direction":
            words += [*self._photograph("y", SERIOUS), *self._photograph("z", SMILING)]
        elif edit not in ONE_IMAGE:
            # A scribble is drawn over the same photograph.
            words += self._photograph("y", x if edit == "scribble" else y)
        if edit not in OF_EMBEDDINGS:
            return run([*words, *self.fit])
        start = ["start=embedding", f"start.path={self.embedded(x)}", "budget=none"]
        if edit == "direction":
            start += self.difference()
        elif edit not in ONE_IMAGE:
            start.append(f"start.y={self.embedded(y)}")
        # The overrides come first: they may hold a budget, too.
        return run([*self.fit, *words, *start])

    def embedded(self, person: str) -> Path:
        """Return the file of a person's embedding, in W+ with noise."""
        return self.edited("reconstruct", person, person).embedding_file.absolute()

    def difference(self) -> list[str]:
        """Return where a direction's y and z start: in W, z from where y is, as the edit has it."""
        serious = self._in_w(SERIOUS, "start=w_avg_w")
        near = [*NEAR, "start=embedding", f"start.path={serious}"]
        return [f"start.y={serious}", f"start.z={self._in_w(SMILING, *near)}"]

    def _in_w(self, person: str, *words: str) -> Path:
        common = ["edit=reconstruct_w", "edit.stages.w.tied=1", "study=gallery", "logger=none"]
        photograph = ["image=file", *self._photograph("x", person)]
        return run([*self.fit, *common, *photograph, *words]).embedding_file.absolute()

    def _photograph(self, image: str, person: str) -> tuple[str, str]:
        file = (self.pictures / f"{person}.png").absolute()
        return (f"image.{image}.path={file}", f"image.{image}.crop=centre")


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
    parser.add_argument("--pictures", type=Path, default=Path("outputs/gallery_pictures"))
    parser.add_argument("overrides", nargs="*", default=["budget=quick"])
    options = parser.parse_args(arguments)
    gallery = Gallery(options.pictures, options.overrides)
    for edit in options.only:
        for suffix, (x, y) in PAIRS.items():
            result = gallery.edited(edit, x, y)
            keep(result.sheet, options.folder / f"{edit}{suffix}.webp")
            for file in (result.path / "images").glob("*/*_strip.*"):
                keep(Image.open(file), options.folder / f"{edit}{suffix}_strip.webp")
            values = {k: round(v, 3) for k, v in result.metrics["final"].items()}
            print(edit, x, values, flush=True)


if __name__ == "__main__":
    main()
