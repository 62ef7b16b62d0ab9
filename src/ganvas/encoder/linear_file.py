"""The part of an encoder's file that is that of a linear one: matrix, centre, scale and bias."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ganvas.config.schema import build, check
from ganvas.encoder.features import Features
from ganvas.encoder.linear_encoder import LinearEncoder
from ganvas.encoder.metadata import mapping
from ganvas.functional.ridge import Affine

TENSORS = ("centre", "scale", "beta", "bias")


def packed(encoder: LinearEncoder) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the settings, as text, that make the encoder."""
    affine = encoder.affine
    tensors = dict(zip(TENSORS, affine, strict=True))
    tensors = {name: value.float() for name, value in tensors.items()}
    # Features are standardised, so that the matrix fits the narrow range of float16.
    tensors["beta"] = affine.beta.half()
    settings = {
        "features": json.dumps(asdict(encoder.features)),
        "picture_resolution": str(encoder.picture_resolution),
    }
    return tensors, settings


def unpacked(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str], common: dict[str, Any]
) -> LinearEncoder:
    """Return the encoder of a file.

    Args:
        tensors: The file's tensors.
        metadata: Its metadata.
        common: The fields that all encoders have.

    Raises:
        KeyError: A part is missing.
        ValueError: A part is not what `packed` gives.
        ConfigError: The features are none.
    """
    affine = Affine(*(tensors[name].float() for name in TENSORS))
    _require_shapes(affine)
    features: Features = build(check(mapping(metadata, "features"), Features, "features"))
    picture_resolution = int(metadata["picture_resolution"])
    side = min(picture_resolution, common["generator_resolution"])
    if side < 1:
        raise ValueError("it is for pictures without pixels")
    if len(affine.beta) != (wanted := features.length(side)):
        raise ValueError(
            f"'beta' has {len(affine.beta)} rows, not one for each of {wanted} features"
        )
    return LinearEncoder(
        features=features, affine=affine, picture_resolution=picture_resolution, **common
    )


def _require_shapes(affine: Affine) -> None:
    """Raise ValueError where the tensors are not those of one affine map."""
    centre, scale, beta, bias = affine
    if beta.ndim != 2 or centre.shape != scale.shape or scale.shape != beta.shape[:1]:
        raise ValueError("the shapes of its tensors do not belong together")
    if bias.shape != beta.shape[1:]:
        raise ValueError("the shapes of its tensors do not belong together")
