"""Identity: what can change the result changes the signature, and nothing else does."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError, InputError
from ganvas.mask import Box, Full
from ganvas.runner.job import validate
from ganvas.runner.signature import identify


class Kind(Enum):
    NEAR = "near"
    FAR = "far"


@dataclass(frozen=True)
class Own(Full):
    """A mask of somebody else's, with fields of more kinds than the program's own have."""

    kind: Kind = Kind.NEAR
    names: frozenset[str] = frozenset()
    folder: Path | None = None


@dataclass(frozen=True)
class Opaque(Full):
    thing: object = object()


OWN = f"_target_: {__name__}.Own"


def sign(*overrides: str) -> str:
    tree = validate(compose_job(["generator=tiny", "image=file", *overrides]).config)
    return identify(tree, "reconstruct").signature


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "me.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(path)
    return f"image.x.path={path}"


@pytest.mark.parametrize(
    "change",
    [
        "output=/elsewhere", "study=other", "tags=[a]", "force=true", "logger=none",
        "logger=wandb_online", "trainer.progress=false", "trainer.checkpoint_seconds=1",
        "trainer.threads=null", "generator.resolution=32", "edit.stages.w.alternate=false",
        "+loss.noise.mse.resolution=null",
    ],
)  # fmt: skip
def test_what_cannot_change_the_result(photo, change):
    assert sign(photo) == sign(photo, change)


@pytest.mark.parametrize(
    "change",
    [
        "seed=1", "generator.resolution=64", "mask=box", "budget.latent=81", "start=random",
        "optimizer.noise.lr=0.3", "trainer.micro_batch=2", "trainer.threads=1", "trainer=gpu",
        "image.x.crop=none", "~edit.stages.n", "loss=pixel", "metrics=pixel",
    ],
)  # fmt: skip
def test_what_can(photo, change):
    assert sign(photo) != sign(photo, change)


def test_the_order_of_overrides_does_not_count(photo):
    words = ["seed=3", "mask=box", "mask.left=0.1", "budget=preview"]
    assert sign(photo, *words) == sign(photo, *reversed(words))


def test_the_order_of_stages_counts(photo):
    stages = {
        "a": "{optimise: {latent: ${optimizer.latent}}, layers: ${layers}, steps: 1,"
        " objective: {W_l: {terms: ${loss.latent}}}}",
        "b": "{optimise: {noise: ${optimizer.noise}}, layers: ${layers}, steps: 1,"
        " objective: {Mk_n: {terms: ${loss.noise}}}}",
    }
    without = ("~edit.stages.w", "~edit.stages.n")
    forth = [f"+edit.stages.{k}={v}" for k, v in stages.items()]
    assert sign(photo, *without, *forth) != sign(photo, *without, *reversed(forth))


def test_a_picture_counts_by_its_content(photo, tmp_path):
    before = sign(photo)
    moved = tmp_path / "deep" / "other.png"
    moved.parent.mkdir()
    shutil.copy(tmp_path / "me.png", moved)
    assert sign(f"image.x.path={moved}") == before
    Image.fromarray(np.full((20, 20, 3), 9, np.uint8)).save(tmp_path / "me.png")
    assert sign(photo) != before


def test_a_folder_counts_by_its_pictures(photo, tmp_path):
    folder = f"image.x.path={tmp_path}"
    before = sign(folder)
    (tmp_path / "notes.txt").write_text("not a picture")
    assert sign(folder) == before
    Image.fromarray(np.full((20, 20, 3), 9, np.uint8)).save(tmp_path / "you.png")
    assert sign(folder) != before


def test_a_checkpoint_counts_by_its_content(photo, tmp_path):
    words = ("generator=mobilestylegan", photo)
    file = tmp_path / "g.safetensors"
    with pytest.raises(InputError, match=r"no such file.*g\.safetensors"):
        sign(*words, f"generator.checkpoint={file}")
    file.write_bytes(b"one")
    before = sign(*words, f"generator.checkpoint={file}")
    file.write_bytes(b"two")
    assert sign(*words, f"generator.checkpoint={file}") != before


def test_a_network_of_another_code_base_counts_by_its_content(photo, tmp_path):
    file = tmp_path / "network.pkl"
    words = ("generator=stylegan2", photo, f"generator.checkpoint={file}")
    missing = sign(*words)
    file.write_bytes(b"one")
    before = sign(*words)
    assert before != missing
    moved = shutil.copy(file, tmp_path / "moved.pkl")
    assert sign(*words, f"generator.checkpoint={moved}") == before
    file.write_bytes(b"two, and longer")
    assert sign(*words) != before
    addresses = [f"generator.checkpoint=https://example.org/{n}.pkl" for n in "ab"]
    assert sign(*words, addresses[0]) != sign(*words, addresses[1])


def test_the_fields_of_own_parts_count(photo):
    plain = sign(photo, f"mask={{{OWN}}}")
    assert sign(photo, f"mask={{{OWN}, kind: near, names: []}}") == plain
    assert sign(photo, f"mask={{{OWN}, kind: far}}") != plain
    named = sign(photo, f"mask={{{OWN}, names: [a, b]}}")
    assert named == sign(photo, f"mask={{{OWN}, names: [b, a]}}")
    assert named != plain


def test_a_folder_of_an_own_part_counts_by_its_files(photo, tmp_path):
    network = tmp_path / "network"
    (network / "deep").mkdir(parents=True)
    (network / "config.json").write_text("{}")
    (network / "deep" / "weights.bin").write_bytes(b"1")
    words = photo, f"mask={{{OWN}, folder: {network}}}"
    before = sign(*words)
    shutil.copytree(network, tmp_path / "copy")
    assert sign(photo, f"mask={{{OWN}, folder: {tmp_path / 'copy'}}}") == before
    (network / "deep" / "weights.bin").write_bytes(b"2")
    assert sign(*words) != before


def test_a_default_that_no_hash_can_hold_is_named(photo):
    with pytest.raises(
        ConfigError, match=r"\.Opaque\.thing: nothing tells one object from another"
    ):
        sign(photo, f"mask={{_target_: {__name__}.Opaque}}")


def test_the_folders_name_is_short_and_plain(photo, tmp_path):
    # Under a C locale without UTF-8 mode no file can have the first name.
    start = "Ä ungewöhnlich" if sys.getfilesystemencoding() == "utf-8" else "not plain"
    long = tmp_path / (start + "x" * 200 + ".png")
    shutil.copy(tmp_path / "me.png", long)
    tree = validate(compose_job(["generator=tiny", "image=file", f"image.x.path='{long}'"]).config)
    identity = identify(tree, "reconstruct")
    assert len(identity.folder) < 70
    assert "/" not in identity.folder
    assert " " not in identity.folder
    assert identity.folder.endswith(identity.signature)


def test_an_option_may_move_to_another_file_of_its_package(photo, monkeypatch):
    before = sign(photo, "mask=box")
    monkeypatch.setattr(Box, "__module__", "ganvas.mask.elsewhere")
    assert sign(photo, "mask=box") == before
    monkeypatch.setattr(Box, "__module__", "theirs.mask.box")
    assert sign(photo, "mask=box") != before


def test_no_two_classes_of_a_package_share_a_name():
    owners: dict[tuple[str, str], set[str]] = {}
    for found in pkgutil.walk_packages(ganvas.__path__, "ganvas."):
        module = importlib.import_module(found.name)
        package = ".".join(found.name.split(".")[:2])
        for _, each in inspect.getmembers(module, inspect.isclass):
            if each.__module__ == found.name:
                owners.setdefault((package, each.__qualname__), set()).add(found.name)
    assert len(owners) > 100
    assert {name: at for name, at in owners.items() if len(at) > 1} == {}
