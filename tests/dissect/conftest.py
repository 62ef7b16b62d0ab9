import pytest

from dissect_squares import Squares, segment
from ganvas.dissect import Samples, Survey


@pytest.fixture
def squares() -> Squares:
    return Squares().eval()


@pytest.fixture
def survey(squares, tmp_path) -> Survey:
    layers = tuple(layer.name for layer in squares.layers)
    return Survey(squares, layers, segment, Samples(0, 1.0), tmp_path, calibration=8, psi=1.0)
