"""A small study, its report, and a Chromium that may reach nothing but files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.report import build
from synthetic_study import make_study

HOSTILE = "<script>document.title='owned'</script>\u2028</script><img src=x onerror=alert(1)>"
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
"""Programs that draw the pages; the first takes half the time of the others."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("outputs") / "masks", runs=24, images=3, note=HOSTILE)


@pytest.fixture(scope="session")
def page_path(study: Path) -> Path:
    return build(study)


@pytest.fixture(scope="session")
def single_path(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(study, tmp_path_factory.mktemp("single") / "report.html", single_file=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs: pip install playwright")
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        pytest.skip("needs: apt-get install chromium-headless-shell")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page from disk; afterwards no error and no request but to files may be seen."""
    errors: list[str] = []
    requests: list[str] = []
    contexts = []

    def opened(path: Path, view: str = "", **options: Any) -> Any:
        settings = {"viewport": {"width": 1280, "height": 860}, "offline": True} | options
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{path.resolve().as_uri()}#{view}")
        page.wait_for_selector("#app[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
