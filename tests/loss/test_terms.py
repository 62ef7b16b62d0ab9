"""Every term of the program: bound to a reference, per image, under a mask, differentiable."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from ganvas.errors import ConfigError
from ganvas.functional.images import resize
from ganvas.generator.tiny import TinyGenerator
from ganvas.loss import (
    L1,
    LPIPS,
    MSE,
    MSSSIM,
    SSIM,
    Block,
    Crop,
    DistanceToMean,
    DistanceToStart,
    Identity,
    NoiseAutocorrelation,
    Objective,
    Perceptual,
    Reference,
    RowSpread,
    ScheduledWeight,
    Style,
    Term,
    TotalVariation,
    View,
    pairs,
)

GENERATOR = TinyGenerator()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scene(size=64, mask=True):
    half = torch.zeros(2, 1, size, size)
    half[..., : size // 2] = 1
    w = GENERATOR.broadcast(normal(2, GENERATOR.w_dim))
    reference = Reference(normal(2, 3, size, size) * 0.3, half if mask else None, w, GENERATOR)
    noise = GENERATOR.sample_noise(2, torch.Generator().manual_seed(4))
    return reference, View(normal(2, 3, size, size, seed=2) * 0.3, w + 0.1, noise)


PIXEL_TERMS = [MSE(), L1(), MSE(resolution=32), SSIM(), MSE(span=255)]
FEATURE_TERMS = [Perceptual(), LPIPS(), LPIPS(net="alex"), Style()]


@pytest.mark.parametrize("term", PIXEL_TERMS, ids=str)
def test_only_what_the_mask_holds_moves_a_pixel_term(term):
    _only_inside_counts(term, 64)


@pytest.mark.assets
@pytest.mark.parametrize("term", FEATURE_TERMS, ids=lambda t: type(t).__name__)
def test_only_what_the_mask_holds_moves_a_feature_term(term):
    reference, view = scene(128)
    # The features' receptive fields reach over the mask's edge, so look well beyond it.
    outside = view.image.clone()
    outside[..., -16:] += 1
    inside = view.image.clone()
    inside[..., :16] += 1
    bound = term.bind(reference)
    before = bound(view)
    assert before.shape == (2,)
    moved_outside = (bound(View(outside, view.w, view.noise)) - before).abs()
    moved_inside = (bound(View(inside, view.w, view.noise)) - before).abs()
    assert (moved_outside < 0.05 * moved_inside).all()
    same = bound(View(reference.target, view.w, view.noise))
    assert same.abs().max() < 1e-5


def _only_inside_counts(term, size):
    reference, view = scene(size)
    bound = term.bind(reference)
    before = bound(view)
    assert before.shape == (2,)
    image = view.image.clone()
    image[..., -8:] += 1
    assert torch.allclose(bound(View(image, view.w, view.noise)), before)
    image[..., :8] += 1
    assert not torch.allclose(bound(View(image, view.w, view.noise)), before)
    same = bound(View(reference.target, view.w, view.noise))
    assert same.abs().max() < 1e-5


def test_span_states_the_range_that_a_weight_belongs_to():
    reference, view = scene()
    eight_bit = ((view.image - reference.target) * 127.5 * reference.mask).square().mean((1, 2, 3))
    assert torch.allclose(MSE(span=255).bind(reference)(view), eight_bit, rtol=1e-5)


@pytest.mark.parametrize("mask", [True, False])
def test_pixel_terms_are_means_over_the_whole_image(mask):
    reference, view = scene(16)
    if mask:
        soft = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(9))
        reference = replace(reference, mask=soft)
    else:
        reference = replace(reference, mask=None)
    difference = (view.image - reference.target).numpy()
    if mask:
        difference = difference * soft.numpy()
    for term, of_each in ((MSE(), np.square), (L1(), np.abs)):
        wanted = [np.sum(of_each(d)) / (3 * 256) for d in difference.astype(np.float64)]
        assert term.bind(reference)(view).tolist() == pytest.approx(wanted, rel=1e-6)


class Forgetful(Term):
    """A term whose author did not think of masks: the largest error of all."""

    def bind(self, reference):
        return lambda view: (view.image - reference.target).abs().flatten(1).amax(1)


@pytest.mark.parametrize("term", [*PIXEL_TERMS, TotalVariation(), Forgetful()], ids=str)
def test_no_pixel_outside_of_the_mask_can_change_a_block(term):
    reference, view = scene(64)
    block = Block({"term": term}, mask="m")
    loud = torch.zeros_like(view.image)
    # Windows of SSIM and differences of neighbours reach over the edge of the mask.
    loud[..., 48:] = 9

    def loss(image, target):
        return block.bind(term, replace(reference, target=target))(View(image, view.w, view.noise))

    plain = loss(view.image, reference.target)
    assert torch.equal(loss(view.image + loud, reference.target), plain)
    assert torch.equal(loss(view.image, reference.target + loud), plain)
    assert not torch.allclose(loss(view.image + loud.flip(3), reference.target), plain)


def test_a_target_takes_on_the_colours_around_it():
    reference, view = scene(64)
    photograph = view.image
    tinted = photograph + torch.tensor([0.4, 0.0, -0.2])[:, None, None]
    mask = torch.zeros(2, 1, 64, 64)
    mask[..., 16:40, 16:48] = 1
    block = Block({"mse": MSE()}, target="w", mask="m", around="x")
    references = {
        (name, "m"): replace(reference, target=target, mask=mask)
        for name, target in (("w", tinted), ("x", photograph))
    }
    assert pairs({"hole": block}) == set(references)
    loss, _ = Objective.bind({"hole": block}, references)(view, 0.5)
    assert loss.tolist() == pytest.approx([0, 0], abs=1e-9)
    plain, _ = Objective.bind({"hole": replace(block, around=None)}, references)(view, 0.5)
    assert (plain > 0.01).all()
    with pytest.raises(ConfigError, match="around"):
        Block({"mse": MSE()}, target="w", around="x")


def test_a_term_on_the_latent_is_bound_as_it_is_under_a_mask():
    reference, view = scene(16)
    for term in (DistanceToStart(), DistanceToMean(), RowSpread(), NoiseAutocorrelation()):
        assert term.applies_mask
        assert torch.equal(
            Block({"t": term}).bind(term, reference)(view), term.bind(reference)(view)
        )


def test_images_do_not_influence_each_other():
    reference, view = scene()
    image = view.image.clone()
    image[1] += 5
    for term in (MSE(), SSIM(), TotalVariation()):
        bound = term.bind(reference)
        assert bound(View(image, view.w, view.noise))[0] == bound(view)[0]


def test_terms_on_the_latent():
    reference, view = scene()
    start = reference.start
    assert torch.allclose(DistanceToStart().bind(reference)(view), torch.full((2,), 0.01))
    assert DistanceToStart().bind(reference)(View(view.image, start, [])).abs().max() == 0
    assert RowSpread().bind(reference)(View(view.image, start, [])).abs().max() < 1e-12
    spread = start.clone()
    spread[:, 0] += 1
    rows = len(GENERATOR.effective_rows)
    wanted = (1 / rows) * (1 - 1 / rows)
    found = RowSpread().bind(reference)(View(view.image, spread, []))
    assert torch.allclose(found, torch.full((2,), wanted), rtol=1e-4)
    w_avg = GENERATOR.broadcast(GENERATOR.w_avg.expand(2, -1))
    assert DistanceToMean().bind(reference)(View(view.image, w_avg, [])).abs().max() == 0


@pytest.mark.parametrize("metric", ["covariance", "p_norm"])
def test_samples_of_w_are_at_a_mahalanobis_distance_of_one(metric):
    samples = GENERATOR.sample_w(2000, torch.Generator().manual_seed(8))
    reference, _ = scene()
    rows = GENERATOR.broadcast(samples)
    distance = DistanceToMean(metric=metric).bind(reference)(
        View(torch.zeros(2000, 3, 1, 1), rows, [])
    )
    assert distance.mean().item() == pytest.approx(1, rel=0.1)


def test_the_dead_row_has_no_say():
    reference, view = scene()
    w = view.w.clone()
    w[:, -1] += 100
    for term in (RowSpread(), DistanceToMean()):
        bound = term.bind(reference)
        assert torch.equal(bound(View(view.image, w, [])), bound(view))


def test_noise_autocorrelation_sees_the_noise_alone():
    reference, view = scene()
    found = NoiseAutocorrelation().bind(reference)(view)
    assert found.shape == (2,)
    assert torch.equal(found, NoiseAutocorrelation().bind(reference)(
        View(view.image + 1, view.w + 1, view.noise)))  # fmt: skip


def test_ms_ssim_refuses_small_images():
    MSSSIM().check(TinyGenerator(256), "w+")
    with pytest.raises(ConfigError, match="176 pixels or more, not 64"):
        MSSSIM().check(TinyGenerator(64), "w+")


def test_terms_that_look_through_a_window_refuse_smaller_images():
    for term, pixels in ((SSIM(), 11), (LPIPS(), 32), (Perceptual(), 32), (Style(), 32)):
        term.check(TinyGenerator(32), "w+")
        with pytest.raises(ConfigError, match=f"{pixels} pixels or more, not 8"):
            term.check(TinyGenerator(8), "w+")
    MSE().check(TinyGenerator(8), "s")


def test_a_latent_without_rows_has_no_row_terms():
    for term in (RowSpread(), DistanceToMean()):
        term.check(GENERATOR, "w")
        with pytest.raises(ConfigError, match="s has no rows"):
            term.check(GENERATOR, "s")
    DistanceToStart().check(GENERATOR, "s")


def test_ms_ssim_is_torchmetrics_under_no_mask():
    reference, view = scene(192, mask=False)
    wanted = multiscale_structural_similarity_index_measure(
        view.image, reference.target, data_range=2.0, reduction="none"
    )
    # The reference's coarsest scale averages over its padded border as well.
    assert torch.allclose(MSSSIM(resolution=192).bind(reference)(view), 1 - wanted, atol=5e-3)
    same = View(reference.target, view.w, view.noise)
    assert MSSSIM().bind(reference)(same).abs().max() < 1e-5


def test_ms_ssim_is_averaged_over_the_mask():
    reference, view = scene(256)
    image = reference.target.clone()
    # The coarsest window, 11 of 16 pixels, reaches half a picture.
    image[..., -8:] += view.image[..., -8:]
    bound = MSSSIM().bind(reference)
    outside = bound(View(image, view.w, view.noise))
    image[..., :8] += view.image[..., :8]
    inside = bound(View(image, view.w, view.noise))
    assert (outside < 0.1 * inside).all()


@pytest.mark.assets
def test_identity_is_the_angle_between_two_faces():
    from ganvas import assets

    onnxruntime = pytest.importorskip("onnxruntime")
    reference, view = scene(256)
    path = assets.path("insightface") / "w600k_mbf.onnx"
    session = onnxruntime.InferenceSession(str(path))

    def features(images):
        # The face of an FFHQ crop: rows 35 to 222 and columns 32 to 219 of 256.
        faces = resize(images[..., 35:223, 32:220], 112)
        (found,) = session.run(None, {session.get_inputs()[0].name: faces.numpy()})
        return torch.from_numpy(found)

    cosine = torch.cosine_similarity(features(view.image), features(reference.target))
    found = Identity().bind(reference)(view)
    assert torch.allclose(found, 1 - cosine, atol=1e-3)
    assert found.min() > 0.02
    same = Identity().bind(reference)(View(reference.target, view.w, view.noise))
    assert same.abs().max() < 1e-4


def test_block_and_term_weights_multiply_and_follow_their_schedule():
    reference, view = scene()
    blocks = {"b": Block({"mse": MSE(weight=ScheduledWeight(2.0, up=0.5))}, mask="m", weight=100.0)}
    objective = Objective.bind(blocks, {("x", "m"): reference})
    plain = MSE().bind(reference)(view)
    assert torch.allclose(objective(view, 1.0)[0], 200 * plain)
    assert torch.allclose(objective(view, 0.25)[0], 100 * plain)


def test_a_block_without_terms_is_refused():
    with pytest.raises(ConfigError, match="at least one term"):
        Block({})
    assert Block({"mse": MSE()}).counting
    assert not Block({"mse": MSE()}, weight=0.0).counting
    assert not Block({"mse": MSE(weight=0.0)}).counting


def test_each_image_has_the_weights_of_its_objective():
    reference, view = scene(64)
    terms = {"mse": MSE(weight=3.0), "start": DistanceToStart(weight=ScheduledWeight(2.0, up=0.5))}
    first = {"b": Block(terms, mask="m")}
    second = {"b": Block({**terms, "mse": MSE(weight=0.25)}, mask="m")}
    assert first["b"].unweighted() == second["b"].unweighted()
    references = {("x", "m"): reference}
    loss, shares = Objective.bind(first, references, [first, second])(view, 0.25)
    for image, blocks in enumerate((first, second)):
        alone, its = Objective.bind(blocks, references)(view, 0.25)
        assert loss[image] == alone[image]
        assert all(shares[name][image] == its[name][image] for name in its)
    assert shares["mse"][0] / shares["mse"][1] != pytest.approx(1, rel=0.1)


def test_blocks_with_other_constant_weights_are_alike_and_with_other_schedules_are_not():
    def block(weight, of_block=1.0):
        return Block({"mse": MSE(weight=weight)}, weight=of_block).unweighted()

    assert block(2.0) == block(5.0, of_block=3.0) != block(0.0)
    assert block(2.0) != block(2.0, of_block=0.0)
    up = ScheduledWeight(2.0, up=0.5)
    assert block(up) == block(up)
    assert block(up) not in (block(up, of_block=3.0), block(ScheduledWeight(1.0, up=0.5)), block(2))


def test_a_cropped_term_is_the_term_on_the_part():
    reference, view = scene(64)
    crop = Crop(left=0.25, top=0.5, right=0.75, bottom=1.0)
    term = MSE(crop=crop, weight=3.0)
    objective = Objective.bind({"b": Block({"mse": term}, mask="m")}, {("x", "m"): reference})
    difference = ((view.image - reference.target) * reference.mask)[:, :, 32:64, 16:48]
    loss, shares = objective(view, 0.0)
    assert torch.allclose(loss, 3 * difference.square().mean((1, 2, 3)))
    assert torch.equal(shares["mse"], loss)


def test_a_cropped_term_compares_the_part_at_its_own_resolution():
    reference, view = scene(64, mask=False)
    term = MSE(crop=Crop(0.0, 0.0, 0.5, 0.5), resolution=16)
    objective = Objective.bind({"b": Block({"mse": term})}, {("x", "1"): reference})
    difference = (view.image - reference.target)[:, :, :32, :32]
    coarse = difference.reshape(2, 3, 16, 2, 16, 2).mean((3, 5))
    assert torch.allclose(objective(view, 0.0)[0], coarse.square().mean((1, 2, 3)), atol=1e-6)


def test_a_crop_without_area_or_too_small_for_the_term_is_refused():
    with pytest.raises(ConfigError, match="left must be below right"):
        Crop(left=0.5, right=0.5)
    with pytest.raises(ConfigError, match="needs images of 32 pixels or more, not 20 of its crop"):
        LPIPS(crop=Crop()).check(TinyGenerator(32), "w+")


def test_terms_that_take_turns_add_up_to_their_weights_over_a_period():
    reference, view = scene(16, mask=False)
    terms = {"a": MSE(every=2), "b": L1(every=2, first=1, weight=3.0), "c": MSE(weight=0.5)}
    objective = Objective.bind({"b": Block(terms)}, {("x", "1"): reference})
    assert objective.names == ["a", "b", "c"]
    mse, l1 = MSE().bind(reference)(view), L1().bind(reference)(view)
    first, shares = objective(view, 0.0, step=4)
    assert torch.allclose(first, 2 * mse + 0.5 * mse)
    assert list(shares) == ["a", "c"]
    second, shares = objective(view, 0.0, step=5)
    assert torch.allclose(second, 6 * l1 + 0.5 * mse)
    assert list(shares) == ["b", "c"]
    assert torch.allclose(objective(view, 0.0)[0], (first + second) / 2)


def test_a_turn_that_never_comes_is_refused():
    with pytest.raises(ConfigError, match="first=2 must be below every=2"):
        MSE(every=2, first=2)
