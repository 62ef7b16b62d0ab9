"""Every command that the pages in docs/ show is one: it composes, or its parser takes it."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import pytest

from ganvas.command.ablate import read_words
from ganvas.command.flags import read_flags
from ganvas.command.parser import WITH_OWN_PARSER, parser
from ganvas.command.tile import tile
from ganvas.command.tile_settings import TileSettings
from ganvas.command.train import Training
from ganvas.command.train_generator import GeneratorTraining
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver, compose_job
from ganvas.config.groups import groups
from ganvas.config.overrides import expand, parse, probe
from ganvas.dissect import DissectPlan
from ganvas.errors import InputError
from ganvas.runner.job import validate
from pages import commands

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("docs/*.md")), ROOT / "docs" / "gallery" / "README.md"]
COMMANDS = [(page, words) for page in PAGES for words in commands(page.read_text(encoding="utf-8"))]
ROOTS = {
    ("dissect",): ("dissect", DissectPlan),
    ("train", "encoder"): ("train", Training),
    ("train", "generator"): ("train_generator", GeneratorTraining),
    ("tile",): ("tile", TileSettings),
}
"""Commands that compose another root than a run's: (name, what it is)."""


def test_the_pages_show_commands():
    assert len(COMMANDS) > 60
    assert {"run", "ablate", "dissect", "train", "tile", "table"} <= {w[0] for _, w in COMMANDS}


@pytest.mark.parametrize(
    ("page", "words"), COMMANDS, ids=[f"{page.stem}: {' '.join(words)}" for page, words in COMMANDS]
)
def test_a_command_is_one(page, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    complete = "…" not in words
    words = [word.replace("…", "NAME") for word in words if word != "…"]
    command, rest = words[0], words[1:]
    if command == "run":
        for job in jobs(rest):
            composed = compose_job(job)
            if complete:
                validate(composed.config)
    elif command == "ablate":
        assert read_words(rest)
    elif command in WITH_OWN_PARSER:
        own = argparse.ArgumentParser()
        importlib.import_module(WITH_OWN_PARSER[command][0]).add_arguments(own)
        assert own.parse_args(rest)
    elif command == "tile" and rest[0] in ("render", "edit", "view"):
        # Its flags are read before the file is looked for.
        with pytest.raises(InputError, match="outputs/tile"):
            tile(rest)
    elif root := next((root for root in ROOTS if tuple(words[: len(root)]) == root), None):
        name, target = ROOTS[root]
        assert resolve_as(target, Resolver(root=name), words[len(root) :])
    else:
        assert parser().parse_args(words).command


def jobs(words):
    """The jobs of a run or sweep; of a search those at the ends of its space."""
    overrides = [word for word in read_flags(words).overrides if not word.startswith("hydra")]
    searches = any(word.startswith("hydra/sweeper=") for word in words)
    return (probe if searches else expand)(parse(overrides), groups())
