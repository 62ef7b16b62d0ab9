"""An edit: a recipe of named stages and operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor

from ganvas.errors import ConfigError, nearest
from ganvas.loss import pairs
from ganvas.mask import Canvas, Mask, require_content
from ganvas.stage import Scene, StageConfig


class Operation(ABC):
    """A step of a recipe that optimises nothing, such as I_att."""

    @abstractmethod
    def apply(self, scene: Scene) -> Tensor:
        """Change the scene's embeddings and return the render (B, 3, H, W) of what comes out."""


@dataclass(frozen=True)
class Recipe:
    """Named stages and operations, in the order in which they run.

    Attributes:
        stages: The steps by name; a step may refer to the names before it.
        masks: The masks that the steps refer to, by name.
        images: Which input images the recipe needs.
        partial: Masks that must leave something in and something out, or the edit would be void.
    """

    stages: dict[str, StageConfig | Operation]
    masks: dict[str, Mask] = field(default_factory=dict)
    images: tuple[str, ...] = ("x",)
    partial: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError("a recipe needs at least one stage")
        pictures = set(self.images)
        for name, step in self.stages.items():
            if isinstance(step, StageConfig):
                for target, mask in pairs(step.objective):
                    if target not in pictures:
                        hint = nearest(target, pictures)
                        raise ConfigError(
                            f"stages.{name}: no image or earlier stage '{target}'{hint}"
                        )
                    if mask != "1" and mask.removeprefix("1 - ") not in self.masks:
                        hint = nearest(mask, self.masks)
                        raise ConfigError(f"stages.{name}: no mask '{mask}' in the recipe{hint}")
            pictures.add(name)
        for name in self.partial:
            if name not in self.masks:
                raise ConfigError(
                    f"partial: no mask '{name}' in the recipe{nearest(name, self.masks)}"
                )

    def draw_masks(self, canvas: Canvas) -> dict[str, Tensor]:
        """Draw all masks of the recipe, (B, 1, H, W) each, and check them before any work.

        Raises:
            InputError: A mask is empty for an image, or covers all where that makes the edit void.
        """
        drawn = {name: mask.draw(canvas) for name, mask in self.masks.items()}
        for name, mask in drawn.items():
            require_content(f"edit.masks.{name}", mask, partial=name in self.partial)
        return drawn

    @property
    def steps(self) -> int:
        """Optimisation steps of all stages together."""
        return sum(s.steps for s in self.stages.values() if isinstance(s, StageConfig))
