import copy
from dataclasses import replace

import pytest
import torch

from ganvas.edit import (
    Ablate,
    Average,
    Copy,
    CopyChannels,
    EditActivations,
    Insert,
    PermuteChannels,
    PermutePositions,
)
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.functional.activations import fit_mask, mix, permute_tiles
from ganvas.generator import Activation
from ganvas.layers import Explicit, Mixed
from ganvas.stage import EmbeddingSpec

LAST_AT_8 = "8x8.conv1"


def state(scene, name, layer=LAST_AT_8):
    # Image by image, as the operation does: batches round differently.
    embedding = scene.embeddings[name]
    parts = [embedding[i : i + 1] for i in range(len(embedding))]
    found = [scene.generator.activations(e.latent, e.noise, [layer])[layer] for e in parts]
    rgb = None if found[0].rgb is None else torch.cat([s.rgb for s in found])
    return Activation(torch.cat([s.features for s in found]), rgb)


def test_a_mask_of_one_or_zero_gives_exactly_one_source(scene):
    x, y = scene.embeddings["x"], scene.embeddings["y"]
    own, other = state(scene, "x"), state(scene, "y")
    before = x.render(scene.generator)
    EditActivations((8,), Copy(), keep="1", take="1 - full", other="y").apply(scene)
    assert torch.equal(scene.embeddings["x"].resume[1].features, own.features)
    assert torch.equal(scene.embeddings["x"].render(scene.generator), before)
    scene.embeddings["x"] = x
    EditActivations((8,), Copy(), keep="1 - full", take="1", other="y").apply(scene)
    edited = scene.embeddings["x"]
    assert torch.equal(edited.resume[1].features, other.features)
    assert torch.equal(edited.resume[1].rgb, other.rgb)
    # Behind the layer the styles and noise are still x's: y's activation, drawn on with x's.
    wanted = scene.generator(x.latent, x.noise, resume=(LAST_AT_8, other))
    assert torch.allclose(edited.render(scene.generator), wanted, atol=1e-6)
    assert not torch.allclose(wanted, y.render(scene.generator), atol=1e-3)


def test_the_mask_is_resized_to_the_layer(scene):
    own, other = state(scene, "x"), state(scene, "y")
    EditActivations((8,), Copy(), other="y").apply(scene)
    found = scene.embeddings["x"].resume[1].features
    assert torch.equal(found[..., :4], other.features[..., :4])
    assert torch.equal(found[..., 4:], own.features[..., 4:])


def test_soft_masks_follow_the_formula():
    a, b, m = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 4, 4), torch.rand(1, 1, 4, 4)
    assert torch.allclose(mix(a, b, 1 - m, m), (1 - m) * a + m * b)
    assert torch.allclose(mix(a, b, m, m), m * a + m * b)


def test_the_saved_embedding_renders_the_edited_picture(scene, tmp_path):
    render = EditActivations((8, 16), Copy(), other="y").apply(scene)
    scene.embeddings["x"].save(tmp_path / "e.safetensors")
    loaded = Embedding.load(tmp_path / "e.safetensors")
    assert loaded.resume[0] == "16x16.conv1"
    assert torch.equal(loaded.render(scene.generator), render)
    assert torch.equal(loaded[1:].render(scene.generator), render[1:])


def test_several_layers_equal_hooks_at_each_of_them(scene):
    x = scene.embeddings["x"]
    edit = EditActivations((4, 8), Average(0.25), keep="1 - full", take="1", other="y")
    render = edit.apply(scene)

    def average(layer):
        other = state(scene, "y", layer)
        return lambda s: replace(
            s,
            features=0.25 * s.features + 0.75 * other.features,
            rgb=None if s.rgb is None else 0.25 * s.rgb + 0.75 * other.rgb,
        )

    hooks = {name: average(name) for name in ("4x4.conv1", LAST_AT_8)}
    assert torch.allclose(render, scene.generator(x.latent, x.noise, edits=hooks), atol=1e-5)


@pytest.mark.parametrize("change", [
    CopyChannels((0, 3)), PermuteChannels(seed=1), PermutePositions(2), Ablate((2,)), Insert((2,)),
], ids=lambda c: type(c).__name__)  # fmt: skip
def test_every_change_keeps_what_the_mask_does_not_take(scene, change):
    own = state(scene, "x").features
    EditActivations((8,), change, other="y").apply(scene)
    found = scene.embeddings["x"].resume[1].features
    assert torch.equal(found[..., 4:], own[..., 4:])
    assert not torch.equal(found[..., :4], own[..., :4])


