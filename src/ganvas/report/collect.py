"""A study as one compact, JSON-ready mapping: tables by column, equal values stored once."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ganvas.analysis.axes import find_axes
from ganvas.analysis.compare import TIME, about, metric_names
from ganvas.analysis.levels import as_text
from ganvas.analysis.photographs import image_names
from ganvas.report.analysis import analyse
from ganvas.report.curves import read_curves, short
from ganvas.report.paths import shown
from ganvas.report.pictures import find_album, find_sheet
from ganvas.runner.directory import RunDirectory
from ganvas.system.reading import number

_LATENT = "w"


def collect(runs: Sequence[RunDirectory], name: str) -> dict[str, Any]:
    """Return everything that the page shows without being asked for a single run.

    Args:
        runs: The study's runs.
        name: The study's name.
    """
    axes = find_axes(runs)
    metrics = metric_names(runs)
    albums: dict[Any, int] = {}
    return {
        "study": name,
        "built": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "axes": [
            {"name": a.name, "levels": a.labels, "numbers": a.numbers, "unit": a.is_unit}
            | {"image": a.is_image, "ofRun": a.of_run}
            for a in axes
        ],
        "metrics": [
            {
                "name": metric,
                "direction": facts.direction,
                "unit": facts.unit,
                "about": str(facts),
            }
            for metric in [*metrics, TIME]
            for facts in [about(runs, metric)]
        ],
        "runs": [_row(run, albums) for run in runs],
        "images": [
            [names[image] for image in run.images]
            for run, names in zip(runs, image_names(runs, axes), strict=True)
        ],
        "albums": [{"stills": a.stills, "frames": a.frames} for a in albums],
        "final": {m: [short(run.final(m)) for run in runs] for m in [*metrics, TIME]},
        "perImage": {
            m: [[short(run.per_image(m).get(image)) for image in run.images] for run in runs]
            for m in metrics
        },
        "latent": {metric: _after_latent(runs, metric) for metric in metrics},
        "config": _config(runs),
        "curves": _shared_steps(read_curves(runs)),
        "analysis": analyse(runs, axes, metrics, name),
    }


def details(run: RunDirectory) -> dict[str, Any]:
    """Return what a run's own page shows beyond the tables."""
    return {
        "choices": run.choices,
        "provenance": run.provenance,
        "stages": run.metrics.get("stages") or {},
        "about": {name: str(about([run], name)) for name in run.metrics.get("about") or {}},
        "commands": [shlex.join(["ganvas", *words]) for words in _repetitions(run)],
    }


def _repetitions(run: RunDirectory) -> list[list[str]]:
    """Return the commands that repeat a run: from its folder, and from what was given."""
    overrides = [*run.overrides, "force=true"]
    threads = run.provenance.get("threads")
    environment = run.provenance.get("environment") or {}
    # A launcher fixes the threads of its jobs by the environment, which a plain run does not have.
    if threads and environment.get("OMP_NUM_THREADS") == str(threads):
        overrides.append(f"trainer.threads={threads}")
    return [["rerun", str(shown(run.path))], ["run", *overrides]]


def _row(run: RunDirectory, albums: dict[Any, int]) -> dict[str, Any]:
    standing = run.standing
    status = standing.status
    album_keys = [find_album(run, image) for image in run.images]
    return {
        "id": run.name,
        "slug": status.get("slug") or run.name,
        "state": standing.state,
        "edit": status.get("edit"),
        "stage": status.get("stage"),
        "step": status.get("step"),
        "total": status.get("total_steps"),
        "started": status.get("started"),
        "error": status.get("error"),
        "files": run.images,
        "albums": [albums.setdefault(album, len(albums)) for album in album_keys],
        "sheet": find_sheet(run),
    }


def _after_latent(runs: Sequence[RunDirectory], metric: str) -> list[list[float | None]]:
    """Per run and image the metric after the stage that fits the latent, where it has been kept."""
    stages = [(run.metrics.get("stages") or {}).get(_LATENT) or {} for run in runs]
    rows = [stage.get("images") or {} for stage in stages]
    return [
        [short(number((row.get(image) or {}).get(metric))) for image in run.images]
        for row, run in zip(rows, runs, strict=True)
    ]


def _config(runs: Sequence[RunDirectory]) -> dict[str, Any]:
    """Split the configurations into what all share and, per key that differs, a column."""
    keys = dict.fromkeys(key for run in runs for key in run.leaves)
    common, differs = {}, {}
    for key in keys:
        texts = [as_text(run.leaves[key]) if key in run.leaves else None for run in runs]
        values = list(dict.fromkeys(texts))
        if len(values) == 1:
            common[key] = values[0]
        else:
            level = {value: index for index, value in enumerate(values)}
            differs[key] = {"values": values, "ofRun": [level[text] for text in texts]}
    return {"common": common, "differs": differs}


def _shared_steps(curves: list[dict[str, Any]]) -> dict[str, Any]:
    """Store equal lists of steps once; most runs of a study record at the same ones."""
    steps: dict[tuple[int, ...], int] = {}
    for curve in curves:
        curve["steps"] = steps.setdefault(tuple(curve["steps"]), len(steps))
    return {"steps": list(steps), "ofRun": curves}
