import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.network.vgg import LAYERS, VGG16

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


@pytest.fixture(scope="module")
def weights():
    """Random weights under torchvision's names."""
    from torchvision.models import vgg16

    with torch.device("meta"):
        shapes = {k: v.shape for k, v in vgg16().features.state_dict().items()}
    rng = torch.Generator().manual_seed(0)
    return {
        f"features.{name}": torch.randn(shape, generator=rng)
        * (2 / max(shape[1:].numel(), 9)) ** 0.5
        for name, shape in shapes.items()
    }


@pytest.fixture(scope="module")
def torchvision_features(weights):
    from torchvision.models import vgg16

    with torch.device("meta"):
        features = vgg16().features
    features.load_state_dict({k[9:]: v for k, v in weights.items()}, assign=True)
    return features.eval()


def test_layers_are_torchvisions_after_the_relu(weights, torchvision_features):
    images = torch.rand(2, 3, 33, 40, generator=torch.Generator().manual_seed(1)) * 2 - 1
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    x = ((images + 1) / 2 - mean) / std
    wanted = {}
    with torch.no_grad():
        for index, module in enumerate(torchvision_features):
            x = module(x)
            if index - 1 in CONVOLUTIONS:
                wanted[LAYERS[CONVOLUTIONS.index(index - 1)]] = x.clone()
        found = VGG16(weights)(images, LAYERS)
    assert list(found) == list(LAYERS)
    for name in LAYERS:
        torch.testing.assert_close(found[name], wanted[name], rtol=1e-4, atol=1e-4)


def test_nothing_behind_the_deepest_layer_is_run(weights, monkeypatch):
    from ganvas.network import vgg

    count = []
    convolve = vgg.F.conv2d
    monkeypatch.setattr(vgg.F, "conv2d", lambda *a, **k: (count.append(1), convolve(*a, **k))[1])
    found = VGG16(weights)(torch.zeros(1, 3, 16, 16), ["conv2_2", "conv1_1"])
    assert list(found) == ["conv1_1", "conv2_2"]
    assert len(count) == 4


def test_the_image_has_a_gradient_and_the_weights_have_none(weights):
    network = VGG16(weights)
    images = torch.zeros(1, 3, 16, 16, requires_grad=True)
    network(images, ["conv3_3"])["conv3_3"].sum().backward()
    assert images.grad.abs().max() > 0
    assert not list(network.parameters())


def test_an_unknown_layer_is_refused_with_the_nearest(weights):
    with pytest.raises(ConfigError, match="did you mean 'conv3_3'"):
        VGG16(weights)(torch.zeros(1, 3, 16, 16), ["conv33"])
