"""Faces in a photograph, with five points each.

Source: Guo et al. 2021, "Sample and Computation Redistribution for Efficient Face Detection"
(SCRFD); the weights are the asset ``insightface``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas import assets
from ganvas.errors import AssetError

Array = NDArray[np.float32]

SIDE = 640
STRIDES = (8, 16, 32)
ANCHORS = 2
THRESHOLD = 0.5
OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Face:
    """A face that was found; coordinates are pixels of the photograph.

    Attributes:
        score: Confidence in [0, 1].
        box: (4,) left, top, right, bottom.
        points: (5, 2) x and y of the eyes, the nose and the corners of the mouth; what is left in
            the picture comes first.
    """

    score: float
    box: Array
    points: Array


def detect(picture: Image.Image) -> list[Face]:
    """Return the faces of a photograph, the largest first.

    Raises:
        AssetError: onnxruntime is not installed, or the detector's weights cannot be fetched.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise AssetError("aligning faces needs onnxruntime: pip install onnxruntime") from error
    scale = min(SIDE / max(picture.size), 1.0)
    small = picture.convert("RGB").resize([max(1, round(side * scale)) for side in picture.size])
    canvas = np.zeros((SIDE, SIDE, 3), np.float32)
    canvas[: small.height, : small.width] = np.asarray(small)
    blob = ((canvas - 127.5) / 128).transpose(2, 0, 1)[None]
    file = assets.path("insightface") / "scrfd_500m_bnkps.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [f"{output}_{stride}" for stride in STRIDES for output in ("score", "bbox", "kps")]
    outputs = session.run(names, {session.get_inputs()[0].name: blob})
    candidates: list[Face] = []
    for index, stride in enumerate(STRIDES):
        scores, boxes, points = outputs[3 * index : 3 * index + 3]
        candidates += decode(scores, boxes, points, stride)
    faces = [Face(f.score, f.box / scale, f.points / scale) for f in suppress(candidates)]
    return sorted(faces, key=lambda face: -area(face.box))


def decode(scores: Array, boxes: Array, points: Array, stride: int) -> list[Face]:
    """Turn one stride's outputs, distances from a grid in strides, into faces in input pixels."""
    cells = np.arange(SIDE // stride, dtype=np.float32) * stride
    grid = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2).repeat(ANCHORS, axis=0)
    scores, boxes, points = scores.reshape(-1), boxes.reshape(-1, 4), points.reshape(-1, 5, 2)
    faces = []
    for index in np.flatnonzero(scores >= THRESHOLD):
        centre, reach = grid[index], boxes[index] * stride
        box = np.concatenate([centre - reach[:2], centre + reach[2:]])
        faces.append(Face(float(scores[index]), box, centre + points[index] * stride))
    return faces


def suppress(faces: list[Face]) -> list[Face]:
    """Keep the most certain of faces that overlap."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(overlap(face.box, other.box) <= OVERLAP for other in kept):
            kept.append(face)
    return kept


def overlap(a: Array, b: Array) -> float:
    """Return the intersection over union of two boxes (4,)."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = area(np.concatenate([low, np.maximum(low, high)]))
    return common / (area(a) + area(b) - common)


def area(box: Array) -> float:
    """Return the area of a box (4,) in square pixels."""
    return float((box[2] - box[0]) * (box[3] - box[1]))
