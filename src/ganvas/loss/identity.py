"""A term on the identity of a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Identity(Term):
    """1 − cosine similarity of ArcFace features of FFHQ-aligned faces.

    Under a mask both faces have one colour outside of it. Source: Deng et al. 2019, as a loss for
    inversion in Richardson et al. 2021.
    """

    def bind(self, reference: Reference) -> BoundTerm:
        """Compute the target's features once."""
        from ganvas.network.arcface import identities, identity_features

        target = identities(reference.target)

        def identity(view: View) -> Float[Tensor, " B"]:
            return 1 - (identity_features(view.image) * target).sum(1)

        return identity

    def load(self, device: torch.device) -> None:
        """Load the network."""
        from ganvas.network.arcface import arcface

        arcface(str(device))
