import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

from ganvas.analysis.ablation import add_members
from ganvas.analysis.layout import as_csv, latex, markdown, text, write_parquet
from ganvas.analysis.table import Row, Table, tabulate
from ganvas.errors import ConfigError

IMAGES = 8


def psnr(mask, image, seed):
    lift = {"full": 0.0, "box": 1.5}[mask]
    return 20 + image + lift * (1 + 0.1 * image) + 0.01 * seed


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "masks"
    for mask in ("full", "box"):
        for seed in (0, 1):
            run = folder / f"{mask}-{seed}"
            run.mkdir(parents=True)
            images = {
                f"{i:03d}": {"psnr": psnr(mask, i, seed), "lpips": 0.1} for i in range(IMAGES)
            }
            final = {"psnr": float(np.mean([v["psnr"] for v in images.values()])), "lpips": 0.1}
            about = {"psnr": {"text": "range [0, 255]", "unit": "dB", "direction": "higher"}}
            record = {"final": final, "images": images, "about": about}
            (run / "metrics.json").write_text(json.dumps(record))
            (run / "status.json").write_text(json.dumps({"state": "finished"}))
            (run / "config.yaml").write_text(f"mask: {{_target_: x}}\nseed: {seed}\n")
            (run / "overrides.yaml").write_text(
                f"overrides: [mask={mask}, seed={seed}]\nchoices: {{mask: {mask}}}\n"
            )
    return folder


def test_images_are_the_unit_and_seeds_are_averaged(study):
    table = tabulate(study, base="mask=full")
    assert [row.levels for row in table.rows] == [("full",), ("box",)]
    row = table.rows[1]
    assert row.runs == 2
    means = [np.mean([psnr("box", i, s) for s in (0, 1)]) for i in range(IMAGES)]
    base = [np.mean([psnr("full", i, s) for s in (0, 1)]) for i in range(IMAGES)]
    value = row.values["psnr"]
    assert value.interval.n == IMAGES
    assert value.interval.mean == pytest.approx(np.mean(means))
    half = stats.t.ppf(0.975, IMAGES - 1) * stats.sem(means)
    assert value.interval.high - value.interval.mean == pytest.approx(half)
    assert value.test.p == pytest.approx(stats.wilcoxon(means, base, mode="exact").pvalue)
    assert value.test.difference == pytest.approx(np.mean(np.subtract(means, base)))
    assert value.best
    assert not table.rows[0].values["psnr"].best


def test_the_base_is_the_default_option_and_not_the_first_of_the_alphabet(study):
    assert [row.levels for row in tabulate(study).rows] == [("full",), ("box",)]


@pytest.mark.parametrize("base", ["rows=[4,8]", "rows=[4, 8],mask=box"])
def test_a_base_may_hold_a_list(study, base):
    for mask, rows in (("full", "[4]"), ("box", "[4, 8]")):
        for run in study.glob(f"{mask}-*"):
            (run / "config.yaml").write_text(f"seed: {run.name[-1]}\nrows: {rows}\n")
            (run / "overrides.yaml").write_text(
                f"overrides: ['rows={rows}', seed=0]\nchoices: {{mask: {mask}}}\n"
            )
    assert tabulate(study, base=base).rows[0].levels == ("box", "[4, 8]")


def test_nothing_is_best_where_the_records_state_no_direction(study):
    assert not any(row.values["lpips"].best for row in tabulate(study).rows)


