"""The state of files: what differs when they do."""

from __future__ import annotations

import os

from ganvas.system.state import file_state, folder_state


def test_a_file_has_another_state_when_its_time_or_its_size_changes(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("a: 1")
    os.utime(file, ns=(0, 5))
    assert file_state(file) == (str(file), 5, 4)
    os.utime(file, ns=(0, 6))
    assert file_state(file) == (str(file), 6, 4)


def test_what_is_not_there_has_the_state_of_nothing(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert file_state(tmp_path / "link")[1:] == (-1, -1)


def test_a_folders_state_is_that_of_its_files_of_some_kinds_in_order(tmp_path):
    for name in ("b/z.yaml", "a.py", "a.txt", "b/a.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    states = folder_state([tmp_path / "b", tmp_path], ".yaml", ".py")
    found = [os.path.relpath(name, tmp_path) for name, _, _ in states]
    assert found == ["b/a.yaml", "b/z.yaml", "a.py", "b/a.yaml", "b/z.yaml"]
