"""Starts (`start=`): the latent and noise that the first stage begins with."""

from ganvas.start.base import Start, started
from ganvas.start.embedding import FromFile
from ganvas.start.encoder import FromEncoder
from ganvas.start.random import Random
from ganvas.start.w_avg import WAvg

__all__ = ["FromEncoder", "FromFile", "Random", "Start", "WAvg", "started"]
