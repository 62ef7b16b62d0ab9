"""The shapes that annotations state are checked while the tests run; see shapes.py."""

import pytest
import torch
from jaxtyping import TypeCheckError

from ganvas.functional.features import gram
from ganvas.functional.quality import mse
from ganvas.functional.wavelet import haar
from ganvas.generator.tiny import TinyConfig
from ganvas.loss.crop import Crop
from ganvas.mask import Canvas
from ganvas.metrics.regions import region_psnr


def test_a_tensor_of_another_shape_is_refused():
    images = torch.zeros(2, 3, 8, 8)
    for wrong in (images[:, :1], images[..., :4], images[0], images.long()):
        with pytest.raises(TypeCheckError, match="targets"):
            mse(images, wrong)
    with pytest.raises(TypeCheckError, match="mask"):
        gram(images, torch.ones(2, 3, 8, 8))
    assert haar(images).shape == (2, 12, 4, 4)


def test_the_interface_of_generators_states_its_shapes():
    generator = TinyConfig(resolution=8).load()
    with pytest.raises(TypeCheckError, match="w_dim"):
        generator(generator.w_avg, generator.sample_noise(1))
    with pytest.raises(TypeCheckError, match="noise"):
        generator(generator.broadcast(generator.w_avg[None]), [torch.zeros(1, 8, 8)] * 3)


def test_the_axes_state_theirs_though_they_import_torch_late():
    images, mask = torch.zeros(2, 3, 16, 16), torch.ones(2, 1, 16, 16)
    with pytest.raises(TypeCheckError, match="images"):
        Crop().cut(images[0])
    with pytest.raises(TypeCheckError, match="mask"):
        region_psnr(images, images, mask[..., :8])
    with pytest.raises(TypeCheckError, match="mask"):
        Canvas({"x": images}).repeat(mask[0])
