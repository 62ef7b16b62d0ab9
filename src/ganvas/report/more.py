"""What an undecided study needs: how many more images, and the command that adds them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from ganvas.study.axes import ABSENT, Axis
from ganvas.study.compare import Levels, setting_levels
from ganvas.study.records import Run

LEVEL = 0.05
_PHOTOGRAPHS = "PHOTOGRAPHS/"
_NOT_REPEATED = ("image", "study", "hydra", "output", "outputs", "force", "job")


def images_missing(images: int, comparisons: int) -> int:
    """Return how many more images could decide, were they all to agree.

    n images cannot give a p value below 2 / 2ⁿ, which Holm's correction multiplies.

    Args:
        images: Images that both settings have.
        comparisons: Tests that are corrected together.

    >>> images_missing(3, 3), images_missing(12, 3)
    (4, 0)
    """
    if comparisons < 1:
        return 0
    needed = math.floor(math.log2(2 * comparisons / LEVEL)) + 1
    return max(0, needed - images)


def commands(
    runs: Sequence[Run], axes: Sequence[Axis], study: str, chosen: Sequence[Levels]
) -> list[str]:
    """Return the commands that run the settings `chosen` on further photographs.

    One sweep where the settings are all combinations of their levels, otherwise one command per
    setting. A setting that takes a key away is not repeated.

    Args:
        runs: The study's runs.
        axes: All axes of the study.
        study: The study's name.
        chosen: The settings, each as its level on every axis that is part of a setting.
    """
    inner = [axis for axis in axes if not axis.is_unit]
    seeds = [axis for axis in axes if axis.is_unit and not axis.is_image]
    common = _common(runs, axes)
    columns = [sorted(set(column)) for column in zip(*chosen, strict=True)]
    if math.prod(map(len, columns)) == len(chosen):
        groups = [columns]
    else:
        groups = [[[level] for level in levels] for levels in chosen]
    lines = []
    for group in groups:
        words = [_word(axis, levels) for axis, levels in zip(inner, group, strict=True)]
        words += [_word(axis, range(len(axis.levels))) for axis in seeds]
        if any(f"={ABSENT}" in word for word in words):
            continue
        photographs = ["image=file", f"image.x.path={_PHOTOGRAPHS}"]
        sweep = ["-m"] if any("," in word for word in words) else []
        lines.append(
            shlex.join(["ganvas", "run", *sweep, f"study={study}", *common, *words, *photographs])
        )
    return lines


def settings_of(axes: Sequence[Axis], runs: Sequence[Run]) -> list[Levels]:
    """Return the settings of a study in the order of their levels."""
    return sorted({setting_levels(axes, index) for index in range(len(runs))})


def _common(runs: Sequence[Run], axes: Sequence[Axis]) -> list[str]:
    """The overrides that all runs share, but for the axes and what belongs to a single job."""
    varied = {axis.name for axis in axes}
    shared = set(runs[0].overrides).intersection(*(run.overrides for run in runs))
    words = []
    for word in runs[0].overrides:
        key = word.split("=")[0].lstrip("+~")
        if (
            word in shared
            and key not in varied
            and key.split(".")[0].split("/")[0] not in _NOT_REPEATED
        ):
            words.append(word)
    return words


def _word(axis: Axis, levels: Sequence[int]) -> str:
    return f"{axis.name}={','.join(axis.levels[level] for level in levels)}"
