import pytest
import torch

from ganvas.mask import Canvas, Face
from ganvas.network.bisenet import CLASSES, RESOLUTION, BiSeNet, load


def test_scores_have_the_size_of_the_image():
    network = BiSeNet()
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, len(CLASSES), 64, 64)
    assert RESOLUTION == 512


def test_the_heads_that_only_training_uses_are_skipped():
    state = BiSeNet().state_dict()
    state["conv_out16.conv_out.weight"] = torch.zeros(1)
    load(state)
    del state["ffm.conv1.weight"]
    with pytest.raises(RuntimeError, match=r"ffm\.conv1\.weight"):
        load(state)


@pytest.mark.assets
def test_parts_of_a_real_face_lie_where_they_should():
    from ganvas.image import Source
    from ganvas.image.source import to_tensor

    picture = Source("ganvas:astronaut.png", (30, 9, 226, 205)).read()
    canvas = Canvas({"x": to_tensor(list(picture.values()), 256)})

    def centre(*parts):
        mask = Face(parts).draw(canvas)[0, 0]
        rows, columns = mask.nonzero(as_tuple=True)
        return rows.double().mean().item() / 256, columns.double().mean().item() / 256

    eyes, nose, lips, hair = centre("eyes"), centre("nose"), centre("lips"), centre("hair")
    assert hair[0] < eyes[0] < nose[0] < lips[0]
    assert abs(nose[1] - 0.5) < 0.1
    assert 0.02 < Face(("skin",)).draw(canvas).mean() < 0.4
    whole = Face(("head",)).draw(canvas)
    assert (whole - Face(("face",)).draw(canvas)).min() >= 0
