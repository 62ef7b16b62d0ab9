"""Measure painting on four portraits and four samples, and draw sheets to look at.

    python docs/measure_painting.py dissections/…/dissection.safetensors [--embedding FILE]

Embeds the portraits first, unless an embedding of four photographs is named. Prints a table, and
writes it with docs/images/painting_{portraits,samples}.webp.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from ganvas import run
from ganvas.dissect import Samples
from ganvas.edit import ConceptStroke, PaintUnits, StrokePreview
from ganvas.embedding import Embedding
from ganvas.functional.images import resize, to_uint8
from ganvas.generator.base import Generator
from ganvas.generator.config import load_generator
from ganvas.image.picture import save_picture, to_picture
from ganvas.image.sheet import contact_sheet
from ganvas.mask import Box, Canvas, Ellipse, Feather, Mask, Polygon
from ganvas.stage import Scene
from portraits import cut

FOLDER = Path(__file__).parent
SAMPLES = (1, 4, 6, 9)
"""Seeds: teeth and long hair, a child, curls, and glasses."""
CELL = 224

HAIR = Polygon(
    ((0.05, 0.0), (0.95, 0.0), (0.95, 0.5), (0.78, 0.5), (0.7, 0.25), (0.3, 0.25), (0.22, 0.5),
     (0.05, 0.5))
)  # fmt: skip
EYES = Box(left=0.2, right=0.8, top=0.36, bottom=0.58)
MOUTH = Ellipse(0.5, 0.7, 0.17, 0.12)

STROKES: Mapping[str, tuple[ConceptStroke, Mask]] = {
    "add glasses": (ConceptStroke("glasses", "add", 2.0, ranking="gradient"), EYES),
    "remove glasses": (ConceptStroke("glasses", "remove", 1.0, units=4, ranking="gradient"), EYES),
    "remove teeth": (ConceptStroke("mouth", "remove", 1.0, ranking="gradient"), MOUTH),
    "add teeth": (ConceptStroke("mouth", "add", 1.0, ranking="gradient"), MOUTH),
    "remove hair": (ConceptStroke("hair", "remove", 1.0, ranking="alpha"), HAIR),
}


@dataclass(frozen=True)
class Stroked:
    """What one stroke did to one picture, in 8-bit steps at full size.

    Attributes:
        stroke: Its name.
        inside: Mean change per pixel in the region.
        outside: The same outside of it.
        psnr: Of what is outside, against the embedding, in dB.
        seconds: What a preview at 256² took, of one core.
        picture: (1, 3, H, W) with the stroke.
    """

    stroke: str
    inside: float
    outside: float
    psnr: float
    seconds: float
    picture: Tensor

    @property
    def ratio(self) -> float:
        """Inside against outside."""
        return self.inside / max(self.outside, 1e-6)


def strokes(
    one: Embedding, generator: Generator, dissection: Path, chosen: Mapping[str, object]
) -> Iterator[Stroked]:
    """Paint every stroke on one picture by itself."""
    before, preview = one.render(generator), None
    for name, (stroke, mask) in STROKES.items():
        paint = PaintUnits(dissection, {"s": replace(stroke, **chosen)}, noise_seed=0)
        canvas = Canvas({"x": before})
        region, soft = (canvas.draw(each) for each in (mask, Feather(mask, inward=True)))
        scene = Scene(generator, {"x": before}, {"m": soft}, lambda: one, {"x": one})
        after = paint.apply(scene)
        preview = preview or StrokePreview(paint, one, generator)
        start = time.process_time()
        preview.draw({"s": soft}, paint)
        seconds = time.process_time() - start
        a, b = (to_uint8(picture).double() for picture in (before, after))
        change, square = (a - b).abs().mean(1, keepdim=True), (a - b).square().mean(1, keepdim=True)
        inside, outside, error = (
            ((part * weight).sum() / weight.sum()).item()
            for part, weight in ((change, region), (change, 1 - region), (square, 1 - region))
        )
        psnr = 10 * math.log10(255**2 / max(error, 1e-9))
        yield Stroked(name, inside, outside, psnr, seconds, after)


def embedded(output: Path, file: Path | None) -> Embedding:
    """Return four portraits' embedding, made if there is none."""
    if file is None:
        result = run([
            "image=file", f"image.x.path={cut(output / 'portraits')}", "image.x.limit=4",
            "budget=quick", "logger=none", "study=painting",
        ])  # fmt: skip
        file = result.path / "embedding.safetensors"
    return Embedding.load(file)[:4]


def measure(
    pictures: Embedding, generator: Generator, dissection: Path, chosen: Mapping[str, object],
    sheet: Path,
) -> list[Stroked]:  # fmt: skip
    """Paint on all pictures, write a sheet and return what every stroke did."""
    rows, done = {}, []
    for index, name in enumerate(pictures.names):
        one = pictures[index : index + 1]
        row = {"before": to_picture(resize(one.render(generator).clamp(-1, 1), 2 * CELL)[0])}
        for stroked in strokes(one, generator, dissection, chosen):
            done.append(stroked)
            row[stroked.stroke] = to_picture(resize(stroked.picture.clamp(-1, 1), 2 * CELL)[0])
            print(
                f"{name}, {stroked.stroke}: {stroked.ratio:.0f} times, {stroked.psnr:.1f} dB "
                f"outside, preview {stroked.seconds:.2f} s",
                flush=True,
            )
        rows[name] = row
    save_picture(contact_sheet(rows, CELL), sheet)
    return done


def main() -> None:
    """Measure portraits and samples, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("dissection", type=Path)
    parser.add_argument("--embedding", type=Path)
    parser.add_argument("--output", type=Path, default=Path("outputs/painting"))
    parser.add_argument("--images", type=Path, default=FOLDER / "images")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--ranking", help="iou, alpha, greedy: units; default: alpha for hair")
    parser.add_argument("--units", type=int, help="default: 4 to remove glasses, else 20")
    words = parser.parse_args()
    wanted = {"ranking": words.ranking, "units": words.units}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    generator = load_generator(
        {"_target_": "ganvas.checkpoint.from_file.MobileStyleGANConfig", "checkpoint": None}
    )
    generator = generator.to(words.device)
    sets = {
        "portraits": embedded(words.output, words.embedding).to(words.device),
        "samples": Samples().take(generator, SAMPLES),
    }
    lines = [
        "| pictures | stroke | inside : outside, least | outside, least | preview, one core |",
        "|---|---|---|---|---|",
    ]
    for kind, pictures in sets.items():
        sheet = words.images / f"painting_{kind}.webp"
        done = measure(pictures, generator, words.dissection, chosen, sheet)
        for name in STROKES:
            same = [one for one in done if one.stroke == name]
            lines.append(
                f"| {len(same)} {kind} | {name} | {min(one.ratio for one in same):.0f} "
                f"| {min(one.psnr for one in same):.1f} dB "
                f"| {max(one.seconds for one in same):.2f} s |"
            )
    words.output.mkdir(parents=True, exist_ok=True)
    (words.output / "painting.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
