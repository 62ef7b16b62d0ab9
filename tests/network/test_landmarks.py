"""The 106 landmarks, against onnxruntime and the face detector."""

import numpy as np
import pytest
import torch
from skimage import data

from ganvas.network.landmarks import EYES, POINTS, eye_distance

onnxruntime = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.assets


def session():
    from ganvas import assets

    file = assets.path("insightface") / "2d106det.onnx"
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def face():
    """The astronaut as FFHQ would cut her, (196, 196, 3) uint8."""
    return np.ascontiguousarray(data.astronaut()[9:205, 124:320])


def tensor(picture):
    return torch.from_numpy(picture).movedim(2, 0)[None].float() / 127.5 - 1


def test_the_network_agrees_with_onnxruntime():
    from ganvas.network.landmarks import landmark_network

    faces = torch.rand(2, 3, 192, 192, generator=torch.Generator().manual_seed(0)) * 255
    runs = session()
    wanted = [runs.run(None, {"data": image[None].numpy()})[0] for image in faces]
    found = landmark_network()(faces)
    assert found.shape == (2, 2 * POINTS)
    assert torch.allclose(found, torch.from_numpy(np.concatenate(wanted)), atol=1e-4)


def test_points_are_fractions_of_the_photograph():
    """Those of the picture laid on black by hand, at another size than the network's."""
    from ganvas.network.landmarks import landmarks

    small = tensor(face())
    small = torch.nn.functional.interpolate(small, (166, 166), mode="bilinear", antialias=True)
    canvas = np.zeros((1, 3, 192, 192), np.float32)
    canvas[..., 3:169, 13:179] = (small.numpy() + 1) * 127.5
    (raw,) = session().run(None, {"data": canvas})
    wanted = ((raw.reshape(POINTS, 2) + 1) * 96 - [13, 3]) / 166
    assert np.allclose(landmarks(tensor(face()))[0], wanted, atol=1e-3)


def test_the_eyes_are_where_the_detector_sees_them():
    from PIL import Image

    from ganvas.network.face_detector import detect
    from ganvas.network.landmarks import landmarks

    points = landmarks(tensor(face()))
    found = detect(Image.fromarray(face()).resize((392, 392)))[0].points / 392
    for eye, wanted in zip(EYES, found[:2], strict=True):
        assert points[0, eye].mean(0).numpy() == pytest.approx(wanted, abs=0.03)
    distance = np.linalg.norm(found[0] - found[1])
    assert eye_distance(points).item() == pytest.approx(distance, rel=0.1)


def test_points_have_a_gradient():
    from ganvas.network.landmarks import landmarks

    images = tensor(face()).requires_grad_()
    landmarks(images).sum().backward()
    assert images.grad.abs().sum() > 0
