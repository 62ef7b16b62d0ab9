"""Photograph every view of a study's report in Chromium, to be looked at before a release.

    python docs/report_screens.py STUDY FOLDER

At 1440, 800 and 390 pixels, light and dark, and the page of the best run and the viewer as well.
Prints what is wrong by itself: a page that scrolls sideways, or an error on its console.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ganvas.report import build

VIEWS = ("summary", "runs", "curves", "axes", "comparisons", "pictures", "latent", "run", "viewer")
SIZES = {1440: 900, 800: 600, 390: 800}
"""Widths of the window, and its heights."""


def photographs(browser: Browser, page_file: Path, folder: Path) -> Iterator[str]:
    """Photograph every view into `folder`; iterate over what is wrong."""
    for width, height in SIZES.items():
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            errors: list[str] = []
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            for view in VIEWS:
                show(page, page_file, view)
                name = f"{view}_{width}_{scheme}"
                page.screenshot(path=folder / f"{name}.png")
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    yield f"{name}: scrolls sideways"
            yield from errors
            page.close()


def show(page: Page, page_file: Path, view: str) -> None:
    """Open a view from disk and wait until its pictures are there."""
    opened = {"run": "summary", "viewer": "pictures"}.get(view, view)
    page.goto("about:blank")
    page.goto(f"{page_file.resolve().as_uri()}#view={opened}")
    page.wait_for_selector("#app[data-ready]")
    if view == "run":
        page.locator(".verdict h2 a").click()
        page.wait_for_selector(".run-head")
    if view == "viewer":
        page.locator(".wall-row:not(.target) button.picture").first.click()
        page.keyboard.press("4")
    # The page's policy forbids to wait by a string that it evaluates.
    loaded = "nodes => nodes.every((node) => node.complete && node.naturalWidth)"
    for _ in range(50):
        page.wait_for_timeout(200)
        if page.locator("img[src]").evaluate_all(loaded):
            break


def main() -> int:
    """Build the report, photograph it, and return 1 where something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        wrong = list(photographs(browser, build(options.study), options.folder))
        browser.close()
    print("\n".join(wrong) or f"{len(list(options.folder.glob('*.png')))} pictures, nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
