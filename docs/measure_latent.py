"""Measure the recipe for the latent, its parts, its budgets and its stability: `make latent`.

All figures are of the latent alone, drawn with new noise. A finished run is not repeated. Writes
the tables of docs/latent.md as they are made. Words that follow the script's name are tables
(`recipes`, `steps`, `stability`; all when none is named) and overrides for every run, such as
`image.x.path=FOLDER` for photographs of your own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import fmean, median

import numpy as np
from PIL import Image

from ganvas import cli
from ganvas.config.overrides import expand
from ganvas.runner.directory import RunDirectory
from ganvas.study.plan import plan
from portraits import cut

PAGE = Path(__file__).parent / "latent.md"
PICTURES = Path("outputs/latent_pictures")
RECIPES = {
    "likeness (default)": [],
    "without ArcFace": ["loss=face"],
    "without the face's crop": ["loss=lpips", "optimizer=adam"],
    "W+ at once": ["edit.stages.w.tied=0"],
    "rate 0.15": ["optimizer=fast"],
    "as before": ["loss=lpips", "optimizer=fast", "edit.stages.w.tied=0"],
}
"""Recipes by the name of their row."""
STEPS = (25, 90, 250, 1000)
"""Steps of the latent of each row of the curve."""
METRICS = {
    "psnr_resampled_noise": 1,
    "lpips_resampled": 3,
    "lpips_face_resampled": 3,
    "lpips_face_alex_resampled": 3,
    "identity_resampled": 2,
    "landmark_error_resampled": 1,
}
"""The columns, with their digits."""
SHARDS = [f"image.x.path={PICTURES}", "image.x.shard=1/4,2/4,3/4,4/4"]
COMMON = ["edit=reconstruct_w", "budget=quick", "image=file", "metrics=latent", "logger=none"]
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"}
"""What makes oneDNN and MKL compute as on an older processor."""


def main(words: list[str]) -> None:
    """Measure what is named, and write each table when it is made."""
    overrides = [word for word in words if "=" in word]
    wanted = [word for word in words if "=" not in word] or list(TABLES)
    if unknown := set(wanted) - set(TABLES):
        sys.exit(f"no table is called {', '.join(sorted(unknown))}: choose of {', '.join(TABLES)}")
    cut(PICTURES)
    for name in wanted:
        write(name.capitalize(), TABLES[name](overrides))


def recipes(overrides: list[str]) -> str:
    """Return what each recipe reaches."""
    rows = {
        name: sweep("latent_recipes", *words, *SHARDS, *overrides)
        for name, words in RECIPES.items()
    }
    return table("recipe", rows)


def steps(overrides: list[str]) -> str:
    """Return what each number of steps reaches."""
    rows = {
        f"{count} steps": sweep("latent_budgets", f"budget.latent={count}", *SHARDS, *overrides)
        for count in STEPS
    }
    return table("budget", rows)


def sweep(study: str, *words: str) -> list[RunDirectory]:
    """Execute a sweep as far as it is not finished, and return its runs."""
    words = (f"study={study}", *COMMON, *words)
    if code := cli.main(["run", "-m", *words]):
        sys.exit(code)
    return [RunDirectory(Path(job.path)) for job in plan(expand(words))]


def stability(overrides: list[str]) -> str:
    """Return how far other machines and a trifle in the photograph move the end of a run."""
    altered = PICTURES.with_name(f"{PICTURES.name}_altered")
    for file in sorted(PICTURES.glob("*.png")):
        alter(file, altered / file.name)
    runs = {
        "two threads": ends("two", PICTURES, {}, ["trainer.threads=2", *overrides]),
        "one thread": ends("one", PICTURES, {}, ["trainer.threads=1", *overrides]),
        "AVX2 alone": ends("avx2", PICTURES, AVX2, ["trainer.threads=2", *overrides]),
        "±1 grey level in 1 % of the pixels": ends(
            "altered", altered, {}, ["trainer.threads=2", *overrides]
        ),
    }
    first, *others = runs
    lines = ["| against two threads | median ΔdB | worst ΔdB | median ΔLPIPS | worst ΔLPIPS |"]
    lines.append("|---|---|---|---|---|")
    for name in others:
        cells = []
        for metric, digits in (("psnr_resampled_noise", 2), ("lpips_resampled", 4)):
            pairs = zip(runs[first][metric], runs[name][metric], strict=True)
            moved = [abs(a - b) for a, b in pairs]
            cells += [f"{median(moved):.{digits}f}", f"{max(moved):.{digits}f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def ends(
    study: str, folder: Path, environment: Mapping[str, str], overrides: Iterable[str]
) -> dict[str, list[float]]:
    """Run in a process with another environment and return each metric's values per photograph."""
    words = [f"study=latent_stability_{study}", *COMMON, f"image.x.path={folder}", *overrides]
    command = [sys.executable, "-m", "ganvas.cli", "run", *words]
    subprocess.run(command, check=True, env={**os.environ, **environment})
    runs = [RunDirectory(Path(job.path)) for job in plan(expand(words))]
    return {m: [v for run in runs for v in run.per_image(m).values()] for m in METRICS}


def alter(source: Path, target: Path) -> None:
    """Write a photograph with ±1 grey level in 1 % of its pixels, the same ones every time."""
    rng = np.random.default_rng(0)
    pixels = np.asarray(Image.open(source).convert("RGB")).astype(np.int16)
    where = rng.random(pixels.shape[:2]) < 0.01
    pixels[where] += rng.choice(np.array([-1, 1], np.int16), (int(where.sum()), 1))
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(target)


def table(first: str, rows: Mapping[str, list[RunDirectory]]) -> str:
    """Return a table of means over all photographs."""
    names = [m.removesuffix("_noise").removesuffix("_resampled").replace("_", " ") for m in METRICS]
    lines = [f"| {' | '.join([first, *names])} |", "|---" * (len(METRICS) + 1) + "|"]
    for name, runs in rows.items():
        cells = [name]
        for metric, digits in METRICS.items():
            values = [value for run in runs for value in run.per_image(metric).values()]
            cells.append(f"{fmean(values):.{digits}f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(heading: str, text: str) -> None:
    """Put a table at the end of one of the page's sections, in the place of an older one."""
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")
    section, later, others = rest.partition("\n## ")
    kept, _, _ = section.partition("\n| ")
    said = f"{kept.rstrip()}\n\n" if kept.strip() else "\n"
    page = f"{before}{mark}{said}{text}{later}{others}"
    PAGE.write_text(page, encoding="utf-8")


TABLES: dict[str, Callable[[list[str]], str]] = {
    "recipes": recipes, "steps": steps, "stability": stability,
}  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
