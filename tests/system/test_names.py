"""Names that are no text: of another encoding, or under a locale that has no letters for them."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from ganvas.cli import main
from ganvas.errors import ConfigError, InputError
from ganvas.image.source import Source
from ganvas.system.files import write_json
from ganvas.system.names import unreadable

LATIN = "Gl\udcfcck"
"""What Python makes of Glück as a system leaves it that writes Latin-1."""


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Work in a folder whose name is no text."""
    if os.fsdecode(b"\xf6") == "ö":
        pytest.skip("to a locale in Latin-1 every name is text; needs: LC_ALL=C.UTF-8")
    folder = tmp_path / os.fsdecode(b"h\xf6hle")
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_what_helps_depends_on_the_locale(monkeypatch):
    assert unreadable("Glück/日本.png") == ""
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "utf-8")
    assert (
        unreadable("mask.path=Gl\udcfcck") == r"mask.path=Gl\xfcck is no text in UTF-8; rename it"
    )
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    typed = "study=Höhle".encode().decode("ascii", "surrogateescape")
    assert unreadable(typed).startswith("study=Höhle is no text under this locale (ascii); set LC_")


@pytest.mark.parametrize(
    "word", [f"study='{LATIN}'", f"output={LATIN}", f"mask.path={LATIN}", f"tags=[{LATIN}]"]
)
def test_an_override_that_is_no_text_is_refused(ganvas_command, tiny, tmp_path, word):
    for words in (("run", *tiny), ("tile", "generator=tiny"), ("ablate", *tiny, "over=[loss]")):
        done = ganvas_command(*words, word)
        assert done.code == 2
        assert "is no text" in done.complaint
    assert not list(tmp_path.iterdir())


def test_a_photograph_or_an_option_whose_name_is_no_text_is_refused(foreign):
    Image.new("RGB", (32, 32), "red").save(Path(f"{LATIN}.png"))
    with pytest.raises(InputError, match="is no text"):
        Source(Path()).read()
    (foreign / "mine").mkdir()
    from ganvas.config.groups import user_folders

    with pytest.raises(ConfigError, match=r"h\\xf6hle/mine is no text"):
        user_folders("mine")


def test_work_in_a_folder_whose_name_is_no_text(ganvas_command, tiny, foreign):
    done = ganvas_command("run", *tiny, "study=s", "budget.noise=0", "mask=half")
    assert done.code == 0, done.err
    (run,) = Path("outputs/s").glob("reconstruct-*")
    assert json.loads((run / "provenance.json").read_text(encoding="utf-8"))["directory"] == str(
        foreign
    )
    for command in ("table", "check"):
        assert ganvas_command(command, "s").code == 0
    for words in (("rerun", str(run)), ("run", *tiny, "logger=wandb")):
        done = ganvas_command(*words)
        assert done.code == 2
        assert "is no text" in done.complaint
    assert len(list(Path("outputs").iterdir())) == 1


def test_what_is_no_text_survives_json(tmp_path):
    write_json(tmp_path / "a.json", {LATIN: ["λ", LATIN]})
    content = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(content) == {LATIN: ["λ", LATIN]}


@pytest.mark.parametrize(
    "words", [("layers", "generator=tiny"), ("run", "--help", "edit=paint"), ("assets", "list")]
)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_letters_shows_their_numbers(monkeypatch, words, encoding):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding))
    assert main(words) == 0
    text = shown.getvalue().decode(encoding)
    assert ("\\u03bb" in text) == (words[0] == "run")
    assert ("×" in text or "²" in text) <= (encoding == "latin-1")
