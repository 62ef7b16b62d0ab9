"""`ganvas dissect`: the files that it leaves, going on after a kill, and mistakes in one line."""

from __future__ import annotations

import html.parser
import json
import os
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganvas.command.dissect import ROOT, key_of
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.dissect import Dissection
from ganvas.dissect.plan import DissectPlan
from ganvas.embedding import Embedding
from ganvas.generator.tiny import TinyGenerator

SAMPLES = 26  # one more than a shard
WORDS = ("dissect", "generator=tiny", "concepts=files", "concepts.path=masks", "layers=[8,16]",
         f"samples={SAMPLES}", "calibration=4", "device=cpu")  # fmt: skip
EFFECT = "effect={samples: 2, random: 1, units: 3}"


def masks(folder: Path, *concepts: str) -> None:
    """Write the same mask for every sample: of each concept another quarter."""
    for number, concept in enumerate(concepts):
        picture = Image.new("L", (32, 32))
        picture.paste(255, (16 * (number % 2), 16 * (number // 2), 16 * (number % 2) + 16, 16))
        target = folder / "masks" / concept
        target.mkdir(parents=True)
        picture.save(target / "0000.png")
        for index in range(1, SAMPLES):
            os.link(target / "0000.png", target / f"{index:04d}.png")


def result(folder: Path) -> Path:
    (found,) = folder.glob("dissections/tiny-*/*/dissection.safetensors")
    return found.parent


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


def test_a_dissection_leaves_units_a_table_and_a_page(ganvas_command, tmp_path):
    masks(tmp_path, "left", "<i>right")
    done = ganvas_command(*WORDS, EFFECT)
    assert done.code == 0, done.err
    folder = result(tmp_path)
    assert str(folder.relative_to(tmp_path) / "index.html") in done.out
    dissection = Dissection.load(folder)
    dissection.require_generator(TinyGenerator())
    assert dissection.concepts == ("<i>right", "left")
    assert dissection.samples == SAMPLES
    assert dissection.share.tolist() == [0.25, 0.25]
    table = json.loads((folder / "units.json").read_text(encoding="utf-8"))
    first = table["concepts"][1]["layers"]["8x8.conv1"][0]
    assert (first["unit"],) == dissection.best("left", "8x8.conv1", 1)
    assert len(table["effects"]) == 2
    # The masks stay whatever is ablated.
    assert {e["best"]["removed"]["value"] for e in table["effects"]} == {0.0}
    page = (folder / "index.html").read_text(encoding="utf-8")
    parsed = _Tags()
    parsed.feed(page)
    assert {"script", "i"}.isdisjoint(parsed.tags)
    assert parsed.tags.count("img") == 2 * 2 * 4
    assert "&lt;i&gt;right" in page
    assert "default-src 'none'" in page


KILLS = [
    ("ganvas.dissect.counts:Counts.save", 2, "before"),
    ("ganvas.dissect.survey:count_layer", 9, "before"),
    ("ganvas.dissect.effects:measure", 2, "before"),
]


@pytest.mark.slow
def test_a_killed_dissection_goes_on_to_the_bit(fork_server, tmp_path):
    whole = tmp_path / "whole"
    masks(whole, "left", "right")
    assert fork_server.run(whole, *WORDS, EFFECT) == 0, (whole / "child.log").read_text(
        encoding="utf-8"
    )
    for number, kill in enumerate(KILLS):
        cut = tmp_path / str(number)
        masks(cut, "left", "right")
        assert fork_server.run(cut, *WORDS, EFFECT, kill=kill) == -signal.SIGKILL
        assert list(cut.glob("dissections/*/*/shard-*")) or "count_layer" in kill[0]
        assert bool(list(cut.glob("dissections/*/*/effects/*"))) is ("measure" in kill[0])
        assert fork_server.run(cut, *WORDS, EFFECT) == 0, (cut / "child.log").read_text(
            encoding="utf-8"
        )
        files = [file for file in sorted(result(whole).rglob("*")) if file.is_file()]
        assert len(files) == 8
        for file in files:
            other = result(cut) / file.relative_to(result(whole))
            assert other.read_bytes() == file.read_bytes(), file.name


def test_embedded_photographs_take_the_place_of_samples(ganvas_command, tmp_path):
    masks(tmp_path, "left")
    assert ganvas_command("sample", "generator=tiny", "-n", "3").code == 0
    embedding = "embedding=samples/embedding.safetensors"
    assert ganvas_command(*WORDS, embedding, "effect=null").code == 0
    photographs = Dissection.load(result(tmp_path))
    assert photographs.samples == 3
    # They are samples with ψ = 0.7, so that samples give the same.
    ganvas_command(*WORDS, "samples=3", "output=other", "effect=null")
    (file,) = tmp_path.glob("other/*/*/dissection.safetensors")
    samples = Dissection.load(file)
    for layer, units in photographs.layers.items():
        assert torch.equal(units.iou, samples.layers[layer].iou)


@pytest.mark.parametrize(("words", "expected"), [
    (["concepts=fce"], "concepts: no option 'fce'; did you mean 'face'?"),
    (["concepts.names=[lft]"], "the segmenter has no concept 'lft'; did you mean 'left'?"),
    (["concepts.path=nothing"], "no such folder of masks"),
    (["layers=[64]"], "tiny has no layer at 64²"),
    (["layers=[]"], "layers: at least one layer is needed"),
    (["effect={layer: 32}"], "effect.layer=32 is not among layers"),
    (["effect={concepts: [rihgt]}"], "effect.concepts: the dissection has no concept 'rihgt'"),
    (["samples=1"], "samples=1"),
    (["sampels=9"], "unknown key 'sampels'; did you mean 'samples'?"),
    (["effect={rankings: [alpha]}"], "gradients are needed, which MaskFiles does not have"),
    (["effect={rankings: [alhpa]}"], "effect.rankings"),
    (["effect={rankings: []}"], "effect.rankings: at least one is needed"),
    (["embedding=none.safetensors"], "embedding: no such file: none.safetensors"),
    (["concepts=onnx", "concepts.path=n.onnx", "concepts.labels=[a]"], "concepts: no such file"),
    (["samples=40"], "no mask of left for picture 0026"),
    (["seed=0,1"], "several values"),
    (["generator=tny"], "did you mean 'tiny'"),
    (["concepts=torchscript", "concepts.path=a", "concepts.labels=[a]"], "trust=true"),
])  # fmt: skip
def test_a_mistake_is_one_line(ganvas_command, tmp_path, words, expected):
    masks(tmp_path, "left")
    keys = {word.partition("=")[0] for word in words}
    kept = [w for w in WORDS if w.partition("=")[0] not in keys]
    done = ganvas_command(*kept, *words)
    assert done.code == 2, done.err
    complaint = done.err.strip().splitlines()[-1]
    assert complaint.startswith("ganvas: ")
    assert expected in complaint


def test_classes_share_no_folder_and_a_file_may_move():
    def key(*words):
        call, _ = resolve_as(DissectPlan, Resolver(root=ROOT), [*words, "concepts=face"])
        return key_of(call)

    network = ("generator=stylegan2", "generator.checkpoint=a.pkl")
    assert key(*network, "generator.label=0") != key(*network, "generator.label=1")
    assert key(*network, "generator.half=true") != key(*network)
    assert key(*network, "generator.checkpoint=b.pkl") == key(*network) == key("generator=tiny")


def test_an_embedding_of_another_generator_is_refused(ganvas_command, tmp_path):
    masks(tmp_path, "left")
    generator = TinyGenerator(seed=1)
    Embedding(
        generator.sample_w(1), tuple(generator.sample_noise(1)), space="w", names=("a",),
        generator_hash=generator.source_hash,
    ).save(tmp_path / "e.safetensors")  # fmt: skip
    done = ganvas_command(*WORDS, "embedding=e.safetensors")
    assert done.code == 2
    assert "belongs to another generator than tiny" in done.complaint
