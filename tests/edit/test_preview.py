"""Previews of strokes against the whole picture, made small."""

from dataclasses import replace

import pytest
import torch

from dissections import invented
from families import MAKERS
from ganvas.dissect import Dissection
from ganvas.edit import ConceptStroke, PaintUnits, StrokePreview
from ganvas.errors import ConfigError
from ganvas.functional.images import resize
from ganvas.stage import Scene
from ganvas.start import WAvg

SIZE = 16


@pytest.fixture
def paint(scene, tmp_path):
    invented(scene.generator, "paint", tmp_path / "d.safetensors", 8)
    stroke = ConceptStroke("hair", layer=8, units=3, strength=2)
    return PaintUnits(tmp_path / "d.safetensors", {"a": stroke}, restore=16)


def rectangle(resolution, top, bottom, left, right):
    region = torch.zeros(1, 1, resolution, resolution)
    region[..., top:bottom, left:right] = 1
    return region


def whole(scene, image, paint, region):
    scene = Scene(scene.generator, {}, {"m": region}, lambda: image, {"x": image})
    return resize(paint.apply(scene), SIZE)


class Watched:
    """Counts the samples that layers make."""

    def __init__(self, generator, monkeypatch):
        self.samples = 0
        layer = generator.layer

        def run(*args):
            state = layer(*args)
            self.samples += state.features.shape[-1] * state.features.shape[-2]
            return state

        monkeypatch.setattr(generator, "layer", run)


@pytest.mark.parametrize("edges", [(0, 3, 0, 3), (26, 32, 20, 32), (13, 18, 4, 29), (0, 32, 0, 32)])
@pytest.mark.parametrize(("restore", "noise_seed"), [(16, None), (32, None), (32, 4), (None, None)])
def test_a_preview_is_the_picture_made_small(scene, paint, edges, restore, noise_seed):
    paint = replace(paint, restore=restore, noise_seed=noise_seed)
    image = scene.embeddings["x"][:1]
    region = rectangle(scene.generator.resolution, *edges)
    preview = StrokePreview(paint, image, scene.generator, SIZE)
    before = preview.picture.clone()
    drawn = preview.draw({"a": region})
    assert torch.allclose(before, resize(image.render(scene.generator), SIZE), atol=1e-5)
    assert torch.allclose(drawn, whole(scene, image, paint, region), atol=1e-5)
    assert (drawn - before).abs().max() > 1e-2
    # The next one starts from the picture without strokes again.
    assert torch.equal(preview.draw({"a": region * 0}), before)


def test_a_preview_runs_only_what_the_stroke_reaches(scene, paint, monkeypatch):
    image = scene.embeddings["x"][:1]
    preview = StrokePreview(paint, image, scene.generator, SIZE)
    resolution = scene.generator.resolution
    watched, counts = Watched(scene.generator, monkeypatch), []
    for edges in ((0, 1, 0, 1), (0, resolution, 0, resolution)):
        watched.samples = 0
        preview.draw({"a": rectangle(resolution, *edges)})
        counts.append(watched.samples)
    watched.samples = 0
    image.render(scene.generator)
    assert counts[0] < counts[1] < watched.samples


def test_a_generator_that_does_not_say_how_far_it_reads_is_run_whole(scene, paint, monkeypatch):
    def refuse(index):
        raise ConfigError("it does not say")

    image, region = scene.embeddings["x"][:1], rectangle(scene.generator.resolution, 4, 9, 4, 9)
    expected = whole(scene, image, paint, region)
    monkeypatch.setattr(scene.generator, "reach", refuse)
    drawn = StrokePreview(paint, image, scene.generator, SIZE).draw({"a": region})
    assert torch.allclose(drawn, expected, atol=1e-5)


def test_a_stroke_of_styles_is_previewed_from_the_first_layer_on(scene, paint):
    dissection = Dissection.load(paint.dissection)
    effects = torch.zeros_like(dissection.styles)
    effects[0, 3] = 1
    file = paint.dissection.with_name("s.safetensors")
    replace(dissection, style_effect=effects, style_std=effects[0] + 1).save(file)
    paint = replace(
        paint, dissection=file, strokes={"a": replace(paint.strokes["a"], ranking="gradient")}
    )
    image, region = scene.embeddings["x"][:1], rectangle(scene.generator.resolution, 4, 19, 4, 19)
    preview = StrokePreview(paint, image, scene.generator, SIZE)
    expected = whole(scene, image, paint, region)
    assert torch.allclose(preview.draw({"a": region}), expected, atol=1e-5)
    assert (expected - preview.picture).abs().max() > 1e-2


def test_strokes_may_change_but_not_their_layers(scene, paint):
    image, region = scene.embeddings["x"][:1], rectangle(scene.generator.resolution, 4, 9, 4, 9)
    preview = StrokePreview(paint, image, scene.generator, SIZE)
    removes = replace(paint, strokes={"a": replace(paint.strokes["a"], action="remove")})
    drawn = preview.draw({"a": region}, removes)
    assert torch.allclose(drawn, whole(scene, image, removes, region), atol=1e-5)
    with pytest.raises(ConfigError, match="stroke a has no region"):
        preview.draw({"b": region})
    elsewhere = replace(paint, strokes={"a": replace(paint.strokes["a"], layer=16)})
    with pytest.raises(ConfigError, match="stay at the layers"):
        preview.draw({"a": region}, elsewhere)
    with pytest.raises(ConfigError, match="size=48 does not divide the 32² of images"):
        StrokePreview(paint, image, scene.generator, 48)


@pytest.mark.parametrize("restore", [8, None])
def test_a_generator_with_margins_is_run_whole(tmp_path, restore):
    generator = MAKERS["stylegan3"]()
    invented(generator, "margins", tmp_path / "d.safetensors", 8)
    stroke = ConceptStroke("hair", layer=8, units=3, strength=2)
    paint = PaintUnits(tmp_path / "d.safetensors", {"a": stroke}, restore=restore)
    image = WAvg().begin(generator, ("x",), seed=3)
    region = rectangle(generator.resolution, 4, 12, 4, 12)
    preview = StrokePreview(paint, image, generator, SIZE)
    scene = Scene(generator, {}, {"m": region}, lambda: image, {"x": image})
    expected = resize(paint.apply(scene), SIZE)
    assert torch.allclose(preview.draw({"a": region}), expected, atol=1e-4)
    assert (expected - preview.picture).abs().max() > 1e-3
