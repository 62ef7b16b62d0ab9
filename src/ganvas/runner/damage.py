"""Whether a run's record can be trusted: the one judge for every command and for the API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganvas.errors import DamagedError
from ganvas.runner.content import READERS, read_curve, read_status
from ganvas.runner.manifest import CURVE, FILE, Manifest, is_newer, read_manifest
from ganvas.system.reading import read_file
from ganvas.system.tensors import require_whole

BEGUN = ("config.yaml", "overrides.yaml", "provenance.json")
FINISHED = (CURVE, "metrics.json", "embedding.safetensors")
MARKS = (*BEGUN, "metrics.json", FILE)

_SIGNATURE = re.compile(r"-([0-9a-f]{10})(\.new|\.old)?$")


def holds_run(folder: Path) -> bool:
    """Return True for the folder of a run, also where its `status.json` is gone."""
    if (folder / "status.json").is_file():
        return True
    return sum((folder / name).is_file() for name in MARKS) > 1


def required(status: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the files that a run of this status must have.

    A launcher may mark a job that died before its run began; `started` is what the run writes.
    """
    if "started" not in status:
        return ()
    return BEGUN + FINISHED if status.get("state") == "finished" else BEGUN


def problems(run: Path, thorough: bool = False) -> Iterator[str]:
    """Iterate over what is wrong with the record in folder `run`, a line each.

    Args:
        run: The run's folder.
        thorough: Compare every byte, pictures included, and go on after the first problem.
    """
    if not holds_run(run):
        return
    file = run / "status.json"
    try:
        status = read_status(read_file(file), file)
        manifest = manifest_of(run, status)
    except DamagedError as error:
        yield str(error)
        return
    yield from manifest.problems(run, thorough)
    needed = required(status)
    for name in dict.fromkeys((*needed, *READERS)):
        if name not in manifest.files and (name in needed or (run / name).exists()):
            yield from _unlisted(run / name, len(status.get("images") or ()))


def manifest_of(run: Path, status: Mapping[str, Any]) -> Manifest:
    """Return the run's manifest; an empty one where the record is older than that.

    Raises:
        DamagedError: It is missing, cut, or of another run; or so is the status, or it is newer.
    """
    if is_newer(status):
        raise DamagedError(f"{run} was written by a newer version of ganvas")
    named = _SIGNATURE.search(run.name)
    if named and status.get("signature", named[1]) != named[1]:
        raise DamagedError(f"{run / 'status.json'} is of another run")
    if status.get("version", 1) == 1 or not required(status):
        return Manifest()
    manifest = read_manifest(run)
    if manifest.signature != status.get("signature"):
        raise DamagedError(f"{run / FILE} is of another run")
    return manifest


def _unlisted(file: Path, images: int) -> Iterator[str]:
    """Judge a file that no manifest describes by whether it can be read."""
    try:
        content = read_file(file)
        if file.name == CURVE:
            read_curve(content, file, images)
        elif file.name in READERS:
            READERS[file.name](content, file)
        else:
            require_whole(content)
    except DamagedError as error:
        yield str(error)
    except ValueError as error:
        yield f"{file} is cut or broken: {error}"
