"""What units cause, on a generator where it is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dissect_squares import BLUE, CONCEPTS, RED, Squares, segment
from ganvas.dissect import Alpha, Caused, Effect, Effects, Greedy, Intervention
from ganvas.dissect.alpha import optimise, seen, style_gradient
from ganvas.dissect.effect import best_layer, lacking, measure, showing
from ganvas.dissect.greedy import choose
from ganvas.dissect.intervention import best_interventions
from ganvas.dissect.summary import summarised
from ganvas.embedding.embedding import join_styles
from ganvas.functional.dissection import bootstrap_ratio
from ganvas.generator.delta import Delta
from ganvas.generator.tiny import TinyGenerator
from ganvas.generator.tuning import tuned

LAYER = "16x16.units"
RANKINGS = ("iou", "alpha", "greedy", "correlation", "gradient")


@pytest.fixture
def dissection(survey, squares):
    return summarised(survey.run(6), survey.edges(), CONCEPTS, squares)


def blueness(pictures):
    """A soft blue area, as a segmenter's probability."""
    return F.interpolate((pictures[:, 2:] + 1) / 2, (512, 512))[:, 0]


def redness(pictures):
    return F.interpolate((pictures[:, :1] + 1) / 2, (512, 512))[:, 0]


def interventions(dissection, concept, ranking="iou", count=1, random=2):
    rng = torch.Generator().manual_seed(0)
    return best_interventions(dissection, concept, LAYER, count, ranking, rng, random)


@pytest.mark.parametrize("batch", [1, 2])
def test_the_unit_of_a_concept_removes_it_and_random_ones_do_not(
    dissection, squares, survey, batch
):
    pictures = survey.source.take(squares, range(3))
    chosen = interventions(dissection, "blue")
    assert chosen[0].units == (BLUE,)
    best, chance = measure(squares, segment, pictures, 1, chosen, batch)
    assert (best.removed.value, best.removed.low) == (1, 1)
    assert best.others.value == 0
    # Inserted everywhere, all that was not blue becomes it.
    assert best.added.value == 1
    assert chance.removed.value == 0


def test_shares_are_those_of_pixels_counted_by_hand(squares, survey):
    """The red unit set to 1 in the upper half would be too simple: all units, with numbers."""
    pictures = survey.source.take(squares, range(4))
    both = Intervention(LAYER, (RED, BLUE), torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]))
    best, _ = measure(squares, segment, pictures, 0, [both, both])
    before = segment(pictures.render(squares), ()).numpy()
    red, other = before[:, 0], ~before[:, 0]
    # Ablated, nothing is red and all is blue; "any" covers everything that it did not before.
    changed = other & ~before[:, 1]
    assert best.removed.value == 1
    assert best.others.value == pytest.approx(changed.sum() / other.sum())
    # Inserted, all is red.
    assert best.added.value == 1
    assert red.sum() > 0


def test_styles_move_side_by_side_with_units(dissection, squares, survey):
    """Blue's place is in the third and fourth style of the first layer; its area is constant."""
    gradient = torch.zeros(8)
    gradient[2] = -3
    dissection = dissection.with_scores("red", LAYER, "gradient", gradient)
    first, other, _ = interventions(dissection, "red", "gradient")
    assert (first.layer, first.units) == ("S", (2,))
    mean, std = dissection.style_mean[2], dissection.style_std[2]
    samples = torch.cat([torch.cat(squares.styles(squares.broadcast(
        survey.source.take(squares, [i]).latent)), 1) for i in range(6)]).numpy()  # fmt: skip
    assert mean.item() == pytest.approx(samples[:, 2].mean(), abs=1e-6)
    assert std.item() == pytest.approx(samples[:, 2].std(), abs=1e-6)
    # The concept grows when the style falls.
    assert first.off.item() == pytest.approx((mean + 2 * std).item(), abs=1e-6)
    assert first.on.item() == pytest.approx((mean - 2 * std).item(), abs=1e-6)
    assert other.units != first.units
    drawing = first.draw(survey.source.take(squares, [0]), squares)
    left = 9 + int(first.off.item() * 2)
    columns = (drawing.pictures[0, 2] > 0).any(0).nonzero()[:, 0]
    # The unit is drawn at 16², the picture at 64².
    assert columns.min() == 4 * left


