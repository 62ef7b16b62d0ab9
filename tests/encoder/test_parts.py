"""The parts of a training against what they are by definition."""

from __future__ import annotations

import pytest
import torch

from ganvas.encoder import Augmentation, Maps, Stream, Widths
from ganvas.encoder.augmentation import blurred, blurred_many, shifted_many
from ganvas.encoder.clock import Clock
from ganvas.encoder.coordinates import Coordinates
from ganvas.encoder.network import Network, Outputs, Update
from ganvas.encoder.objective import divergence
from ganvas.encoder.pool import Pool
from ganvas.errors import ConfigError
from ganvas.functional.images import resize, to_uint8
from ganvas.generator.tiny import TinyGenerator
from ganvas.generator.whitening import latent_whitening

STREAM = Stream(psi=(0.5, 0.5), mixing=0.5, resolution=16, fresh=4, kept=12)


@pytest.fixture(scope="module")
def generator():
    return TinyGenerator(resolution=16)


def test_samples_are_drawn_from_their_w_and_some_are_mixed(generator):
    w, pictures = STREAM.draw(generator, 0, 7, 40)
    first, last = w[:, 0], w[:, -1]
    is_mixed = (first != last).any(1)
    assert 8 < is_mixed.sum() < 32
    # Each row is one of two.
    assert ((w == first[:, None]).all(2) | (w == last[:, None]).all(2)).all()
    # They are where the mapping network leads, half way from the mean.
    z = torch.randn(80, generator.z_dim, generator=torch.Generator().manual_seed(7))
    expected = (generator.w_avg + generator.mapping(z)) / 2
    assert torch.allclose(first, expected[:40], atol=1e-6)
    still = STREAM.draw(generator, 0, 7, 40)
    assert torch.equal(still.pictures, pictures)
    assert not torch.equal(STREAM.draw(generator, 0, 8, 40).w, w)
    # Noise changes a picture less than its w does.
    drawn = to_uint8(resize(generator(w, generator.fixed_noise(40)), 16)).float()
    error = (pictures.float() - drawn).square().mean()
    assert error < 0.8 * (pictures.float() - drawn.roll(1, 0)).square().mean()


def test_reduced_precision_draws_nearly_the_same_pictures_of_the_same_w(generator):
    plain = STREAM.draw(generator, 0, 1, 4)
    with torch.autocast("cpu", torch.bfloat16):
        reduced = STREAM.draw(generator, 0, 1, 4)
    assert torch.equal(plain.w, reduced.w)
    error = (plain.pictures.float() - reduced.pictures.float()).abs().mean()
    assert 0 < error < 3


def test_the_pool_keeps_the_newest_and_is_the_same_when_it_continues(generator):
    pool = Pool(STREAM, generator, 5)
    batches = [pool.batch(step, 6) for step in range(6)]
    assert [len(batch.w) for batch in batches] == [4, 6, 6, 6, 6, 6]
    newest = torch.cat([STREAM.draw(generator, 5, step, 4).w for step in (3, 4, 5)])
    for w in batches[-1].w:
        assert (newest == w).all((1, 2)).sum() == 1
    continued = Pool(STREAM, generator, 5).batch(5, 6)
    assert torch.equal(continued.w, batches[-1].w)
    assert torch.equal(continued.pictures, batches[-1].pictures)


def test_many_pictures_are_blurred_as_one_is():
    pictures = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    sigma = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    many = blurred_many(pictures, sigma, 1.0)
    assert torch.allclose(many[:1], pictures[:1], atol=1e-6)
    assert torch.allclose(many[1:], blurred(pictures[1:], 1.0), atol=1e-5)


def test_many_pictures_are_shifted_each_by_its_amount():
    ramp = torch.linspace(-1, 1, 64).expand(2, 3, 64, 64)
    cut, none = torch.tensor([0.0, 0.25]).view(2, 1, 1, 1), torch.zeros(2, 1, 1, 1)
    left = shifted_many(ramp, cut, none, none)
    assert torch.allclose(left[0], ramp[0], atol=1e-6)
    assert torch.allclose(left[1, :, :, -1], ramp[1, :, :, 47], atol=0.05)
    right = shifted_many(ramp, cut, none + 1, none)
    assert torch.allclose(right[1, :, :, 0], ramp[1, :, :, 16], atol=0.05)


