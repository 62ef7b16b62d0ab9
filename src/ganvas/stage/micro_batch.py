"""What does not change during a stage, computed once for the images that are drawn together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.functional.images import resize
from ganvas.generator.base import Activation
from ganvas.loss import Block, Objective, Reference, pairs
from ganvas.stage.config import StageConfig
from ganvas.stage.drafts import Drafts
from ganvas.stage.scene import Scene
from ganvas.stage.variables import Variables


@dataclass(frozen=True)
class Judge:
    """What renders of one size are measured by.

    Attributes:
        objective: The terms with their target features already computed.
        target: (b, 3, r, r), what PSNR is measured against.
    """

    objective: Objective
    target: Tensor


@dataclass(frozen=True)
class MicroBatch:
    """What does not change during a stage, for the images that are drawn together.

    Attributes:
        images: Which images of the run.
        judge: What measures their renders.
        draft: What measures their drafts; the same where there are none.
        styles: The styles, where the latent is frozen.
        resume: The layer and activation to draw from, where the layers before it are frozen.
    """

    images: slice
    judge: Judge
    draft: Judge
    styles: list[Tensor] | None
    resume: tuple[str, Activation] | None


@torch.no_grad()
def prepare(
    config: StageConfig,
    scene: Scene,
    variables: Variables,
    drafts: Drafts | None,
    images: slice,
    objectives: Sequence[Mapping[str, Block]],
) -> MicroBatch:
    """Compute what does not change for some of the images of a stage.

    Args:
        config: The stage.
        scene: Images, masks and earlier renders.
        variables: What changes.
        drafts: What draws drafts, if some steps are taken on them.
        images: Which images.
        objectives: The objective of each of them, where images differ in constant weights.
    """
    styles = variables.styles(images)
    start = variables.latent_rows(images, styles)

    def judge(size: int) -> Judge:
        references = {
            (target, mask): Reference(
                target=resize(scene.picture(target)[images], size),
                mask=None if (m := scene.mask(mask)) is None else resize(m[images], size),
                start=start,
                generator=scene.generator,
            )
            for target, mask in pairs(config.objective)
        }
        objective = Objective.bind(config.objective, references, objectives)
        return Judge(objective, resize(scene.images[config.embedding][images], size))

    full = judge(scene.generator.resolution)
    return MicroBatch(
        images=images,
        judge=full,
        draft=full if drafts is None else judge(drafts.resolution),
        styles=None if variables.rows or variables.names else styles,
        resume=variables.frozen_prefix(images),
    )
