"""`ganvas paste`: put the result of a run back into its photograph."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganvas.errors import InputError, nearest
from ganvas.image.paste import pasted
from ganvas.image.picture import require_format, save_picture
from ganvas.runner.directory import load


def paste(options: argparse.Namespace) -> int:
    """Paste the result of `options.run` into `options.photograph`; return 0.

    Raises:
        InputError: The run is not finished, or is not of this photograph.
    """
    output, file = Path(options.output), Path(options.photograph)
    require_format(output)
    run = load(options.run)
    if run.status.get("state") != "finished":
        raise InputError(f"{options.run} is not finished; the command that made it continues it")
    name = image_of(list(run.status["images"]), file)
    crop = run.config["image"]["x"]["crop"]
    result = run.image("result", name).convert("RGB")
    save_picture(pasted(file, crop, result, options.feather), output)
    print(output)
    return 0


def image_of(names: list[str], photograph: Path) -> str:
    """Return which image of a run a photograph is: the only one, or the one of its name.

    Raises:
        InputError: The run has several, none of that name.
    """
    if len(names) == 1:
        return names[0]
    for name in (photograph.name, photograph.stem):
        if name in names:
            return name
    raise InputError(f"the run has no image '{photograph.stem}'{nearest(photograph.stem, names)}")
