"""Building the report: one folder, or one file, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ganvas.analysis.study import find_study, read_study
from ganvas.errors import StorageError
from ganvas.report.collect import collect, details
from ganvas.report.page import render, safe_json
from ganvas.report.pictures import embed, link
from ganvas.runner.directory import RunDirectory
from ganvas.system.files import remove_abandoned, replacing


def build(
    study: str | Path,
    output: str | Path | None = None,
    single_file: bool = False,
    watched: bool = False,
) -> Path:
    """Build the offline dashboard of a study and return the page's path.

    Args:
        study: The study's folder, or its name below `outputs/`.
        output: The report's folder; by default `report/` in the study's folder. With
            `single_file` also a name that ends in `.html`.
        single_file: Embed pictures and details in the page itself.
        watched: Let the open page look for a newer version of itself.

    Raises:
        InputError: There is no such study, or it holds no runs.
        StorageError: The report cannot be written.
    """
    folder = find_study(study)
    runs = read_study(folder)
    page = _page_path(folder, output)
    data = collect(runs, folder.resolve().name) | {"single": single_file, "watch": watched}
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        for written in (page.parent, page.parent / "runs"):
            remove_abandoned(written)
        if single_file:
            _write(page, render(data, _blocks(runs)))
        else:
            _write_beside(runs, page.parent)
            _write(page, render(data))
            _write(page.parent / "version.js", [f"ganvasVersion({safe_json(data['built'])})"])
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"cannot write the report to {page.parent}: {reason}") from None
    return page


def _page_path(folder: Path, output: str | Path | None) -> Path:
    target = folder / "report" if output is None else Path(output)
    return target if target.suffix == ".html" else target / "index.html"


def _write_beside(runs: Sequence[RunDirectory], folder: Path) -> None:
    (folder / "runs").mkdir(exist_ok=True)
    for run in runs:
        link(run, folder / "pictures" / run.name)
        call = f"ganvasDetails({safe_json(run.name)},{safe_json(_finite(details(run)))})"
        _write(folder / "runs" / f"{run.name}.js", [call])


def _blocks(runs: Sequence[RunDirectory]) -> Iterator[tuple[str, Any]]:
    for run in runs:
        yield f"details:{run.name}", _finite(details(run))
    for run in runs:
        yield f"pictures:{run.name}", embed(run)


def _finite(value: Any) -> Any:
    """Replace NaN and infinity, which JSON lacks, by None."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _write(path: Path, pieces: Iterable[str]) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(pieces)
