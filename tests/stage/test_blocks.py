"""What a stage may change, and what it must leave to the bit."""

from dataclasses import replace

import pytest
import torch

from fitting import Listener, fit
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All, Explicit
from ganvas.loss import L1, MSE, Block, ScheduledWeight
from ganvas.mask import Canvas, Half
from ganvas.optimizer import LBFGS, Adam, Schedule
from ganvas.stage import EarlyStopping, EmbeddingSpec, Exploration, Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.stage.variables import behind


@pytest.fixture
def scene():
    generator = TinyGenerator()
    rng = torch.Generator().manual_seed(3)
    start = Embedding(
        generator.broadcast(generator.sample_w(2, rng)),
        tuple(generator.sample_noise(2, rng)),
        names=("a", "b"),
    )
    truth = Embedding(
        generator.broadcast(generator.sample_w(2, rng)), tuple(generator.sample_noise(2, rng))
    )
    images = {"x": truth.render(generator), "y": start.render(generator)}
    masks = {"m": Half().draw(Canvas(images))}
    return Scene(generator, images, masks, lambda: start)


def run(scene, config):
    listener = Listener()
    return fit(Stage(config, scene, micro_batch=1), listener), listener


def w_stage(**changes):
    settings = {
        "optimise": {"latent": Adam(lr=0.05)},
        "layers": All(),
        "objective": {"W_l": Block({"mse": MSE()})},
        "steps": 12,
    }
    return StageConfig(**(settings | changes))


def test_rows_outside_the_subset_are_bit_identical(scene):
    start = scene.begin()
    found, _ = run(scene, w_stage(layers=Explicit(rows=(2, 5))))
    frozen = [row for row in range(scene.generator.rows) if row not in (2, 5)]
    assert torch.equal(found.latent[:, frozen], start.latent[:, frozen])
    assert not torch.equal(found.latent[:, [2, 5]], start.latent[:, [2, 5]])
    assert all(torch.equal(a, b) for a, b in zip(found.noise, start.noise, strict=True))


def test_a_noise_stage_moves_the_chosen_maps_alone(scene):
    start = scene.begin()
    config = w_stage(optimise={"noise": Adam(lr=0.1)}, layers=Explicit(noise=(3,)))
    found, _ = run(scene, config)
    assert torch.equal(found.latent, start.latent)
    moved = [not torch.equal(a, b) for a, b in zip(found.noise, start.noise, strict=True)]
    assert moved == [index == 3 for index in range(len(moved))]


def test_the_optimiser_holds_nothing_else(scene):
    stage = Stage(w_stage(layers=Explicit(rows=(2,))), scene, 1)
    (optimizer,) = stage.configure_optimizers()
    held = [p for group in optimizer.param_groups for p in group["params"]]
    assert [tuple(p.shape) for p in held] == [(2, 1, scene.generator.w_dim)]


def test_gradients_reach_only_what_may_change_and_pixels_inside_the_mask(scene):
    config = w_stage(
        optimise={"latent": Adam(lr=0.1), "noise": Adam(lr=0.1)},
        objective={"W_l": Block({"mse": MSE()}, mask="m")},
    )
    stage = Stage(config, scene, 2)
    (part,) = stage._parts
    _, row = stage.evaluate(part, 0)
    row["loss"].sum().backward()
    # The last noise map adds to the last layer, whose 1×1 ToRGB keeps pixels apart.
    gradient = stage.variables.noise[-1].grad
    assert gradient[..., :16].abs().max() > 0
    assert gradient[..., 16:].abs().max() == 0
    assert all(p.grad is None for p in scene.generator.parameters())


def test_a_render_that_serves_as_target_stays_frozen(scene):
    found, _ = run(scene, w_stage())
    scene.keep("w", "x", found, found.render(scene.generator))
    before = scene.renders["w"].clone()
    config = w_stage(
        optimise={"noise": Adam(lr=0.2)},
        objective={
            "x": Block({"mse": MSE()}, target="x", mask="m"),
            "G(w)": Block({"mse": MSE()}, target="w", mask="1 - m"),
        },
    )
    _, listener = run(scene, config)
    assert torch.equal(scene.renders["w"], before)
    # A live target would keep this share at zero.
    shares = [row["loss/G(w)/mse"][0] for row in listener.curve]
    assert shares[0] == pytest.approx(0, abs=1e-9)
    assert max(shares) > 1e-6


def test_a_sum_of_blocks_is_the_sum_of_their_losses(scene):
    config = w_stage(
        objective={
            "a": Block({"mse": MSE()}, target="x", mask="m"),
            "b": Block({"l1": L1(weight=0.5)}, target="y", mask="1 - m", weight=3.0),
        },
        steps=1,
    )
    _, listener = run(scene, config)
    image, mask = scene.begin().render(scene.generator), scene.masks["m"]
    a = ((image - scene.images["x"]) * mask).square().flatten(1).mean(1)
    b = 1.5 * ((image - scene.images["y"]) * (1 - mask)).abs().flatten(1).mean(1)
    assert listener.curve[0]["loss"] == pytest.approx((a + b).tolist(), rel=1e-4)


