"""VGG16 and AlexNet as torchvision lays them out, for the package `lpips` to take apart.

The package asks torchvision for nothing else, whose import brings torch's compiler: three seconds
of computing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import nn


class Backbone(NamedTuple):
    """A network for classification, without its classifier."""

    features: nn.Sequential


def vgg16(*, pretrained: bool) -> Backbone:
    """Return VGG16's convolutions. Simonyan and Zisserman 2015.

    Args:
        pretrained: As torchvision's functions have it; weights are loaded by whoever asks.
    """
    return Backbone(nn.Sequential(*_vgg16()))


def alexnet(*, pretrained: bool) -> Backbone:
    """Return AlexNet's convolutions. Krizhevsky 2014.

    Args:
        pretrained: As torchvision's functions have it; weights are loaded by whoever asks.
    """
    return Backbone(nn.Sequential(*_alexnet()))


def _vgg16() -> Iterator[nn.Module]:
    before = 3
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            yield nn.Conv2d(before, channels, 3, padding=1)
            yield nn.ReLU(inplace=True)
            before = channels
        yield nn.MaxPool2d(2, 2)


def _alexnet() -> Iterator[nn.Module]:
    yield nn.Conv2d(3, 64, 11, stride=4, padding=2)
    yield nn.ReLU(inplace=True)
    yield nn.MaxPool2d(3, 2)
    yield nn.Conv2d(64, 192, 5, padding=2)
    yield nn.ReLU(inplace=True)
    yield nn.MaxPool2d(3, 2)
    before = 192
    for channels in (384, 256, 256):
        yield nn.Conv2d(before, channels, 3, padding=1)
        yield nn.ReLU(inplace=True)
        before = channels
