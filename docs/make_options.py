"""Write docs/options/<group>.md from the configurations and the docstrings of their targets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ganvas.command.describe import (
    OptionObject,
    by_class,
    fields_of,
    first_line,
    option_objects,
    summary,
)
from ganvas.config.groups import groups

FOLDER = Path(__file__).parent / "options"
WITHOUT_CLASS = ("experiment", "ablation")
"""Groups whose options hold overrides."""


def page(group: str, options: dict[str, Path]) -> str:
    """Return one group's page: every option as it is written, then a table for every class."""
    lines = [f"# `{group}=`", "", f"Made from `conf/{group}/` by `make docs`; do not edit.", ""]
    for option, file in options.items():
        lines += [f"## `{group}={option}`", "", summary(file), "", "```yaml", *written(file), "```"]
        lines.append("")
    if group not in WITHOUT_CLASS:
        classes = by_class(p for file in options.values() for p in option_objects(file, group))
        lines += [line for objects in classes.values() for line in table(objects)]
    return "\n".join(lines)


def written(file: Path) -> Iterator[str]:
    """Iterate over the lines of an option's file, without its summary and Hydra's header."""
    for line in file.read_text(encoding="utf-8").rstrip().splitlines():
        if not line.startswith("# @") and line.removeprefix("#").strip() not in ("", summary(file)):
            yield line


def table(objects: list[OptionObject]) -> Iterator[str]:
    """Iterate over the lines that describe one class: what it is and its fields."""
    target = objects[0].target
    yield from (f"## {target.__name__}", "", first_line(target), "")
    fields = list(fields_of(target))
    if fields:
        yield from ("| field | type, default and meaning |", "|---|---|")
        yield from (f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in fields)
        yield ""


def pages() -> dict[Path, str]:
    """Return every page by its path."""
    return {
        FOLDER / f"{group.replace('/', '-')}.md": page(group, options)
        for group, options in groups().items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stale in set(FOLDER.glob("*.md")) - set(pages()):
        stale.unlink()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(FOLDER.parent.parent))
