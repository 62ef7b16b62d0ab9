"""`ganvas sample`: pictures from a generator, with what they are made of."""

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.embedding import Embedding
from ganvas.functional.images import to_uint8
from ganvas.generator.tiny import TinyGenerator


def test_samples_are_what_the_generator_draws_from_seeds(ganvas_command, tmp_path):
    done = ganvas_command(
        "sample", "generator=tiny", "-n", "2", "--seed", "3", "--psi", "0.5", "-o", "drawn"
    )
    assert done.code == 0
    generator = TinyGenerator()
    rng = torch.Generator().manual_seed(4)
    w = generator.broadcast(generator.sample_w(1, rng))
    w = generator.w_avg + 0.5 * (w - generator.w_avg)
    expected = to_uint8(generator(w, generator.sample_noise(1, rng)))[0].permute(1, 2, 0)
    with Image.open("drawn/0004.png") as picture:
        assert np.array_equal(np.asarray(picture), expected.numpy())
    saved = Embedding.load("drawn/embedding.safetensors")
    assert saved.names == ("0003", "0004")
    assert to_uint8(saved.render(generator))[1].permute(1, 2, 0).equal(expected)


def test_asking_for_more_keeps_the_first(ganvas_command):
    ganvas_command("sample", "generator=tiny", "-n", "1", "-o", "drawn")
    with Image.open("drawn/0000.png") as picture:
        first = np.asarray(picture)
    assert ganvas_command("sample", "generator=tiny", "-n", "2", "-o", "drawn").code == 0
    with Image.open("drawn/0000.png") as picture:
        assert np.array_equal(np.asarray(picture), first)


@pytest.mark.parametrize(("words", "expected"), [
    (["-n", "0"], "--count must be at least 1"),
    (["-n", str(10**9)], "--count must be at least 1 and at most 10000"),
    (["--psi", "1e30"], "--psi must be a number, such as 0.7, from -100 to 100"),
    (["--seed", "-5"], "--seed must be at least 0"),
    (["--seed", str(3**50)], "--seed must be at least 0 and below"),
    (["--seed", str(2**63 - 1), "-n", "2"], "--seed must be at least 0 and below"),
    (["--psi", "nan"], "--psi must be a number"),
    (["--psi=-inf"], "--psi must be a number"),
    (["mask=box"], "'mask=box' does not choose a generator"),
    (["generator=tinny"], "did you mean 'tiny'?"),
    (["generator=tiny", "-o", "."], "holds other pictures (mine.png)"),
])  # fmt: skip
def test_mistakes_are_one_line(ganvas_command, words, expected):
    Image.new("RGB", (16, 16)).save("mine.png")
    done = ganvas_command("sample", *words)
    assert done.code != 0
    assert expected in done.err
    assert len(done.err.strip().splitlines()) == 1
