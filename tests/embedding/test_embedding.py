from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from ganvas.embedding import Embedding, rows_of
from ganvas.errors import InputError
from ganvas.generator.tiny import TinyGenerator
from ganvas.start import Random, WAvg


@pytest.fixture(scope="module")
def generator() -> TinyGenerator:
    return TinyGenerator(16, 4, 8).eval()


def assert_equal(a: Embedding, b: Embedding) -> None:
    assert a.latent.equal(b.latent)
    assert all(x.equal(y) for x, y in zip(a.noise, b.noise, strict=True))
    for field in ("space", "generator", "generator_hash", "names", "truncation"):
        assert getattr(a, field) == getattr(b, field)


@pytest.mark.parametrize("space", ["z", "w", "w+", "s"])
def test_file_holds_everything(generator, tmp_path, space):
    from dataclasses import replace

    start = Random(space).begin(generator, ("a", "b/ü"), 4)
    embedding = replace(start, generator={"_target_": "x", "n": [1]}, truncation=0.7)
    embedding.save(tmp_path / "e.safetensors")
    loaded = Embedding.load(tmp_path / "e.safetensors")
    assert_equal(embedding, loaded)
    assert loaded.render(generator).equal(embedding.render(generator))


def test_rounded_noise_takes_half_the_room_and_is_read_back_to_the_bit(generator, tmp_path):
    start = Random("w+").begin(generator, ("a",), 4)
    rounded = start.rounded()
    sizes = {}
    for name, embedding in {"exact": start, "rounded": rounded}.items():
        file = tmp_path / f"{name}.safetensors"
        embedding.save(file)
        loaded = Embedding.load(file)
        assert_equal(loaded, embedding)
        assert all(noise.dtype == torch.float32 for noise in loaded.noise)
        sizes[name] = file.stat().st_size
    bytes_of_noise = 4 * sum(noise.numel() for noise in start.noise)
    # The header's names of types and offsets differ by some bytes.
    assert abs(sizes["exact"] - sizes["rounded"] - bytes_of_noise // 2) < 64
    assert not any(a.equal(b) for a, b in zip(start.noise, rounded.noise, strict=True))


def test_spaces_draw_the_same_picture(generator):
    start = Random("z").begin(generator, ("a", "b"), 4)
    renders = [Random(s).begin(generator, ("a", "b"), 4).render(generator, 2) for s in ("z", "w")]
    renders += [Random(s).begin(generator, ("a", "b"), 4).render(generator, 2) for s in ("w+", "s")]
    for render in renders[1:]:
        assert torch.allclose(render, renders[0], atol=1e-5)
    assert len(start) == 2
    assert start[0:1].names == ("a",)
    assert torch.allclose(start[1:2].render(generator), renders[0][1:], atol=1e-5)


def test_truncation_pulls_towards_the_mean(generator):
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(0))
    w = generator.mapping(z)
    wanted = generator.w_avg + 0.4 * (w - generator.w_avg)
    assert torch.allclose(rows_of(z, "z", generator, 0.4)[:, 0], wanted, atol=1e-6)
    with pytest.raises(ValueError, match="S space"):
        rows_of(z, "s", generator)


@pytest.mark.parametrize(
    ("metadata", "tensors", "part"),
    [
        ({}, {"latent": torch.zeros(1)}, "not a ganvas embedding"),
        ({"format": "ganvas-embedding-1"}, {"latent": torch.zeros(1)}, "broken"),
        ({"format": "ganvas-embedding-1"}, {"x": torch.zeros(1)}, "broken"),
    ],
)
def test_other_files_are_refused(tmp_path, metadata, tensors, part):
    save_file(tensors, tmp_path / "e.safetensors", metadata)
    with pytest.raises(InputError, match=part):
        Embedding.load(tmp_path / "e.safetensors")


def test_same_start_for_every_image(generator):
    start = WAvg().begin(generator, ("a", "b", "c"), 0)
    assert start.latent[0].equal(start.latent[2])
    assert start.noise[3][0].equal(start.noise[3][2])
    assert not start.noise[0].equal(
        WAvg().begin(generator, ("a",), 1).noise[0][:1].expand(3, -1, -1, -1)
    )


@pytest.mark.parametrize("space", ["w", "w+", "s"])
def test_render_command_draws_the_runs_result(ganvas_command, tiny_run, space):
    result = tiny_run(f"start.space={space}", "start=w_avg")
    done = ganvas_command("render", str(result.path / "embedding.safetensors"), "-o", "sub/out.png")
    assert done.code == 0
    with Image.open("sub/out.png") as drawn:
        found = np.asarray(drawn).astype(int)
    assert np.abs(found - np.asarray(result.image("result")).astype(int)).max() <= 1
    assert json.loads(json.dumps(result.metrics))["final"]["psnr"] > 0


def test_render_command_names_the_pictures_of_a_batch(ganvas_command, tiny_run, tmp_path):
    for name in ("one", "two"):
        Image.new("RGB", (32, 32), {"one": "red", "two": "blue"}[name]).save(
            tmp_path / f"{name}.png"
        )
    result = tiny_run("image=file", f"image.x.path={tmp_path}")
    file = str(result.path / "embedding.safetensors")
    done = ganvas_command("render", file, "-o", "out.png")
    assert done.out.split() == ["out-one.png", "out-two.png"]
    for name in ("one", "two"):
        with Image.open(f"out-{name}.png") as drawn, result.image("result", name) as wanted:
            gap = np.asarray(drawn).astype(int) - np.asarray(wanted).astype(int)
            assert np.abs(gap).max() <= 1
