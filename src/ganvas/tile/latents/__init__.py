"""Where a canvas has the latents of its tiles from (`latents=` of `ganvas tile`)."""

from ganvas.tile.latents.base import LatentSource
from ganvas.tile.latents.clusters import Clusters
from ganvas.tile.latents.field import Field
from ganvas.tile.latents.guided import Guided
from ganvas.tile.latents.random import Random
from ganvas.tile.latents.saved import Saved

__all__ = ["Clusters", "Field", "Guided", "LatentSource", "Random", "Saved"]
