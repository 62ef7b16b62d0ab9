"""A run that can be looked at from Python."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from ganvas.errors import InputError
from ganvas.runner.folder import RunFolder

if TYPE_CHECKING:
    from PIL import Image

    from ganvas.embedding import Embedding


@dataclass(frozen=True)
class Result:
    """What a run has left in its folder, read when it is asked for.

    Attributes:
        path: The run's folder.
    """

    path: Path

    @cached_property
    def status(self) -> dict[str, Any]:
        """Where the run stands: `status.json`."""
        return RunFolder(self.path).status()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The full, resolved configuration."""
        loaded = OmegaConf.to_container(OmegaConf.load(self.path / "config.yaml"))
        assert isinstance(loaded, dict)
        return {str(k): v for k, v in loaded.items()}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Final values: `final`, `images`, `stages`, `about`; {} where the run is not finished."""
        return self._json("metrics.json")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Code, versions, hardware and command."""
        return self._json("provenance.json")

    @property
    def curve(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`."""
        lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def embedding(self) -> Embedding:
        """Latent and noise."""
        from ganvas.embedding import Embedding

        return Embedding.load(RunFolder(self.path).embedding_file)

    def image(self, kind: str = "result", name: str | None = None) -> Image.Image:
        """Open a picture: target, result, difference, or a stage by name; of the first image."""
        from PIL import Image

        name = name or next(iter(self.metrics.get("images", self.status["images"])))
        return Image.open(self.path / "images" / name / f"{kind}.png")

    @property
    def sheet(self) -> Image.Image:
        """The contact sheet: inputs, masks, every stage, result and difference."""
        from PIL import Image

        return Image.open(self.path / "images" / "contact_sheet.png")

    def _json(self, name: str) -> dict[str, Any]:
        file = self.path / name
        if not file.is_file():
            return {}
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return loaded


def load(path: Path | str) -> Result:
    """Open a run's folder.

    Raises:
        InputError: The folder holds no run.
    """
    path = Path(path)
    if not (path / "status.json").is_file():
        raise InputError(f"{path} is not the folder of a run: it has no status.json")
    return Result(path)
