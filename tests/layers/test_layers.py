from dataclasses import dataclass

import pytest

from ganvas.errors import ConfigError
from ganvas.generator.base import Layer
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import (
    All,
    Band,
    Explicit,
    Inpainting,
    Mixed,
    Resolutions,
    Split,
    row_resolutions,
)


@dataclass
class Shape:
    """What `select` looks at."""

    name: str
    resolution: int
    rows: int
    effective_rows: tuple[int, ...]
    layers: tuple[Layer, ...]

    @property
    def noise_resolutions(self):
        return tuple(layer.resolution for layer in self.layers if layer.noise is not None)


def stylegan1() -> Shape:
    layers = tuple(
        Layer(f"{4 << i // 2}x.{i % 2}", 4 << (i // 2), 8, row=i, noise=i) for i in range(18)
    )
    return Shape("stylegan1", 1024, 18, tuple(range(18)), layers)


def stylegan2() -> Shape:
    layers = [Layer("4x4.conv1", 4, 8, 0, 0)]
    for k in range(1, 9):
        layers += [
            Layer(f"{4 << k}.conv{j}", 4 << k, 8, row=2 * k - 1 + j, noise=2 * k - 1 + j)
            for j in range(2)
        ]
    return Shape("stylegan2", 1024, 18, tuple(range(18)), tuple(layers))


def mobile() -> Shape:
    layers = [Layer("4x4.conv", 4, 8, 0, 0)]
    for i in range(7):
        layers += [
            Layer(f"{8 << i}.conv{k}", 8 << i, 8, row=3 * i + k, noise=2 * i + k) for k in (1, 2)
        ]
    rows = (0, *(3 * i + k for i in range(7) for k in (1, 2)), 21)
    return Shape("mobilestylegan", 1024, 23, rows, tuple(layers))


def test_a_row_belongs_to_the_first_convolution_that_reads_it():
    assert row_resolutions(stylegan2())[17] == 1024
    assert row_resolutions(stylegan2())[0] == 4
    assert row_resolutions(mobile())[20] == 512
    assert row_resolutions(mobile())[21] == 1024
    tiny = TinyGenerator(64)
    assert len(row_resolutions(tiny)) == len(tiny.effective_rows)


def test_the_papers_inpainting_rows_on_its_own_generator():
    # Counted from 1, the paper's rows are 1 to 9, 17 and 18.
    assert Inpainting().select(stylegan1()).rows == (*range(9), 16, 17)
    assert Inpainting(top=False).select(stylegan1()).rows == tuple(range(9))


def test_the_inpainting_rows_carry_over_by_resolution():
    # 4² to 32², the first convolution at 64², and the top.
    assert Inpainting().select(stylegan2()).rows == (*range(8), 15, 16, 17)
    assert Inpainting().select(mobile()).rows == (0, 1, 2, 4, 5, 7, 8, 10, 21)


def test_split_parts_the_rows_in_two():
    for shape in (stylegan1(), stylegan2(), mobile()):
        content, style = Split("content").select(shape), Split("style").select(shape)
        assert sorted(content.rows + style.rows) == list(shape.effective_rows)
        assert max(content.rows) < min(style.rows)
        assert content.noise == style.noise == All().select(shape).noise
    # The first nine of eighteen rows are the content.
    assert Split("content").select(stylegan1()).rows == tuple(range(9))


def test_bands_are_separate_for_rows_noise_and_activations():
    subset = Resolutions(Band(16, 32), Band(low=512), Band(high=8)).select(stylegan1())
    assert subset.rows == (4, 5, 6, 7)
    assert subset.noise == (14, 15, 16, 17)
    assert subset.activations == ("4x.0", "4x.1", "8x.0", "8x.1")
    with pytest.raises(ConfigError, match="from 64 to 8 holds nothing"):
        Band(64, 8)


def test_explicit_rows_are_checked_against_the_generator():
    assert Explicit((5, 2, 2)).select(mobile()).rows == (2, 5)
    assert Explicit((5,)).select(mobile()).noise == All().select(mobile()).noise
    with pytest.raises(ConfigError, match="row 3 of mobilestylegan has no effect"):
        Explicit((3,)).select(mobile())
    with pytest.raises(ConfigError, match="has no row 40; known: 0, 1"):
        Explicit((40,)).select(mobile())
    with pytest.raises(ConfigError, match="has no noise map 99"):
        Explicit(noise=(99,)).select(mobile())
    with pytest.raises(ConfigError, match=r"no layer '4x4.conv9'; did you mean '4x4.conv1'"):
        Explicit(activations=("4x4.conv9",)).select(TinyGenerator())


def test_mixed_takes_each_kind_from_its_own_subset():
    subset = Mixed(Inpainting(), Explicit(noise=(1,)), Split("style")).select(stylegan1())
    assert subset.rows == Inpainting().select(stylegan1()).rows
    assert subset.noise == (1,)
    assert subset.activations == Split("style").select(stylegan1()).activations
