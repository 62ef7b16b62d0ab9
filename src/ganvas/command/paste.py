"""`ganvas paste`: put the result of a run back into its photograph."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ganvas.errors import InputError, nearest
from ganvas.image.paste import pasted
from ganvas.image.picture import require_format, save_picture
from ganvas.runner.directory import load
from ganvas.system.files import sha256


def paste(options: argparse.Namespace) -> int:
    """Paste the result of `options.run` into `options.photograph`; return 0.

    Another file than the run's is taken, as of another size or format, but said.

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
    known = (run.provenance.get("inputs") or {}).get("x")
    if known and file.is_file() and sha256(file) not in known:
        print(f"{file} is not the file that the run was made of", file=sys.stderr)
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