def test_lbfgs_descends_in_a_stage(scene):
    _, listener = run(scene, w_stage(optimise={"latent": LBFGS(lr=0.5)}, steps=15))
    first, last = listener.curve[0]["loss"], listener.curve[-1]["loss"]
    assert all(b < 0.7 * a for a, b in zip(first, last, strict=True))


def test_exploration_repeats_and_fades(scene):
    config = w_stage(exploration=Exploration(strength=0.3, until=0.5))
    first, again = run(scene, config)[0], run(scene, config)[0]
    assert torch.equal(first.latent, again.latent)
    assert not torch.equal(first.latent, run(scene, w_stage())[0].latent)
    shape, spread = (64, 64), torch.tensor(2.0)
    for step, faded in ((0, 1.0), (125, 0.75**2), (250, 0.5**2), (499, 0.002**2)):
        offset = Exploration(0.3, 0.5).draw(step, 1000, shape, spread)
        assert offset.shape == (1, *shape)
        assert offset.std().item() == pytest.approx(2 * 0.3 * faded, rel=0.05)
    assert Exploration(0.3, 0.5).draw(600, 1000, shape, spread).abs().max() == 0


def test_images_rest_on_a_plateau_and_the_stage_ends(scene):
    config = w_stage(
        optimise={"latent": Adam(lr=1e-9)},
        early_stopping=EarlyStopping(patience=4, improvement=0.01),
        steps=60,
    )
    _, listener = run(scene, config)
    assert len(listener.curve) < 20
    assert [n.split(":")[0] for n in listener.notices] == ["image a", "image b"]
    assert "plateau" in listener.notices[0]


def test_a_stage_that_ends_early_has_done_what_it_has_done(scene):
    still = {"latent": Adam(lr=1e-9)}
    config = w_stage(
        optimise=still, early_stopping=EarlyStopping(patience=4, improvement=0.01), steps=60
    )
    stage, listener = Stage(config, scene, 1), Listener()
    fit(stage, listener)
    assert stage.done == len(listener.curve) < 20
    stage = Stage(w_stage(), scene, 1)
    fit(stage, listener)
    assert stage.done == 12


def test_the_last_loss_knows_a_term_that_fades_out(scene):
    weight = ScheduledWeight(2.0, down=0.5)
    config = w_stage(objective={"W_l": Block({"mse": MSE(weight=weight)})})
    stage = Stage(config, scene, 1)
    found = fit(stage)
    error = (found.render(scene.generator) - scene.images["x"]).square().flatten(1).mean(1)
    assert error[0] != pytest.approx(error[1].item(), rel=1e-2)
    losses = stage.watch.best_loss
    assert torch.allclose(losses, weight.at(11 / 12) * error, rtol=1e-4)
    assert losses.min() > 0


@pytest.mark.parametrize("edited", ["4x4.conv1", "16x16.conv0", "32x32.conv1"])
def test_what_acts_behind_an_edited_layer_is_what_has_a_gradient(scene, edited):
    generator, start = scene.generator, scene.begin()
    latent, noise = start.latent.clone().requires_grad_(), [n.clone() for n in start.noise]
    state = generator.activations(start.latent, noise, [edited])[edited]
    for maps in noise:
        maps.requires_grad_()
    generator(latent, noise, resume=(edited, state)).sum().backward()
    acting = behind(edited, All().select(generator), generator)
    moving = latent.grad.abs().sum((0, 2)) > 0
    assert acting.rows == tuple(moving.nonzero().flatten().tolist())
    assert acting.noise == tuple(i for i, maps in enumerate(noise) if maps.grad is not None)


def test_a_stage_that_an_edited_layer_leaves_nothing_to_is_refused(scene):
    edited = EmbeddingSpec("w+", "32x32.conv1")
    w_stage().check(scene.generator, edited, 1)
    for kind, what in (("noise", "noise map"), ("weights", "layer")):
        config = w_stage(optimise={kind: Adam(lr=0.1)})
        config.check(scene.generator, EmbeddingSpec("w+"), 1)
        with pytest.raises(ConfigError, match=rf"no {what} behind 32x32\.conv1, whose activ"):
            config.check(scene.generator, edited, 1)


def test_normalised_noise_has_zero_mean_and_unit_variance(scene):
    found, _ = run(scene, w_stage(optimise={"noise": Adam(lr=0.5)}, normalise_noise=True))
    for maps in found.noise:
        assert maps.mean((1, 2, 3)).abs().max() < 1e-4
        assert maps.square().mean((1, 2, 3)).tolist() == pytest.approx([1, 1], rel=1e-3)


