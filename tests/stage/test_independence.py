"""Images do not influence each other, and what may not change does not."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from fitting import Listener, fit
from ganvas.errors import ConfigError
from ganvas.functional.images import resize
from ganvas.generator import Generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All, Layers, Subset
from ganvas.loss import MSE, Block
from ganvas.optimizer import Adam, Schedule
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.stage.variables import Variables, first_affected
from ganvas.start import Random, WAvg
from ganvas.start.base import Start

STEPS = 8


class Only(Layers):
    """A subset written out."""

    def __init__(self, rows: tuple[int, ...] = (), noise: tuple[int, ...] = ()) -> None:
        self.subset = Subset(rows, noise, ())

    def select(self, generator: Generator) -> Subset:
        return self.subset


@pytest.fixture(scope="module")
def generator() -> Generator:
    return TinyGenerator(resolution=32, channels=8, w_dim=16).eval()


def targets(count: int) -> Tensor:
    rng = torch.Generator().manual_seed(7)
    return resize(torch.rand(count, 3, 8, 8, generator=rng) * 2 - 1, 32)


def scene(generator: Generator, x: Tensor, start: Start | None = None) -> Scene:
    names = tuple(f"{i}" for i in range(len(x)))
    start = start or WAvg()
    return Scene(generator, {"x": x}, {}, lambda: start.begin(generator, names, seed=3))


def config(
    optimise=("latent", "noise"), layers: Layers | None = None, algorithm="adam", **more
) -> StageConfig:
    adam = Adam(lr=0.1, schedule=Schedule(), algorithm=algorithm)
    return StageConfig(
        optimise=dict.fromkeys(optimise, adam),
        layers=layers or All(),
        objective={"W_l": Block({"mse": MSE()})},
        steps=STEPS,
        **more,
    )


ALGORITHMS = ["adam", "amsgrad", "adamax", "radam"]


@pytest.mark.parametrize(
    ("micro_batch", "algorithm"), [(1, "adam"), (2, "adam"), *((4, a) for a in ALGORITHMS)]
)
def test_an_image_in_a_batch_is_the_same_as_alone(generator, micro_batch, algorithm):
    x, how = targets(4), config(algorithm=algorithm)
    together = fit(Stage(how, scene(generator, x), micro_batch))
    for i in range(4):
        alone = fit(Stage(how, scene(generator, x[i : i + 1]), 1))
        assert torch.allclose(together.latent[i], alone.latent[0], atol=2e-4)
        for a, b in zip(together.noise, alone.noise, strict=True):
            assert torch.allclose(a[i], b[0], atol=2e-3)
    # They have moved apart, by far more than the tolerance.
    assert (together.latent[0] - together.latent[1]).abs().max() > 2e-3


def test_one_nan_image_changes_nothing_for_its_neighbours(generator):
    x = targets(3)
    calm = fit(Stage(config(), scene(generator, x), 3))
    bad = x.clone()
    bad[1] = torch.nan
    listener = Listener()
    found = fit(Stage(config(), scene(generator, bad), 3), listener)
    for i in (0, 2):
        assert found.latent[i].equal(calm.latent[i])
    start = WAvg().begin(generator, ("0", "1", "2"), seed=3)
    assert found.latent[1].equal(start.latent[1])
    assert found.latent.isfinite().all()
    assert listener.notices == [
        "image 1: loss or gradient is not finite; it stops at the start, its best"
    ]
    assert [row["loss"][1] for row in listener.curve] == [None] * STEPS


def test_a_stage_without_a_living_image_ends_early(generator):
    listener = Listener()
    fit(Stage(config(), scene(generator, targets(1) * torch.nan), 1), listener)
    assert len(listener.curve) < STEPS


def test_frozen_rows_and_maps_are_bit_identical(generator):
    layers = Only(rows=(2, 4), noise=(1,))
    context = scene(generator, targets(2))
    start = context.embedding("x")
    found = fit(Stage(config(layers=layers), context, 2))
    for row in range(generator.rows):
        same = found.latent[:, row].equal(start.latent[:, row])
        assert same == (row not in (2, 4))
    for index, (a, b) in enumerate(zip(found.noise, start.noise, strict=True)):
        assert a.equal(b) == (index != 1)


@pytest.mark.parametrize("space", ["w", "w+", "s"])
def test_noise_stage_leaves_the_latent_alone(generator, space):
    context = scene(generator, targets(1), WAvg(space))
    start = context.embedding("x")
    found = fit(Stage(config(("noise",)), context, 1))
    assert found.latent.equal(start.latent)
    assert not found.noise[0].equal(start.noise[0])


@pytest.mark.parametrize("space", ["z", "w", "w+", "s"])
def test_every_space_gets_better(generator, space):
    context = scene(generator, targets(1), Random(space))
    listener = Listener()
    found = fit(Stage(config(("latent",)), context, 1), listener)
    assert found.space == space
    losses = [row["loss"][0] for row in listener.curve]
    render = found.render(generator)
    final = (render - targets(1)).square().mean().item()
    assert final <= min(losses) * 1.001 < losses[0]


def test_the_optimiser_holds_only_the_selected_variables(generator):
    stage = Stage(config(layers=Only(rows=(2, 4), noise=(1,))), scene(generator, targets(2)), 2)
    latent, noise = stage.configure_optimizers()
    shapes = [
        [tuple(p.shape) for g in o.param_groups for p in g["params"]] for o in (latent, noise)
    ]
    assert shapes == [[(2, 2, generator.w_dim)], [(2, 1, 8, 8)]]
    assert sum(p.numel() for p in stage.parameters()) == 2 * 2 * generator.w_dim + 2 * 64
    assert not any("conv" in name for name in stage.state_dict())


def test_frozen_prefix_equals_the_full_computation(generator):
    last = len(generator.layers) - 1
    layers = Only(rows=(generator.layers[last].row,), noise=(last - 1, last))
    context = scene(generator, targets(2))
    stage = Stage(config(layers=layers), context, 2)
    part = stage._parts[0]
    assert part.resume is not None
    assert part.resume[0] == generator.layers[last - 2].name
    image, row = stage.evaluate(part, 0)
    row["loss"].sum().backward()
    found = [t.grad.clone() for t in stage.variables.tensors()]
    for tensor in stage.variables.tensors():
        tensor.grad = None
    whole, row = stage.evaluate(replace(part, resume=None), 0)
    row["loss"].sum().backward()
    assert torch.allclose(image, whole, atol=1e-6)
    for a, b in zip(found, stage.variables.tensors(), strict=True):
        assert torch.allclose(a, b.grad, atol=1e-7)


def test_only_the_layers_behind_the_prefix_are_run(generator):
    last = len(generator.layers) - 1
    stage = Stage(config(("noise",), Only(noise=(last,))), scene(generator, targets(1)), 1)
    calls = []
    original = type(generator).layer

    def counted(self, index, *rest):
        calls.append(index)
        return original(self, index, *rest)

    with patch.object(type(generator), "layer", counted):
        fit(stage)
    assert set(calls) == {last}


@pytest.mark.parametrize(
    ("rows", "maps", "first"), [((), (3,), 3), ((2,), (), 2), ((5,), (1,), 1), ((), (), 7)]
)
def test_first_affected(generator, rows, maps, first):
    assert first_affected(generator, rows, maps) == first


class HostSyncs(TorchDispatchMode):
    """Counts the operators that wait for the device, for a value or for a shape."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "unique")

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name.startswith(self.WAITING) and name != "equal_":
            self.seen.append(name)
        if name == "_to_copy" and (kwargs or {}).get("device") is not None:
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("alternate", [False, True])
def test_no_host_sync_in_a_training_step(generator, alternate):
    original, syncs = Stage.training_step, HostSyncs()

    def watched(self, step):
        with syncs:
            original(self, step)

    with patch.object(Stage, "training_step", watched):
        fit(Stage(config(alternate=alternate), scene(generator, targets(2)), 1))
    assert syncs.seen == []
    with syncs:
        torch.ones(1).item()
    assert syncs.seen == ["_local_scalar_dense"]


