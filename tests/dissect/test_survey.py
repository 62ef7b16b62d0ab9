"""IoU and thresholds against pixels counted one by one, on units that are known by construction."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import entropy

from dissect_squares import BLUE, CONCEPTS, RED, SHIFTED, segment
from ganvas.dissect import Dissection
from ganvas.dissect.counts import Counts
from ganvas.dissect.source import draw
from ganvas.dissect.summary import correlations, summarised
from ganvas.dissect.survey import count_layer
from ganvas.errors import ConfigError, InputError
from ganvas.functional.dissection import quantiles, threshold_levels

SAMPLES = 9


@pytest.fixture
def dissection(survey, squares) -> Dissection:
    return summarised(survey.run(SAMPLES), survey.edges(), CONCEPTS, squares)


def counted(survey, squares, layer, unit, concept, threshold, indices=range(SAMPLES)):
    """IoU by its definition: maps and masks laid side by side at 512²."""
    both = either = 0
    for index in indices:
        drawing = draw(survey.source.take(squares, [index]), squares, [layer])
        active = F.interpolate(drawing.features[layer], (512, 512))[0, unit] > threshold
        mask = segment(drawing.pictures, ())[0, concept]
        both += int((active & mask).sum())
        either += int((active | mask).sum())
    return both / either


@pytest.mark.parametrize("layer", ["16x16.units", "32x32.units"])
def test_iou_is_that_of_the_pixels(survey, squares, dissection, layer):
    units = dissection.layers[layer]
    for concept in (0, 1, 3):
        for unit in (RED, BLUE, SHIFTED, 5):
            expected = counted(
                survey, squares, layer, unit, concept, float(units.threshold[concept, unit])
            )
            assert units.iou[concept, unit].item() == pytest.approx(expected, abs=1e-6)
    assert units.iou[0, RED] == 1
    assert units.iou[1, BLUE] == 1
    assert 0.2 < units.iou[0, SHIFTED] < 0.6


def test_fresh_iou_counts_odd_samples_at_the_thresholds_of_even_ones(survey, squares, dissection):
    # The shifted unit is on or off, so that every threshold in between gives the same.
    expected = counted(survey, squares, "16x16.units", SHIFTED, 0, 0.5, range(1, SAMPLES, 2))
    fresh = dissection.layers["16x16.units"].fresh
    assert fresh[0, SHIFTED].item() == pytest.approx(expected, abs=1e-6)


def test_the_best_units_come_first_and_a_concept_without_units_is_refused(dissection):
    assert dissection.best("red", "16x16.units", 2)[0] == RED
    assert dissection.best("blue", "32x32.units", 1) == (BLUE,)
    assert dissection.present.tolist() == [SAMPLES, SAMPLES, 0, SAMPLES]
    with pytest.raises(ConfigError, match="no unit for 'green': the samples do not show it"):
        dissection.best("green", "16x16.units", 2)
    with pytest.raises(ConfigError, match="no concept 'rde'; did you mean 'red'"):
        dissection.best("rde", "16x16.units", 2)
    with pytest.raises(ConfigError, match=r"layer 8x8 has no units: .* 16x16.units, 32x32.units"):
        dissection.best("red", "8x8", 2)
    with pytest.raises(ConfigError, match="α is not optimised"):
        dissection.best("red", "16x16.units", 2, "alpha")


def test_the_threshold_has_the_highest_quality_ratio_of_all(survey, squares, dissection):
    """Entropies of pixels, one from each square of 32 that a cell at 16² covers."""
    layer, unit = "16x16.units", 5
    active, red = [], []
    for index in range(SAMPLES):
        drawing = draw(survey.source.take(squares, [index]), squares, [layer])
        active.append(drawing.features[layer][0, unit].flatten())
        red.append(segment(drawing.pictures, ())[0, RED, ::32, ::32].flatten())
    values, concept = torch.cat(active).numpy(), torch.cat(red).numpy()
    ratios = {}
    for edge in survey.edges()[layer][unit].tolist():
        on = values > edge
        table = np.histogram2d(on, concept, bins=2, range=[[0, 1], [0, 1]])[0]
        together = entropy(table.ravel())
        mutual = entropy(table.sum(0)) + entropy(table.sum(1)) - together
        if on[concept].mean() > on.mean():
            ratios[edge] = mutual / together
    best = max(ratios, key=lambda edge: ratios[edge])
    units = dissection.layers[layer]
    assert units.threshold[RED, unit].item() == pytest.approx(best)
    assert units.quality[RED, unit].item() == pytest.approx(ratios[best], abs=1e-6)


def test_a_unit_that_shuns_a_concept_does_not_agree_with_it(squares):
    # A concept on a third of the picture: a unit that is on everywhere else has its share as IoU
    # at a low threshold.
    rng = torch.Generator().manual_seed(0)
    concept = (torch.rand(4, 1, 16, 16, generator=rng) < 0.35).float()
    noise = 0.1 * torch.rand(4, 3, 16, 16, generator=rng)
    features = torch.cat([-concept, concept, 0 * concept], 1) + noise
    masks = F.interpolate(concept, (512, 512)) > 0
    levels = threshold_levels()
    edges = quantiles(features.transpose(0, 1).flatten(1), levels)
    counted = count_layer(features, masks, edges, 16, 0, [0, 1, 0, 1])
    pixels, styles = masks.flatten(2).sum(2), torch.zeros(4, 5)
    found = summarised(
        Counts({"16x16.units": counted}, pixels, styles), {"16x16.units": edges}, ("c",), squares
    ).layers["16x16.units"]
    away, at, _ = found.iou[0].tolist()
    assert at == pytest.approx(1, abs=0.05)
    # At the threshold that is recorded, and nowhere near the share.
    on, inside = features[:, 0] > found.threshold[0, 0], concept[:, 0] > 0
    assert away == pytest.approx(float((on & inside).sum() / (on | inside).sum()), abs=1e-6)
    assert max(away, float(found.fresh[0, 0])) < 0.02


def test_a_quantile_is_a_threshold_for_every_concept(survey, squares):
    by_quantile = summarised(
        survey.run(SAMPLES), survey.edges(), CONCEPTS, squares, "quantile", 0.9
    )
    units = by_quantile.layers["16x16.units"]
    assert (units.threshold == units.threshold[:1]).all()
    # A tenth of normal noise lies above 1.28.
    assert units.threshold[0, 5].item() == pytest.approx(1.28, abs=0.15)


def test_what_inserts_a_unit_is_its_mean_inside(dissection):
    on, off = dissection.layers["16x16.units"].on, dissection.layers["16x16.units"].off
    assert on[0, RED].item() == pytest.approx(1)
    assert off[RED] == 0
    # Half a square and more lies beside the one that it is a copy of.
    assert on[0, SHIFTED].item() == pytest.approx(12 / 25)


def test_styles_go_with_areas_as_numpy_says():
    rng = torch.Generator().manual_seed(0)
    area, style = torch.randint(0, 99, (20, 2), generator=rng), torch.randn(20, 3, generator=rng)
    expected = np.corrcoef(area.double().T.numpy(), style.double().T.numpy())[:2, 2:]
    assert correlations(area, style).numpy() == pytest.approx(expected, abs=1e-6)
    assert math.isfinite(correlations(area * 0, style).sum())


def test_more_samples_add_to_those_that_are_counted(survey, monkeypatch):
    monkeypatch.setattr("ganvas.dissect.survey.SHARD", 2)
    survey.run(4)
    shards = {file.name: file.stat().st_mtime_ns for file in survey.folder.glob("shard-*")}
    more = survey.run(6)
    assert len(shards) == 2
    assert all((survey.folder / name).stat().st_mtime_ns == t for name, t in shards.items())
    assert len(more.pixels) == 6


def test_pictures_that_are_drawn_together_count_as_one_by_one(survey):
    alone = survey.run(5)
    together = replace(survey, folder=survey.folder / "b", batch=3).run(5)
    assert torch.equal(alone.pixels, together.pixels)
    assert torch.equal(alone.styles, together.styles)
    for name, counts in alone.layers.items():
        assert torch.equal(counts.joint, together.layers[name].joint)
        assert torch.equal(counts.total, together.layers[name].total)
        assert torch.allclose(counts.inside, together.layers[name].inside)


def test_a_saved_dissection_is_the_same(dissection, squares, tmp_path):
    dissection.save(tmp_path / "a.safetensors")
    loaded = Dissection.load(tmp_path / "a.safetensors")
    loaded.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    loaded.require_generator(squares)
    squares.w_avg += 1
    del squares.__dict__["source_hash"]
    with pytest.raises(InputError, match="of another generator"):
        loaded.require_generator(squares)


@pytest.mark.parametrize("damage", ["cut", "nan", "shape", "other"])
def test_a_file_that_is_no_dissection_is_one_line(dissection, tmp_path, damage):
    from safetensors.torch import save_file

    from ganvas.system.tensors import read_tensors

    file = tmp_path / "d.safetensors"
    dissection.save(file)
    tensors, metadata = read_tensors(file)
    if damage == "nan":
        tensors["iou.16x16.units"][0, 0] = torch.nan
    if damage == "shape":
        tensors["iou.16x16.units"] = tensors["iou.16x16.units"][:, :2].clone()
    if damage == "other":
        metadata["format"] = "embedding"
    save_file(tensors, file, metadata)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(
        InputError, match=r"d\.safetensors is .*(broken|ganvas dissection|readable)"
    ):
        Dissection.load(file)
