"""Segmenters: what each makes of a picture is known."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.dissect import FaceClasses, MaskFiles, Network
from ganvas.errors import ConfigError, InputError
from ganvas.image.source import Source
from ganvas.mask import Canvas, Face

PLAIN = {"side": 64, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def picture() -> torch.Tensor:
    """Red on the left, blue on the right."""
    image = -torch.ones(1, 3, 64, 64)
    image[:, 0, :, :32] = 1
    image[:, 2, :, 32:] = 1
    return image


def field(number: int, content: bytes | int) -> bytes:
    """Encode one field of a protocol buffer; all numbers here are below 128."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def onnx_identity() -> bytes:
    """An ONNX file whose output is its input."""
    dims = b"".join(field(1, field(2, name)) for name in (b"b", b"c", b"h", b"w"))
    kind = field(2, field(1, field(1, 1) + field(2, dims)))
    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = field(1, node) + field(2, b"g") + field(11, field(1, b"x") + kind)
    graph += field(12, field(1, b"y") + kind)
    return field(1, 8) + field(8, field(2, 17)) + field(7, graph)


@pytest.fixture
def onnx_file(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "n.onnx").write_bytes(onnx_identity())
    return tmp_path / "n.onnx"


def test_the_colours_of_a_picture_as_the_scores_of_an_onnx_network(onnx_file):
    concepts = Network(path=onnx_file, labels=("red", "-", "blue"), groups={"any": ("red", "blue")},
                       **PLAIN)  # fmt: skip
    assert list(concepts.members) == ["any", "red", "blue"]
    both, red, blue = concepts.segmenter("cpu")(picture(), ("",))[0]
    assert both.all()
    assert red[:, :250].all()
    assert not red[:, 262:].any()
    assert torch.equal(red, ~blue)
    positive = Network(path=onnx_file, labels=("red", "green", "blue"), decide="positive", **PLAIN)
    assert not positive.segmenter("cpu")(picture(), ("",))[0, 1].any()


def test_a_network_with_another_number_of_outputs_is_refused(onnx_file):
    segment = Network(path=onnx_file, labels=("red", "blue"), **PLAIN).segmenter("cpu")
    with pytest.raises(InputError, match=r"gives \(1, 3, 64, 64\), not scores \(1, 2, h, w\)"):
        segment(picture(), ("",))


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
def test_a_broken_file_is_one_line(tmp_path, format):
    if format == "onnx":
        pytest.importorskip("onnxruntime")
    (tmp_path / "n").write_bytes(b"nothing")
    broken = Network(path=tmp_path / "n", labels=("a",), format=format, trust=True)
    with pytest.raises(InputError, match="is no readable"):
        broken.segmenter("cpu")
    with pytest.raises(InputError, match="no such segmenter"):
        Network(path=tmp_path / "m", labels=("a",)).segmenter("cpu")


class Channels(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def test_a_torchscript_program_runs_only_when_it_is_trusted(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(Channels(), torch.zeros(1, 3, 64, 64)).save(str(tmp_path / "n.pt"))
    words = {"path": tmp_path / "n.pt", "labels": ("red", "green", "blue"), **PLAIN}
    with pytest.raises(ConfigError, match="a program; trust=true executes it"):
        Network(format="torchscript", **words)
    masks = Network(format="torchscript", trust=True, **words).segmenter("cpu")(picture(), ("",))[0]
    assert masks[0, :, :250].all()
    assert masks[2, :, 262:].all()
    assert not masks[1].any()


def test_masks_in_files_have_the_names_of_concepts_and_pictures(tmp_path):
    (tmp_path / "hat").mkdir()
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 64, 16))
    mask.save(tmp_path / "hat" / "0007.png")
    segment = MaskFiles(path=tmp_path).segmenter("cpu")
    (hat,) = segment(picture(), ("0007",))[0]
    assert hat[:128].all()
    assert not hat[128:].any()
    with pytest.raises(InputError, match="no mask of hat for picture 0008"):
        segment(picture(), ("0008",))


@pytest.mark.assets
def test_parts_of_a_face_and_their_soft_area():
    source = Source(Path("ganvas:astronaut.png"), (30, 9, 226, 205))
    (portrait,) = source.read().values()
    image = torch.from_numpy(np.asarray(portrait).copy()).permute(2, 0, 1)[None] / 127.5 - 1
    concepts = FaceClasses(names=("hair", "lips"), groups={"lips": ("upper_lip", "lower_lip")})
    hair, lips = concepts.segmenter("cpu")(image, ("",))[0]
    assert hair.float().mean() > 0.1
    assert 0.001 < lips.float().mean() < 0.05
    seen = torch.nn.functional.interpolate(image, (512, 512))
    expected = Face(("hair",)).draw(Canvas({"x": seen}))
    assert (hair == expected[0, 0].bool()).float().mean() > 0.98
    area = concepts.score("hair", "cpu")(image).sum()
    # Doubtful pixels count in part.
    assert area.item() == pytest.approx(hair.sum().item(), rel=0.2)
    with pytest.raises(ConfigError, match="no concept 'hare'; did you mean 'hair'"):
        FaceClasses(names=("hare",))
