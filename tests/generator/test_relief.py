"""The generator of textures that comes along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ganvas.assets.packaged import packaged
from ganvas.config.compose import compose_job
from ganvas.generator.config import load_generator
from ganvas.system.files import sha256
from ganvas.tile.canvas import Canvas
from ganvas.tile.geometry import geometry
from ganvas.tile.window import Window

FILE = packaged(Path("ganvas:relief.safetensors"))


@pytest.fixture(scope="module")
def generator():
    return load_generator(compose_job(["generator=relief"]).config["generator"])


def test_its_record_is_of_this_file(generator):
    record = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["sha256"] == sha256(FILE)
    assert FILE.stat().st_size < 10 * 2**20
    assert record["config"]["channels"] == list(generator.architecture.channels)
    assert record["curve"][-1]["images"] == record["images"]
    assert "public domain" in record["data"]["licence"]


def test_it_draws_what_it_drew_when_it_was_trained(generator):
    sample = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))["sample"]
    w = generator.broadcast(generator.sample_w(1, torch.Generator().manual_seed(0)))
    image = generator(w, generator.fixed_noise())
    torch.testing.assert_close(
        torch.nn.functional.adaptive_avg_pool2d(image, 4)[0],
        torch.tensor(sample["means"]), atol=1e-3, rtol=0,
    )  # fmt: skip
    assert image.std().item() == pytest.approx(sample["deviation"], abs=1e-3)


def test_its_tiles_are_drawn_in_parts_as_in_whole(generator):
    w = [
        generator.broadcast(generator.sample_w(1, torch.Generator().manual_seed(k))) for k in (0, 1)
    ]
    canvas = Canvas(generator, geometry(generator, 8, (2, 2)), lambda tile: w[sum(tile) % 2], 0)
    whole = canvas.draw(Window(0, canvas.height, 0, canvas.width))
    part = canvas.draw(Window(16, 40, 8, 64))
    torch.testing.assert_close(part, whole[..., 16:40, 8:64], atol=1e-5, rtol=0)
