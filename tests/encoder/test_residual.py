"""Encoders trained by gradients, on the tiny generator: what they learn, repeat, and refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ganvas.encoder import Augmentation, Job, Maps, Objective, Residual, Stream, Variational, Widths
from ganvas.encoder.file import load_encoder, save_encoder
from ganvas.encoder.fit import Reporter
from ganvas.encoder.state import State
from ganvas.errors import ConfigError, InputError, StorageError
from ganvas.generator.tiny import TinyGenerator
from ganvas.system.tensors import read_tensors

SMALL = {
    "maps": Maps(picture=16),
    "widths": Widths(first=8, width=16, hidden=16, linear=(8,)),
    "linear_samples": 128,
    "stream": Stream(fresh=4, kept=16, resolution=16, augmentation=Augmentation(jpeg=None)),
    "batch": 8,
    "renders": 4,
    "held_out": 4,
}
OPTION = Residual(**SMALL)
PLAIN = replace(OPTION.widths, linear=())
STEPS = 6


def silent(line):
    pass


@pytest.fixture(scope="module")
def generator():
    return TinyGenerator(resolution=16)


def job(folder, steps=STEPS, **changes):
    return Job(4 * steps, 3, folder, report=silent, **changes)


@pytest.fixture(scope="module")
def trained(generator, tmp_path_factory):
    # Fixtures of a module come before the one that sets threads, and sums depend on them.
    torch.set_num_threads(1)
    return OPTION.train(generator, job(tmp_path_factory.mktemp("once")))


def same(a, b):
    pairs = zip(a.network.state_dict().items(), b.network.state_dict().items(), strict=True)
    return all(n == m and torch.equal(x, y) for (n, x), (m, y) in pairs)


def test_a_training_brings_pictures_nearer_to_the_exact_latent(generator, tmp_path):
    # Of one look without renders, and no linear part.
    quick = replace(
        OPTION, iterations=1, objective=Objective(mse=0.0), cool_down=0.3, learning_rate=5e-3,
        stream=replace(OPTION.stream, fresh=8, kept=256), widths=PLAIN, batch=16,
    )  # fmt: skip
    encoder = quick.train(generator, Job(8 * 60, 0, tmp_path, report=silent))
    first, last = (encoder.record["curve"][row]["latent.1"] for row in (0, -1))
    assert last < 0.95 * first


def test_the_linear_part_finds_w_before_anything_is_trained(generator, tmp_path):
    from ganvas.functional.images import from_uint8

    still = replace(OPTION, learning_rate=1e-30, iterations=1, linear_samples=512, held_out=64)
    told = []
    encoder = still.train(generator, replace(job(tmp_path, steps=1), report=told.append))
    assert encoder.record["explained"] > 0.25
    assert "the linear part explains" in told[0]
    # It is linear in the difference from the render of the mean, so that of no difference is 0.
    mean = from_uint8(encoder.mean_picture)
    assert torch.allclose(encoder.encode(mean, generator)[0], generator.w_avg, atol=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_others(generator, trained, tmp_path):
    assert same(trained, OPTION.train(generator, job(tmp_path / "a")))
    other = OPTION.train(generator, replace(job(tmp_path / "b"), seed=4))
    assert not same(trained, other)


@pytest.mark.parametrize("option", [OPTION, Variational(**SMALL)], ids=["residual", "variational"])
def test_what_was_killed_continues_to_the_bit(generator, option, tmp_path, monkeypatch):
    class KilledError(Exception):
        pass

    report = Reporter.on_train_batch_end

    def killed(self, trainer, training, outputs, step, index):
        report(self, trainer, training, outputs, step, index)
        if step == 3:
            raise KilledError

    straight = option.train(generator, job(tmp_path / "straight"))
    monkeypatch.setattr(Reporter, "on_train_batch_end", killed)
    with pytest.raises(KilledError):
        option.train(generator, job(tmp_path / "killed", checkpoint_seconds=0))
    monkeypatch.undo()
    (file,) = (tmp_path / "killed").glob("state-*")
    assert State.load(file).step == 4
    # What came of it so far is an encoder, too.
    assert load_encoder(tmp_path / "killed" / "latest.safetensors").record["steps"] == 4
    again = option.train(generator, job(tmp_path / "killed"))
    assert same(straight, again)
    assert straight.record == again.record
    assert not file.exists()


def test_a_time_that_is_over_ends_a_training_early(generator, tmp_path):
    short = replace(OPTION, seconds=1e-6)
    assert short.train(generator, job(tmp_path)).record["steps"] < 2


def test_an_untrained_network_gives_the_mean_latent(generator, tmp_path):
    still = replace(OPTION, learning_rate=1e-30, widths=PLAIN)
    encoder = still.train(generator, job(tmp_path, steps=1))
    w = encoder.encode(torch.rand(2, 3, 16, 16) * 2 - 1, generator)
    assert torch.allclose(w, generator.w_avg.expand_as(w), atol=1e-6)


def test_a_second_look_sees_the_render_of_the_first(generator, trained):
    from ganvas.encoder.coordinates import Coordinates

    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    one = replace(trained, iterations=1).encode(image, generator)
    render = generator(one, generator.fixed_noise())
    coordinates = Coordinates.of(generator, trained.basis)
    with torch.no_grad():
        update = trained.network(trained.maps(image), trained.maps(render))
    assert torch.equal(trained.encode(image, generator), coordinates.moved(one, update))
    both = trained.encode(torch.cat([image, image.flip(3)]), generator)
    assert torch.equal(both[:1], trained.encode(image, generator))


def test_photographs_are_trained_on_and_judged(generator, trained, tmp_path):
    from ganvas.assets.packaged import packaged

    (tmp_path / "p").mkdir()
    picture = packaged(Path("ganvas:astronaut.png"))
    (tmp_path / "p" / "a.png").write_bytes(picture.read_bytes())
    folder = tmp_path / "p"
    with_photographs = replace(OPTION, photographs=folder, photograph_batch=2, judges=folder)
    encoder = with_photographs.train(generator, job(tmp_path / "job"))
    assert not same(encoder, trained)
    assert encoder.record["on_photographs"]["count"] == 1
    with pytest.raises(InputError, match="no such picture"):
        replace(OPTION, judges=tmp_path / "none").train(generator, job(tmp_path / "x"))
    blind = replace(with_photographs, objective=Objective(mse=0.0))
    with pytest.raises(ConfigError, match=r"encoder\.photographs: .*no loss of pictures"):
        blind.train(generator, job(tmp_path / "x"))


def test_a_file_gives_the_encoder_back(generator, trained, tmp_path):
    file = tmp_path / "e.safetensors"
    save_encoder(trained, file)
    opened = load_encoder(file)
    image = torch.rand(1, 3, 16, 16) * 2 - 1
    # The network is kept in float16.
    assert torch.allclose(
        opened.encode(image, generator), trained.encode(image, generator), atol=1e-2
    )
    assert (opened.record, opened.maps, opened.iterations) == (
        trained.record, trained.maps, trained.iterations,
    )  # fmt: skip
    opened.require_generator(generator, file)
    with pytest.raises(InputError, match="not for tiny at 32²"):
        opened.require_generator(TinyGenerator(), file)


def outputs(metadata, groups, w_dim=32):
    """Put other outputs into the metadata of a file."""
    described = {"w_dim": w_dim, "groups": groups, "variational": False}
    metadata["outputs"] = json.dumps(described)


BROKEN = {
    "'basis' is missing": lambda t, m: t.pop("basis"),
    "'basis' is not that of rows": lambda t, m: t.update(basis=torch.ones(3, 3)),
    "not those of the network": lambda t, m: t.pop("network/common.bias"),
    "not finite": lambda t, m: t["basis"].fill_(torch.nan),
    "is no picture": lambda t, m: t.update(mean_picture=torch.ones(3)),
    "'iterations' is 0": lambda t, m: m.update(iterations="0"),
    "'iterations' is 101": lambda t, m: m.update(iterations="101"),
    "widths.first": lambda t, m: m.update(widths=json.dumps({"first": 10**9})),
    "outputs.groups: 1 for 1 rows": lambda t, m: outputs(m, [1]),
    "outputs.groups: 300 for 2 rows": lambda t, m: outputs(m, [0, 300]),
    "greater than or equal to 0": lambda t, m: outputs(m, [-2]),
    "at most 64 items": lambda t, m: outputs(m, [0] * 65),
    "outputs.w_dim": lambda t, m: outputs(m, [0], 10**12),
    "'maps' is no mapping": lambda t, m: m.update(maps="[]"),
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_file_is_refused_in_one_line(trained, tmp_path, line):
    file = tmp_path / "e.safetensors"
    save_encoder(trained, file)
    tensors, metadata = read_tensors(file)
    BROKEN[line](tensors, metadata)
    save_file(tensors, file, metadata)
    with pytest.raises(InputError, match=line) as refused:
        load_encoder(file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"hello", "is broken .not a readable safetensors file"),
        (None, "is broken .it is no state of a training"),
    ],
)
def test_a_broken_state_is_refused_in_one_line(generator, tmp_path, content, line):
    file = tmp_path / f"state-{4 * STEPS}.safetensors"
    if content is None:
        save_file({"a": torch.ones(1)}, file)
    else:
        file.write_bytes(content)
    with pytest.raises(StorageError, match=line):
        OPTION.train(generator, job(tmp_path))


def test_a_state_of_another_network_is_refused(generator, tmp_path):
    state = State(step=1, network={"a": torch.ones(1)})
    state.save(tmp_path / f"state-{4 * STEPS}.safetensors")
    with pytest.raises(StorageError, match="is of another network"):
        OPTION.train(generator, job(tmp_path))
