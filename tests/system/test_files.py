from __future__ import annotations

import errno
import hashlib
import os
import socket
import subprocess
from contextlib import suppress

import pytest

from ganvas.errors import StorageError
from ganvas.system.files import (
    UNFINISHED,
    link_equal,
    remove_abandoned,
    remove_unfinished,
    replacing,
    sha256,
    storage_errors,
    write_bytes,
    write_json,
    write_text,
)


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path):
    file = tmp_path / "a.json"
    write_text(file, "old")
    with suppress(RuntimeError), replacing(file) as temporary:
        temporary.write_text("half")
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".json"
        assert file.read_text(encoding="utf-8") == "old"
        raise RuntimeError
    assert file.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_folders_are_made(tmp_path):
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"abc")
    assert sha256(tmp_path / "a" / "b" / "c.bin") == hashlib.sha256(b"abc").hexdigest()


def test_json_is_strict_and_readable(tmp_path):
    write_json(tmp_path / "a.json", {"ψ": [1, None]})
    assert "ψ" in (tmp_path / "a.json").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "b.json", {"x": float("nan")})
    assert not (tmp_path / "b.json").exists()


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (errno.ENOSPC, "no space left"), (errno.EDQUOT, "no space left"),
        (errno.EACCES, "no permission"), (errno.EROFS, "no permission"),
        (errno.ENAMETOOLONG, "cannot write"),
    ],
)  # fmt: skip
def test_system_errors_become_one_line(tmp_path, number, part):
    with pytest.raises(StorageError, match=part) as caught, storage_errors(tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path / "x") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_leftovers_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / ".unfinished-17-000004.webp").touch()
    (tmp_path / "images" / "000002.webp").touch()
    (tmp_path / ".lock").touch()
    remove_unfinished(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == [".lock", "000002.webp", "images"]


def test_only_what_nobody_writes_any_more_is_removed(tmp_path):
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    here = f"@{socket.gethostname()}"
    left = tmp_path / f"{UNFINISHED}{gone.pid}{here}-a.html"
    kept = [tmp_path / f"{UNFINISHED}{os.getpid()}{here}-a.html",
            tmp_path / f"{UNFINISHED}x{here}-a.html",
            tmp_path / f"{UNFINISHED}{gone.pid}@another-a.html",
            tmp_path / f"{UNFINISHED}{gone.pid}{here}-b.html", tmp_path / "a.html"]  # fmt: skip
    for file in (left, *kept):
        file.touch()
    remove_abandoned(tmp_path, "a.html")
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_equal_files_become_one_and_stay_apart_where_links_are_refused(tmp_path, monkeypatch):
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_text("same")
    link_equal(files[0], files[1])
    assert files[0].samefile(files[1])
    monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(OSError(errno.EPERM, "")))
    link_equal(files[0], files[2])
    assert not files[0].samefile(files[2])
    assert [file.read_text(encoding="utf-8") for file in files] == ["same"] * 3
    assert sorted(tmp_path.iterdir()) == files
