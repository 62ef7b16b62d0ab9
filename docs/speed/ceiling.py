"""What the noise maps reach behind one latent, by their steps.

The portrait, generator and settings of speed/recipes.py; the latent has had 80 steps.
"""

from __future__ import annotations

import tempfile

from speed.recipes import timed
from speed.table import Rows, table

STEPS = (60, 120, 250, 500, 1000)


def measure() -> Rows:
    """Return CPU seconds, PSNR in dB and LPIPS-VGG, by steps."""
    rows: Rows = []
    with tempfile.TemporaryDirectory() as name:
        output = f"output={name}"
        fitted, _ = timed(output, "edit=reconstruct_w", "budget.latent=80")
        start = ("start=embedding", f"start.path={fitted.path / 'embedding.safetensors'}")
        for noise in STEPS:
            _, found = timed(output, "edit=noise_only", *start, f"budget.noise={noise}")
            rows.append({"noise": noise, **found})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    best = max(float(row["psnr"]) for row in rows)
    return table(
        ("steps of the noise alone", "PSNR", "of the best"),
        [(row["noise"], f"{row['psnr']:.1f} dB", f"{100 * float(row['psnr']) / best:.0f} %")
         for row in rows],
    )  # fmt: skip
