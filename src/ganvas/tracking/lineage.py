"""Where a run's result comes from: generator → embedding → edit, in words that W&B understands.

Offline W&B refuses to declare an input, so the lineage stands in the configuration from the start
and becomes edges between artifacts once there is a server.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.system.files import sha256

if TYPE_CHECKING:
    import wandb

LINEAGE = "lineage.json"
"""Beside an offline W&B run: its lineage, and the folder in which W&B recorded its files."""


def lineage(folder: Path, config: dict[str, Any], edit: str) -> dict[str, Any]:
    """Describe what the run in `folder` is made of, from its own record.

    Args:
        folder: The run's folder, with its `provenance.json`.
        config: Its full configuration.
        edit: The edit's name.

    Returns:
        ``generator`` (name and SHA-256), ``start`` (the embedding's file that the run starts from,
        or None), ``edit`` (name and stages), and ``embedding``, the artifact that it leaves.
    """
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    start = config.get("start", {}).get("path")
    return {
        "generator": provenance.get("generator"),
        "start": _embedding(Path(start)) if start else None,
        # A picture of `ganvas tile` has no stages.
        "edit": {"name": edit, "stages": list(config.get("edit", {}).get("stages", ()))},
        "embedding": artifact_name(folder),
    }


def artifact_name(folder: Path) -> str:
    """Return the name of the artifact that holds the embedding of the run in `folder`."""
    return f"embedding-{folder.name}"


def attach(run: wandb.Run, inputs: dict[str, Any]) -> None:
    """Declare generator and starting embedding as inputs of `run`, which must be online.

    W&B knows artifacts by their content: an embedding that another run has logged is joined with
    that run's, and a second call changes nothing.
    """
    import wandb

    if generator := inputs["generator"]:
        name = f"generator-{generator['name']}-{generator['sha256'][:10]}"
        artifact = wandb.Artifact(name, type="generator", metadata=generator)
        with artifact.new_file("generator.json") as file:
            json.dump(generator, file, indent=2)
        run.use_artifact(artifact)
    start = inputs["start"]
    if start and Path(start["file"]).is_file() and sha256(Path(start["file"])) == start["sha256"]:
        run.use_artifact(embedding_artifact(start["artifact"], Path(start["file"])))


def embedding_artifact(name: str, file: Path) -> wandb.Artifact:
    """Return an artifact of one embedding; equal files make equal artifacts."""
    import wandb

    artifact = wandb.Artifact(name, type="embedding")
    artifact.add_file(str(file), name="embedding.safetensors")
    return artifact


def _embedding(file: Path) -> dict[str, str]:
    folder = file.resolve().parent
    of_run = (folder / "status.json").is_file()
    return {
        "file": str(file.resolve()),
        "sha256": sha256(file),
        "artifact": artifact_name(folder) if of_run else f"embedding-{file.stem}",
    }
