"""Files that come with the program or with an asset, by their names."""

from __future__ import annotations

from pathlib import Path

FOLDERS = ("image/pictures", "encoder/weights", "generator/weights")
"""Where files lie that come with the program."""


def packaged(path: Path) -> Path:
    """Resolve "ganvas:NAME" to a file that comes with the program, "asset:…" to an asset's.

    Raises:
        AssetError: The asset is unknown or cannot be fetched.
    """
    from ganvas.assets import store

    text = str(path)
    if text.startswith("asset:"):
        name, _, file = text.removeprefix("asset:").partition("/")
        return store.path(name) / file
    if text.startswith("ganvas:"):
        name = text.removeprefix("ganvas:")
        program = Path(__file__).parent.parent
        files = [program / folder / name for folder in FOLDERS]
        return next((file for file in files if file.is_file()), files[0])
    return path.expanduser()
