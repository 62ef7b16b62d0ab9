"""Reading the files of a run's record."""

from __future__ import annotations

import pytest
import yaml

from ganvas.errors import InputError
from ganvas.runner.directory import RunDirectory


def test_a_cut_off_last_line_and_missing_files_are_no_error(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "lo')
    run = RunDirectory(tmp_path)
    assert run.curve == [{"step": 1}]
    assert (run.status, run.state) == ({}, "new")
    assert (run.config, run.metrics, run.overrides, run.final("psnr")) == ({}, {}, [], None)


def test_overrides_may_be_a_plain_list(tmp_path):
    (tmp_path / "overrides.yaml").write_text("- mask=box\n- seed=1\n")
    assert RunDirectory(tmp_path).overrides == ["mask=box", "seed=1"]


def test_config_sections_with_lists_and_comments_are_read_whole(tmp_path):
    text = "# made\na:\n- 1\n- b: 2\nc: {d: [1,\n  2]}\ne: |\n  one\n\n  two\n'f g': null\n"
    (tmp_path / "config.yaml").write_text(text)
    assert RunDirectory(tmp_path).config == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("name", "text"), [("config.yaml", "a: [1"), ("config.yaml", "just words")]
)
def test_a_broken_config_is_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=r"config\.yaml"):
        _ = RunDirectory(tmp_path).config
