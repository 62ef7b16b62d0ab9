"""Regions of related latents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Checked

from ganvas.errors import ConfigError
from ganvas.tile.assignment import Assignment, bank_w, from_bank
from ganvas.tile.latents.base import LatentSource, Psi, Say, rng_of

if TYPE_CHECKING:
    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry


@dataclass(frozen=True)
class Clusters(LatentSource):
    """Each region of the canvas has members of one cluster of the bank.

    The clusters are those of k-means in W, where distance follows the picture better than in Z. A
    region is what lies nearest to one of some random positions.

    Attributes:
        count: Clusters.
        regions: Regions of the canvas; each has a random cluster.
        bank: Members that are clustered.
        psi: Truncation ψ.

    Raises:
        ConfigError: The bank is smaller than the number of clusters.
    """

    count: Annotated[int, Checked(ge=1, le=1024)] = 8
    regions: Annotated[int, Checked(ge=1, le=4096)] = 6
    bank: Annotated[int, Checked(ge=1, le=1_000_000)] = 2048
    psi: Psi = 0.7

    def __post_init__(self) -> None:
        if self.bank < self.count:
            raise ConfigError(f"bank={self.bank} holds fewer members than count={self.count}")

    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Cluster the bank, cut the canvas into regions, and draw a member for each tile."""
        import torch
        from scipy.cluster.vq import kmeans2

        say(f"clustering {self.bank} latents")
        w = bank_w(generator, seed, 0, self.bank).cpu()
        _, labels = kmeans2(w.numpy(), self.count, minit="++", seed=seed % 2**32)
        members = [(torch.from_numpy(labels) == k).nonzero()[:, 0] for k in range(self.count)]
        members = [m for m in members if len(m)]
        rng = rng_of(seed)
        positions = torch.rand(self.regions, 2, generator=rng)
        cluster = torch.randint(len(members), (self.regions,), generator=rng)
        centres = torch.cartesian_prod(torch.arange(geometry.rows), torch.arange(geometry.columns))
        size = torch.tensor([geometry.rows, geometry.columns])
        region = torch.cdist((centres + 0.5) / size.max(), positions * size / size.max()).argmin(1)
        ids = [
            members[k][torch.randint(len(members[k]), (1,), generator=rng)]
            for k in cluster[region].tolist()
        ]
        return from_bank(torch.cat(ids).view(geometry.rows, -1), generator, self.psi)
