"""`ganvas table`: a study's settings side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganvas.analysis.layout import FORMATS, SUFFIXES, write_parquet
from ganvas.analysis.table import tabulate
from ganvas.command.log import show_log
from ganvas.errors import ConfigError, nearest
from ganvas.system.files import write_text


def table(options: argparse.Namespace) -> int:
    """Print a table, or write it to the file whose name says the format; return 0.

    Raises:
        ConfigError: The file's suffix is unknown.
    """
    show_log()
    content = tabulate(
        options.study, _listed(options.by), _listed(options.metrics), base=options.base
    )
    if options.output is None:
        print(FORMATS[options.format](content), end="")
        return 0
    file = Path(options.output)
    if file.suffix == ".parquet":
        write_parquet(content, file)
    elif file.suffix in SUFFIXES:
        write_text(file, FORMATS[SUFFIXES[file.suffix]](content))
    else:
        hint = nearest(file.suffix, [*SUFFIXES, ".parquet"])
        raise ConfigError(f"--output: no format '{file.suffix}'{hint}")
    print(file)
    return 0


def _listed(value: str | None) -> list[str]:
    return [word.strip() for word in (value or "").split(",") if word.strip()]
