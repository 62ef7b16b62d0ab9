import numpy as np
from PIL import Image

from ganvas.image.membrane import CELLS, match_edge, membrane


def test_a_membrane_is_the_harmonic_function_of_its_border():
    y, x = np.mgrid[:33, :33] / 32
    # Polynomials of degree 2 and 3 that solve Laplace's equation, also in differences.
    for harmonic in (1 + 2 * x - y, x * x - y * y, x * y, x**3 - 3 * x * y * y):
        spoilt = harmonic.copy()
        spoilt[1:-1, 1:-1] = 7
        np.testing.assert_allclose(membrane(spoilt), harmonic, atol=1e-10)


def test_the_edge_gets_the_originals_colours_and_gradients_stay():
    y, x = np.mgrid[: 2 * CELLS, : 2 * CELLS]
    original = np.stack([100 + x / 8, 120 + y / 8, 90 + 0 * x], axis=-1)
    edited = original + np.array([25.0, -15.0, 0.0])
    edited[100:150, 100:150] += 40
    matched = np.asarray(match_edge(picture(edited), picture(original), 12), float)
    edge = np.zeros(matched.shape[:2], bool)
    edge[12:-12, 12:-12] = True
    edge[14:-14, 14:-14] = False
    assert np.abs(matched - original)[edge].max() <= 2
    # A constant cast goes everywhere; the edit inside stays what it was.
    assert np.abs(matched[100:150, 100:150] - original[100:150, 100:150] - 40).max() <= 2


def picture(pixels):
    return Image.fromarray(np.round(pixels).astype(np.uint8))
