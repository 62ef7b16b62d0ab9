"""A study as a W&B report and workspace: the same questions as the offline dashboard's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganvas.analysis.axes import Axis, find_axes
from ganvas.analysis.compare import about, metric_names
from ganvas.analysis.levels import as_text
from ganvas.errors import ConfigError
from ganvas.runner.directory import RunDirectory

_CURVES = ("loss", "psnr", "lpips", "ssim")


def make_report(runs: Sequence[RunDirectory], study: str, project: str, entity: str) -> Any:
    """Return the `wandb_workspaces` report of a study, not yet saved.

    Args:
        runs: The study's runs; only their records are read.
        study: The study's name, which is the W&B group of its runs.
        project: W&B project.
        entity: W&B user or team.

    Raises:
        ConfigError: wandb-workspaces is not installed.
    """
    wr = _library("reports.v2")
    about = f"{len(runs)} runs of the study {study}, grouped by what they vary."
    axes = ", ".join(axis.name for axis in find_axes(runs)) or "nothing"
    return wr.Report(
        project=project,
        entity=entity,
        title=study,
        description=about,
        width="fluid",
        blocks=[
            wr.P(text=[f"The study varies: {axes}."]),
            wr.PanelGrid(
                runsets=[wr.Runset(name=study, filters=f"Group = {study!r}")],
                panels=_panels(runs),
            ),
        ],
    )


def make_workspace(runs: Sequence[RunDirectory], study: str, project: str, entity: str) -> Any:
    """Return the saved view of a study, not yet saved; arguments as for `make_report`."""
    ws = _library("workspaces")
    return ws.Workspace(
        entity=entity,
        project=project,
        name=study,
        sections=[ws.Section(name=study, panels=_panels(runs), is_open=True)],
        settings=ws.WorkspaceSettings(x_axis="Step"),
        runset_settings=ws.RunsetSettings(filters=f"Group = {study!r}"),
    )


def config_key(axis: Axis, runs: Sequence[RunDirectory]) -> str | None:
    """Return a key of the configuration that tells the levels of `axis` apart, or None.

    W&B knows a group's option only by what it put into the configuration, such as its target.
    """
    wanted = [axis.levels[level] for level in axis.of_run]
    if all(axis.name in run.leaves for run in runs):
        return axis.name
    near = sorted(
        runs[0].leaves, key=lambda key: (axis.name not in key, "_target_" not in key, key)
    )
    for key in near:
        if all(key in run.leaves for run in runs):
            values = [as_text(run.leaves[key]) for run in runs]
            pairs = set(zip(wanted, values, strict=True))
            if len(pairs) == len(set(values)) == len(axis.levels):
                return key
    return None


def _panels(runs: Sequence[RunDirectory]) -> list[Any]:
    wr = _library("reports.v2")
    metrics = metric_names(runs)
    lead = metrics[0] if metrics else "psnr"
    columns = [
        wr.ParallelCoordinatesPlotColumn(metric=wr.Config(key), display_name=axis.name)
        for axis in find_axes(runs)
        if (key := config_key(axis, runs))
    ]
    final = wr.SummaryMetric(f"final/{lead}")
    columns.append(
        wr.ParallelCoordinatesPlotColumn(
            metric=final, inverted=about(runs, lead).direction == "lower"
        )
    )
    recorded = dict.fromkeys(name for run in runs[:1] for row in run.curve for name in row)
    curves = [name for name in _CURVES if name in recorded]
    return [
        wr.ParallelCoordinatesPlot(columns=columns, layout=wr.Layout(0, 0, 24, 8)),
        wr.ParameterImportancePlot(with_respect_to=f"final/{lead}", layout=wr.Layout(0, 8, 12, 8)),
        wr.BarPlot(title=f"final {lead}", metrics=[final], layout=wr.Layout(12, 8, 12, 8)),
        *(
            wr.LinePlot(
                title=name,
                x="Step",
                y=[name],
                layout=wr.Layout(12 * (i % 2), 16 + 8 * (i // 2), 12, 8),
            )
            for i, name in enumerate(curves)
        ),
        wr.MediaBrowser(
            title="progress",
            media_keys=["progress"],
            mode="grid",
            grid_x_axis="step",
            grid_y_axis="run",
            layout=wr.Layout(0, 32, 24, 12),
        ),
        wr.WeavePanelSummaryTable(table_name="comparison", layout=wr.Layout(0, 44, 24, 12)),
        wr.RunComparer(diff_only=True, layout=wr.Layout(0, 56, 24, 10)),
    ]


def _library(part: str) -> Any:
    """Import wandb-workspaces, an optional extra."""
    import importlib

    try:
        return importlib.import_module(f"wandb_workspaces.{part}")
    except ImportError:
        raise ConfigError("wandb-workspaces is not installed; pip install -e '.[wandb]'") from None
