from dataclasses import dataclass, replace

import pytest
import torch
from scipy.ndimage import gaussian_filter

from ganvas.config.compose import compose_job
from ganvas.config.schema import build
from ganvas.errors import ConfigError, InputError
from ganvas.mask import (
    Box,
    Canvas,
    Difference,
    Each,
    Feather,
    Full,
    Half,
    Intersection,
    Invert,
    Union,
    require_content,
)  # fmt: skip
from ganvas.runner.job import validate

CANVAS = Canvas({"x": torch.zeros(2, 3, 64, 64)})
LEFT, UPPER = Half(0), Half(90)


def test_combinations_follow_set_algebra():
    a, b = LEFT.draw(CANVAS).bool(), UPPER.draw(CANVAS).bool()
    both = {"a": LEFT, "b": UPPER}
    assert torch.equal(Union(both).draw(CANVAS).bool(), a | b)
    assert torch.equal(Intersection(both).draw(CANVAS).bool(), a & b)
    assert torch.equal(Difference(LEFT, UPPER).draw(CANVAS).bool(), a & ~b)
    assert torch.equal(Invert(LEFT).draw(CANVAS).bool(), ~a)


def test_feather_is_a_gaussian_relative_to_the_image():
    box = Box(0.3, 0.3, 0.7, 0.7)
    soft = Feather(box, 0.05).draw(CANVAS)[0, 0]
    wanted = gaussian_filter(box.draw(CANVAS)[0, 0].double().numpy(), 0.05 * 64, mode="nearest",
                             radius=10)  # fmt: skip
    assert torch.allclose(soft, torch.from_numpy(wanted).float(), atol=1e-6)
    assert torch.equal(Feather(box, 0.0).draw(CANVAS), box.draw(CANVAS))


def test_a_feather_inwards_changes_nothing_outside():
    soft = Feather(LEFT, 0.05, inward=True).draw(CANVAS)[0, 0]
    assert torch.equal(soft[:, 32:], torch.zeros(64, 32))
    # On a straight edge, 2 G M − 1 is the error function of the distance.
    distance = torch.arange(31.5, 0, -1)
    wanted = torch.erf(distance / (0.05 * 64 * 2**0.5))
    assert torch.allclose(soft[20, :32], wanted, atol=0.01)
    corner = Feather(Box(0.25, 0.25, 0.75, 0.75), 0.05, inward=True).draw(CANVAS)
    assert not corner[:, :, :, :16].any()
    assert corner.max() > 0.99
    assert torch.equal(Feather(LEFT, 0.0, inward=True).draw(CANVAS), LEFT.draw(CANVAS))


def test_a_mask_too_thin_to_fade_inwards_is_one_line():
    line = Box(left=0.5, right=0.52, top=0.1, bottom=0.9)
    with pytest.raises(InputError, match=r"sigma=0\.05: the mask of image 0 is too thin to fade"):
        Feather(line, 0.05, inward=True).draw(CANVAS)


def test_feather_keeps_a_constant_and_the_range():
    assert Feather(Full(), 0.1).draw(CANVAS).min() == 1
    soft = Feather(LEFT, 0.1).draw(CANVAS)
    assert soft.min() >= 0
    assert soft.max() <= 1
    # Soft masks combine too, by maximum and minimum.
    assert torch.equal(Union({"a": Feather(LEFT, 0.1), "b": LEFT}).draw(CANVAS),
                       torch.maximum(soft, LEFT.draw(CANVAS)))  # fmt: skip


def test_each_image_can_have_its_own():
    mask = Each({"first": LEFT, "second": UPPER}).draw(CANVAS)
    assert torch.equal(mask[0], LEFT.draw(CANVAS)[0])
    assert torch.equal(mask[1], UPPER.draw(CANVAS)[1])
    with pytest.raises(ConfigError, match="1 masks for 2 photographs"):
        Each({"first": LEFT}).draw(CANVAS)
    with pytest.raises(ConfigError, match="at least one mask"):
        Each({})


def test_each_photograph_keeps_its_own_over_all_of_its_solutions():
    canvas = Canvas({"x": torch.zeros(6, 3, 64, 64)}, solutions=3)
    mask = Each({"first": LEFT, "second": UPPER}).draw(canvas)
    for image in range(6):
        assert torch.equal(mask[image], (LEFT if image < 3 else UPPER).draw(canvas)[0])


def test_equal_masks_are_drawn_once():
    drawn = []

    @dataclass(frozen=True)
    class Counted(Box):
        def draw(self, canvas):
            drawn.append(self)
            return super().draw(canvas)

    recipe = build(validate(compose_job(["edit=inpaint", "generator=tiny"]).config)).edit
    hole = Counted(0.2, 0.2, 0.6, 0.6)
    again = Counted(0.2, 0.2, 0.6, 0.6)
    masks = {"m": hole, "m_blur": Union({"hole": again, "blurred": Feather(again, 0.02)})}
    canvas = Canvas({"x": torch.zeros(1, 3, 64, 64)})
    found = replace(recipe, masks=masks).draw_masks(canvas)
    assert drawn == [hole]
    box = Box(0.2, 0.2, 0.6, 0.6)
    assert torch.equal(found["m"], box.draw(CANVAS)[:1])
    expected = torch.maximum(found["m"], Feather(box, 0.02).draw(Canvas(canvas.images)))
    assert torch.equal(found["m_blur"], expected)
    canvas.draw(Counted(0.2, 0.2, 0.6, 0.7))
    assert len(drawn) == 2


def test_an_empty_or_a_void_mask_is_refused_in_one_line():
    mask = LEFT.draw(CANVAS)
    require_content("m", mask, partial=True)
    mask[1] = 0
    with pytest.raises(InputError, match="m is empty for image 1"):
        require_content("m", mask)
    with pytest.raises(InputError, match="covers all of image 0"):
        require_content("m", Full().draw(CANVAS), partial=True)
    with pytest.raises(ConfigError, match="at least one mask"):
        Union({})