def test_what_each_change_makes(scene):
    own, other = state(scene, "x"), state(scene, "y")

    def apply(change):
        return change.apply(own, other, scene.generator, LAST_AT_8).features

    copied = apply(CopyChannels((0, 3)))
    assert torch.equal(copied[:, [0, 3]], other.features[:, [0, 3]])
    assert torch.equal(copied[:, 1:3], own.features[:, 1:3])
    permuted = apply(PermuteChannels(seed=1))
    assert torch.equal(permuted.sort(1).values, own.features.sort(1).values)
    tiles = apply(PermutePositions(2, seed=1))
    assert torch.equal(tiles.flatten(2).sort(2).values, own.features.flatten(2).sort(2).values)
    assert apply(Ablate((2,)))[:, 2].abs().max() == 0
    high = apply(Insert((2,), quantile=1.0))[:, 2]
    assert high.min() == high.max()
    assert high.max() > own.features[:, 2].median()


def test_tiles_move_whole():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    moved = permute_tiles(maps, torch.Generator().manual_seed(3), 2)
    corners = {moved[0, 0, r, c].item() for r in (0, 2) for c in (0, 2)}
    assert corners == {0.0, 2.0, 8.0, 10.0}
    assert moved[0, 0, 0, 1] == moved[0, 0, 0, 0] + 1


def test_mistakes_are_one_line(scene):
    with pytest.raises(ConfigError, match=r"no layer at 99²; known: 4², 8²"):
        scene.generator.find_layer(99)
    wrong = {
        r"did you mean '8x8\.conv1'": EditActivations(("8x8.conv9",)),
        "units 0 to 15, not 40": EditActivations((8,), Ablate((40,))),
        "units 0 to 15, not -1": EditActivations((4, 8), Insert((-1,))),
        "units 0 to 15, not 16": EditActivations((8,), CopyChannels((0, 16))),
        "no unit of layer": EditActivations((8,), Ablate(())),
        "tiles=3: the 8×8 maps of layer 8x8": EditActivations((8,), PermutePositions(3)),
        "selects no layer": EditActivations(Explicit(activations=())),
    }
    for words, operation in wrong.items():
        with pytest.raises(ConfigError, match=words):
            operation.check(scene.generator, dict.fromkeys("xy", EmbeddingSpec("w+")))


def test_what_is_edited_already_lies_ahead_of_no_edit(scene):
    specs = dict.fromkeys("xyz", EmbeddingSpec("w"))
    EditActivations((8, 16), Copy(), other="y").check(scene.generator, specs)
    assert specs == {
        "x": EmbeddingSpec("w", "16x16.conv1"),
        "y": EmbeddingSpec("w"),
        "z": EmbeddingSpec("w"),
    }
    EditActivations((16, 32), Copy(), other="y").check(scene.generator, specs)
    for edit in (EditActivations((8,), other="y"), EditActivations((8,), embedding="y", other="x")):
        with pytest.raises(ConfigError, match=r"before 32x32\.conv1, which is edited already"):
            edit.check(scene.generator, specs)
    with pytest.raises(ConfigError, match=r"needs start\.space z, w or w\+, not s"):
        EditActivations((8,)).check(scene.generator, {"x": EmbeddingSpec("s")})
    EditActivations((16,), Copy(), other="y").apply(scene)
    with pytest.raises(ConfigError, match="lies before"):
        EditActivations((8,), Copy(), other="y").apply(scene)


def test_layers_may_be_a_subset(scene):
    x = scene.embeddings["x"]
    listed = EditActivations(("8x8.conv0", "16x16.conv1"), Average(0.3), other="y").apply(scene)
    scene.embeddings["x"] = x
    for subset in (
        Explicit(activations=("16x16.conv1", "8x8.conv0")),
        Mixed(activations=Explicit(activations=("8x8.conv0", "16x16.conv1"))),
    ):
        edit = EditActivations(subset, Average(0.3), other="y")
        assert edit.names(scene.generator) == ["8x8.conv0", "16x16.conv1"]
        assert torch.equal(edit.apply(scene), listed)
        scene.embeddings["x"] = x


def test_a_mask_is_fitted_to_the_image_inside_a_margin():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    at = fit_mask(mask, 4 + 2 * 3, 3)
    # Columns 3 to 6 are the image; its left half and what lies left of it are inside.
    assert at[0, 0, 0].tolist() == [1] * 5 + [0] * 5
    assert torch.equal(at, at[:, :, :1].expand_as(at))
    assert fit_mask(torch.ones(1, 1, 1, 1), 10, 3).shape == (1, 1, 10, 10)


def test_positions_change_places_inside_the_margin(scene):
    generator = copy.copy(scene.generator)
    generator.layers = (replace(generator.layers[0], margin=3),)
    own = Activation(torch.arange(100.0).view(1, 1, 10, 10))
    moved = PermutePositions(2, seed=1).apply(own, own, generator, "4x4.conv1").features
    expected = own.features.clone()
    rng = torch.Generator().manual_seed(1)
    expected[..., 3:7, 3:7] = permute_tiles(own.features[..., 3:7, 3:7], rng, 2)
    assert torch.equal(moved, expected)
    assert not torch.equal(moved, own.features)
