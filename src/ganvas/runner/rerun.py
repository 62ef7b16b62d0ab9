"""A run again, from its folder alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from ganvas.config.compose import Job
from ganvas.errors import ConfigError, GanvasError, InputError
from ganvas.image.source import Source
from ganvas.runner.job import execute
from ganvas.runner.provenance import input_hashes
from ganvas.runner.result import Result, load

STUDY = "rerun"


def rerun(run_dir: Path | str, output: Path | str = "outputs", trust: bool = False) -> Result:
    """Repeat a run under `output/rerun/`, with its own threads and micro-batch.

    Photographs that are no longer where they were, or have changed, are replaced by the targets
    that the run has kept, which are equal to the bit.

    Args:
        run_dir: The folder of a run.
        output: Where the repetition goes.
        trust: Allow targets outside `ganvas`, whose code is then executed.

    Raises:
        InputError: No run, or one whose configuration cannot be read.
        ConfigError: It names a target outside `ganvas` and is not trusted.
    """
    old = load(Path(run_dir).absolute())
    output = Path(output).absolute()
    config = read_config(old.path)
    if not trust:
        refuse_foreign(config)
    provenance = old.provenance
    trainer = config.setdefault("trainer", {})
    for name in ("threads", "micro_batch"):
        if provenance.get(name) is not None:
            trainer[name] = provenance[name]
    config |= {
        "study": STUDY,
        "output": str(output),
        "force": True,
        "logger": {"_target_": "ganvas.tracking.NoLogger"},
    }
    given = yaml.safe_load((old.path / "overrides.yaml").read_text(encoding="utf-8"))
    directory = Path(provenance.get("directory", "."))
    # Paths in a configuration may be relative to where the run was started.
    with chdir(directory if directory.is_dir() else Path.cwd()):
        locate_pictures(config, old, output / STUDY / f".{old.path.name}-inputs")
        resolved: Any = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
        return execute(Job(resolved, given["choices"], tuple(given["overrides"])))


def read_config(run_dir: Path) -> dict[str, Any]:
    """Read a run's configuration as plain values; nothing in it is interpolated.

    Raises:
        InputError: There is none, or it is not a mapping.
    """
    file = run_dir / "config.yaml"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{file} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict):
        raise InputError(f"{file} is no configuration")
    return found


def refuse_foreign(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that names code outside `ganvas`, or interpolations.

    Raises:
        ConfigError: The first such key.
    """
    for key, value in _leaves(config, ""):
        if key.rpartition(".")[2] == "_target_" and not str(value).startswith("ganvas."):
            raise ConfigError(
                f"{key}: {value} is code outside ganvas; --trust executes it, if you know it"
            )
        if isinstance(value, str) and "${" in value:
            raise ConfigError(f"{key}: {value} is an interpolation; --trust resolves it")


def locate_pictures(config: dict[str, Any], old: Result, folder: Path) -> None:
    """Point `image` at the photographs of the old run, or at the copies that it has kept.

    Args:
        config: The configuration, changed in place.
        old: The old run.
        folder: Where copies are laid out under the names that they had.

    Raises:
        InputError: A photograph is gone and the run has kept no copy of it.
    """
    recorded = old.provenance.get("inputs", {})
    for name, source in config["image"].items():
        if name not in recorded or not isinstance(source, dict):
            continue
        path = Path(str(source["path"]))
        if _hashes(path, source) == recorded[name]:
            continue
        kept = _kept(old, name, int(config.get("start", {}).get("solutions", 1)))
        if not kept:
            raise InputError(f"image.{name}: {path} is gone or has changed, and there is no copy")
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        for image, file in kept.items():
            shutil.copyfile(file, folder / name / f"{image}.png")
        config["image"][name] = {"path": str(folder / name), "crop": "none"}


def _kept(old: Result, name: str, solutions: int) -> dict[str, Path]:
    """Return the copies of input `name` by image; of several solutions the first one's."""
    kind = "target" if name == "x" else f"input_{name}"
    files = {image: old.path / "images" / image / f"{kind}.png" for image in old.status["images"]}
    if solutions > 1:
        files = {i.removesuffix("-1"): file for i, file in files.items() if i.endswith("-1")}
    return {image: file for image, file in files.items() if file.is_file()}


def _hashes(path: Path, source: dict[str, Any]) -> list[str] | None:
    try:
        return input_hashes(Source(**{**source, "path": path}))
    except (GanvasError, OSError, TypeError):
        return None


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{key}[{place}]")
    else:
        yield key, value
