"""Which photograph an image of a run shows: the unit of all statistics, told by its content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ganvas.analysis.axes import Axis
from ganvas.runner.directory import RunDirectory

_SHOWN = 8


def photograph(run: RunDirectory, index: int, image: str, axes: Sequence[Axis]) -> str:
    """Return a key of the photograph that an image of run `index` shows, equal for equal content.

    Several solutions show one photograph; where an edit takes several inputs, all of them count.
    Where the record has no hashes, names tell photographs apart.
    """
    return run.hashes.get(image) or image_name(index, run.photograph(image), axes)


def photographs(run: RunDirectory, index: int, axes: Sequence[Axis]) -> dict[str, str]:
    """Return `photograph` for each image of run `index`."""
    images = dict.fromkeys([*run.images, *(run.metrics.get("images") or {})])
    return {image: photograph(run, index, image, axes) for image in images}


def image_name(index: int, image: str, axes: Sequence[Axis]) -> str:
    """Return a name for an image of run `index`, after where it came from.

    Where the images are an axis, every run may number its own from 000.
    """
    shard = _origin(index, axes).rsplit("/", 1)[-1]
    return image if not shard or shard.rsplit(".", 1)[0] == image else f"{shard}/{image}"


def image_names(runs: Sequence[RunDirectory], axes: Sequence[Axis]) -> list[dict[str, str]]:
    """Return for each run the names under which its images are shown.

    A photograph has one name in the whole study, and no two have the same: the shortest of its
    own, with where it came from, and with its hash. Solutions are told apart by their number.
    """
    keys = [photographs(run, index, axes) for index, run in enumerate(runs)]
    candidates: dict[str, list[str]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    for index, run in enumerate(runs):
        for image, key in keys[index].items():
            if key not in candidates:
                candidates[key] = _candidates(key, index, run.photograph(image), axes)
                for name in candidates[key]:
                    owners[name].add(key)
    shown = {
        key: next((name for name in names if len(owners[name]) == 1), names[-1])
        for key, names in candidates.items()
    }
    return [
        {image: shown[key] + image[len(run.photograph(image)) :] for image, key in of_run.items()}
        for run, of_run in zip(runs, keys, strict=True)
    ]


def _candidates(key: str, index: int, photograph: str, axes: Sequence[Axis]) -> list[str]:
    name, origin = image_name(index, photograph, axes), _origin(index, axes)
    if key == name:  # it is told apart by this name alone
        return [name]
    whole = origin.rpartition(".")[0]
    whole = whole if whole.rsplit("/", 1)[-1] == photograph else f"{origin}/{photograph}"
    return [photograph, name, whole, f"{photograph} {key[:_SHOWN]}", f"{photograph} {key}"]


def _origin(index: int, axes: Sequence[Axis]) -> str:
    return " ".join(axis.levels[axis.of_run[index]] for axis in axes if axis.is_image)
