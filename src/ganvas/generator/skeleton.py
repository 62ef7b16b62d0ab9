"""From an architecture to the module that has its shapes."""

from __future__ import annotations

from dataclasses import asdict
from typing import overload

import torch

from ganvas.generator.architecture import (
    Architecture,
    MobileStyleGANArchitecture,
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
    StyleGANArchitecture,
)
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.stylegan1 import StyleGAN1
from ganvas.generator.stylegan2 import StyleGAN2
from ganvas.generator.stylegan3 import StyleGAN3

StyleGAN = StyleGAN1 | StyleGAN2 | StyleGAN3
Built = StyleGAN | MobileStyleGAN


@overload
def skeleton(architecture: StyleGANArchitecture) -> StyleGAN: ...


@overload
def skeleton(architecture: Architecture) -> Built: ...


def skeleton(architecture: Architecture) -> Built:
    """Return the generator of an architecture without memory for its weights."""
    with torch.device("meta"):
        match architecture:
            case StyleGAN1Architecture():
                return StyleGAN1(**asdict(architecture))
            case StyleGAN2Architecture():
                return StyleGAN2(**asdict(architecture))
            case StyleGAN3Architecture():
                return StyleGAN3(**asdict(architecture))
            case MobileStyleGANArchitecture():
                return MobileStyleGAN(**asdict(architecture))
