"""Measure inpainting where the truth is known, against trivial baselines: `make inpainting`.

Six samples of the generator and four public portraits with a box hole, two of each also without one
half and without 50 % of the pixels. A finished run is not repeated. Writes docs/inpainting.md.
Overrides that follow the script's name go to every run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ganvas import Result, cli, run
from ganvas.metrics.regions import region_lpips, region_psnr
from portraits import cut

Picture = NDArray[np.uint8]
Fill = Callable[[Picture, Picture], Picture]

FOLDER = Path(__file__).parent
PICTURES = Path("outputs/inpainting_truth_pictures")
MASKS: dict[str, list[str]] = {
    "box": [],
    "half": ["image.x.limit=2"],
    # Every known pixel has missing neighbours, so there is no edge to soften.
    "missing": ["image.x.limit=2", "edit.masks.m_blur.of.blurred.sigma=1e-4"],
}
"""The mask options, each with what goes with it."""
METRICS = ["psnr_inside", "lpips_inside", "psnr_outside", "lpips_outside"]


def mean_colour(picture: Picture, hole: Picture) -> Picture:
    """Fill with the mean colour of what is known."""
    filled = picture.copy()
    filled[hole > 0] = picture[hole == 0].mean(0).round()
    return filled


BASELINES: dict[str, Fill] = {
    "mean colour": mean_colour,
    "Telea": lambda picture, hole: cv2.inpaint(picture, hole, 3, cv2.INPAINT_TELEA),
    "Navier–Stokes": lambda picture, hole: cv2.inpaint(picture, hole, 3, cv2.INPAINT_NS),
}


def prepare() -> None:
    """Draw the samples and cut the portraits."""
    cli.main(["sample", "--count", "6", "--output", str(PICTURES / "samples")])
    cut(PICTURES / "portraits")


def fill_all(result: Result, fill: Fill) -> list[dict[str, float]]:
    """Measure a baseline on the pictures of a run, as its own metrics are measured."""
    values = []
    for name in result.status["images"]:
        truth = np.asarray(result.image("target", name))
        hole = (np.asarray(result.image("mask", name)) > 127).astype(np.uint8)
        a, b = (torch.from_numpy(p.copy()).movedim(2, 0)[None] for p in (fill(truth, hole), truth))
        inside = torch.from_numpy(hole)[None, None].float()
        found = [region_psnr(a, b, inside), region_lpips(a, b, inside, 256)]
        values.append(dict(zip(METRICS, (float(v) for v in found), strict=False)))
    return values


def line(pictures: str, mask: str, method: str, values: list[dict[str, float]]) -> str:
    """Return a row of the table: means over the pictures."""
    cells = [pictures, mask, method, str(len(values))]
    for metric, digits in zip(METRICS, (1, 3, 1, 3), strict=True):
        known = metric in values[0]
        cells.append(f"{fmean(v[metric] for v in values):.{digits}f}" if known else "the photo")
    return f"| {' | '.join(cells)} |"


def main(overrides: list[str]) -> None:
    """Run the study and write the table."""
    prepare()
    lines = []
    for pictures in ("samples", "portraits"):
        for mask, more in MASKS.items():
            words = ["image=file", f"image.x.path={PICTURES / pictures}", f"mask={mask}", *more]
            result = run(["experiment=inpainting_truth", *words, "logger=none", *overrides])
            own = [result.metrics["images"][name] for name in result.status["images"]]
            lines.append(line(pictures, mask, "ganvas", own))
            for name, fill in BASELINES.items():
                lines.append(line(pictures, mask, name, fill_all(result, fill)))
            print(*lines[-4:], sep="\n", flush=True)
    page = (FOLDER / "inpainting.md").read_text(encoding="utf-8")
    head, _, _ = page.partition("\n| pictures |")
    columns = ["pictures", "mask", "method", "count", *(m.replace("_", ", ") for m in METRICS)]
    table = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *lines]
    text = head + "\n" + "\n".join(table) + "\n"
    (FOLDER / "inpainting.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