def test_the_direction_is_the_one_of_the_records(study):
    """Lower is better if the record says so; older ones say it in the text."""
    new = {"text": "", "unit": "", "direction": "lower"}
    for about in (new, "dB, range [0, 255]; lower is better"):
        for file in study.glob("*/metrics.json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            record["about"]["psnr"] = about
            file.write_text(json.dumps(record))
        full, box = tabulate(study, base="mask=full").rows
        assert full.values["psnr"].best
        assert not box.values["psnr"].best


def test_the_best_is_told_on_the_images_that_all_settings_have(study):
    """Full is 1 dB worse on each photograph, but box has hard ones besides."""
    for file in study.glob("box-*/metrics.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        record["images"] |= {f"hard{i}": {"psnr": 5.0, "lpips": 0.1} for i in range(9)}
        file.write_text(json.dumps(record))
    table = tabulate(study, metrics=["psnr"], base="mask=full")
    full, box = (row.values["psnr"] for row in table.rows)
    assert full.interval.mean > box.interval.mean
    assert (full.best, box.best) == (False, True)
    different = "psnr: the settings have different images, the best is told on the 8 that all have"
    assert different in table.notes
    assert any(n.startswith("box: on the 8 images that it shares with") for n in table.notes)


def test_what_is_significantly_worse_than_the_base_is_not_best(study):
    """Box is 10 dB worse on all photographs but the only one that a third setting has."""
    for file in study.glob("box-*/metrics.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        for name in list(record["images"])[1:]:
            record["images"][name]["psnr"] -= 10
        file.write_text(json.dumps(record))
    third = study / "third"
    third.mkdir()
    for file in (study / "box-0").iterdir():
        text = file.read_text(encoding="utf-8").replace("mask=box", "mask=few")
        (third / file.name).write_text(text.replace("mask: box", "mask: few"))
    record = json.loads((third / "metrics.json").read_text(encoding="utf-8"))
    record["images"] = {"000": {"psnr": 1.0}}
    (third / "metrics.json").write_text(json.dumps(record))
    table = tabulate(study, metrics=["psnr"], base="mask=full")
    box = next(row.values["psnr"] for row in table.rows if row.levels == ("box",))
    assert box.test.difference < 0
    assert box.p < 0.05
    assert not box.best


def test_nothing_is_best_where_no_image_is_common(study):
    for file in study.glob("box-*/metrics.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        record["images"] = {f"other{i}": v for i, v in enumerate(record["images"].values())}
        file.write_text(json.dumps(record))
    table = tabulate(study, metrics=["psnr"])
    assert not any(row.values["psnr"].best for row in table.rows)
    assert "psnr: the settings have different images, none in common" in table.notes


def test_too_few_images_are_told(study):
    for file in study.glob("*/metrics.json"):
        found = json.loads(file.read_text(encoding="utf-8"))
        found["images"] = dict(list(found["images"].items())[:4])
        file.write_text(json.dumps(found))
    assert any("too few images: with 4" in note for note in tabulate(study).notes)


@pytest.mark.parametrize("shared", [0, 3, 8])
def test_a_setting_that_shares_no_image_with_the_base_is_no_comparison(study, shared):
    """Besides box there is a setting on other photographs alone: one test, not two."""
    other = study / "other"
    other.mkdir()
    for file in (study / "box-0").iterdir():
        text = file.read_text(encoding="utf-8").replace("mask=box", "mask=else")
        (other / file.name).write_text(text.replace("mask: box", "mask: else"))
    for file in study.glob("*/metrics.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        if file.parent == other:
            record["images"] = {"elsewhere": {"psnr": 1.0}}
        elif file.parent.name.startswith("box"):
            kept = list(record["images"].items())[:shared]
            record["images"] = dict(kept) or {"alone": {"psnr": 1.0}}
        file.write_text(json.dumps(record))
    table = tabulate(study, metrics=["psnr"], base="mask=full")
    notes = "\n".join(table.notes)
    assert ("no setting has an image in common with mask=full" in notes) == (shared == 0)
    assert ("Holm-corrected over 1 settings" in notes) == (shared > 0)
    # Three images give 2 / 2³ at least, eight are enough for one test.
    assert ("too few images: with 3, no p under 0.25" in notes) == (shared == 3)
    assert ("too few" in notes) == (shared == 3)
    rows = {row.levels[0]: row.values["psnr"] for row in table.rows}
    assert rows["else"].test.n == 0
    assert np.isnan(rows["else"].p)
    if shared:
        assert rows["box"].p == rows["box"].test.p


def test_unfinished_runs_are_told(study):
    (study / "box-1" / "status.json").write_text(json.dumps({"state": "failed"}))
    table = tabulate(study, base="mask=full")
    assert table.rows[1].runs == 1
    assert "1 of 4 runs are not finished" in table.notes


def test_variants_of_an_ablation_are_the_rows(study):
    add_members(study, {"full": ["full-0", "full-1"], "without box": ["box-0", "box-1"]})
    table = tabulate(study, metrics=["psnr"])
    assert table.axes == ("variant",)
    assert [row.levels[0] for row in table.rows] == ["full", "without box"]
    assert table.rows[1].values["psnr"].p == pytest.approx(2 / 2**IMAGES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ["msk"]}, "does not vary 'msk'; did you mean 'mask'"),
        ({"metrics": ["psrn"]}, "did you mean 'psnr'"),
        ({"base": "mask=oval"}, "no finished run of the study has mask=oval"),
    ],
)
def test_mistakes_name_the_nearest(study, arguments, message):
    with pytest.raises(ConfigError, match=message):
        tabulate(study, **arguments)


def test_layouts_mark_the_best_and_the_significant(study):
    table = tabulate(study, metrics=["psnr"], base="mask=full")
    lines = text(table).splitlines()
    assert lines[0].split() == ["mask", "runs", "psnr"]
    assert lines[3].startswith("box")
    assert lines[3].endswith("* <")
    assert "| box | 2 | **25.5 ± 2.4*** |" in markdown(table).replace("2.36", "2.4")
    assert r"\textbf{" in latex(table)
    assert r"\toprule" in latex(table)
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    assert float(rows[1]["p_corrected"]) == pytest.approx(2 / 2**IMAGES)
    assert rows[1]["images"] == str(IMAGES)


def test_latex_takes_every_level_as_text():
    levels = ("[4]", "*", r"a\b_{c}", "x^2$~")
    rows = tuple(Row((level, level), 1, {}) for level in levels)
    lines = latex(Table(("rows", "again"), (), rows, ())).splitlines()
    cells = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith("& 1 \\\\")]
    assert [cell[0] for cell in cells] == [
        "{}[4]", "{}*", r"a\textbackslash{}b\_\{c\}", r"x\textasciicircum{}2\$\textasciitilde{}",
    ]  # fmt: skip
    assert [cell[1] for cell in cells[:2]] == ["[4]", "*"]


def test_parquet_holds_the_same(study, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tabulate(study, base="mask=full"), tmp_path / "t.parquet")
    rows = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert {(row["mask"], row["metric"]) for row in rows} == {
        (mask, metric) for mask in ("full", "box") for metric in ("psnr", "lpips")
    }


def test_how_images_are_cut_is_a_setting_and_which_they_are_is_not(tmp_path):
    for crop in ("centre", "none"):
        for part in ("1/2", "2/2"):
            run = tmp_path / f"{crop}-{part[0]}"
            run.mkdir()
            value = {"psnr": {"centre": 20.0, "none": 25.0}[crop] + int(part[0])}
            metrics = {"final": value, "images": {f"photo{part[0]}": value}}
            (run / "metrics.json").write_text(json.dumps(metrics))
            (run / "status.json").write_text(json.dumps({"state": "finished"}))
            (run / "config.yaml").write_text(
                f"image: {{x: {{path: photos, shard: {part}, crop: {crop}}}}}\n"
            )
            given = f"- image.x.shard={part}\n- image.x.crop={crop}\n"
            (run / "overrides.yaml").write_text(given)
    table = tabulate(tmp_path)
    found = {row.levels: (row.runs, row.values["psnr"].interval.mean) for row in table.rows}
    assert found == {("centre",): (2, 21.5), ("none",): (2, 26.5)}
