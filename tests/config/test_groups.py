"""Folders of configurations beside ganvas's own: the user's, and those of installed packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ganvas
from ganvas.config.compose import Resolver, compose_job
from ganvas.config.groups import config_dir, groups, installed_folders, user_folders
from ganvas.errors import ConfigError


def option(folder: Path, name: str, content: str) -> Path:
    """Write an option of the user's own; `name` is GROUP/OPTION."""
    file = folder / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


LEFT_HALF = "# The left half.\n_target_: ganvas.mask.Box\nleft: 0.0\nright: 0.5\n"


@pytest.mark.parametrize("name", ["mask/box", "edit/reconstruct", "hydra/launcher/local"])
def test_an_option_named_as_a_packaged_one_is_refused(tmp_path, name):
    file = option(tmp_path, name, LEFT_HALF)
    group, _, word = name.rpartition("/")
    with pytest.raises(ConfigError) as error:
        Resolver([tmp_path])
    assert str(error.value).startswith(f"{file}: ganvas has the option {group}={word}, too")


def test_an_option_of_two_folders_is_refused(tmp_path):
    first = option(tmp_path / "one", "mask/left", LEFT_HALF)
    second = option(tmp_path / "two", "mask/left", LEFT_HALF)
    with pytest.raises(ConfigError, match=f"{second}: {first} has the option mask=left, too"):
        groups([tmp_path / "one", tmp_path / "two"])


def test_the_packaged_folder_itself_is_no_other():
    assert groups([config_dir()]) == groups()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("_target_: [ganvas\nleft: 1\n", r"mask/left\.yaml, line \d: "),
        ("_target_: a\n_target_: b\n", r"mask/left\.yaml, line 2: found duplicate key"),
        ("left: 1\n\tright: 2\n", r"mask/left\.yaml, line 2: "),
        ("- left\n", "mask: "),
    ],
)
def test_a_broken_file_is_one_line(ganvas_command, tiny, tmp_path, content, message):
    option(tmp_path, "mask/left", content)
    done = ganvas_command("run", "--config-dir", str(tmp_path), *tiny, "mask=left")
    assert done.code == 2
    assert re.search(message, done.complaint), done.complaint


def test_a_file_that_is_no_text_is_named(tmp_path):
    file = option(tmp_path, "mask/left", "")
    file.write_bytes(b"left: \xff\xfe\n")
    with pytest.raises(ConfigError, match=f"{file} cannot be read: "):
        compose_job(["mask=left"], [tmp_path])


def test_a_broken_file_that_is_not_chosen_does_no_harm(tmp_path):
    option(tmp_path, "mask/left", "[")
    assert compose_job(["mask=box"], [tmp_path]).choices["mask"] == "box"


def test_a_root_in_a_users_folder_is_refused_not_ignored(ganvas_command, tmp_path):
    (tmp_path / "config.yaml").write_text("seed: 7\n")
    done = ganvas_command("run", "--config-dir", str(tmp_path), "seed=1")
    assert done.code == 2
    assert "config.yaml would be ignored" in done.complaint
    assert "experiment/NAME.yaml" in done.complaint


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package that registers its folder of configurations; importing it fails."""
    site = tmp_path / "site"
    option(site / "holes" / "options", "mask/left", LEFT_HALF)
    (site / "holes" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    record = site / "holes-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: holes\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[ganvas.conf]\nholes = holes.options\n")
    monkeypatch.syspath_prepend(str(site))
    return record


def test_an_installed_package_brings_options(installed, ganvas_command, tiny):
    assert installed_folders() == [installed.parent / "holes" / "options"]
    assert user_folders(None) == installed_folders()
    result = ganvas.run([*tiny, "mask=left"])
    assert result.config["mask"]["right"] == 0.5
    done = ganvas_command("run", *tiny, "mask=left", "--cfg", "job", "-p", "mask")
    assert "right: 0.5" in done.out
    # Through Hydra's own launch path, too.
    again = ganvas_command("run", *tiny, "mask=left", "hydra.verbose=false", "seed=3")
    assert again.code == 0, again.err


def test_a_registered_folder_that_is_not_there_is_named(installed):
    (installed / "entry_points.txt").write_text("[ganvas.conf]\nholes = holes.nowhere\n")
    with pytest.raises(ConfigError, match=r"package holes registers .*'holes\.nowhere'"):
        installed_folders()


def test_config_dir_reaches_every_command(ganvas_command, tiny, tmp_path):
    mine = tmp_path / "mine"
    option(mine, "generator/small", "# Small.\n_target_: small_generator.small\n")
    (mine / "small_generator.py").write_text(
        "from ganvas.generator import GeneratorConfig\n"
        "from ganvas.generator.tiny import TinyConfig\n\n"
        "def small(resolution: int = 32) -> GeneratorConfig:\n"
        '    """Return a small generator."""\n'
        "    return TinyConfig(resolution=resolution)\n"
    )
    option(mine, "ablation/holes", "# Holes.\nover: [mask]\noverrides: [mask=box]\n")
    folder = ("--config-dir", str(mine))
    done = ganvas_command("sample", "generator=small", *folder, "-o", "drawn")
    assert done.code == 0, done.err
    embedding = "drawn/embedding.safetensors"
    for words in (
        ("render", embedding, "-o", "drawn.png", "--trust"),
        ("export", embedding, "-o", "w.npz", "--trust"),
        ("import", "w.npz", "--generator", "small", "-o", "w.safetensors"),
    ):
        done = ganvas_command(*words, *folder)
        assert done.code == 0, (words, done.err)
    wrong = ganvas_command("ablate", *folder, "ablation=hole", *tiny)
    assert "did you mean 'holes'" in wrong.complaint
    run = ganvas_command("run", *tiny, *folder, "study=s")
    assert run.code == 0, run.err
    assert ganvas_command("report", "s", *folder).code == 0
    assert "no such folder" in ganvas_command("report", "s", "--config-dir", "gone").complaint
