import pytest
import torch

from ganvas.encoder.features import VGG_LAYERS, Features, pooled
from ganvas.errors import ConfigError
from ganvas.network.vgg import LAYERS

FULL = Features(
    pixels=2, vgg={"conv2_2": 1, "conv5_3": 2}, identity=True, parsing=2, vgg_resolution=64
)


def test_pooling_averages_equal_areas():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    assert pooled(maps, 2).tolist() == [[2.5, 4.5, 10.5, 12.5]]
    assert pooled(maps, 1).tolist() == [[7.5]]


def test_mean_colours_need_no_network():
    pictures = torch.rand(2, 3, 16, 16)
    assert torch.allclose(Features(pixels=1)(pictures), pictures.mean((2, 3)))


def test_names_of_layers_are_those_of_the_network():
    assert VGG_LAYERS == LAYERS


@pytest.mark.parametrize(
    ("features", "line"),
    [
        ({"pixels": 0}, "there is none"),
        ({"vgg": {"conv5_4": 1}}, "no layer 'conv5_4'; did you mean 'conv5_3'"),
    ],
)
def test_features_that_there_are_not_are_refused(features, line):
    with pytest.raises(ConfigError, match=line):
        Features(**features)


@pytest.mark.assets
def test_every_part_is_that_of_its_network_and_of_one_picture_alone():
    from ganvas.network.arcface import identity_features
    from ganvas.network.bisenet import face_parser
    from ganvas.network.vgg import vgg16

    pictures = torch.rand(2, 3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    together = FULL(pictures)
    assert torch.equal(together[:1], FULL(pictures[:1]))
    small = torch.nn.functional.avg_pool2d(pictures[:1], 4)
    conv = vgg16()(small, ["conv5_3"])["conv5_3"]
    shares = face_parser().scores(pictures[:1]).softmax(1)
    parts = together[0].split([3 * 4, 128, 512 * 4, 512, 19 * 4])
    assert torch.allclose(parts[2].view(512, 2, 2), conv.view(512, 2, 2, 2, 2).mean((2, 4)))
    assert torch.allclose(parts[3], identity_features(pictures[:1])[0], atol=1e-6)
    assert torch.allclose(parts[4].view(19, 4).sum(0), torch.ones(4), atol=1e-5)
    quadrant = shares[0, :, :16, :16].mean((1, 2))
    assert torch.allclose(parts[4].view(19, 2, 2)[:, 0, 0], quadrant, atol=1e-6)
