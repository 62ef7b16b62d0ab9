"""What the README promises: its commands, its Python, its options and its links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.command.ablate import read_words
from ganvas.command.flags import read_flags
from ganvas.command.parser import WITH_OVERRIDES, parser
from ganvas.command.tile_settings import TileSettings
from ganvas.command.train import Training
from ganvas.command.train_generator import GeneratorTraining
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver, compose_job
from ganvas.config.groups import groups
from ganvas.config.overrides import expand
from ganvas.config.schema import build
from ganvas.dissect import DissectPlan
from ganvas.runner.job import validate
from pages import commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


COMMANDS = commands(README)
RUNS = [words[1:] for words in COMMANDS if words[0] == "run" and "--help" not in words]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """The photographs that the README speaks of, in the working folder."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for file in (
        "me.jpg",
        "photos/a.jpg",
        "photos/b.jpg",
        *(f"PORTRAITS/{k}.jpg" for k in range(8)),
    ):
        Path(file).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(file)
    Image.fromarray(pixels[..., 0]).save("hole.png")


def test_the_commands_are_found():
    assert len(RUNS) >= 6
    assert {"run", "report", "table", "ls", "paste"} <= {words[0] for words in COMMANDS}


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
def test_every_experiment_is_one(pictures, words):
    options = read_flags(words)
    jobs = expand([w for w in options.overrides if not w.startswith("hydra")])
    assert options.multirun == (len(jobs) > 1)
    for job in jobs:
        validate(compose_job(job).config)


def test_the_other_systems_compose_their_roots():
    roots = {
        ("tile",): ("tile", TileSettings),
        ("dissect",): ("dissect", DissectPlan),
        ("train", "encoder"): ("train", Training),
        ("train", "generator"): ("train_generator", GeneratorTraining),
    }
    for command, (root, target) in roots.items():
        count = len(command)
        lines = [words for words in COMMANDS if tuple(words[:count]) == command]
        assert lines
        for words in lines:
            assert build(resolve_as(target, Resolver(root=root), words[count:])[0])


@pytest.mark.parametrize("words", [words for words in COMMANDS if "--help" in words], ids=" ".join)
def test_every_help_helps(ganvas_command, words):
    done = ganvas_command(*words)
    assert (done.code, done.err) == (0, "")
    for name in words[words.index("--help") + 1 :]:
        assert name in done.out


def test_make_knows_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(?: {4}|.*`)make (\w+)", README, re.MULTILINE))
    assert {"demo", "test", "gallery"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_a_command_within_a_sentence_is_one():
    named = re.findall(r"`ganvas ([^`]+)`", README)
    assert {"table first", "assets list"} <= set(named)
    for words in map(shlex.split, named):
        if words[0] in WITH_OVERRIDES or words == ["import"]:
            continue
        assert parser().parse_args(words).command


def test_the_ablation_can_be_asked_for(pictures):
    (words,) = [words[1:] for words in COMMANDS if words[0] == "ablate"]
    assert read_words(words).ablation.over


def test_the_python_is_what_it_says(pictures, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    asked = []

    class Anything:
        def __getattr__(self, name):
            return self

        def __getitem__(self, name):
            return self

        def __call__(self, *arguments):
            return self

    monkeypatch.setattr("ganvas.run", lambda words: asked.append(words) or Anything())
    exec(code, {})
    validate(compose_job(asked[0]).config)


@pytest.mark.parametrize(
    "words",
    [w for w in COMMANDS if w[0] not in ("run", "ablate", "report", "tile", "dissect")],
    ids=" ".join,
)
def test_the_parser_knows_every_other_command(words):
    assert parser().parse_args(words).command


def test_commands_on_runs_do_what_they_say(ganvas_command, tiny_run, pictures):
    run = tiny_run("image=file", "image.x.path=me.jpg", "study=STUDY")
    ran = []
    for words in COMMANDS:
        if words[0] not in ("ls", "render", "paste", "export", "table", "report", "rerun"):
            continue
        given = [
            w.replace("outputs/…", str(run.path)).replace("RUN_DIR", str(run.path)) for w in words
        ]
        done = ganvas_command(*(w.replace("first", "STUDY") for w in given))
        assert done.code == 0, (words, done.err)
        ran.append(words[0])
    assert {"ls", "render", "paste", "export", "table", "report", "rerun"} <= set(ran)
    for file in ("me.png", "edited.jpg", "w.npz", "outputs/STUDY/report/index.html"):
        assert Path(file).is_file()


def test_every_group_and_page_is_there():
    known = groups()
    for group in re.findall(r"`(\w+)=`", README):
        assert group in known
    for group, option in re.findall(r"`(\w+)=(\w+)`", README):
        assert option in known[group]
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        if not link.startswith("http"):
            assert (ROOT / link).exists(), link
