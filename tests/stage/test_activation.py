"""F space: the activation after a layer as a variable."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fitting import Listener, fit
from ganvas.edit import Recipe
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.functional.images import resize
from ganvas.generator import Generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All
from ganvas.loss import MSE, ActivationDistance, Block
from ganvas.loss.term import View
from ganvas.optimizer import Adam
from ganvas.stage import ActivationSite, EmbeddingSpec, Scene, StageConfig
from ganvas.stage.activation_variable import ActivationVariable
from ganvas.stage.stage import Stage
from ganvas.start import Random

LAYER = "16x16.conv1"


@pytest.fixture(scope="module")
def generator() -> Generator:
    return TinyGenerator(resolution=32, channels=8, w_dim=16).eval()


def targets(count: int) -> Tensor:
    rng = torch.Generator().manual_seed(7)
    return resize(torch.rand(count, 3, 16, 16, generator=rng) * 2 - 1, 32)


def scene(generator: Generator, x: Tensor) -> Scene:
    names = tuple(f"{i}" for i in range(len(x)))
    mask = torch.zeros(len(x), 1, 32, 32)
    mask[..., :16] = 1
    return Scene(generator, {"x": x}, {"m": mask}, lambda: Random().begin(generator, names, seed=3))


def config(**changes) -> StageConfig:
    adam = Adam(lr=0.1)
    settings = {
        "optimise": {"activation": adam, "latent": adam},
        "activation": ActivationSite(layer=16),
        "layers": All(),
        "objective": {"W_l": Block({"mse": MSE()})},
        "steps": 10,
    }
    return StageConfig(**(settings | changes))


def fitted(how: StageConfig, context: Scene, state=None, listener=None) -> Embedding:
    return fit(Stage(how, context, 1), listener, state)


def error(embedding: Embedding, context: Scene) -> Tensor:
    render = embedding.render(context.generator)
    return (render - context.images["x"]).square().mean((1, 2, 3))


def test_the_start_draws_what_the_latent_draws(generator):
    start = scene(generator, targets(2)).begin()
    variable = ActivationVariable(start, generator, ActivationSite(16), None)
    again = variable.with_displacement(start, variable.displacement)
    assert again.resume[0] == LAYER
    assert again.render(generator).equal(start.render(generator))


def test_one_unit_of_the_parameter_is_the_root_mean_square_of_the_start(generator):
    start = scene(generator, targets(2)).begin()
    variable = ActivationVariable(start, generator, ActivationSite(16), None)
    state = variable.state(torch.ones_like(variable.displacement), slice(None))
    rows = generator.broadcast(generator.w_avg[None]).expand(2, -1, -1) * 0 + start.latent
    plain = generator.activations(rows, start.noise, [LAYER])[LAYER].features
    moved = (state.features - plain).double()
    expected = plain.double().square().flatten(1).mean(1).sqrt()
    assert moved.flatten(1).std(1).max() < 1e-5
    assert moved.flatten(1).mean(1).tolist() == pytest.approx(expected.tolist(), rel=1e-5)


def test_it_comes_nearer_than_the_latent_alone_and_its_file_draws_the_same(generator, tmp_path):
    x = targets(1)
    latent = fitted(config(optimise={"latent": Adam(lr=0.1)}, steps=60), scene(generator, x))
    context = scene(generator, x)
    moved = fitted(config(steps=60), context)
    assert error(moved, context) < 0.3 * error(latent, context)
    moved.save(tmp_path / "f.safetensors")
    loaded = Embedding.load(tmp_path / "f.safetensors")
    assert loaded.render(generator).equal(moved.render(generator))


def test_what_lies_before_the_layer_stays_bit_identical(generator):
    context = scene(generator, targets(1))
    start = context.begin()
    adam = Adam(lr=0.1)
    moved = fitted(config(optimise={"activation": adam, "latent": adam, "noise": adam}), context)
    at = generator.layer_index(LAYER)
    before = [layer.row for layer in generator.layers[: at + 1]]
    behind = [r for r in generator.effective_rows if r > generator.layers[at].row]
    assert moved.latent[:, before].equal(start.latent[:, before])
    assert not moved.latent[:, behind].equal(start.latent[:, behind])
    changed = [not a.equal(b) for a, b in zip(moved.noise, start.noise, strict=True)]
    expected = [generator.layer_index(x.name) > at for x in generator.layers if x.noise is not None]
    assert changed == expected


def test_outside_of_its_mask_the_activation_stays_the_latents_own(generator):
    context = scene(generator, targets(2))
    start = context.begin()
    how = config(
        optimise={"activation": Adam(lr=0.1)}, activation=ActivationSite(layer=16, mask="m")
    )
    moved = fitted(how, context)
    plain = torch.cat(
        [start[i : i + 1].activations(generator, [LAYER])[LAYER].features for i in range(2)]
    )
    features = moved.resume[1].features
    assert features[..., 8:].equal(plain[..., 8:])
    assert not features[..., :8].isclose(plain[..., :8]).any(1).all()


def test_an_image_in_a_batch_is_the_same_as_alone(generator):
    x = targets(3)
    together = fitted(config(), scene(generator, x))
    for i in range(3):
        context = scene(generator, x[i : i + 1])
        # The start is the same for every image of a run.
        alone = fitted(config(), context)
        assert alone.resume[1].features.equal(together.resume[1].features[i : i + 1])


def test_an_interrupted_stage_goes_on_to_the_bit(generator):
    listener = Listener(save=3)
    whole = fitted(config(), scene(generator, targets(2)), listener=listener)
    again = fitted(config(), scene(generator, targets(2)), listener.state)
    assert again.resume[1].features.equal(whole.resume[1].features)
    assert again.latent.equal(whole.latent)


def test_the_distance_term_is_relative_to_the_start_and_holds_it_there(generator):
    context = scene(generator, targets(1))
    start = context.begin()

    def moved(weight: float) -> tuple[float, float]:
        near = Block({"near": ActivationDistance(weight=weight)})
        found = fitted(config(objective={"W_l": Block({"mse": MSE()}), "near": near}), context)
        plain = start.activations(generator, [LAYER])[LAYER].features.double()
        distance = (found.resume[1].features - plain).square().sum() / plain.square().sum()
        return float(distance), found

    (free, _), (held, _) = moved(1e-6), moved(10.0)
    assert held < 0.2 * free


def test_the_distance_term_counts_what_a_soft_mask_lets_through(generator):
    start = scene(generator, targets(1)).begin()
    half = torch.full((1, 1, 32, 32), 0.5)
    variable = ActivationVariable(start, generator, ActivationSite(16), half)
    torch.nn.init.ones_(variable.displacement)
    moved = variable.of(slice(None))[1].features - variable.start
    expected = moved.square().sum() / variable.start.square().sum()
    render = start.render(generator)
    view = View(render, start.latent, start.noise, variable.distance(slice(None)))
    found = ActivationDistance().bind(None)(view)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_second_activation_goes_on_from_the_first_and_none_before_it(generator):
    context = scene(generator, targets(1))
    first = fitted(config(activation=ActivationSite(layer=8)), context)
    context.embeddings["x"] = first
    second = fitted(config(activation=ActivationSite(layer=16)), context)
    assert second.resume[0] == LAYER
    assert error(second, context) < error(first, context)
    context.embeddings["x"] = second
    with pytest.raises(ConfigError, match=r"layer 8x8.conv1 lies before 16x16.conv1"):
        Stage(config(activation=ActivationSite(layer=8)), context, 1)


def test_mistakes_are_found_before_any_work(generator):
    plain = EmbeddingSpec("w+")
    config().check(generator, plain, 1)
    with pytest.raises(ConfigError, match=r"no layer at 17²; known: 4², 8², 16², 32²"):
        config(activation=ActivationSite(layer=17)).check(generator, plain, 1)
    with pytest.raises(ConfigError, match="not s"):
        config(optimise={"activation": Adam(lr=0.1)}).check(generator, EmbeddingSpec("s"), 1)
    with pytest.raises(ConfigError, match="which is edited already"):
        config().check(generator, EmbeddingSpec("w+", edited="32x32.conv1"), 1)
    both = dict.fromkeys(("activation", "noise"), Adam(lr=0.1))
    with pytest.raises(ConfigError, match=r"no noise map behind 32x32.conv1"):
        config(optimise=both, activation=ActivationSite(layer=32)).check(generator, plain, 1)
    near = Block({"near": ActivationDistance()})
    with pytest.raises(ConfigError, match="about an activation, which this stage does not"):
        config(optimise={"latent": Adam(lr=0.1)}, objective={"near": near}).check(
            generator, plain, 1
        )
    with pytest.raises(ConfigError, match="no mask 'face'"):
        Recipe({"f": config(activation=ActivationSite(mask="face"))})


def test_the_stages_after_it_know_what_it_leaves(generator):
    start = scene(generator, targets(1)).begin()
    recipe = Recipe(
        {
            "f": config(),
            "w": config(optimise={"latent": Adam(lr=0.1)}, activation=ActivationSite()),
        }
    )
    recipe.check(generator, {"x": start}, torch.device("cpu"))
    earlier = replace(recipe.stages["f"], activation=ActivationSite(layer=4))
    with pytest.raises(ConfigError, match=r"stages.g: layer 4x4"):
        Recipe({"f": config(), "g": earlier}).check(generator, {"x": start}, torch.device("cpu"))
