"""The two networks are laid out as torchvision's."""

import pytest
import torch

from ganvas.network import backbones


@pytest.mark.parametrize("name", ["vgg16", "alexnet"])
def test_they_are_torchvisions(name):
    from torchvision import models

    with torch.device("meta"):
        ours = getattr(backbones, name)(pretrained=False).features
        theirs = getattr(models, name)().features
    assert len(ours) in (len(theirs), len(theirs) - 1)  # the last pool is nothing that LPIPS sees
    assert str(ours) == str(theirs[: len(ours)])
