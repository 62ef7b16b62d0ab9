"""What fixes the shapes and the arithmetic of each family; it travels with the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from ganvas.errors import CheckpointError

Count = Annotated[int, Field(ge=1, le=65536)]
Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class StyleGAN2Architecture:
    """What fixes the shapes and the arithmetic of a StyleGAN2.

    Attributes:
        mapping: Widths of the mapping network, from its input (z and the label's embedding) to w.
        channels: Channels at 4², 8², … up to the image's resolution.
        classes: Number of classes; 0 without labels.
        embedding: Length of a label's embedding.
        layout: How the image is collected: `skip` sums an RGB of every resolution, `resnet` adds a
            shortcut around each block, `orig` does neither.
        noise: Whether layers add noise.
        rate: Learning-rate multiplier of the mapping network's layers.
        clamp: Bound of every layer's result; None for none.
        half: How many of the highest resolutions the original runs in half precision.
    """

    mapping: Annotated[tuple[Count, ...], Field(min_length=2, max_length=65)]
    channels: Annotated[tuple[Count, ...], Field(min_length=1, max_length=11)]
    classes: Annotated[int, Field(ge=0, le=65536)] = 0
    embedding: Annotated[int, Field(ge=0, le=65536)] = 0
    layout: Literal["skip", "resnet", "orig"] = "skip"
    noise: bool = True
    rate: Annotated[float, Field(gt=0, le=10)] = 0.01
    clamp: Annotated[float, Field(gt=0)] | None = None
    half: Annotated[int, Field(ge=0, le=11)] = 0

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Height and width of the blocks: 4, 8, …"""
        return tuple(4 << index for index in range(len(self.channels)))


@dataclass(frozen=True, slots=True)
class StyleGAN1Architecture:
    """What fixes the shapes and the arithmetic of a StyleGAN1.

    Attributes:
        mapping: Widths of the mapping network, from its input (z and the label's embedding) to w.
        channels: Channels at 4², 8², … up to the image's resolution.
        classes: Number of classes; 0 without labels.
        embedding: Length of a label's embedding.
        rate: Learning-rate multiplier of the mapping network's layers.
        epsilon: Added to the variance where activations are normalised: 1e-8 in the original,
            1e-5 in its PyTorch port.
    """

    mapping: Annotated[tuple[Count, ...], Field(min_length=2, max_length=65)]
    channels: Annotated[tuple[Count, ...], Field(min_length=1, max_length=11)]
    classes: Annotated[int, Field(ge=0, le=65536)] = 0
    embedding: Annotated[int, Field(ge=0, le=65536)] = 0
    rate: Annotated[float, Field(gt=0, le=10)] = 0.01
    epsilon: Annotated[float, Field(gt=0, le=1e-3)] = 1e-8

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Height and width of the blocks: 4, 8, …"""
        return tuple(4 << index for index in range(len(self.channels)))


@dataclass(frozen=True, slots=True)
class StyleGAN3Architecture:
    """What fixes the shapes and the arithmetic of a StyleGAN3; the defaults are configuration T's.

    Attributes:
        mapping: Widths of the mapping network, from its input (z and the label's embedding) to w.
        resolution: Height and width of the image in pixels.
        classes: Number of classes; 0 without labels.
        embedding: Length of a label's embedding.
        channel_base: Channels times cutoff frequency, times two.
        channel_max: Most channels of a layer.
        layers: Number of layers, without the Fourier features and the last one to RGB.
        critical: Number of critically sampled layers at the end.
        first_cutoff: Cutoff frequency of the first layer, in cycles per image.
        first_stopband: Least stopband of the first layer, in cycles per image.
        last_stopband: Least stopband of the last layer, relative to its cutoff.
        margin: Pixels outside the image that layers compute, on each side.
        output_scale: Scale of the image.
        kernel: Size of the convolutions: 3 in configuration T, 1 in R.
        taps: Length of the filters, relative to the lower sampling rate.
        oversampling: Sampling rate around the leaky ReLU, relative to the layer's.
        radial: Radially symmetric filters when sampling down (configuration R).
        rate: Learning-rate multiplier of the mapping network's layers.
        clamp: Bound of every layer's result; None for none.
        half: How many of the highest resolutions the original runs in half precision.
    """

    mapping: Annotated[tuple[Count, ...], Field(min_length=2, max_length=65)]
    resolution: Annotated[int, Field(ge=8, le=4096)]
    classes: Annotated[int, Field(ge=0, le=65536)] = 0
    embedding: Annotated[int, Field(ge=0, le=65536)] = 0
    channel_base: Annotated[int, Field(ge=4, le=2**20)] = 32768
    channel_max: Count = 512
    layers: Annotated[int, Field(ge=3, le=64)] = 14
    critical: Annotated[int, Field(ge=0, le=64)] = 2
    first_cutoff: Annotated[float, Field(gt=0, le=4096)] = 2.0
    first_stopband: Annotated[float, Field(gt=0, le=4096)] = 2**2.1
    last_stopband: Annotated[float, Field(ge=1, le=4)] = 2**0.3
    margin: Annotated[int, Field(ge=0, le=64)] = 10
    output_scale: Annotated[float, Field(gt=0, le=100)] = 0.25
    kernel: Literal[1, 3] = 3
    taps: Annotated[int, Field(ge=1, le=32)] = 6
    oversampling: Annotated[int, Field(ge=1, le=4)] = 2
    radial: bool = False
    rate: Annotated[float, Field(gt=0, le=10)] = 0.01
    clamp: Annotated[float, Field(gt=0)] | None = 256.0
    half: Annotated[int, Field(ge=0, le=11)] = 4


@dataclass(frozen=True, slots=True)
class MobileStyleGANArchitecture:
    """What fixes the shapes of a MobileStyleGAN.

    Attributes:
        channels: Channels of the stem at 4², then of the blocks at 8², 16², …
        w_dim: Length of z and of a style row.
        depth: Number of layers of the mapping network.
    """

    channels: Annotated[tuple[Count, ...], Field(min_length=2, max_length=10)]
    w_dim: Count = 512
    depth: Annotated[int, Field(ge=1, le=64)] = 8


StyleGANArchitecture = StyleGAN1Architecture | StyleGAN2Architecture | StyleGAN3Architecture
Architecture = StyleGANArchitecture | MobileStyleGANArchitecture


def checked(architecture: type[Known], hyperparameters: dict[str, Any]) -> Known:
    """Return the architecture that a file describes, its values within their bounds.

    Raises:
        CheckpointError: A value is missing, unknown or out of range.
    """
    try:
        return TypeAdapter(architecture).validate_python(hyperparameters)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise CheckpointError(f"the hyper-parameter '{name}' is wrong: {first['msg']}") from error
