"""Steps on drafts: what is drawn, what it is compared with, and what it leads to."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import torch

from families import MAKERS
from fitting import Listener, fit
from ganvas.errors import ConfigError
from ganvas.functional.colour_head import apply_head
from ganvas.functional.images import resize
from ganvas.generator import Generator
from ganvas.layers import All, Explicit
from ganvas.loss import LPIPS, MSE, Block
from ganvas.mask import Canvas, Half
from ganvas.optimizer import Adam
from ganvas.stage import Draft, EmbeddingSpec, Scene, StageConfig
from ganvas.stage.drafts import Drafts
from ganvas.stage.reporter import frames
from ganvas.stage.stage import Stage
from ganvas.start import WAvg

DRAFT = Draft(resolution=8, until=0.6, refit=2)
STEPS = 10


@pytest.fixture(params=MAKERS)
def generator(request) -> Generator:
    return MAKERS[request.param]()


def config(**changes) -> StageConfig:
    settings = {
        "optimise": {"latent": Adam(lr=0.05)},
        "layers": All(),
        "objective": {"W_l": Block({"mse": MSE()})},
        "steps": STEPS,
        "draft": DRAFT,
    }
    return StageConfig(**(settings | changes))


def prepared(generator: Generator, how: StageConfig | None = None) -> Stage:
    rng = torch.Generator().manual_seed(5)
    resolution = generator.resolution
    x = (torch.rand(2, 3, resolution, resolution, generator=rng) * 2 - 1) / 2
    start = WAvg().begin(generator, ("a", "b"), seed=3)
    masks = {"m": Half().draw(Canvas({"x": x}))}
    return Stage(how or config(), Scene(generator, {"x": x}, masks, lambda: start), 1)


def layers_run(stage: Stage, step: int) -> set[int]:
    """Return the layers that a pass of some step runs."""
    calls, kind = set(), type(stage.variables.before)
    original = kind.layer

    def counted(self, index, *rest):
        calls.add(index)
        return original(self, index, *rest)

    with patch.object(kind, "layer", counted):
        stage._pass(0, step)
    return calls


def test_early_steps_stop_at_the_layer_and_late_ones_draw_the_picture(generator):
    stage = prepared(generator)
    stage._fit_drafts(0)
    last = max(i for i, layer in enumerate(generator.layers) if layer.resolution == 8)
    assert layers_run(stage, 0) == layers_run(stage, 5) == set(range(last + 1))
    assert max(layers_run(stage, 6)) >= len(generator.layers) - 1
    draft, _ = stage.evaluate(stage._parts[0], 5)
    whole, _ = stage.evaluate(stage._parts[0], 6)
    assert draft.shape[-1] == 8
    assert whole.shape[-1] == generator.resolution
    assert draft.isfinite().all()


def test_no_other_head_of_the_features_draws_the_picture_better(generator):
    stage = prepared(generator)
    part = stage._parts[0]
    stage._fit_drafts(0)
    state = stage.drafts._state(stage._drawing(part))
    features = stage.drafts._features(generator, state).double()
    whole, _ = stage.evaluate(part, STEPS - 1)
    wanted = resize(whole, features.shape[-1]).double().flatten(2)[0]
    flat = features.flatten(2)[0]
    rows = torch.cat([flat, torch.ones_like(flat[:1])])
    best = torch.linalg.lstsq(rows.T, wanted.T).solution
    least = (rows.T @ best - wanted.T).square().mean()
    made = apply_head(features, stage.drafts.heads[:1]).flatten(2)[0]
    error = (made - wanted).square().mean()
    # But for the penalty, which is small beside what the picture varies.
    assert error <= least + 0.02 * wanted.var()


def test_the_gradient_is_that_of_the_draft(generator):
    stage = prepared(generator)
    stage._fit_drafts(0)
    part, latent = stage._parts[0], stage.variables.latent[0]
    _, row, (gradient,) = stage._pass(0, 0)
    direction = torch.randn(latent.shape, generator=torch.Generator().manual_seed(1))
    step = 2e-3
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            latent += sign * step * direction
            losses.append(stage.evaluate(part, 0)[1]["loss"].double())
            latent -= sign * step * direction
    slope = (losses[0] - losses[1]) / (2 * step)
    assert (gradient * direction).sum().item() == pytest.approx(slope.item(), rel=0.05, abs=1e-4)
    assert row["psnr"].item() == pytest.approx(
        10 * torch.log10(4 / row["loss/mse"]).item(), abs=1e-3
    )


def test_drafts_lead_to_a_nearer_picture(generator):
    stage = prepared(generator)
    listener = Listener()
    fit(stage, listener)
    losses = [row["loss"] for row in listener.curve]
    whole = prepared(generator)
    with torch.no_grad():
        start = [whole.evaluate(p, STEPS - 1)[1]["loss"].item() for p in whole._parts]
    assert all(a < b for a, b in zip(losses[-1], start, strict=True))


def test_masks_are_those_of_the_draft(generator):
    objective = {"W_l": Block({"mse": MSE()}, mask="m")}
    stage = prepared(generator, config(objective=objective))
    stage._fit_drafts(0)
    part = stage._parts[0]
    draft, row = stage.evaluate(part, 0)
    target = resize(part.judge.target, 8)
    left = (draft - target)[..., :4].square().mean()
    assert row["loss"].item() == pytest.approx(left.item() / 2, rel=1e-4)


def test_the_head_is_fitted_again_and_goes_on_to_the_bit(generator):
    how, fits = config(), []
    original = Drafts.fit

    def counted(self, images, drawing):
        fits.append(images.start)
        original(self, images, drawing)

    listener = Listener(save=3)
    with patch.object(Drafts, "fit", counted):
        whole = fit(prepared(generator, how), listener)
    assert fits == [0, 1] * 3
    again = fit(prepared(generator, how), Listener(), state=listener.state)
    assert again.latent.equal(whole.latent)


def test_steps_are_in_full_where_a_draft_would_save_or_say_nothing():
    generator = MAKERS["mobilestylegan"]()
    assert prepared(generator).drafts is not None
    late = Explicit(rows=generator.effective_rows[-1:])
    assert prepared(generator, config(layers=late)).drafts is None
    assert prepared(generator, config(draft=Draft(resolution=generator.resolution))).drafts is None
    assert prepared(generator, config(draft=None)).drafts is None


def test_frames_are_of_one_size_whatever_they_show(generator):
    stage = prepared(generator)
    stage._fit_drafts(0)
    for step in (0, STEPS - 1):
        image, _ = stage.evaluate(stage._parts[0], step)
        assert frames([image.detach()], generator.resolution).shape[-1] == generator.resolution


def test_mistakes_are_found_before_any_work():
    with pytest.raises(ConfigError, match="draft is for stages that optimise the latent alone"):
        config(optimise={"latent": Adam(lr=0.1), "noise": Adam(lr=0.1)})
    small = config(objective={"W_l": Block({"lpips": LPIPS()})})
    generator = MAKERS["tiny"]()
    with pytest.raises(ConfigError, match="draft: LPIPS needs images of"):
        small.check(generator, EmbeddingSpec("w+"), images=1)
    assert not config().comparable
