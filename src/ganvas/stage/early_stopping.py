"""When an image rests: its loss no longer falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True)
class EarlyStopping:
    """When an image stops: no better for some time.

    Attributes:
        patience: Steps without enough improvement before an image rests.
        improvement: How far the best loss must fall, as a fraction, to count.
    """

    patience: Annotated[int, Field(ge=1)] = 50
    improvement: Annotated[float, Field(ge=0, lt=1)] = 0.001
