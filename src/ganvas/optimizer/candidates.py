"""What every search asks of an experiment, before any work."""

from __future__ import annotations

from ganvas.errors import ConfigError


def require_latent(variable: str, name: str) -> None:
    """Raise ConfigError where a search is to move something else than the latent."""
    if variable != "latent":
        raise ConfigError(f"optimizer.{variable}: {name} is for the latent")


def require_population(population: int, images: int) -> None:
    """Raise ConfigError where the images of a run are not whole populations."""
    if images % population:
        raise ConfigError(
            f"a population of {population} needs start.count={population}: there are {images} "
            "images side by side"
        )
