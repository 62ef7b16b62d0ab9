"""Tiles side by side: weights that sum to one, and what they make of crops and styles."""

import torch

from ganvas.functional.tiling import centres, joints, merge, partition, pooled, spread


def test_weights_are_ramps_that_sum_to_one():
    # Crop 6, overlap 2, stride 4: the samples 4 and 5 are shared.
    weights = partition(centres(0, 10, 1), joints(2, 4, 2), 2)
    assert torch.equal(weights.sum(1), torch.ones(10))
    assert weights[:, 1].tolist() == [0, 0, 0, 0, 0.25, 0.75, 1, 1, 1, 1]


def test_no_overlap_is_a_cut():
    weights = partition(centres(0, 8, 1), joints(2, 4, 0), 0)
    assert weights[:, 1].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_finer_samples_lie_on_the_same_ramp():
    # Straight ramps: the mean of two fine samples is the coarse one.
    coarse = partition(centres(0, 20, 1), joints(5, 4, 2), 4)
    fine = partition(centres(0, 40, 2), joints(5, 4, 2), 4)
    inside = slice(2, 18)
    torch.testing.assert_close(
        fine.view(20, 2, 5).mean(1)[inside], coarse[inside], atol=0.07, rtol=0
    )
    assert torch.equal(partition(centres(7, 9, 1), joints(5, 4, 2), 4), coarse[7:9])


def test_merged_crops_equal_a_sum_by_hand():
    rng = torch.Generator().manual_seed(0)
    crops = {(r, c): torch.randn(1, 3, 6, 6, generator=rng) for r in range(2) for c in range(3)}
    rows = partition(centres(0, 10, 1), joints(2, 4, 2), 2)
    columns = partition(centres(0, 14, 1), joints(3, 4, 2), 2)
    canvas = torch.zeros(1, 3, 10, 14)
    for y in range(10):
        for x in range(14):
            for (r, c), crop in crops.items():
                if 0 <= y - 4 * r < 6 and 0 <= x - 4 * c < 6:
                    weight = rows[y, r] * columns[x, c]
                    canvas[..., y, x] += weight * crop[..., y - 4 * r, x - 4 * c]
    pieces = [(r, c, crop) for (r, c), crop in crops.items()]
    merged = merge(pieces, rows, columns, torch.zeros(1, 3, 10, 14), (0, 0), 4)
    torch.testing.assert_close(merged, canvas)
    window = merge(pieces, rows[3:8], columns[5:12], torch.zeros(1, 3, 5, 7), (3, 5), 4)
    assert torch.equal(window, merged[..., 3:8, 5:12])


def test_styles_are_interpolated_along_both_axes():
    styles = torch.tensor([[[0.0], [1.0]], [[10.0], [11.0]]])
    weights = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    spread_out = spread(styles, weights, weights)
    assert spread_out[0, 0].tolist() == [[0, 0.5, 1], [5, 5.5, 6], [10, 10.5, 11]]


def test_pooled_statistics_are_those_of_the_images_side_by_side():
    images = torch.randn(4, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 3 + 1
    moments = [
        (x.mean((2, 3), keepdim=True), x.std((2, 3), keepdim=True, unbiased=False))
        for x in images.split(1)
    ]
    mean, deviation = pooled(moments)
    mosaic = images.transpose(0, 1).flatten(1)
    torch.testing.assert_close(mean.flatten(), mosaic.mean(1))
    torch.testing.assert_close(deviation.flatten(), mosaic.std(1, unbiased=False))


def test_pooled_statistics_of_units_that_hardly_vary_are_exact():
    rng = torch.Generator().manual_seed(0)
    means = [torch.tensor([10.0, 3.1, 7.7]).view(1, 3, 1, 1)] * 3
    deviations = [torch.tensor([0.0, 1e-4, 0.01]).view(1, 3, 1, 1)] * 3
    mean, deviation = pooled(list(zip(means, deviations, strict=True)))
    torch.testing.assert_close(mean, means[0])
    torch.testing.assert_close(deviation, deviations[0])
    # Images that differ by little beside their mean, against the moments in double precision.
    images = 100 + 0.01 * torch.randn(5, 2, 6, 6, generator=rng, dtype=torch.float64)
    moments = [
        (x.mean((2, 3), keepdim=True).float(), x.std((2, 3), keepdim=True, unbiased=False).float())
        for x in images.split(1)
    ]
    exact = images.transpose(0, 1).flatten(1).std(1, unbiased=False).float()
    torch.testing.assert_close(pooled(moments)[1].flatten(), exact, rtol=1e-3, atol=0)
