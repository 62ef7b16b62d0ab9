"""Write docs/options/<group>.md from the configurations and the docstrings of their targets."""

from __future__ import annotations

from pathlib import Path

from ganvas.command.help import option_fields, summary
from ganvas.config.groups import groups

FOLDER = Path(__file__).parent / "options"


def page(group: str, options: dict[str, Path]) -> str:
    """Return one group's page."""
    lines = [f"# `{group}=`", "", f"Made from `conf/{group}/` by `make docs`; do not edit.", ""]
    for option, file in options.items():
        lines += [f"## `{group}={option}`", "", summary(file), ""]
        fields = list(option_fields(file, group))
        if fields:
            lines += ["| field | type, default and meaning |", "|---|---|"]
            lines += [f"| `{key}` | {text.replace('|', chr(92) + '|')} |" for key, text in fields]
            lines.append("")
    return "\n".join(lines)


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
