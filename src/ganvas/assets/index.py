"""Where an archive lies: the user's package index, asked in the index's own protocol.

Sources: PEP 503 (HTML pages), PEP 691 (JSON pages).
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from html.parser import HTMLParser
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

TIMEOUT_S = 30.0
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"


def pip_settings() -> dict[str, str]:
    """Return the settings of the user's pip (``index-url``, ``cert``, …); empty without pip."""
    settings: dict[str, str] = {}
    # Files come first and the environment (:env:) last, which is also their order of precedence.
    lines = sorted(_pip("config", "list").splitlines(), key=lambda line: line.startswith(":env:"))
    for line in lines:
        match = re.match(r"(?:global|download|:env:)\.([a-z-]+)=(['\"])(.*)\2$", line.strip())
        if match:
            settings[match[1]] = match[3].replace(r"\n", " ")
    return settings


def default_index() -> str:
    """Return the index that pip asks where nothing is set, as its help says; "" without pip."""
    text = " ".join(_pip("install", "--help").split())
    stated = re.search(r"--index-url <url>[^()]*\(default (\S+)\)", text)
    return stated[1] if stated else ""


def _pip(*words: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def index_addresses(settings: dict[str, str]) -> list[str]:
    """Return the addresses of the simple indexes, the preferred first."""
    environment = os.environ
    main = (
        environment.get("PIP_INDEX_URL")
        or environment.get("UV_DEFAULT_INDEX")
        or settings.get("index-url")
        or default_index()
    )
    extra = environment.get("PIP_EXTRA_INDEX_URL") or settings.get("extra-index-url", "")
    return [address for address in dict.fromkeys([main, *extra.split()]) if address]


def open_address(address: str, settings: dict[str, str], accept: str = "*/*") -> IO[bytes]:
    """Open an http(s) or file address for reading; proxies are taken from the environment."""
    authorities = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=authorities)
    request = Request(address, headers={"Accept": accept, "User-Agent": "ganvas"})
    stream: IO[bytes] = urlopen(request, timeout=TIMEOUT_S, context=context)
    return stream


def find_archive(index: str, package: str, archive: str, settings: dict[str, str]) -> str | None:
    """Return the address of `archive` in one index, or None when the index does not list it.

    Raises:
        OSError: The index cannot be reached.
    """
    page = f"{index.rstrip('/')}/{re.sub(r'[-_.]+', '-', package).lower()}/"
    if urlsplit(page).scheme == "file":
        page += "index.html"
    with open_address(page, settings, _ACCEPT) as stream:
        text = stream.read().decode("utf-8", "replace")
    for link in _links(text):
        address = urljoin(page, link)
        if unquote(urlsplit(address).path).rsplit("/", 1)[-1] == archive:
            return address.split("#")[0]
    return None


def _links(page: str) -> list[str]:
    if page.lstrip().startswith("{"):
        return [file["url"] for file in json.loads(page).get("files", [])]
    anchors = _Anchors()
    anchors.feed(page)
    return anchors.targets


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of each ``<a href=…>``."""
        if tag == "a":
            self.targets += [value for key, value in attrs if key == "href" and value]
