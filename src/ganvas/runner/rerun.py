"""A run again, from its folder alone."""

from __future__ import annotations

import shutil
from contextlib import chdir
from copy import deepcopy
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ganvas.config.compose import Job
from ganvas.config.trust import refuse_foreign, renewed
from ganvas.errors import ConfigError, GanvasError, InputError
from ganvas.image.source import Source
from ganvas.runner.directory import RunDirectory, load
from ganvas.runner.job import execute
from ganvas.runner.provenance import input_hashes
from ganvas.system.files import is_file_name, write_bytes
from ganvas.system.names import unreadable

STUDY = "rerun"


def rerun(run_dir: Path | str, output: Path | str = "outputs", trust: bool = False) -> RunDirectory:
    """Repeat a run under `output/rerun/`, with its own threads and micro-batch.

    Photographs that are no longer where they were, or have changed, are replaced by the targets
    that the run has kept, which are equal to the bit.

    Args:
        run_dir: The folder of a run.
        output: Where the repetition goes.
        trust: Allow code outside `ganvas`, which is then executed, and addresses.

    Raises:
        InputError: No run.
        DamagedError: Its configuration, overrides or provenance cannot be read, or the copies that
            it has kept are not its own.
        ConfigError: It names code outside `ganvas` or an address, and is not trusted; or the path
            of `output` is no text.
    """
    old = load(Path(run_dir).absolute())
    output = Path(output).absolute()
    if reason := unreadable(str(output)):
        raise ConfigError(reason)
    # All is read before any work; a damaged file is found here.
    config, provenance = deepcopy(old.config), old.provenance
    choices, overrides = old.choices, tuple(old.overrides)
    # The repetition has a logger of its own, so what the old one is does not matter.
    config["logger"] = {"_target_": "ganvas.tracking.NoLogger"}
    if not trust:
        refuse_foreign(config)
    config = renewed(config)
    trainer = config.setdefault("trainer", {})
    for name in ("threads", "micro_batch"):
        if provenance.get(name) is not None:
            trainer[name] = provenance[name]
    config |= {
        "study": STUDY,
        "output": str(output),
        "force": True,
    }
    directory = Path(provenance.get("directory", "."))
    # Paths in a configuration may be relative to where the run was started.
    with chdir(directory if directory.is_dir() else Path.cwd()):
        locate_pictures(config, old, output / STUDY / f".{old.path.name}-inputs")
        resolved: Any = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
        return execute(Job(resolved, choices, overrides))


def locate_pictures(config: dict[str, Any], old: RunDirectory, folder: Path) -> None:
    """Point `image` at the photographs of the old run, or at the copies that it has kept.

    Args:
        config: The configuration, changed in place.
        old: The old run.
        folder: Where copies are laid out under the names that they had.

    Raises:
        InputError: A photograph is gone and the run has kept no copy of it.
    """
    recorded = old.provenance.get("inputs", {})
    for name, source in (config.get("image") or {}).items():
        if name not in recorded or not isinstance(source, dict):
            continue
        path = Path(str(source.get("path")))
        if _hashes(path, source) == recorded[name]:
            continue
        kept = _kept(old, name)
        if not kept:
            raise InputError(f"image.{name}: {path} is gone or has changed, and there is no copy")
        shutil.rmtree(folder / name, ignore_errors=True)
        for image, (content, suffix) in kept.items():
            write_bytes(folder / name / f"{image}{suffix}", content)
        config["image"][name] = {"path": str(folder / name), "crop": "none"}


def _kept(old: RunDirectory, name: str) -> dict[str, tuple[bytes, str]]:
    """Return the copies of input `name`, content and suffix, by image.

    Of several solutions the first one's is taken.
    """
    stem = "target" if name == "x" else f"input_{name}"
    if not all(map(is_file_name, old.images)):
        raise InputError(f"{old.path}: an image's name in status.json is no name of a file")
    copies = {}
    for image in old.images:
        photograph = old.photograph(image)
        if photograph in copies:
            continue
        file = old.picture_file(image, stem).relative_to(old.path)
        if picture := old.read(file.as_posix()):
            copy = picture[0], file.suffix
            copies[photograph] = copy
    return copies


def _hashes(path: Path, source: dict[str, Any]) -> list[str] | None:
    try:
        return input_hashes(Source(**{**source, "path": path}))
    except (GanvasError, OSError, TypeError):
        return None
