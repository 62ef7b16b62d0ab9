"""`ganvas train encoder`, and what a run makes of its file."""

from __future__ import annotations

import json

import pytest
import torch

from conftest import TINY
from ganvas.command.help import option_fields
from ganvas.command.train import ROOT, Training, signature
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.config.groups import groups
from ganvas.functional.images import to_uint8
from ganvas.generator.tiny import TinyGenerator

TRAIN = (
    "train", "encoder", "generator=tiny", "encoder=linear_pixels", "encoder.data.shard=20",
    "trainer=cpu", "trainer.threads=1", "trainer.progress=false",
)  # fmt: skip
RUN = tuple(word for word in TINY if word != "metrics=pixel")


@pytest.fixture
def encoder(ganvas_command, tmp_path):
    done = ganvas_command(*TRAIN, "samples=60")
    assert done.code == 0, done.err
    (file,) = tmp_path.glob("encoders/tiny-linear_pixels-*/encoder-60.safetensors")
    return file


@pytest.mark.parametrize("option", groups()["encoder"])
def test_option_composes_and_every_field_is_documented(option):
    resolve_as(Training, Resolver(root=ROOT), [f"encoder={option}"])
    for key, text in option_fields(groups()["encoder"][option], "encoder"):
        assert text.partition(": ")[2].strip(), f"encoder={option}: {key} is not documented"