def test_target_features_are_computed_once(generator):
    bound = []
    original = MSE.bind

    def bind(self, reference):
        bound.append(reference)
        return original(self, reference)

    with patch.object(MSE, "bind", bind):
        fit(Stage(config(), scene(generator, targets(4)), 2))
    assert len(bound) == 2  # once per micro-batch, not per step


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_resuming_a_stage_equals_going_on(generator, algorithm):
    how = config(algorithm=algorithm)
    listener = Listener(save=3)
    whole = fit(Stage(how, scene(generator, targets(2)), 2), listener)
    again = fit(Stage(how, scene(generator, targets(2)), 2), state=listener.state)
    assert again.latent.equal(whole.latent)
    assert all(a.equal(b) for a, b in zip(again.noise, whole.noise, strict=True))


def test_alternating_moves_one_kind_at_a_time(generator):
    stage = Stage(config(alternate=True), scene(generator, targets(1)), 1)
    moved = []
    original = Stage._move

    def watched(self, *arguments):
        before = [t.detach().clone() for t in self.variables.tensors()]
        original(self, *arguments)
        after = list(self.variables.tensors())
        moved.append([not a.equal(b) for a, b in zip(before, after, strict=True)])

    with patch.object(Stage, "_move", watched):
        fit(stage)
    for step, flags in enumerate(moved):
        assert flags[0] == (step % 2 == 0)
        assert all(f == (step % 2 == 1) for f in flags[1:])


def test_the_best_is_kept(generator):
    # At such a rate later steps are worse than the first.
    stage = Stage(config(("latent",)), scene(generator, targets(1)), 1)
    wild = replace(stage.config, optimise={"latent": Adam(lr=50.0, schedule=Schedule(0, 0))})
    listener = Listener()
    found = fit(Stage(wild, scene(generator, targets(1)), 1), listener)
    losses = [row["loss"][0] for row in listener.curve]
    assert losses[-1] > min(losses)
    final = (found.render(generator) - targets(1)).square().mean().item()
    assert final == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize(
    ("kinds", "layers", "part"),
    [
        (("latent",), Only(noise=(1,)), "no style row"),
        (("noise",), Only(rows=(1,)), "no noise map"),
    ],
)
def test_a_subset_that_selects_nothing_is_refused(generator, kinds, layers, part):
    with pytest.raises(ConfigError, match=part):
        Stage(config(kinds, layers), scene(generator, targets(1)), 1)


@pytest.mark.parametrize(
    ("space", "words"), [("w", "w has one for all"), ("s", "s has the styles themselves")]
)
def test_a_subset_of_rows_needs_a_latent_per_row(generator, space, words):
    embedding = WAvg(space).begin(generator, ("a",), 0)
    with pytest.raises(ConfigError, match=rf"start\.space={words}; use start\.space=w\+"):
        Variables(embedding, generator, Subset((1,), (), ()), ["latent"])
    # The noise of a subset is another matter.
    Variables(embedding, generator, Subset((1,), (0,), ()), ["noise"])