def test_alpha_finds_the_unit_by_gradients(dissection, squares, survey):
    pictures = survey.source.take(squares, range(2))
    shown = seen(pictures, pictures, squares, blueness)
    units = dissection.units(LAYER)
    value = optimise(Alpha(steps=6), units, units.on[1], squares, blueness, shown, LAYER)
    assert value[BLUE] > 0.3
    value[BLUE] = 0
    assert (value == 0).all()
    alpha = value.index_fill(0, torch.tensor(BLUE), 0.5)
    ranked = dissection.with_scores("blue", LAYER, "alpha", alpha)
    assert ranked.best("blue", LAYER, 3, "alpha") == (BLUE,)
    assert ranked.has_alpha("blue", LAYER)
    assert not ranked.has_alpha("red", LAYER)


class Gated(Squares):
    """A unit of whose two that draw red one can only add it, the other can only remove it."""

    def layer(self, index, state, styles, noise):
        out = super().layer(index, state, styles, noise)
        if index == 0:
            out.features[:, 5] = 0  # adds where it is above 0: it is never so by itself
            out.features[:, 6] = 1  # removes where it falls
        return out

    def finish(self, state, styles):
        red = state.features[:, RED] * state.features[:, 6] + state.features[:, 5]
        picture = torch.stack([red, red * 0, red * 0], 1) * 2 - 1
        return F.interpolate(picture, scale_factor=2)


@pytest.mark.parametrize(("insertion", "adds"), [(0.0, False), (1.0, True)])
def test_the_inserted_half_of_alpha_finds_what_only_adds(survey, dissection, insertion, adds):
    gated = Gated().eval()
    pictures, others = (survey.source.take(gated, indices) for indices in ([0, 1], [4, 5]))
    shown = seen(pictures, others, gated, redness)
    assert torch.equal(shown.region[:, 0], redness(pictures.render(gated)).gt(0.5).float())
    units = dissection.units(LAYER)
    off, on = torch.zeros(8), torch.ones(8)
    value = optimise(
        Alpha(steps=4, insertion=insertion, batch=2), replace(units, off=off), on, gated, redness,
        shown, LAYER,
    )  # fmt: skip
    assert value[6] > 0.2
    assert (value[5] > 0.1).item() is adds


def test_greedy_takes_the_unit_that_removes_the_most_first(survey):
    gated = Gated().eval()
    pictures = survey.source.take(gated, range(2))
    shown = seen(pictures, pictures, gated, redness)
    # Alone, unit 6 leaves a tenth and unit 0, which is then as weak everywhere, about a fifth.
    off = torch.zeros(8)
    off[RED], off[6] = 0.02, 0.1
    rank = choose(Greedy(candidates=3, enough=0), 2, off, gated, redness, shown, LAYER)
    alone = {
        unit: redness(
            Intervention(LAYER, (unit,), off[[unit]], off[[unit]]).draw(pictures, gated).pictures
        ).sum()
        for unit in range(8)
    }
    assert min(alone, key=alone.get) == 6
    assert rank[6] == 1
    assert rank[RED] == 0.5
    assert (rank > 0).sum() == 2
    enough = choose(Greedy(enough=0.15), 2, off, gated, redness, shown, LAYER)
    assert (enough > 0).sum() == 1


class Bright(Squares):
    """The squares are as bright as the second style of the second layer says."""

    def finish(self, state, styles):
        picture = super().finish(state, styles)
        return (picture + 1) * (1 + styles[1][:, 1].view(-1, 1, 1, 1)) - 1


def test_gradients_of_styles_are_differences_of_areas(survey):
    bright = Bright().eval()
    pictures = survey.source.take(bright, range(2))
    shown = seen(pictures, pictures, bright, redness)
    deviation = torch.linspace(1, 2, 8)
    value = style_gradient(bright, redness, shown, deviation)
    step, rows = 1e-2, pictures.styles(bright)
    rows[1][:, 1] += step
    moved = redness(bright.synthesis(rows, pictures.noise)).sum((1, 2))
    expected = ((moved - shown.area) / shown.area).mean() / step * deviation[5]
    assert value[5].item() == pytest.approx(expected.item(), rel=1e-3)
    assert value[[0, 1, 2, 3, 4, 6, 7]].abs().max() == 0


def test_gradients_of_styles_are_those_of_the_generator_that_was_tuned(survey):
    generator = TinyGenerator().eval()
    weight = generator.state_dict()["convs.0.weight"]
    rng = torch.Generator().manual_seed(0)
    delta = Delta({"convs.0.weight": 0.3 * torch.randn(weight.shape, generator=rng)})
    plain = survey.source.take(generator, range(1))
    own = tuned(generator, delta)
    deviation = torch.ones(join_styles(plain.styles(generator)).shape[1])

    def value(drawing, pictures):
        shown = seen(pictures, pictures, drawing, redness)
        return style_gradient(drawing, redness, shown, deviation)

    expected = value(own, plain)
    torch.testing.assert_close(value(generator, replace(plain, delta=delta)), expected)
    assert (expected - value(generator, plain)).abs().max() > 1e-3


