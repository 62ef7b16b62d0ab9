"""Pivotal tuning: what changes, what does not, and what holds it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fitting import Listener, fit
from ganvas.api import run
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.functional.images import to_uint8
from ganvas.functional.quality import mse, psnr_from_mse
from ganvas.generator.delta import Compact
from ganvas.generator.tiny import TinyGenerator
from ganvas.generator.tuning import tuned, weights_of, with_weights
from ganvas.layers import All, Explicit
from ganvas.loss import L1, MSE, Block
from ganvas.optimizer import Adam
from ganvas.runner.compact_delta import compact
from ganvas.runner.directory import load
from ganvas.stage import Locality, Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.stage.variables import Variables


@pytest.fixture
def scene():
    generator = TinyGenerator()
    rng = torch.Generator().manual_seed(3)
    start = Embedding(
        generator.sample_w(1, rng), tuple(generator.sample_noise(1, rng)), "w", names=("a",)
    )
    target = replace(start, latent=generator.sample_w(1, rng)).render(generator)
    return Scene(generator, {"x": target}, {}, lambda: start)


def tuning(**changes):
    settings = {
        "optimise": {"weights": Adam(lr=0.01, lr_units="rms")},
        "layers": All(),
        "objective": {"fit": Block({"mse": MSE()})},
        "steps": 10,
    }
    return StageConfig(**(settings | changes))


def fitted(scene, config):
    listener = Listener()
    found = fit(Stage(config, scene, micro_batch=1), listener)
    assert not listener.notices
    return found, listener.curve


def test_the_picture_comes_nearer_while_pivot_and_base_stay_to_the_bit(scene):
    base = {k: v.clone() for k, v in scene.generator.state_dict().items()}
    start, target = scene.embedding("x"), scene.images["x"]
    found, _ = fitted(scene, tuning())
    assert torch.equal(found.latent, start.latent)
    assert all(torch.equal(a, b) for a, b in zip(found.noise, start.noise, strict=True))
    before = mse(start.render(scene.generator), target)
    assert mse(found.render(scene.generator), target) < 0.8 * before
    # Others go on being drawn as before.
    assert all(torch.equal(base[k], v) for k, v in scene.generator.state_dict().items())
    assert scene.generator.delta is None


def test_weights_of_other_layers_stay_to_the_bit(scene):
    layer = "16x16.conv0"
    config = tuning(layers=Explicit(activations=(layer,)))
    found, _ = fitted(scene, config)
    expected = {"convs.3.weight", "convs.3.affine.weight", "convs.3.affine.bias"}
    assert set(found.delta.names) == set(weights_of(scene.generator, [layer])) == expected
    state, after = scene.generator.state_dict(), tuned(scene.generator, found.delta).state_dict()
    assert {k for k in state if not torch.equal(state[k], after[k])} == expected
    assert state.keys() == after.keys()


def test_a_stage_draws_on_from_the_layer_before_the_first_that_is_tuned(scene):
    config = tuning(layers=Explicit(activations=("16x16.conv0",)))
    stage = Stage(config, scene, micro_batch=1)
    assert stage._parts[0].resume[0] == "8x8.conv1"
    assert Stage(tuning(), scene, micro_batch=1)._parts[0].resume is None


def test_the_first_step_is_adams_in_fractions_of_each_tensor(scene):
    config = tuning(steps=1)
    found, _ = fitted(scene, config)
    rate = config.optimise["weights"].lr * config.optimise["weights"].schedule.at(0, 1)
    for name in ("convs.2.weight", "convs.6.affine.bias", "const"):
        weight = scene.generator.state_dict()[name]
        change = found.delta.of(name, weight.shape)
        moved = change[change.abs() > 0.5 * change.abs().max()].abs()
        # Adam's first step is the rate, whatever the gradient.
        torch.testing.assert_close(
            moved.median(), rate * weight.square().mean().sqrt(), rtol=1e-2, atol=0
        )


def test_the_locality_term_compares_old_and_new_near_the_pivot(scene):
    old = scene.generator
    state = old.state_dict()
    new = with_weights(old, {"const": state["const"] * 1.5})
    locality = Locality({"mse": MSE(), "l1": L1(weight=2.0)}, 0.3, 1.7, samples=2, every=3, seed=5)
    start = scene.embedding("x")
    pivot, noise = start.rows(old), list(start.noise)
    w = old.sample_w(2, torch.Generator().manual_seed(5 * 1_000_003 + 6))
    expected = 0.0
    for sample in w:
        way = sample.expand(old.rows, -1) - pivot[0]
        near = (pivot[0] + 1.7 * way / way.norm())[None]
        a, b = old(near, noise), new(near, noise)
        expected += 0.3 * ((a - b).square().mean() + 2 * (a - b).abs().mean()) / 2
    found = locality.loss(6, pivot, noise, old, new)
    torch.testing.assert_close(found, expected[None])
    assert locality.loss(7, pivot, noise, old, new) == 0


def test_locality_holds_the_generator(scene):
    config = tuning(steps=30)
    free, _ = fitted(scene, config)
    heavy = Locality({"mse": MSE()}, weight=20.0, distance=3.0)
    held, curve = fitted(scene, replace(config, locality=heavy))

    def moved(embedding):
        base, new = scene.generator, tuned(scene.generator, embedding.delta)
        w = base.broadcast(base.sample_w(8, torch.Generator().manual_seed(77)))
        noise = [n.expand(8, -1, -1, -1) for n in embedding.noise]
        return (base(w, noise) - new(w, noise)).square().mean()

    assert moved(held) < 0.5 * moved(free)
    for row in curve[1:]:
        assert row["loss/locality"][0] > 0
        total = row["loss/mse"][0] + row["loss/locality"][0]
        assert row["loss"][0] == pytest.approx(total, rel=1e-4)


def test_compaction_is_measured_and_tunes_the_scene(scene):
    exact, _ = fitted(scene, tuning(steps=20))
    generator = scene.generator
    other = scene.embedding("y")
    found, values = compact(exact, Compact(rank=4, bits=8), scene, scene.images["x"])
    assert scene.generator.delta is found.delta is scene.embedding("y").delta
    assert not torch.equal(scene.embedding("y").render(generator), other.render(generator))

    def psnr(embedding):
        a, b = (to_uint8(i).float() for i in (embedding.render(generator), scene.images["x"]))
        return float(psnr_from_mse((a - b).square().mean(), 255))

    value = values["a"]
    assert value["psnr_exact"] == pytest.approx(psnr(exact), abs=1e-3)
    assert value["delta_db"] == pytest.approx(psnr(exact) - psnr(found), abs=2e-3)
    assert value["delta_mib"] == pytest.approx(found.delta.size / 2**20, abs=1e-3)
    assert found.delta.size < exact.delta.size / 4


def test_tuning_again_adds_to_the_first(scene):
    first, _ = fitted(scene, tuning(layers=Explicit(activations=("8x8.conv1",))))
    scene.tune(first.delta)
    second, _ = fitted(scene, tuning(layers=Explicit(activations=("4x4.conv1",))))
    assert set(second.delta.names) == set(first.delta.names) | set(
        weights_of(scene.generator, ["4x4.conv1"])
    )
    name = "convs.2.weight"
    shape = scene.generator.state_dict()[name].shape
    torch.testing.assert_close(second.delta.of(name, shape), first.delta.of(name, shape))


def test_tuning_several_photographs_at_once_is_refused(scene):
    start = scene.embedding("x")
    two = replace(start, latent=start.latent.repeat(2, 1), names=("a", "b"))
    with pytest.raises(ConfigError, match="tuning fits the generator to one photograph, and this"):
        Variables(two, scene.generator, All().select(scene.generator), ["weights"])


TINY = [
    "generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "budget=preview",
    "budget.latent=3", "budget.weights=6", "trainer=cpu", "trainer.threads=1",
    "trainer.progress=false",
]  # fmt: skip


def test_a_tuned_picture_renders_identically_and_is_edited(tmp_path):
    result = run([*TINY, "edit=pti", f"output={tmp_path}"])
    stage = result.metrics["stages"]["tune"]["final"]
    assert {"delta_mib", "delta_db", "psnr_exact"} <= set(stage)
    assert stage["psnr"] > result.metrics["stages"]["w"]["final"]["psnr"]
    embedding = load(result.path).embedding
    assert embedding.space == "w"
    assert embedding.delta is not None
    picture = to_uint8(embedding.render(TinyGenerator()))[0].permute(1, 2, 0).numpy()
    assert np.array_equal(picture, np.asarray(result.image("result")))
    untuned = replace(embedding, delta=None).render(TinyGenerator())
    assert not np.array_equal(to_uint8(untuned)[0].permute(1, 2, 0).numpy(), picture)

    file = f"start.path={result.path / 'embedding.safetensors'}"
    again = run([*TINY, "edit=reconstruct_w", "start=embedding", file, "budget.latent=0",
                 f"output={tmp_path}"])  # fmt: skip
    assert np.array_equal(np.asarray(again.image("result")), picture)
    mixed = run([*TINY, "edit=attribute_transfer", "image=scribbled", "start=embedding", file,
                 f"output={tmp_path}", "budget.noise=2"])  # fmt: skip
    assert mixed.embedding.delta.names == embedding.delta.names
    redrawn = to_uint8(mixed.embedding.render(TinyGenerator()))[0].permute(1, 2, 0).numpy()
    assert np.array_equal(redrawn, np.asarray(mixed.image("result")))


@pytest.mark.parametrize(("overrides", "words"), [
    (["start=w_avg", "start.space=s"], "locality needs a pivot in start.space z, w or w"),
    (["edit=reconstruct_w", "start=w_avg", "start.space=s",
      "+edit.stages.w.exploration={_target_: ganvas.stage.Exploration}"],
     "exploration moves z, w or w"),
    (["start=several"], "tuning fits the generator to one photograph, and this run has 3"),
    (["+edit.stages.w.locality={_target_: ganvas.stage.Locality, terms: '${loss.latent}'}"],
     "locality holds the weights"),
    (["~edit.stages.tune.locality.terms", "+edit.stages.tune.locality.terms={}"],
     "locality needs at least one term"),
    (["optimizer.weights.lr_units=image"], r"optimizer\.weights\.lr_units=image"),
    (["edit.stages.tune.compact.bits=4"], "bits"),
])  # fmt: skip
def test_mistakes_are_one_line(tmp_path, overrides, words):
    with pytest.raises(ConfigError, match=words) as caught:
        run([*TINY, "edit=pti", f"output={tmp_path}", *overrides])
    assert "\n" not in str(caught.value)
