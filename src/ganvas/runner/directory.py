"""A run on disk: where its files are, how it stands, and what it holds."""

from __future__ import annotations

import shutil
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.errors import DamagedError, InputError, nearest
from ganvas.runner import content, lock
from ganvas.runner.damage import holds_run, manifest_of, problems, required
from ganvas.runner.manifest import Manifest, is_newer
from ganvas.runner.sharing import size_on_disk
from ganvas.runner.stored_picture import in_one_line, open_picture, stored_picture
from ganvas.system.files import write_json, write_text
from ganvas.system.reading import leaves, number, read_file

if TYPE_CHECKING:
    from PIL import Image

    from ganvas.embedding import Embedding


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Attributes:
        status: The content of `status.json`; {} where there is none that can be read.
        state: Running, finished, interrupted, pruned, failed, damaged, or "new" before its start.
        damage: The first thing that is wrong with the record, as one line; "" where all is well.
    """

    status: dict[str, Any]
    state: str
    damage: str = ""


@dataclass(frozen=True)
class RunDirectory:
    """One run on disk, `outputs/<study>/<slug>-<signature>/`; docs/record.md lists its files.

    What it holds (configuration, metrics, curve, …) is read when it is asked for, and kept; how it
    stands (status, state) is read afresh. Reading imports no torch, but for the embedding.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, ``<slug>-<signature>``: unique within the study."""
        return self.path.name

    @property
    def status_file(self) -> Path:
        """Where the run stands."""
        return self.path / "status.json"

    @property
    def checkpoint_file(self) -> Path:
        """The state to continue from."""
        return self.path / "checkpoint.pt"

    @property
    def embedding_file(self) -> Path:
        """Latent and noise."""
        return self.path / "embedding.safetensors"

    @property
    def stop_file(self) -> Path:
        """Why a run that is at work is to stop; a search writes it."""
        return self.path / "stop"

    def picture_folder(self, image: str) -> Path:
        """Return the folder of one image's pictures."""
        return self.path / "images" / image

    def picture_file(self, image: str, picture: str) -> Path:
        """Return the file of an image's exact picture, such as target; it may be missing."""
        return stored_picture(self.picture_folder(image), picture)

    # --- how it stands --------------------------------------------------------------------------

    @property
    def status(self) -> dict[str, Any]:
        """The content of `status.json`; {} where there is none that can be read."""
        try:
            return content.read_status(read_file(self.status_file), self.status_file)
        except DamagedError:
            return {}

    @property
    def standing(self) -> Standing:
        """Status, state and damage of one moment, read once.

        A run whose process is gone is called interrupted, whatever it wrote last. A run at work is
        never called damaged, for it is writing its files.
        """
        status = self.status
        state = str(status.get("state", "new"))
        if state == "running" and self.is_locked():
            return Standing(status, state)
        if damage := self.damage:
            return Standing(status, "damaged", damage)
        return Standing(status, "interrupted" if state == "running" else state)

    @property
    def state(self) -> str:
        """Running, finished, interrupted, pruned, failed, damaged, or "new" before its start."""
        return self.standing.state

    @property
    def damage(self) -> str:
        """The first thing that is wrong with the record, as one line; "" where all is well."""
        return next(problems(self.path), "")

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of ganvas has written the record."""
        return is_newer(self.status)

    @property
    def finished(self) -> bool:
        """Whether the run came to its end; `state` also says whether its record is whole."""
        return bool(self.status.get("state") == "finished")

    def require_intact(self) -> None:
        """Compare every file with what the run has written.

        Raises:
            DamagedError: The first one that differs.
        """
        for line in problems(self.path, thorough=True):
            raise DamagedError(line)

    @property
    def error(self) -> str:
        """The line that a failed run left, or ""."""
        return str(self.status.get("error") or "")

    def write_status(self, **changes: Any) -> None:
        """Update `status.json`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(self.status_file, {**self.status, **changes, "updated": now})

    @property
    def stop_reason(self) -> str:
        """The line that a search left in the stop file, or ""."""
        try:
            return self.stop_file.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def ask_to_stop(self, reason: str) -> None:
        """Ask the process that works on the run to save its state and stop as pruned."""
        write_text(self.stop_file, reason + "\n")

    def locked(self, held: int | None = None) -> AbstractContextManager[None]:
        """Hold the run for this process; see `ganvas.runner.lock.locked`."""
        return lock.locked(self.path, held)

    def try_lock(self) -> int | None:
        """Return the descriptor of a lock on the run, or None when another process holds it."""
        return lock.try_lock(self.path)

    def is_locked(self) -> bool:
        """Return True when a process holds the run."""
        return lock.is_locked(self.path)

    def is_worked_on_here(self) -> bool:
        """Return True when the process that holds the run is on this machine."""
        return self.status.get("host") == socket.gethostname()

    # --- what it holds (each raises DamagedError where the file is missing, cut or broken) --------

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.yaml`, the full, resolved configuration; to be read, not to be changed."""
        return content.read_config(*text) if (text := self.read("config.yaml")) else {}

    @cached_property
    def leaves(self) -> dict[str, Any]:
        """The configuration as one flat mapping from dotted key to scalar (or list of scalars)."""
        return dict(leaves(self.config))

    @cached_property
    def overrides(self) -> list[str]:
        """The overrides that were given on the command line or by the sweep."""
        return [str(item) for item in self._composition.get("overrides") or []]

    @cached_property
    def choices(self) -> dict[str, str]:
        """Hydra's choice per group, without Hydra's own groups."""
        choices = self._composition.get("choices") or {}
        return {str(k): str(v) for k, v in choices.items() if not str(k).startswith("hydra/")}

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """`provenance.json`: code, versions, hardware and command."""
        return content.read_provenance(*text) if (text := self.read("provenance.json")) else {}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """`metrics.json`: `final`, `images`, `stages`, `about`; {} where the run has none yet."""
        return content.read_metrics(*text) if (text := self.read("metrics.json")) else {}

    @property
    def images(self) -> list[str]:
        """The names of the run's images, in the order of the lists in `metrics.jsonl`."""
        return [str(name) for name in self.status.get("images") or self.metrics.get("images") or []]

    @property
    def solutions(self) -> int:
        """How many solutions of each photograph the run seeks (`start.count`)."""
        start = self.config.get("start")
        count = start.get("count") if isinstance(start, dict) else None
        return count if isinstance(count, int) and count > 1 else 1

    def photograph(self, image: str) -> str:
        """Return the name of the photograph that an image of the run is a solution of."""
        return image.rpartition("-")[0] if self.solutions > 1 else image

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The hashes of all inputs by image; {} where not every photograph has one on record."""
        shown = {image: self.photograph(image) for image in self.images}
        return content.hashes_by_image(self.provenance.get("inputs") or {}, shown)

    def final(self, metric: str) -> float | None:
        """Return the final value of `metric` over all images, or None."""
        if metric == "seconds":
            return number(self.status.get("seconds"))
        return number((self.metrics.get("final") or {}).get(metric))

    def per_image(self, metric: str) -> dict[str, float]:
        """Return the final values of `metric` per image, without missing ones."""
        rows = self.metrics.get("images") or {}
        values = {str(image): number(row.get(metric)) for image, row in rows.items()}
        return {image: value for image, value in values.items() if value is not None}

    @property
    def curve(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`; a last line that is cut is left out."""
        text = self.read("metrics.jsonl")
        return content.read_curve(*text, len(self.images)) if text else []

    @property
    def embedding(self) -> Embedding:
        """Latent and noise."""
        from ganvas.embedding import Embedding

        if self.read(self.embedding_file.name) is None:
            raise InputError(f"no such embedding: {self.embedding_file}")
        return Embedding.load(self.embedding_file)

    def image(self, picture: str = "result", name: str | None = None) -> Image.Image:
        """Open a picture: target, result, difference, pasted, or a stage by name.

        Args:
            picture: Which one.
            name: Of which image; the first result where it is None.

        Raises:
            InputError: There is no such picture.
            DamagedError: It is cut or broken.
        """
        # Where the best of several starts is kept, not every image is a result.
        results = self.metrics.get("images") or self.images
        folder = self.picture_folder(name or next(iter(results), ""))
        if name and not folder.is_dir():
            raise InputError(f"{self.path} has no image '{name}'{nearest(name, self.images)}")
        if picture == "difference" and not (folder / "difference.png").is_file():
            from ganvas.image.picture import difference_picture

            with in_one_line():
                return difference_picture(
                    stored_picture(folder, "result"), stored_picture(folder, "target")
                )
        file = stored_picture(folder, picture)
        if not file.is_file():
            known = {"difference", *(other.stem for other in folder.glob("*.*"))}
            raise InputError(f"no such picture: {file}{nearest(picture, known)}")
        return open_picture(file)

    @property
    def sheet(self) -> Image.Image:
        """The contact sheet: inputs, masks, every stage, result and difference."""
        return open_picture(stored_picture(self.path / "images", "contact_sheet"))

    def size(self) -> int:
        """Return the bytes that the folder holds."""
        return size_on_disk(self.path)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path)

    @cached_property
    def _composition(self) -> dict[str, Any]:
        return content.read_composition(*text) if (text := self.read("overrides.yaml")) else {}

    def read(self, name: str) -> tuple[bytes, Path] | None:
        """Return a file's content and path, or None where the run has not come to write it yet.

        Raises:
            DamagedError: The file is missing, or is not what the run has written.
        """
        file = self.path / name
        if not file.exists() and name not in required(self.status):
            return None
        read = read_file(file)
        self._manifest.require(self.path, name, read)
        return read, file

    @cached_property
    def _manifest(self) -> Manifest:
        return manifest_of(self.path, self.status)


def load(path: Path | str) -> RunDirectory:
    """Open a run's folder.

    Raises:
        InputError: The folder holds no run.
        DamagedError: Its `status.json` is missing, cut or broken; other files are read when they
            are asked for.
    """
    run = RunDirectory(Path(path))
    if not holds_run(run.path):
        raise InputError(f"{path} is not the folder of a run: it has no status.json")
    content.read_status(read_file(run.status_file), run.status_file)
    return run


def find_runs(output: Path) -> list[RunDirectory]:
    """Return every run below a folder of studies, a study, or a run, sorted by path."""
    folders = [output, *output.glob("*/"), *output.glob("*/*/")]
    return [RunDirectory(path) for path in sorted(folders) if holds_run(path)]
