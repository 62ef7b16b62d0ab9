"""The linear encoder on the tiny generator: what it learns, repeats, and refuses."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ganvas.encoder import Augmentation, Data, Features, Job, Linear
from ganvas.encoder.file import load_encoder, save_encoder
from ganvas.encoder.linear import judged
from ganvas.encoder.shards import Shards
from ganvas.errors import ConfigError, InputError
from ganvas.functional.ridge import normal_equations
from ganvas.generator.tiny import TinyGenerator

STILL = Augmentation(colour=0, blur=0, jpeg=None, crop=0)
OPTION = Linear(Features(pixels=8), Data(shard=20, augmentation=STILL), penalties=(1e-3, 1e-1))


def silent(line):
    pass


@pytest.fixture(scope="module")
def generator():
    return TinyGenerator()


@pytest.fixture(scope="module")
def trained(generator, tmp_path_factory):
    """An encoder of 390 samples and the folder of its shards."""
    # Fixtures of a module come before the one that sets threads, and sums depend on them.
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("shards")
    return OPTION.train(generator, Job(390, 5, folder, report=silent)), folder / "shards"


def test_a_sample_is_the_generators_picture_of_its_w(generator):
    from ganvas.functional.images import to_uint8

    w, picture = Data(psi=(0.5, 0.5), augmentation=STILL).sample(generator, 1, 7)
    rng = torch.Generator().manual_seed(1_000_003 + 7)
    z = torch.randn(1, generator.z_dim, generator=rng)
    torch.rand(1, generator=rng)
    expected = generator.w_avg + (generator.mapping(z) - generator.w_avg) / 2
    assert torch.allclose(w, expected, atol=1e-6)
    drawn = generator(generator.broadcast(w), generator.sample_noise(1, rng))
    assert torch.equal(to_uint8(picture), to_uint8(drawn))


def test_it_is_ridge_regression_of_all_samples_written_out(generator, trained):
    encoder, folder = trained
    parts = [load_file(file) for file in sorted(folder.iterdir())]
    x, w = (torch.cat([p[k] for p in parts]).double().numpy() for k in ("features", "w"))
    assert len(x) == 390
    centred = (x - x.mean(0)) / x.std(0)
    penalty = encoder.record["penalty"]
    inverse = np.linalg.inv(centred.T @ centred / 390 + penalty * np.eye(x.shape[1]))
    beta = inverse @ centred.T @ (w - w.mean(0)) / 390
    assert np.allclose(encoder.affine.beta.numpy(), beta, atol=1e-4)


def test_it_finds_w_of_new_samples_better_than_the_mean_does(generator, trained):
    encoder, _ = trained
    pairs = [OPTION.data.sample(generator, 99, index) for index in range(40)]
    w, pictures = (torch.cat(part) for part in zip(*pairs, strict=True))
    error = (encoder.encode(pictures, generator) - w).square().sum(1).mean()
    assert error < 0.5 * (w - w.mean(0)).square().sum(1).mean()
    assert encoder.record["explained"] > 0.5


def test_the_record_tells_the_curve_and_the_penalty_that_was_best(trained):
    record = trained[0].record
    # 20 shards of which 2 are held out: a quarter, a half and all of 18.
    assert sorted({row["samples"] for row in record["curve"]}) == [80, 180, 360]
    assert record["held_out"] == 30
    whole = [row for row in record["curve"] if row["samples"] == 360]
    assert record["penalty"] == min(whole, key=lambda row: row["error"])["penalty"]
    assert whole[0]["error"] < record["curve"][0]["error"]


def test_what_was_interrupted_or_broken_continues_to_the_bit(generator, trained, tmp_path):
    class StoppedError(Exception):
        pass

    told = []

    def stop(line):
        told.append(line)
        if len(told) == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        OPTION.train(generator, Job(390, 5, tmp_path, report=stop))
    files = sorted((tmp_path / "shards").iterdir())
    assert len(files) == 5
    files[2].write_bytes(files[2].read_bytes()[:100])
    kept = files[4].stat().st_mtime_ns
    again = OPTION.train(generator, Job(390, 5, tmp_path, report=silent))
    assert files[4].stat().st_mtime_ns == kept
    save_encoder(trained[0], tmp_path / "a.safetensors")
    save_encoder(again, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_more_samples_keep_the_first_ones(generator, tmp_path):
    few = Shards(tmp_path, OPTION.data, OPTION.features, 40, 0)
    few.compute(generator, silent)
    more = Shards(tmp_path, OPTION.data, OPTION.features, 60, 0)
    told = []
    more.compute(generator, told.append)
    assert told == ["60 of 60"]
    assert torch.equal(next(iter(more))[0], next(iter(few))[0])


def test_a_file_gives_the_encoder_back(generator, trained, tmp_path):
    encoder, _ = trained
    file = tmp_path / "e.safetensors"
    save_encoder(encoder, file)
    opened = load_encoder(file)
    images = OPTION.data.sample(generator, 3, 0)[1]
    # The matrix is kept in float16.
    assert torch.allclose(
        opened.encode(images, generator), encoder.encode(images, generator), atol=1e-2
    )
    assert opened.record == encoder.record
    assert opened.features == encoder.features
    opened.require_generator(generator, file)


@pytest.mark.parametrize("other", [{"seed": 1}, {"resolution": 64}])
def test_an_encoder_of_another_generator_is_refused(trained, other, tmp_path):
    with pytest.raises(InputError, match=r"e\.st encodes for tiny at 32² with weights .*not for"):
        trained[0].require_generator(TinyGenerator(**other), tmp_path / "e.st")


def test_latents_of_another_length_are_refused(generator, trained, tmp_path):
    affine = trained[0].affine
    short = replace(
        trained[0], affine=affine._replace(beta=affine.beta[:, 1:], bias=affine.bias[1:])
    )
    with pytest.raises(InputError, match="gives rows of 31, but tiny has 32"):
        short.require_generator(generator, tmp_path)


def test_one_sample_may_judge_and_then_explains_nothing_that_can_be_said(generator, tmp_path):
    said = []
    encoder = OPTION.train(generator, Job(21, 0, tmp_path, report=said.append))
    assert encoder.record["held_out"] == 1
    assert math.isnan(encoder.record["explained"])
    errors = {row["penalty"]: row["error"] for row in encoder.record["curve"]}
    assert encoder.record["penalty"] == min(errors, key=lambda penalty: errors[penalty])
    save_encoder(encoder, tmp_path / "e.safetensors")
    assert math.isnan(load_encoder(tmp_path / "e.safetensors").record["explained"])


def test_the_explained_part_is_scikit_learns_r2_of_all_coordinates_together():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(200, 4)), rng.normal(size=(4, 3))
    y = x @ w + rng.normal(size=(200, 3))
    sums, judges = (
        normal_equations(torch.from_numpy(x[part]), torch.from_numpy(y[part]))
        for part in (slice(150), slice(150, 200))
    )
    found = judged(sums, 1e-9, judges)
    least = np.linalg.lstsq(np.c_[x[:150], np.ones(150)], y[:150], rcond=None)[0]
    residual = np.square(np.c_[x[150:], np.ones(50)] @ least - y[150:]).sum(1).mean()
    spread = np.square(y[150:] - y[150:].mean(0)).sum(1).mean()
    assert found["error"] == pytest.approx(residual, rel=1e-6)
    assert found["explained"] == pytest.approx(1 - residual / spread, rel=1e-6)


def test_too_few_samples_are_refused(generator, tmp_path):
    with pytest.raises(ConfigError, match="samples=20: at least 21 are needed"):
        OPTION.train(generator, Job(20, 0, tmp_path, report=silent))


BROKEN = {
    "is missing": lambda t, m: t.pop("bias"),
    "do not belong together": lambda t, m: t.update(scale=torch.ones(3)),
    "not finite": lambda t, m: t["centre"].fill_(torch.nan),
    "'features' is no mapping": lambda t, m: m.update(features="[]"),
    "unknown key 'features.fire'": lambda t, m: m.update(features=json.dumps({"fire": 1})),
    "invalid literal": lambda t, m: m.update(picture_resolution="wide"),
    "for each of": lambda t, m: m.update(features=json.dumps({"pixels": 3})),
    "without pixels": lambda t, m: m.update(picture_resolution="0"),
    "not a ganvas encoder": lambda t, m: m.update(format="other"),
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_file_is_refused_in_one_line(trained, tmp_path, line):
    from ganvas.system.tensors import read_tensors

    file = tmp_path / "e.safetensors"
    save_encoder(trained[0], file)
    tensors, metadata = read_tensors(file)
    BROKEN[line](tensors, metadata)
    save_file(tensors, file, metadata)
    with pytest.raises(InputError, match=line) as refused:
        load_encoder(file)
    assert "\n" not in str(refused.value)


def test_what_is_no_file_or_no_safetensors_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such encoder"):
        load_encoder(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load_encoder(tmp_path / "text.safetensors")


@pytest.mark.assets
def test_the_encoder_that_comes_along_is_for_the_default_generator():
    from ganvas.assets.packaged import packaged
    from ganvas.config.compose import compose_job
    from ganvas.generator.config import load_generator

    config = compose_job(["start=encoder"]).config
    path = Path(config["start"]["path"])
    assert packaged(path).stat().st_size < 5 * 2**20
    encoder, default = load_encoder(path), load_generator(config["generator"])
    encoder.require_generator(default, path)
    # Seeds that it was not trained on.
    pairs = [Data(augmentation=STILL).sample(default, 10_000, index) for index in range(3)]
    w, pictures = (torch.cat(part) for part in zip(*pairs, strict=True))
    error = (encoder.encode(pictures, generator) - w).square().sum()
    assert error < 0.8 * (w - default.w_avg).square().sum()
