"""Generators (`generator=`): frozen synthesis networks behind one interface."""

from ganvas.generator.base import Activation, Generator, Layer
from ganvas.generator.config import GeneratorConfig

__all__ = ["Activation", "Generator", "GeneratorConfig", "Layer"]
