"""A generator whose units are known by construction, and a segmenter that is always right."""

import torch
import torch.nn.functional as F

from ganvas.generator import Activation, Generator, Layer

RED, BLUE, SHIFTED, NOISE = 0, 1, 2, 3
"""The units: two draw a square of their colour, one is the red square moved, the rest is noise."""


class Squares(Generator):
    """A red and a blue square, at places that w says, each drawn by one unit of a layer at 16²."""

    name = "squares"

    def __init__(self) -> None:
        super().__init__()
        self.layers = (
            Layer("16x16.units", 16, 8, row=0, noise=0),
            Layer("32x32.units", 32, 8, row=1, noise=None),
        )
        self.z_dim = self.w_dim = 4
        self.register_buffer("w_avg", torch.zeros(4))

    def mapping(self, z, label=None):
        return torch.sigmoid(z)

    def styles(self, w):
        return [w[:, 0], w[:, 1]]

    def begin(self, styles):
        return Activation(torch.zeros(len(styles[0]), 8, 16, 16))

    def layer(self, index, state, styles, noise):
        if index == 1:
            return Activation(F.interpolate(state.features, scale_factor=2))
        features = state.features.clone()
        for image, w in enumerate(styles[0]):
            left, top = (2 + w[:2] * 4).long().tolist()
            features[image, RED, top : top + 5, left : left + 5] = 1
            features[image, SHIFTED, top + 1 : top + 6, left + 2 : left + 7] = 1
            left, top = (9 + w[2:] * 2).long().tolist()
            features[image, BLUE, top : top + 4, left : left + 4] = 1
        features[:, NOISE:] = noise[0]
        return Activation(features)

    def finish(self, state, styles):
        red, blue = state.features[:, RED], state.features[:, BLUE]
        picture = torch.stack([red, torch.zeros_like(red), blue], 1) * 2 - 1
        return F.interpolate(picture, scale_factor=2)


def segment(pictures, names):
    """Red, blue, green and both squares, at 512²."""
    pictures = F.interpolate(pictures, (512, 512))
    red, blue = pictures[:, 0] > 0, pictures[:, 2] > 0
    return torch.stack([red, blue, pictures[:, 1] > 0, red | blue], 1)


CONCEPTS = ("red", "blue", "green", "any")
