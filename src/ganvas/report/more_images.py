"""What an undecided study needs: how many more images, and the command that adds them."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from ganvas.analysis.axes import ABSENT, PRESENT, Axis
from ganvas.analysis.compare import Levels
from ganvas.config.quotes import quoted
from ganvas.report.paths import shown
from ganvas.runner.directory import RunDirectory

_SIGNIFICANT = 0.05
_PHOTOGRAPHS = ["image=file", "image.x.path=PHOTOGRAPHS/"]
_OF_ONE_STUDY = re.compile(r"^(image|study|hydra|outputs?|force|job)([./].*)?$")
_OUTPUT = Path("outputs")
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
_UNWRITABLE = re.compile(rf"[=,]({ABSENT}|{PRESENT})(,|$)")


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
    needed = math.floor(math.log2(2 * comparisons / _SIGNIFICANT)) + 1
    return max(0, needed - images)


def commands(
    runs: Sequence[RunDirectory], axes: Sequence[Axis], study: str, settings: Sequence[Levels]
) -> list[str]:
    """Return the commands that run `settings` on photographs of another folder.

    One sweep where the settings are all combinations of their levels, otherwise one command each.
    A setting that only takes a key away, or a whole group of keys, cannot be written as a command.

    Args:
        runs: The study's runs.
        axes: All axes of the study.
        study: The study's name.
        settings: Each as its level on every axis that is part of a setting.
    """
    inner = [axis for axis in axes if not axis.is_unit]
    seeds = [axis for axis in axes if axis.is_unit and not axis.is_image]
    repeated = [_word(axis, range(len(axis.levels))) for axis in seeds]
    shared = [f"study={_text(study)}", *_output(runs[0]), *_common(runs, axes)]
    columns = [sorted(set(column)) for column in zip(*settings, strict=True)]
    if math.prod(map(len, columns)) == len(settings):
        sweeps = [columns]
    else:
        sweeps = [[[level] for level in levels] for levels in settings]
    lines = []
    for sweep in sweeps:
        words = [*map(_word, inner, sweep), *repeated]
        if any(_UNWRITABLE.search(word) for word in words):
            continue
        flag = ["-m"] if any("," in word for word in words) else []
        lines.append(shlex.join(["ganvas", "run", *flag, *shared, *words, *_PHOTOGRAPHS]))
    return lines


def _output(run: RunDirectory) -> list[str]:
    """The override that leads a study's runs into the folder that holds it, where one is needed."""
    # Of a study that is the working directory, a relative path has no parent of its own.
    folder = shown(run.path.absolute().parent.parent)
    if folder == _OUTPUT:
        return []
    return [f"output={_text(str(folder))}"]


def _common(runs: Sequence[RunDirectory], axes: Sequence[Axis]) -> list[str]:
    """The overrides that all runs share, but for the axes and what belongs to this study alone."""
    left_out = {axis.name for axis in axes}
    shared = set(runs[0].overrides).intersection(*(run.overrides for run in runs))
    keys = {word: word.split("=")[0].lstrip("+~") for word in runs[0].overrides}
    return [
        word
        for word, key in keys.items()
        if word in shared and key not in left_out and not _OF_ONE_STUDY.match(key)
    ]


def _word(axis: Axis, levels: Sequence[int]) -> str:
    return f"{axis.name}={','.join(_text(axis.levels[level]) for level in levels)}"


def _text(value: str) -> str:
    """Return a value as an override takes it; lists and mappings are in Hydra's grammar already."""
    return value if _PLAIN.fullmatch(value) or value[:1] in ("[", "{") else quoted(value)
