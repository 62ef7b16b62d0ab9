"""The detector's arithmetic: from outputs on a grid to faces."""

import numpy as np

from ganvas.network.face_detector import SIDE, Face, decode, overlap, suppress


def test_an_output_becomes_a_box_and_points():
    stride = 32
    cells = SIDE // stride
    scores = np.zeros((cells * cells * 2, 1), np.float32)
    boxes, points = np.ones((len(scores), 4), np.float32), np.zeros((len(scores), 10), np.float32)
    cell = 2 * (3 * cells + 5) + 1  # row 3, column 5, second anchor
    scores[cell], boxes[cell], points[cell] = 0.9, (1, 2, 3, 4), np.arange(10)
    (face,) = decode(scores, boxes, points, stride)
    assert face.score == np.float32(0.9)
    np.testing.assert_array_equal(face.box, [160 - 32, 96 - 64, 160 + 96, 96 + 128])
    np.testing.assert_array_equal(face.points[2], [160 + 4 * 32, 96 + 5 * 32])


def test_only_the_most_certain_of_overlapping_faces_stays():
    points = np.zeros((5, 2), np.float32)

    def face(score, *box):
        return Face(score, np.array(box, np.float32), points)

    sure, near, far = face(0.9, 0, 0, 10, 10), face(0.8, 1, 0, 11, 10), face(0.6, 20, 20, 30, 30)
    assert overlap(sure.box, near.box) == np.float32(90 / 110)
    assert overlap(sure.box, far.box) == 0
    assert suppress([far, near, sure]) == [sure, far]
