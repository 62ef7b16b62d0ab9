"""The specification that wandb-workspaces serialises; no server is asked."""

from __future__ import annotations

import argparse
import json

import pytest

from ganvas.analysis.axes import find_axes
from ganvas.analysis.study import read_study
from ganvas.command.wandb import add_arguments, main
from ganvas.report.wandb_report import config_key, make_workspace
from synthetic_study import make_study

pytest.importorskip("wandb_workspaces", reason="the extra `wandb` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs") / "masks"
    return make_study(folder, runs=24, images=1, frames=1, size=8)


def test_a_groups_choice_is_found_by_the_key_that_follows_it(study):
    runs = read_study(study)
    keys = {axis.name: config_key(axis, runs) for axis in find_axes(runs)}
    assert keys["mask"] == "mask._target_"
    assert keys["edit.stages.w.lr"] == "edit.stages.w.lr"
    assert keys["layers"] == "layers.rows"


def test_the_report_asks_the_questions_of_the_dashboard(study, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert main(parser.parse_args(["report", str(study), "--entity", "me", "--dry-run"])) == 0
    spec = json.loads(capsys.readouterr().out)
    (grid,) = (block for block in spec["blocks"] if block["type"] == "panel-grid")
    panels = grid["metadata"]["panelBankSectionConfig"]["panels"]
    kinds = [panel["viewType"] for panel in panels]
    for kind in (
        "Parallel Coordinates Plot",
        "Parameter Importance",
        "Media Browser",
        "Run Comparer",
    ):
        assert kind in kinds
    (table,) = (panel for panel in panels if panel["viewType"] == "Weave")
    assert '"val": "comparison"' in json.dumps(table)
    columns = panels[0]["config"]["columns"]
    assert columns[-1]["accessor"] == "summary:final/psnr"
    assert "config:mask.value._target_" in {column["accessor"] for column in columns}
    (filters,) = grid["metadata"]["runSets"][0]["filters"]["filters"]
    assert (filters["key"]["name"], filters["value"]) == ("group", "masks")


def test_the_workspace_is_the_studys_group(study):
    workspace = make_workspace(read_study(study), "masks", "ganvas", "me")
    assert '"value":"masks"' in workspace._to_model().model_dump_json(by_alias=True)
