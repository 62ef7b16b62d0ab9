"""Metrics of a face: closed forms on points and maps that are given, and a real face."""

import numpy as np
import pytest
import torch
from skimage import data

from ganvas.errors import AssetError, ConfigError
from ganvas.generator.tiny import TinyGenerator
from ganvas.metrics import Context, Identity, LandmarkError, ParsingIoU
from ganvas.metrics.measure import measure
from ganvas.metrics.parsing import overlap
from ganvas.network.bisenet import CLASSES


def grey(*values, size=8):
    """Return pictures (B, 3, size, size) of one grey each."""
    return torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 3, size, size)


def context(x, result):
    names = tuple(str(i) for i in range(len(x)))
    return Context(names, {"x": x, "result": result}, TinyGenerator())


def test_the_landmark_error_is_in_per_cent_of_the_distance_between_the_eyes(monkeypatch):
    base = torch.rand(106, 2, generator=torch.Generator().manual_seed(0))
    base[33:43], base[87:97] = torch.tensor([0.3, 0.5]), torch.tensor([0.7, 0.2])

    def landmarks(image):
        # A picture's grey says how far its points are moved: by (0.03, 0.04) per 51 steps.
        shift = (image.mean() + 1) * 127.5 / 51
        return (base + shift * torch.tensor([0.03, 0.04]))[None]

    monkeypatch.setattr("ganvas.network.landmarks.landmarks", landmarks)
    values = measure({"e": LandmarkError()}, context(grey(0, 51, 0), grey(51, 51, 102)))
    found = [row["e"] for row in values.values()]
    # Moved by 0.05 or 0.1; the eyes are 0.5 apart.
    assert found == pytest.approx([10, 0, 20], abs=1e-3)


def test_the_overlap_of_maps_drawn_by_hand():
    first, second = torch.zeros(2, 4, 4, dtype=torch.uint8), torch.zeros(2, 4, 4, dtype=torch.uint8)
    first[0, 0], second[0, :2, :2] = 1, 2
    # Row 0 has 4 pixels of class 1; the corner has 4 of class 2; together 6, in common 2.
    assert overlap(first, second, [1, 2])[0].item() == pytest.approx(2 / 6)
    assert overlap(first, second, [1])[0].item() == 0
    assert overlap(first, second, [1, 2])[1].isnan()


def test_parsing_is_the_mean_over_the_parts_that_there_are(monkeypatch):
    eye, nose = CLASSES.index("left_eye"), CLASSES.index("nose")
    lips = CLASSES.index("upper_lip"), CLASSES.index("lower_lip")

    def face_classes(image):
        classes = torch.zeros(1, 8, 8, dtype=torch.uint8)
        classes[:, 0], classes[:, 4] = eye, lips[0]
        if image.mean() > 0:
            classes[:, 1], classes[:, 4] = eye, lips[1]
            classes[:, 6] = nose
        return classes

    monkeypatch.setattr("ganvas.network.bisenet.face_classes", face_classes)
    metrics = {
        "all": ParsingIoU(),
        "eyes": ParsingIoU(parts=("eyes",)),
        "mouth": ParsingIoU(parts=("mouth",)),
        "nose": ParsingIoU(parts=("nose",)),
        "brows": ParsingIoU(parts=("brows",)),
    }
    values = measure(metrics, context(grey(0), grey(255)))["0"]
    # Half of the eyes, all of the mouth, nothing of the nose; neither has brows.
    assert values == {"all": 0.5, "eyes": 0.5, "mouth": 1.0, "nose": 0.0}


def test_parsing_needs_a_part():
    with pytest.raises(ConfigError, match="at least one"):
        ParsingIoU(parts=())


@pytest.mark.parametrize(("metric", "loader"), [
    (LandmarkError(), "landmarks.landmark_network"), (ParsingIoU(), "bisenet.face_parser"),
    (Identity(), "arcface.arcface"),
])  # fmt: skip
def test_a_missing_network_is_found_before_any_work(monkeypatch, metric, loader):
    def missing(device):
        raise AssetError("no network")

    monkeypatch.setattr(f"ganvas.network.{loader}", missing)
    with pytest.raises(AssetError, match="no network"):
        metric.load(torch.device("cpu"))


@pytest.mark.assets
def test_a_real_face_is_nearer_to_itself_than_to_its_mirror_image():
    face = np.ascontiguousarray(data.astronaut()[9:205, 124:320])
    x = torch.from_numpy(face).movedim(2, 0)[None]
    soft = torch.nn.functional.avg_pool2d(x.float(), 3, 1, 1).round().to(torch.uint8)
    metrics = {"landmark": LandmarkError(), "iou": ParsingIoU(), "identity": Identity()}
    same = measure(metrics, context(x, x))["0"]
    assert same == pytest.approx({"landmark": 0, "iou": 1, "identity": 1}, abs=1e-4)
    near, far = (measure(metrics, context(x, r))["0"] for r in (soft, x.flip(3)))
    assert near["landmark"] < 2 < far["landmark"]
    assert near["iou"] > 0.8 > far["iou"]
    assert near["identity"] > 0.8