def test_many_pictures_change_with_their_stream_alone():
    pictures = torch.rand(3, 3, 16, 16) * 2 - 1
    change = Augmentation()
    once, again, other = (
        change.many(pictures, torch.Generator().manual_seed(s)) for s in (0, 0, 1)
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    still = Augmentation(colour=0, blur=0, jpeg=None, crop=0)
    assert torch.equal(still.many(pictures, torch.Generator()), pictures)


def test_an_update_moves_all_rows_and_each_that_has_an_effect(generator):
    basis = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    coordinates = Coordinates.of(generator, basis)
    effective = list(generator.effective_rows)
    common, rows = torch.randn(2, 32), torch.randn(2, len(effective), 32)
    w = torch.randn(2, generator.rows, 32)
    moved = coordinates.moved(w, Update(common, rows, None)) - w
    assert torch.allclose(moved[:, -1], common @ basis, atol=1e-5)
    assert torch.allclose(moved[:, effective], (common[:, None] + rows) @ basis, atol=1e-4)


def test_whitened_samples_have_unit_variance_where_w_varies(generator):
    w = generator.sample_w(4_000, torch.Generator().manual_seed(9))
    fitted = latent_whitening(generator, undo=False, ridge=1e-6)
    variance = ((w - fitted.mean) @ fitted.matrix).var(0)
    assert torch.allclose(variance, torch.ones(32), atol=0.15)
    # With the highest floor, directions keep the ratio of their spreads.
    assert torch.allclose(
        latent_whitening(generator, undo=False, ridge=1.0).matrix.norm(dim=0),
        fitted.matrix.norm(dim=0).min(),
        rtol=1e-3,
    )


def test_the_divergence_is_that_of_two_normal_distributions():
    from torch.distributions import Normal, kl_divergence

    mean, log_variance = torch.randn(3, 5), torch.randn(3, 5)
    one = Normal(mean, (log_variance / 2).exp())
    expected = kl_divergence(one, Normal(torch.zeros(3, 5), torch.ones(3, 5))).mean()
    assert torch.allclose(divergence(mean, log_variance), expected, atol=1e-6)


def test_rows_share_the_head_of_their_layers_resolution():
    generator = TinyGenerator(resolution=32)
    # Rows: 4²; 8², 8²; 16², 16²; 32², 32²; and the last image.
    assert Widths(heads=(8, 16)).groups(generator) == (0, 0, 0, 1, 1, 2, 2, 2)
    assert set(Widths(heads=(1, 2, 64)).groups(generator)) == {0}


def test_a_network_joins_maps_of_several_sizes():
    maps = Maps(picture=32, vgg=("conv3_3", "conv5_3"), vgg_resolution=128, identity=True)
    assert [shape.side for shape in maps.shapes()] == [32, 32, 8]
    network = Network(maps, Widths(first=8, width=16, hidden=8), Outputs(5, (0, 0, 1), True))
    assert network.pyramid.sides == [32, 16, 8, 4]
    from ganvas.encoder.maps import Seen

    def seen():
        return Seen([torch.randn(2, c, s, s) for c, s in maps.shapes()], torch.randn(2, 512))

    update = network(seen(), seen())
    assert update.rows.shape == (2, 3, 5)
    for part in update:
        assert part.abs().sum() == 0


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"picture": 0}, "there is none"),
        ({"picture": 48, "vgg": ("conv3_3",), "vgg_resolution": 256}, "64², 48²; each must be"),
        ({"vgg": ("conv3_4",)}, "no layer 'conv3_4'"),
        ({"vgg": ("conv3_3", "conv3_3")}, "each layer once"),
    ],
)
def test_maps_that_do_not_fit_are_refused(settings, line):
    with pytest.raises(ConfigError, match=line):
        Maps(**settings)


def test_a_pool_that_is_no_multiple_of_what_is_drawn_is_refused():
    with pytest.raises(ConfigError, match="kept=10 must be a multiple of fresh=4"):
        Stream(fresh=4, kept=10)


def test_progress_counts_steps_or_seconds_whatever_is_further(monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    clock = Clock(steps=10, seconds=20.0, before=4.0, begun=95.0)
    assert clock.elapsed() == 9
    assert clock.progress(2) == pytest.approx(0.45)
    assert clock.progress(8) == pytest.approx(0.8)
    assert Clock(10, None, 0.0, 0.0).progress(2) == pytest.approx(0.2)


@pytest.mark.assets
def test_maps_are_those_of_their_networks():
    from ganvas.network.arcface import identity_features
    from ganvas.network.vgg import vgg16

    pictures = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    seen = Maps(picture=16, vgg=("conv3_3",), vgg_resolution=64, identity=True)(pictures)
    assert torch.allclose(seen.maps[0], torch.nn.functional.avg_pool2d(pictures, 4))
    assert torch.allclose(seen.maps[1].square().mean(1), torch.ones(1, 16, 16), atol=1e-3)
    layer = vgg16()(pictures, ["conv3_3"])["conv3_3"]
    cosine = torch.nn.functional.cosine_similarity(seen.maps[1], layer)
    assert torch.allclose(cosine, torch.ones(1, 16, 16), atol=1e-4)
    assert torch.allclose(seen.vector, identity_features(pictures) * 512**0.5, atol=1e-4)
