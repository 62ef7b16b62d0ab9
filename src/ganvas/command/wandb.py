"""`ganvas wandb sync STUDY` and `ganvas wandb report STUDY`."""

from __future__ import annotations

import argparse
from typing import Any

from ganvas.analysis.study import find_study, read_study
from ganvas.command.log import show_log
from ganvas.errors import ConfigError
from ganvas.report.wandb_report import make_report, make_workspace
from ganvas.report.wandb_sync import send_offline_runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `ganvas wandb` to `parser`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    sync = actions.add_parser("sync", help="upload a study's offline runs, each once")
    report = actions.add_parser("report", help="build a W&B report and workspace of a study")
    for action in (sync, report):
        action.add_argument("study", metavar="STUDY", help="a study's folder or name in outputs/")
    report.add_argument("--entity", required=True, help="W&B user or team")
    report.add_argument("--project", default="ganvas", help="W&B project (default: ganvas)")
    report.add_argument(
        "--dry-run", action="store_true", help="print the report's specification, send nothing"
    )


def main(args: argparse.Namespace) -> int:
    """Do what `args` asks for and say what was done."""
    show_log()
    runs = read_study(args.study)
    if args.action == "sync":
        sent, left = send_offline_runs(runs)
        print(f"{sent} sent, {left} left out (sent before, or still running)")
        return 0
    name = find_study(args.study).resolve().name
    report: Any = make_report(runs, name, args.project, args.entity)
    if args.dry_run:
        print(report._to_model().spec.model_dump_json(by_alias=True, exclude_none=True))
        return 0
    workspace = make_workspace(runs, name, args.project, args.entity)
    try:
        report.save()
        workspace.save()
    except Exception as error:  # the library raises bare exceptions
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"W&B did not take the report: {line}") from error
    print(f"{report.url}\n{workspace.url}")
    return 0
