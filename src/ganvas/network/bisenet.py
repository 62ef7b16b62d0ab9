"""BiSeNet for face parsing: which pixel is hair, skin, an eye, …

Source: Yu et al. 2018, *BiSeNet: Bilateral Segmentation Network*, with a ResNet-18 context path and
no separate spatial path, trained on the 19 classes of CelebAMask-HQ.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from ganvas.functional.images import resize
from ganvas.network.weights import asset_tensors

CLASSES = (
    "background", "skin", "left_brow", "right_brow", "left_eye", "right_eye", "glasses",
    "left_ear", "right_ear", "earring", "nose", "mouth", "upper_lip", "lower_lip", "neck",
    "necklace", "cloth", "hair", "hat",
)  # fmt: skip
"""The classes in the order of the network's outputs; "mouth" is its inside, without the lips."""

RESOLUTION = 512
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class ConvNormRelu(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, outputs, H, W)."""
        return F.relu(self.bn(self.conv(x)))


class Residual(nn.Module):
    """ResNet's basic block of two 3×3 convolutions. He et al. 2016."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, outputs, H / stride, W / stride)."""
        straight = x if self.downsample is None else self.downsample(x)
        residual: Tensor = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(straight + residual)


class ResNet18(nn.Module):
    """The context path's backbone: features at 1/8, 1/16 and 1/32 of the size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Residual(64, 64, 1), Residual(64, 64, 1))
        self.layer2 = nn.Sequential(Residual(64, 128, 2), Residual(128, 128, 1))
        self.layer3 = nn.Sequential(Residual(128, 256, 2), Residual(256, 256, 1))
        self.layer4 = nn.Sequential(Residual(256, 512, 2), Residual(512, 512, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return 128, 256 and 512 channels."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        eighth = self.layer2(self.layer1(x))
        sixteenth = self.layer3(eighth)
        return eighth, sixteenth, self.layer4(sixteenth)


class AttentionRefinement(nn.Module):
    """Weigh channels by their global context."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = ConvNormRelu(inputs, outputs)
        self.conv_atten = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, outputs, H, W)."""
        features: Tensor = self.conv(x)
        context = features.mean((2, 3), keepdim=True)
        return features * torch.sigmoid(self.bn_atten(self.conv_atten(context)))


class ContextPath(nn.Module):
    """The backbone with a path back up to 1/8 of the size."""

    def __init__(self) -> None:
        super().__init__()
        self.resnet = ResNet18()
        self.arm16 = AttentionRefinement(256, 128)
        self.arm32 = AttentionRefinement(512, 128)
        self.conv_head32 = ConvNormRelu(128, 128)
        self.conv_head16 = ConvNormRelu(128, 128)
        self.conv_avg = ConvNormRelu(512, 128, kernel=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the backbone's and the context's 128 channels at 1/8 of the size."""
        eighth, sixteenth, last = self.resnet(x)
        context = self.conv_avg(last.mean((2, 3), keepdim=True))
        up = self.arm32(last) + context
        up = self.conv_head32(F.interpolate(up, sixteenth.shape[-2:], mode="nearest"))
        up = self.arm16(sixteenth) + up
        up = self.conv_head16(F.interpolate(up, eighth.shape[-2:], mode="nearest"))
        return eighth, up


class FeatureFusion(nn.Module):
    """Join both paths and weigh channels by their global context."""

    def __init__(self) -> None:
        super().__init__()
        self.convblk = ConvNormRelu(256, 256, kernel=1)
        self.conv1 = nn.Conv2d(256, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 256, 1, bias=False)

    def forward(self, spatial: Tensor, context: Tensor) -> Tensor:
        """Return features (B, 256, H/8, W/8)."""
        features: Tensor = self.convblk(torch.cat([spatial, context], dim=1))
        weights = self.conv2(F.relu(self.conv1(features.mean((2, 3), keepdim=True))))
        return features + features * torch.sigmoid(weights)


class Head(nn.Module):
    """Features to class scores."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = ConvNormRelu(256, 256)
        self.conv_out = nn.Conv2d(256, len(CLASSES), 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B, 19, H/8, W/8)."""
        return self.conv_out(self.conv(x))  # type: ignore[no-any-return]


class BiSeNet(nn.Module):
    """The whole network, without the two auxiliary heads that only training uses."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.cp = ContextPath()
        self.ffm = FeatureFusion()
        self.conv_out = Head()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return scores (B, 19, H, W) for images (B, 3, H, W) in [−1, 1], seen at 512²."""
        seen = ((resize(images, RESOLUTION) + 1) / 2 - self.mean) / self.std
        scores = self.conv_out(self.ffm(*self.cp(seen)))
        return F.interpolate(scores, images.shape[-2:], mode="bilinear", align_corners=True)

    @torch.no_grad()
    def parse(self, images: Float[Tensor, "B 3 H W"]) -> Integer[Tensor, "B _H _W"]:
        """Return the class (B, H, W) of every pixel, an index into `CLASSES`."""
        return torch.cat([self(image[None]).argmax(1) for image in images])


def face_classes(images: Float[Tensor, "B 3 H W"]) -> Integer[Tensor, "B _H _W"]:
    """Return the class of every pixel of faces (B, 3, H, W) in [−1, 1], seen at 512²: uint8.

    Returns:
        (B, 512, 512), indices into `CLASSES`.

    Raises:
        AssetError: The weights cannot be had.
    """
    return face_parser(str(images.device)).parse(resize(images, RESOLUTION)).to(torch.uint8)


@cache
def face_parser(device: str = "cpu") -> BiSeNet:
    """Return the one network of this process and device.

    Raises:
        AssetError: The weights cannot be had.
    """
    return load(asset_tensors("bisenet")).to(device)


def load(state: dict[str, Tensor]) -> BiSeNet:
    """Return the network with the weights of a state dict, without training's auxiliary heads."""
    network = BiSeNet()
    auxiliary = ("conv_out16.", "conv_out32.", "cp.resnet.fc.")
    network.load_state_dict({k: v for k, v in state.items() if not k.startswith(auxiliary)})
    return network
