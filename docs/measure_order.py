"""Measure what the order of latent and noise is worth: `make order`.

Each order of reconstruction gets the same steps and its own best rates, searched on one portrait,
and is then measured on four. A finished run is not repeated. Writes the tables of docs/order.md.
Overrides that follow the script's name go to every run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import fmean

from ganvas import cli
from ganvas.config.overrides import expand
from ganvas.runner.directory import RunDirectory
from ganvas.study.plan import plan
from portraits import cut

PAGE = Path(__file__).parent / "order.md"
PICTURES = Path("outputs/order_pictures")
ORDERS = {"sequential": "w, then n", "joint": "jointly", "alternating": "by turns"}
"""The experiment of each order, and its name on the page."""
LATENT, NOISE = "optimizer.latent.lr", "optimizer.noise.lr"
METRICS = {"psnr": 1, "lpips": 3, "psnr_resampled_noise": 1, "w_distance": 1}
"""The columns of a table, with their digits."""
COMMON = [
    "loss=lpips",
    "metrics=pixel",
    "metrics.lpips={_target_: ganvas.metrics.LPIPS}",
    "logger=none",
    "hydra/launcher=local",
]


def main(overrides: list[str]) -> None:
    """Search the rates, measure the orders and write both tables."""
    cut(PICTURES)
    tried = search(overrides)
    images = ["image=file", f"image.x.path={PICTURES}", "image.x.shard=1/2,2/2"]
    measured = {
        order: sweep("order", f"experiment={order}", *best_rates(runs), *images, *overrides)
        for order, runs in tried.items()
    }
    write("Four portraits", [row(order, runs) for order, runs in measured.items()])
    write("The search", [row(order, [run]) for order, runs in tried.items() for run in runs])


def search(overrides: list[str]) -> dict[str, list[RunDirectory]]:
    """Try rates on one portrait: those of the latent, and then, with the best, those of noise."""
    tried = {}
    for order in ORDERS:
        words = ["order_rates", f"experiment={order}", "image=portrait", *overrides]
        runs = sweep(*words, f"{LATENT}=0.05,0.15,0.45", f"{NOISE}=0.03")
        latent, _ = best_rates(runs)
        runs += sweep(*words, latent, f"{NOISE}=0.0033,0.01,0.03,0.1")
        tried[order] = list({run.name: run for run in runs}.values())
    return tried


def best_rates(runs: list[RunDirectory]) -> list[str]:
    """Return the overrides of the rates that gave the highest PSNR."""
    best = max(runs, key=psnr)
    return [f"{key}={best.leaves[key]:g}" for key in (LATENT, NOISE)]


def sweep(study: str, *words: str) -> list[RunDirectory]:
    """Execute a sweep as far as it is not finished, and return its runs."""
    words = (f"study={study}", *COMMON, *words)
    if code := cli.main(["run", "-m", *words]):
        sys.exit(code)
    jobs = plan(expand(words))
    return [RunDirectory(Path(job.path)) for job in jobs]


def psnr(run: RunDirectory) -> float:
    """Return a run's final PSNR in dB."""
    return float(run.metrics["final"]["psnr"])


def row(order: str, runs: list[RunDirectory]) -> str:
    """Return a row of a table: an order, its rates, and the means over all images."""
    cells = [ORDERS[order], *(f"{runs[0].leaves[key]:g}" for key in (LATENT, NOISE))]
    for metric, digits in METRICS.items():
        values = [value for run in runs for value in run.per_image(metric).values()]
        cells.append(f"{fmean(values):.{digits}f}")
    return f"| {' | '.join(cells)} |"


def table(rows: list[str]) -> str:
    """Return a table of such rows."""
    names = ["order", "rate of w", "rate of n", *(m.replace("_", " ") for m in METRICS)]
    return "\n".join([f"| {' | '.join(names)} |", "|" + "---|" * len(names), *rows]) + "\n"


def write(heading: str, rows: list[str]) -> None:
    """Put a table at the end of one of the page's sections, in the place of an older one."""
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")
    section, later, others = rest.partition("\n## ")
    text, _, _ = section.partition("\n| order |")
    page = f"{before}{mark}{text.rstrip()}\n\n{table(rows)}{later}{others}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
