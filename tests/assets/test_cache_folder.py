"""An unusable cache folder is found before any work."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize("cache", ["file", "file/below", "loop", "n" * 300])
def test_an_unusable_cache_is_one_line_before_a_folder_is_made(
    cache, ganvas_command, monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / cache))
    done = ganvas_command("run", "budget=preview", "logger=none", "trainer=cpu")
    assert done.code == 2
    assert "GANVAS_CACHE" in done.complaint
    assert not Path("outputs").exists()


def test_the_tiny_generator_needs_no_cache(tiny_run, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file"))
    assert tiny_run().state == "finished"
