"""The subset that the paper fills holes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.layers.subset import Layers, Subset, row_resolutions, rows_until

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Inpainting(Layers):
    """Rows 1–9, 17 and 18 of StyleGAN1's 18, carried to any generator by resolution and order.

    In StyleGAN1 row 9 belongs to the first 64² convolution, rows 17 and 18 to the convolutions at
    the top resolution. So: every row below `until`, the first row at `until`, and every row of the
    top resolution. All noise maps stay selected. Source: Abdal et al. 2020, section 5.2.

    Attributes:
        until: Resolution whose first convolution is the last of the lower rows.
        top: Whether the rows of the top resolution are selected as well.
    """

    until: Annotated[int, Field(ge=4)] = 64
    top: bool = True

    def select(self, generator: Generator) -> Subset:
        """Return the rows that carry the paper's subset."""
        rows = rows_until(generator, self.until)
        if self.top:
            resolutions = row_resolutions(generator).items()
            rows |= {row for row, r in resolutions if r == generator.resolution}
        return Subset.of_rows(generator, rows)
