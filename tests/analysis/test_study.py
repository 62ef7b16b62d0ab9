"""A study as rows for pandas, against the files of its runs."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import ganvas
from ganvas.errors import InputError
from synthetic_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs") / "masks"
    return make_study(folder, runs=12, images=2, frames=1, size=8)


def test_final_has_a_row_per_finished_run_and_image(study):
    table = pd.DataFrame(ganvas.load_study(study).final)
    finished = [run for run in study.iterdir() if (run / "metrics.json").is_file()]
    assert len(finished) == 10
    assert len(table) == 2 * len(finished)
    for run in finished:
        measured = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["images"]
        rows = table[table["run"] == run.name].set_index("image")
        assert {k: rows.loc[k, "psnr"] for k in measured} == {
            k: v["psnr"] for k, v in measured.items()
        }
        (mask,) = set(rows["mask"])
        assert f"mask={mask}" in (run / "overrides.yaml").read_text(encoding="utf-8")
    assert table["edit.stages.w.lr"].dtype.kind == "f"
    assert table["seed"].dtype.kind == "i"


def test_curves_have_a_row_per_run_step_and_image(study):
    loaded = ganvas.load_study(study)
    table = pd.DataFrame(loaded.curves)
    lines = sum(len(run.curve) for run in loaded.runs)
    assert len(table) == 2 * lines
    run = loaded.runs[0]
    second = table[(table["run"] == run.path.name) & (table["image"] == "001")]
    assert second["psnr"].tolist() == [row["psnr"][1] for row in run.curve]
    assert second["step"].tolist() == [row["step"] for row in run.curve]


def test_a_study_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        ganvas.load_study(tmp_path / "nowhere")