def test_a_training_is_recognised_repeated_to_the_bit_and_extended(
    ganvas_command, encoder, tmp_path
):
    record = json.loads(encoder.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["samples"] == 60
    assert (encoder.parent / "config.yaml").is_file()
    assert "finished already" in ganvas_command(*TRAIN, "samples=60").out
    assert ganvas_command(*TRAIN, "samples=60", "output=again").code == 0
    (again,) = tmp_path.glob("again/*/encoder-60.safetensors")
    assert again.read_bytes() == encoder.read_bytes()
    assert ganvas_command(*TRAIN, "samples=80").code == 0
    assert (encoder.parent / "encoder-80.safetensors").is_file()
    assert len(list((encoder.parent / "shards").iterdir())) == 4


def test_a_run_starts_where_the_encoder_says(ganvas_command, encoder, tmp_path):
    from ganvas.api import run
    from ganvas.encoder.file import load_encoder
    from ganvas.image.source import to_tensor

    result = run([*TINY, "edit=encode", f"start.path={encoder}"])
    photograph = to_tensor([result.image("target").convert("RGB")], 32)
    generator = TinyGenerator()
    w = load_encoder(encoder).encode(photograph, generator)
    assert torch.allclose(result.embedding.latent, generator.broadcast(w), atol=1e-5)
    drawn = to_uint8(result.embedding.render(generator))[0]
    assert torch.equal(to_uint8(to_tensor([result.image("e")], 32))[0], drawn)
    moved = run([*TINY, "edit=reconstruct_w", "start=encoder", f"start.path={encoder}",
                 "budget.latent=0"])  # fmt: skip
    assert torch.equal(moved.embedding.latent, result.embedding.latent)


def test_the_encoder_of_each_image_starts_that_image(ganvas_command, encoder):
    from ganvas.api import run

    pair = ("image=pair", "image.x.path=ganvas:astronaut.png", "image.x.crop=centre",
            "image.y.path=ganvas:astronaut.png", "image.y.crop=[20,20,236,236]")  # fmt: skip
    result = run([*TINY, *pair, "edit=morph", "start=encoder", f"start.path={encoder}",
                  "budget.latent=0", "budget.noise=0"])  # fmt: skip
    from ganvas.embedding import Embedding

    other = Embedding.load(result.path / "embedding.y.safetensors")
    assert not torch.allclose(result.embedding.latent, other.latent)


def test_another_network_under_the_same_path_is_another_training(tmp_path):
    def named():
        words = ["generator=stylegan2", f"generator.checkpoint={file}", "samples=60"]
        return signature(resolve_as(Training, Resolver(root=ROOT), words)[0])

    file = tmp_path / "network.pkl"
    file.write_bytes(b"one")
    before = named()
    file.write_bytes(b"another one")
    assert named() != before


MISTAKES = {
    ("encoder=linaer",): ("encoder", "'linaer'", "did you mean 'linear'"),
    ("sample=9",): ("'sample'", "did you mean 'samples'"),
    ("samples=1",): ("samples=1", "greater than or equal to 2"),
    ("samples=20",): ("samples=20", "at least 21"),
    ("encoder.data.psi=[1.0,0.5]",): ("encoder.data", "the first must not be above"),
    ("encoder.features.pixels=0",): ("encoder.features", "there is none"),
    ("mask=box",): ("mask",),
    ("--config-dir", "nowhere", "samples=1"): ("no such folder of configurations: nowhere",),
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line(ganvas_command, words):
    done = ganvas_command(*TRAIN, *words)
    assert done.code == 2
    for part in MISTAKES[words]:
        assert part in done.complaint


RESIDUAL = (
    "train", "encoder", "generator=tiny", "encoder=residual_pixels", "encoder.maps.picture=32",
    "encoder.widths={first: 8, width: 16, hidden: 16, linear: []}", "encoder.stream.kept=16",
    "encoder.batch=4", "encoder.renders=2", "encoder.held_out=2", "trainer=cpu",
    "trainer.threads=1",
)  # fmt: skip


def test_a_network_is_trained_and_a_run_starts_from_its_rows(ganvas_command, tmp_path):
    from ganvas.api import run
    from ganvas.encoder.file import load_encoder
    from ganvas.image.source import to_tensor

    done = ganvas_command(*RESIDUAL, "samples=48")
    assert done.code == 0, done.err
    assert "48 samples" in done.out
    (file,) = tmp_path.glob("encoders/tiny-residual_pixels-*/encoder-48.safetensors")
    assert "finished already" in ganvas_command(*RESIDUAL, "samples=48").out
    generator = TinyGenerator()
    for space in ("w+", "w"):
        result = run([*TINY, "edit=encode", f"start.path={file}", f"start.space={space}"])
        photograph = to_tensor([result.image("target").convert("RGB")], 32)
        rows = load_encoder(file).encode(photograph, generator)
        if space == "w":
            rows = rows[:, list(generator.effective_rows)].mean(1)
        assert torch.allclose(result.embedding.latent, rows, atol=1e-5)


NETWORK_MISTAKES = {
    ("encoder.maps.vgg=[conv9_9]",): ("encoder.maps", "no layer 'conv9_9'"),
    ("encoder.widths.first=12",): ("encoder.widths.first", "multiple of 8"),
    ("encoder.widths.linear=[1,1]",): ("widths.linear=[1, 1]", "one grid for each of the 1 maps"),
    ("encoder.stream.kept=17",): ("encoder.stream", "kept=17 must be a multiple of fresh=16"),
    ("encoder.objective.latent=-1",): ("encoder.objective.latent", "greater than or equal to 0"),
    ("encoder.kl=1",): ("'encoder.kl'",),
    ("encoder.photographs=none",): ("no such file: none",),
    ("encoder.judges=none",): ("no such file: none",),
}


@pytest.mark.parametrize("words", NETWORK_MISTAKES)
def test_a_mistake_in_a_training_by_gradients_is_one_line(ganvas_command, words):
    done = ganvas_command(*RESIDUAL, "samples=48", *words)
    assert done.code == 2
    for part in NETWORK_MISTAKES[words]:
        assert part in done.complaint


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("generator.seed=1",), "not for tiny at 32²"),
        (("generator.resolution=64",), "not for tiny at 64²"),
        (("edit=inpaint", "mask=box"), "start: FromEncoder sees what this edit hides"),
    ],
)
def test_an_encoder_that_does_not_fit_is_refused_in_one_line(ganvas_command, encoder, words, line):
    done = ganvas_command("run", *TINY, "start=encoder", f"start.path={encoder}", *words)
    assert done.code == 2
    assert line in done.complaint


def test_a_file_that_is_none_is_refused_before_any_work(ganvas_command, tmp_path):
    (tmp_path / "e.safetensors").write_text("hello")
    done = ganvas_command("run", *TINY, "start=encoder", "start.path=e.safetensors")
    assert done.code == 2
    assert "e.safetensors is not a readable safetensors file" in done.complaint