def test_pictures_that_show_a_concept_and_those_that_lack_it():
    pixels = torch.tensor([0, 5000, 10, 700, 9999])
    assert showing(pixels, 2) == [1, 3]
    assert lacking(pixels, 2, [1, 2]) == [0, 3]


def effects(survey, counts, **fields) -> Effects:
    effect = Effect(**{"samples": 2, "random": 1, "units": 2, "layer": LAYER,
                       "greedy": Greedy(pictures=1), "alpha": Alpha(steps=2, pictures=1),
                       "concepts": ("blue", "red", "green"),
                       "rankings": RANKINGS} | fields)  # fmt: skip
    survey = replace(survey, generator=Bright().eval())
    return Effects(effect, survey, counts.pixels, {"blue": blueness, "red": redness}.get, "d")


def test_effects_go_on_where_they_ended(survey, dissection):
    counts = survey.run(6)
    whole = [one for _, one in effects(survey, counts).run(dissection)]
    measured = [(e.concept, e.ranking) for e in whole if not isinstance(e, str)]
    # The squares are always as large, so that no style goes with them.
    rankings = [ranking for ranking in RANKINGS if ranking != "correlation"]
    assert measured == [(concept, each) for concept in ("blue", "red") for each in rankings]
    assert [e for e in whole if isinstance(e, str)] == [
        "blue: no style for 'blue': the samples do not show it",
        "red: no style for 'red': the samples do not show it",
        "green: too few pictures show it",
    ]
    assert {e.layer for e in whole if not isinstance(e, str)} == {LAYER, "S"}
    folder = survey.folder / "effects"
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    kept = sorted(files)[::2]
    for name in set(files) - set(kept):
        (folder / name).unlink()
    times = {name: (folder / name).stat().st_mtime_ns for name in kept}
    *_, (last, _) = effects(survey, counts).run(dissection)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == files
    assert {name: (folder / name).stat().st_mtime_ns for name in kept} == times
    assert last.units(LAYER).alpha[1].argmax() == BLUE
    assert last.units(LAYER).greedy[1].argmax() == BLUE
    assert Caused.of_json(whole[0].as_json()) == whole[0]
    # Another setting is another effect.
    list(effects(survey, counts, samples=3).run(dissection))
    assert len(list(folder.iterdir())) == 2 * len(files)


def test_where_all_pictures_show_a_concept_none_both_chooses_units_and_is_measured_on(
    survey, dissection, monkeypatch
):
    counts = survey.run(6)
    pixels = torch.tensor([9000, 9000, 8000, 2000, 3000, 9000])
    counts = replace(counts, pixels=pixels[:, None].expand(-1, len(CONCEPTS)).clone())
    dissection.present[:] = 6
    taken = []
    take = type(survey.source).take

    def noted(self, generator, indices):
        taken.append(set(indices))
        return take(self, generator, indices)

    monkeypatch.setattr(type(survey.source), "take", noted)
    own = {"alpha": Alpha(steps=1, pictures=2), "concepts": ("blue",), "rankings": ("alpha",)}
    list(effects(survey, counts, **own).run(dissection))
    choosing, without, measured = taken
    assert choosing == {0, 1}
    assert measured == {2, 3}
    assert without == {4, 0}


def test_the_layer_whose_units_agree_best(dissection):
    assert best_layer(dissection, "blue", 1) == LAYER


def test_the_interval_of_a_ratio_of_sums():
    before = torch.arange(10.0, 50)
    after = before * torch.rand(40, generator=torch.Generator().manual_seed(0))
    value, low, high = bootstrap_ratio(after, before)
    assert value == pytest.approx(float(after.sum() / before.sum()))
    # As numpy's percentiles of resampled sums have it.
    rng = np.random.default_rng(1)
    index = rng.integers(0, 40, (20000, 40))
    ratios = after.numpy()[index].sum(1) / before.numpy()[index].sum(1)
    assert [low, high] == pytest.approx(np.percentile(ratios, [2.5, 97.5]), abs=0.02)
    assert bootstrap_ratio(after, before) == (value, low, high)
