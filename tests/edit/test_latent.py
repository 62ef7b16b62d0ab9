import pytest
import torch

from ganvas.edit import Direction, EditActivations, Morph, StyleMix
from ganvas.errors import ConfigError
from ganvas.layers import Explicit
from ganvas.stage import EmbeddingSpec


def test_style_mixing_takes_the_rows_and_leaves_the_others(scene):
    x, y = scene.embeddings["x"], scene.embeddings["y"]
    StyleMix(Explicit(rows=(3, 4))).apply(scene)
    mixed = scene.embeddings["x"].latent
    assert torch.equal(mixed[:, 3:5], y.latent[:, 3:5])
    assert torch.equal(mixed[:, :3], x.latent[:, :3])
    assert torch.equal(mixed[:, 5:], x.latent[:, 5:])
    assert scene.embeddings["x"].noise == x.noise


def test_a_morph_begins_and_ends_with_its_images(scene):
    x, y = (scene.embeddings[n].render(scene.generator) for n in "xy")
    morph = Morph(count=3)
    film = list(morph.frames(scene))
    assert torch.equal(film[0], x)
    assert torch.equal(film[-1], y)
    assert torch.equal(film[1], morph.apply(scene))


def test_between_its_ends_a_morph_has_the_noise_that_was_there_before_the_fit(scene):
    """What was fitted fades out over a quarter of the film at each end; written out by hand."""
    x, y = scene.embeddings["x"], scene.embeddings["y"]
    fresh = scene.generator.noise_of(5, len(x))
    shares = {1.0: (1, 0), 0.875: (0.5, 0), 0.75: (0, 0), 0.5: (0, 0), 0.2: (0, 0.2), 0.0: (0, 1)}
    for at, (of_x, of_y) in shares.items():
        scene.embeddings["x"] = x
        Morph(at=at, seed=5).apply(scene)
        maps = zip(fresh, x.noise, y.noise, scene.embeddings["x"].noise, strict=True)
        for n, a, b, found in maps:
            assert torch.allclose(found, n + of_x * (a - n) + of_y * (b - n), atol=1e-6)


def test_a_direction_is_w1_plus_lambda_w3_minus_w2(scene):
    x, y, z = (scene.embeddings[n].latent for n in "xyz")
    direction = Direction(strength=0.5, layers=Explicit(rows=(2,)))
    strip = list(direction.frames(scene))
    assert len(strip) == 6
    assert torch.equal(strip[2], scene.embeddings["x"].render(scene.generator))
    direction.apply(scene)
    moved = scene.embeddings["x"].latent
    assert torch.allclose(moved[:, 2], x[:, 2] + 0.5 * (z - y)[:, 2])
    assert torch.equal(moved[:, 3], x[:, 3])


def test_a_subset_must_move_a_row(scene):
    nothing = Explicit(rows=())
    for operation in (StyleMix(nothing), Direction(layers=nothing)):
        with pytest.raises(ConfigError, match="no style row to move"):
            operation.check(scene.generator, dict.fromkeys("xyz", EmbeddingSpec("w+")))


def test_operations_on_rows_need_rows_and_leave_them(scene):
    good = dict.fromkeys("xyz", EmbeddingSpec("w"))
    for operation in (StyleMix(Explicit(rows=(3,))), Morph(), Direction()):
        specs = dict(good)
        operation.check(scene.generator, specs)
        assert specs == {"x": EmbeddingSpec("w+"), "y": EmbeddingSpec("w"), "z": EmbeddingSpec("w")}
        for name in operation.embeddings():
            for bad, words in (
                (EmbeddingSpec("s"), "not s"),
                (EmbeddingSpec("w", "8x8.conv1"), "are edited"),
            ):
                with pytest.raises(ConfigError, match=words):
                    operation.check(scene.generator, {**good, name: bad})


def test_rows_cannot_move_once_activations_are_edited(scene):
    EditActivations((8,), other="y").apply(scene)
    with pytest.raises(ConfigError, match=r"activations at 8x8\.conv1 are edited"):
        Morph().apply(scene)
