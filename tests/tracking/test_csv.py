"""The CSV logger's tables, read back with pandas."""

from __future__ import annotations

import json

import pytest

from ganvas.tracking import CSV, Outcome, Record, RunInfo

pandas = pytest.importorskip("pandas")
KILL_IN_N = ("ganvas.stage.stage:Stage.training_step", 8, "after")


def curve(run):
    return [
        json.loads(line)
        for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def test_both_tables_are_those_of_the_record(tiny_run):
    result = tiny_run("logger=csv")
    table, rows = pandas.read_csv(result.path / "curve.csv"), curve(result.path)
    assert list(table["step"]) == [row["step"] for row in rows] == list(range(10))
    assert list(table["stage"]) == [row["stage"] for row in rows]
    assert set(table["image"]) == {"astronaut"}
    for name in ("psnr", "loss", "seconds"):
        values = [row[name][0] if isinstance(row[name], list) else row[name] for row in rows]
        assert list(table[name]) == pytest.approx(values)
    final = pandas.read_csv(result.path / "final.csv").set_index("image")
    assert final.loc["astronaut", "psnr"] == result.metrics["images"]["astronaut"]["psnr"]


def test_a_term_that_comes_later_and_a_missing_value_keep_the_columns_apart(tmp_path):
    info = RunInfo(tmp_path, "n", "s", "e", (), {}, ("a", "b, c"))
    record = Record(info, [CSV().sink()])
    record.begin(0)
    record.log([{"step": 0, "stage": "w", "loss": [1.0, None]}])
    record.log([{"step": 1, "stage": "n", "loss": [0.5, 0.25], "loss/mse": [0.1, 0.2]}])
    record.log([{"step": 2, "stage": "w", "loss": [0.125, 2.0]}])
    record.end(Outcome("failed", 3))
    table = pandas.read_csv(tmp_path / "curve.csv")
    assert list(table.columns) == ["step", "stage", "image", "loss", "loss/mse"]
    assert list(table["image"]) == ["a", "b, c"] * 3
    assert table["loss"].tolist() == pytest.approx(
        [1, float("nan"), 0.5, 0.25, 0.125, 2], nan_ok=True
    )
    assert table["loss/mse"].notna().tolist() == [False, False, True, True, False, False]
    assert not (tmp_path / "final.csv").exists()


@pytest.mark.slow
def test_a_resumed_run_leaves_one_complete_table(fork_server, tmp_path, tiny):
    words = ("run", *tiny, "logger=csv")
    often = "trainer.checkpoint_seconds=0"
    assert fork_server.run(tmp_path, *words, often, kill=KILL_IN_N) == -9
    assert fork_server.run(tmp_path, *words) == 0, (tmp_path / "child.log").read_text(
        encoding="utf-8"
    )
    (run,) = (file.parent for file in tmp_path.glob("outputs/*/*/status.json"))
    assert list(pandas.read_csv(run / "curve.csv")["step"]) == list(range(10))


def test_an_image_may_lack_a_value_that_others_have(tmp_path):
    record = Record(RunInfo(tmp_path, "n", "s", "e", (), {}, ("a", "b")), [CSV().sink()])
    record.begin(0)
    images = {"a": {"psnr": 20.0}, "b": {"psnr": 21.0, "identity": 0.5}}
    record.end(Outcome("finished", 1, {"images": images}))
    final = pandas.read_csv(tmp_path / "final.csv").set_index("image")
    assert final["psnr"].to_list() == [20.0, 21.0]
    assert final["identity"].isna().to_list() == [True, False]