def test_tied_rows_make_the_same_step_and_part_afterwards(scene):
    before = scene.embedding("x").latent
    w = scene.generator.broadcast(before[:, 0])
    scene.embeddings["x"] = replace(scene.embedding("x"), latent=w)
    rows = list(scene.generator.effective_rows)
    stay, _ = run(scene, w_stage(steps=4, tied=1.0))
    found = stay.latent[:, rows]
    assert torch.equal(found, found[:, :1].expand_as(found))
    assert not torch.allclose(found[:, 0], before[:, 0])
    leave, _ = run(scene, w_stage(steps=12, tied=0.5))
    free, _ = run(scene, w_stage(steps=12))
    spread = [e.latent[:, rows].var(1).mean() for e in (leave, free)]
    assert 0 < spread[0] < spread[1]


def test_the_first_step_in_w_follows_the_mean_of_the_gradients_of_the_rows(scene):
    """With Adam the first step is the rate times the sign of the gradient."""
    embedding = scene.embedding("x")
    latent = embedding.latent.clone().requires_grad_()
    render = scene.generator(latent, embedding.noise)
    (render - scene.images["x"]).square().mean((1, 2, 3)).sum().backward()
    rows = list(scene.generator.effective_rows)
    wanted = -0.05 * latent.grad[:, rows].mean(1).sign()
    adam = Adam(lr=0.05, eps=1e-15, schedule=Schedule(0, 0))
    # A ramped weight makes steps incomparable, so that the result is the last step, not the best.
    objective = {"W_l": Block({"mse": MSE(weight=ScheduledWeight(1.0))})}
    config = w_stage(steps=1, tied=1.0, optimise={"latent": adam}, objective=objective)
    found, _ = run(scene, config)
    moved = (found.latent - embedding.latent)[:, rows]
    assert torch.allclose(moved, wanted[:, None].expand_as(moved), atol=1e-4)


def test_tied_needs_a_latent_that_moves():
    with pytest.raises(ConfigError, match="tied is about the latent"):
        w_stage(optimise={"noise": Adam(lr=0.05)}, tied=0.2)


def test_terms_take_turns_and_the_curve_shows_the_last_value_of_each(scene):
    terms = {"a": MSE(every=2), "b": L1(every=2, first=1)}
    config = w_stage(objective={"W_l": Block(terms)}, steps=6)
    found, listener = run(scene, config)
    a, b = ([row[f"loss/{name}"] for row in listener.curve] for name in "ab")
    total = [row["loss"] for row in listener.curve]
    assert b[0] == [None, None]
    assert a[::2] == total[::2]
    assert b[1::2] == total[1::2]
    assert a[1::2] == a[::2]
    assert b[2::2] == b[1:-1:2]
    both, _ = run(scene, w_stage(objective={"W_l": Block({"a": MSE(), "b": L1()})}, steps=6))
    assert not torch.equal(found.latent, both.latent)


def test_turns_continue_to_the_bit(scene):
    terms = {"a": MSE(every=2), "b": L1(every=2, first=1)}
    config = w_stage(objective={"W_l": Block(terms)}, steps=6)
    whole, listener = run(scene, config)
    first = Stop(3)
    fit(Stage(config, scene, 1), first)
    rest = Listener()
    found = fit(Stage(config, scene, 1), rest, first.state)
    assert torch.equal(found.latent, whole.latent)
    assert first.curve + rest.curve == listener.curve


class Stop(Listener):
    """A listener that asks to stop after some steps and keeps the state."""

    def __init__(self, steps):
        super().__init__(save=steps)
        self.left = steps

    def stop_requested(self):
        # Lightning's start asks once, too.
        self.left -= 1
        return self.left < 0


def test_a_step_without_any_term_is_refused():
    with pytest.raises(ConfigError, match="a step in which no term with a weight takes part"):
        w_stage(objective={"W_l": Block({"a": MSE(every=2), "b": L1(every=2, first=1, weight=0)})})
    with pytest.raises(ConfigError, match="terms that take turns"):
        w_stage(
            objective={"W_l": Block({"a": MSE(), "b": L1(every=2)})},
            early_stopping=EarlyStopping(patience=3),
        )


def test_terms_of_a_block_without_turns_all_count_in_every_step():
    terms = {"a": MSE(weight=2, every=3, first=1), "b": L1(every=3)}
    block = Block(terms, turns=False)
    assert all(term.is_due(step) for term in block.terms.values() for step in range(6))
    assert {name: term.weight for name, term in block.terms.items()} == {"a": 2, "b": 1}
    assert w_stage(objective={"W_l": block}).comparable
    assert not w_stage(objective={"W_l": Block({"c": MSE(), **terms})}).comparable
