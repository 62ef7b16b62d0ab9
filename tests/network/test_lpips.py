from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganvas.network.lpips import PerceptualDistance, lpips_module, perceptual_distance


def random_weights(net):
    from torchvision.models import alexnet, vgg16

    with torch.device("meta"):
        features = (vgg16() if net == "vgg" else alexnet()).features
    rng = torch.Generator().manual_seed(0)
    weights, sizes = {}, []
    for name, value in features.state_dict().items():
        fan_in = max(value.shape[1:].numel(), 9)
        weights[f"features.{name}"] = torch.randn(value.shape, generator=rng) / fan_in**0.5
        if name.endswith("bias"):
            sizes.append(len(value))
    heads = (64, 128, 256, 512, 512) if net == "vgg" else sizes
    for index, count in enumerate(heads):
        weights[f"lin{index}.weight"] = torch.rand(1, count, 1, 1, generator=rng)
    return weights


def images(batch=2, size=64):
    rng = torch.Generator().manual_seed(3)
    return [torch.rand(batch, 3, size, size, generator=rng) * 2 - 1 for _ in range(2)]


@pytest.fixture(scope="module", params=["vgg", "alex"])
def distance(request):
    return PerceptualDistance(lpips_module(request.param, random_weights(request.param)))


def test_equals_the_packages_own_forward(distance):
    a, b = images()
    with torch.no_grad():
        wanted = distance.module(a, b).flatten()
        found = distance(a, distance.reference(b))
    assert wanted.min() > 0.01
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_equals_a_distance_written_down_again():
    """Independent of the package's module: the definition on torchvision's AlexNet."""
    weights = random_weights("alex")
    a, b = images()
    convolutions = [(0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)]

    def features(x):
        mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
        std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        x = ((x + 1) / 2 - mean) / std
        for index, (position, stride, padding) in enumerate(convolutions):
            if index in (1, 2):
                x = F.max_pool2d(x, 3, 2)
            weight = weights[f"features.{position}.weight"]
            bias = weights[f"features.{position}.bias"]
            x = F.relu(F.conv2d(x, weight, bias, stride, padding))
            yield F.normalize(x, dim=1)

    wanted = torch.zeros(2)
    for index, (f, g) in enumerate(zip(features(a), features(b), strict=True)):
        wanted += ((f - g) ** 2 * weights[f"lin{index}.weight"]).sum(dim=1).mean(dim=(1, 2))
    distance = PerceptualDistance(lpips_module("alex", weights))
    torch.testing.assert_close(distance(a, distance.reference(b)), wanted, rtol=1e-4, atol=1e-5)


def test_a_full_mask_is_no_mask_and_a_mask_looks_away(distance):
    a, b = images()
    reference = distance.reference(b)
    full = distance(a, reference, torch.ones(2, 1, 64, 64))
    torch.testing.assert_close(full, distance(a, reference))
    left = torch.zeros(2, 1, 64, 64)
    left[..., :8] = 1
    mixed = b.clone()
    mixed[..., 56:] = a[..., 56:]
    # AlexNet's deeper layers see the whole of so small an image.
    shallow = distance.maps(mixed, reference)[0]
    weight = F.interpolate(left, size=shallow.shape[-2:], mode="area")
    assert shallow.max() > 0.01
    assert (shallow * weight).max() < 1e-6
    assert (distance(a, reference, torch.zeros(2, 1, 64, 64)) == 0).all()


def test_gradient_reaches_the_image_alone(distance):
    a, b = images(1)
    reference = distance.reference(b.requires_grad_())
    a.requires_grad_()
    distance(a, reference).sum().backward()
    assert a.grad.abs().max() > 0
    assert b.grad is None
    assert not any(p.requires_grad for p in distance.parameters())


def test_equal_images_have_distance_and_gradient_zero(distance):
    a, _ = images(1)
    reference = distance.reference(a)
    x = a.clone().requires_grad_()
    value = distance(x, reference)
    value.sum().backward()
    assert value.item() < 1e-10
    assert x.grad.isfinite().all()


def test_a_black_image_has_a_finite_gradient(distance):
    _, b = images(1)
    x = torch.full_like(b, -1.0).requires_grad_()
    distance(x, distance.reference(b)).sum().backward()
    assert x.grad.isfinite().all()


def test_bfloat16_is_near():
    a, b = images(1)
    module = lpips_module("alex", random_weights("alex"))
    exact, near = PerceptualDistance(module), PerceptualDistance(module, "bfloat16")
    value = near(a, near.reference(b))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, exact(a, exact.reference(b)), rtol=0.02, atol=0)


def test_building_the_module_prints_nothing(capsys):
    lpips_module("alex", random_weights("alex"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.assets
@pytest.mark.parametrize("net", ["vgg", "alex"])
def test_the_assets_heads_are_the_packages(net):
    import lpips

    file = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    published = torch.load(file, map_location="cpu", weights_only=True)
    distance = perceptual_distance(net)
    ours = distance.module.state_dict()
    assert all(torch.equal(ours[key], value) for key, value in published.items())
    assert perceptual_distance(net) is distance
    assert isinstance(distance.module, nn.Module)
