"""Lay the ways into the latent side by side at equal cost: `make related`.

Portraits and pictures that are none, embedded by each method of docs/related_work.md, and by some
of them for longer. A finished run is not repeated. Writes the tables and the picture of that page.
Overrides that follow the script's name go to every run; `portraits=FOLDER` stands for photographs
of your own, aligned as FFHQ is.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean

from PIL import Image

from ganvas import run
from ganvas.image.picture import save_picture
from ganvas.image.sheet import contact_sheet
from ganvas.image.source import Source
from ganvas.runner.directory import RunDirectory
from portraits import cut

FOLDER = Path(__file__).parent
PICTURES = Path("outputs/related_work_pictures")
OTHERS = {
    "cat": "chelsea.png", "coffee": "coffee.png", "hubble": "hubble_deep_field.jpg",
    "rocket": "rocket.jpg",
}  # fmt: skip
"""Pictures that come with scikit-image."""
METRICS = {"lpips": 3, "psnr": 1, "identity": 2, "w_distance": 1}
"""The columns, with their digits."""
COMMON = (
    "image=file", "image.x.crop=centre", "logger=none", "metrics=pixel",
    "+metrics.lpips._target_=ganvas.metrics.LPIPS",
    "+metrics.identity._target_=ganvas.metrics.Identity",
    "~metrics.ssim", "~metrics.psnr_resampled_noise", "budget=quick", "budget.frame_every=0",
)  # fmt: skip


METHODS = {
    "Z, Adam": ("z_adam", 24),
    "Z, L-BFGS": ("z_lbfgs", 24),
    "Z, Adam, best of 8": ("z_starts", 3),
    "Z, random, best of 8 a step": ("z_random", 7),
    "Z, CMA-ES": ("z_cma", 4),
    "Z, BasinCMA": ("z_basin_cma", 1),
    "W, Adam": ("w_adam", 24),
    "W+, Adam": ("related_work", 24),
    "encoder": ("encoder_alone", 0),
    "encoder, then W+": ("encoder_start", 24),
}
"""The experiment of each row, and the steps that cost about what 24 of W+ do.

One of BasinCMA costs 40: its smallest unit. Seven of random search turned out to cost about twice
as much, because a pass forward is more than half of a step."""
LONGER = ("Z, Adam", "W, Adam", "W+, Adam")
"""Methods that are given four times as many steps as well."""


def main(words: list[str]) -> None:
    """Run every method, and write the tables and the picture."""
    folders = [word.partition("=")[2] for word in words if word.startswith("portraits=")]
    overrides = [word for word in words if not word.startswith("portraits=")]
    groups = [
        Path(folders[0]) if folders else cut(PICTURES / "portraits"),
        cut_others(PICTURES / "others"),
    ]
    found = {
        name: [execute(*method, folder, overrides) for folder in groups]
        for name, method in METHODS.items()
    }
    write("table", equal_cost(found))
    sheet(found).save(FOLDER / "images" / "related_work.webp", quality=82, method=6)
    longer = {
        name: [
            execute(METHODS[name][0], 4 * METHODS[name][1], folder, [*overrides, "image.x.limit=1"])
            for folder in groups
        ]
        for name in LONGER
    }
    write("longer", curves(found, longer))


def cut_others(folder: Path) -> Path:
    """Write the pictures that are no portraits into `folder`, and return it."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        sys.exit("pip install scikit-image: its cat, coffee, rocket and hubble are measured")
    for name, file in OTHERS.items():
        (picture,) = Source(Path(package.origin).parent / "data" / file).read().values()
        save_picture(picture, folder / f"{name}.png")
    return folder


def execute(experiment: str, steps: int, folder: Path, overrides: list[str]) -> RunDirectory:
    """Embed the pictures of a folder, as far as it has not been done."""
    words = [f"experiment={experiment}", *COMMON, f"image.x.path={folder.absolute()}"]
    result = run([*words, f"budget.latent={steps}", *overrides])
    print(experiment, steps, folder.name, result.metrics["final"], flush=True)
    return result


def equal_cost(found: Mapping[str, list[RunDirectory]]) -> Iterator[str]:
    """Yield the lines of the table: means of the portraits, LPIPS of each other picture."""
    columns = ["method", *METRICS, "seconds", *OTHERS]
    yield f"| {' | '.join(name.replace('_', ' ') for name in columns)} |"
    yield "|---" * len(columns) + "|"
    for name, (portraits, others) in found.items():
        cells = [name]
        for metric, digits in METRICS.items():
            cells.append(f"{fmean(portraits.per_image(metric).values()):.{digits}f}")
        cells.append(f"{portraits.status['seconds'] / len(portraits.per_image('lpips')):.0f}")
        lpips = by_photograph(others)
        cells += [f"{lpips[other]:.3f}" for other in OTHERS]
        yield f"| {' | '.join(cells)} |"


def by_photograph(run: RunDirectory) -> dict[str, float]:
    """Return LPIPS by the names of the photographs, of which each has one result."""
    return {run.photograph(image): value for image, value in run.per_image("lpips").items()}


def curves(
    found: Mapping[str, list[RunDirectory]], longer: Mapping[str, list[RunDirectory]]
) -> Iterator[str]:
    """Yield the lines of the table: LPIPS after 24 and 96 steps of each picture given both."""
    names = [name for run in next(iter(longer.values())) for name in run.per_image("lpips")]
    yield f"| method | steps | {' | '.join(names)} |"
    yield "|---" * (len(names) + 2) + "|"
    for method, runs in longer.items():
        steps = METHODS[method][1]
        for count, both in ((steps, found[method]), (4 * steps, runs)):
            lpips = {name: value for run in both for name, value in by_photograph(run).items()}
            cells = (f"{lpips[name]:.3f}" for name in names)
            yield f"| {method} | {count} | {' | '.join(cells)} |"


def sheet(found: Mapping[str, list[RunDirectory]]) -> Image.Image:
    """Lay out two portraits and two other pictures beside what each method makes of them."""
    rows: dict[str, dict[str, Image.Image]] = {}
    for method, runs in found.items():
        for record in runs:
            for image in list(record.per_image("lpips"))[:2]:
                name = record.photograph(image)
                row = rows.setdefault(name, {"photograph": record.image("target", image)})
                row[method] = record.image("result", image)
    return contact_sheet(rows, cell=160)


def write(mark: str, lines: Iterable[str]) -> None:
    """Put a table between its marks."""
    page = FOLDER / "related_work.md"
    before, begin, rest = page.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- end of {mark} -->")
    text = "".join(f"{line}\n" for line in lines)
    page.write_text(before + begin + text + end + after, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
