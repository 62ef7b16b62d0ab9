"""What lies where on a contact sheet."""

import numpy as np
from PIL import Image

from ganvas.image.sheet import GAP, LABEL, PAPER, contact_sheet

CELL = 64
RED, BLUE = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")


def sheet(first, second):
    rows = {first: {"x": RED, "result": BLUE}, second: {"x": BLUE, "result": RED}}
    return np.asarray(contact_sheet(rows, CELL))


def test_pictures_lie_below_their_labels_and_the_name_of_their_row():
    found = sheet("a", "b")
    height = 2 * LABEL + CELL + GAP
    assert found.shape == (2 * height + GAP, 2 * (CELL + GAP) + GAP, 3)
    for row, colours in enumerate((("red", "blue"), ("blue", "red"))):
        for column, colour in enumerate(colours):
            top, left = GAP + row * height + 2 * LABEL, GAP + column * (CELL + GAP)
            cell = found[top : top + CELL, left : left + CELL]
            assert (cell == np.asarray(Image.new("RGB", (CELL, CELL), colour))).all()


def test_every_row_says_whose_it_is():
    first, other = sheet("astronaut-1", "astronaut-2"), sheet("astronaut-1", "astronaut-3")
    changed = np.flatnonzero((first != other).any((1, 2)))
    second = GAP + 2 * LABEL + CELL + GAP
    assert len(changed)
    assert second <= changed.min() <= changed.max() < second + LABEL
    assert (first[GAP : GAP + LABEL] != PAPER).any()


def test_a_photograph_that_is_not_square_keeps_its_shape():
    wide = Image.new("RGB", (64, 32), "red")
    found = np.asarray(contact_sheet({"a": {"pasted": wide}}, CELL))
    cell = found[GAP + 2 * LABEL :, GAP : GAP + CELL][:CELL]
    assert (cell[16:48] == (255, 0, 0)).all()
    assert (cell[:16] == PAPER).all()
    assert (cell[48:] == PAPER).all()
