import subprocess

import pytest

from ganvas.assets import index

LISTED = """\
:env:.extra-index-url='https://b.example/simple'
global.cert='/etc/ca.pem'
global.extra-index-url='https://a.example/simple\\nhttps://c.example/simple'
global.index-url='https://main.example/simple'
install.user='true'
"""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)


def run_with(monkeypatch, listed):
    def run(command, **_):
        return subprocess.CompletedProcess(command, 0, stdout=listed, stderr="")

    monkeypatch.setattr(index.subprocess, "run", run)


def test_settings_are_read_from_the_users_pip(monkeypatch):
    run_with(monkeypatch, LISTED)
    settings = index.pip_settings()
    assert settings == {
        "cert": "/etc/ca.pem",
        "extra-index-url": "https://b.example/simple",
        "index-url": "https://main.example/simple",
    }
    assert index.index_addresses(settings) == [
        "https://main.example/simple",
        "https://b.example/simple",
    ]


def test_without_settings_pips_own_default_is_asked(monkeypatch):
    text = """
  -i, --index-url <url>       Base URL of the package index (default
                              https://index.example/simple). This should point to a
  --extra-index-url <url>     Extra URLs of package indexes to use in addition
"""
    run_with(monkeypatch, text)
    assert index.index_addresses(index.pip_settings()) == ["https://index.example/simple"]
    monkeypatch.undo()
    assert index.default_index().endswith("/simple")


def test_an_environment_without_pip_is_no_error(monkeypatch):
    monkeypatch.setattr(index.sys, "executable", "/nowhere/python")
    assert index.pip_settings() == {}
    assert index.index_addresses({}) == []


def test_the_environment_comes_first(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert index.index_addresses({"index-url": "x"})[0] == "https://mirror.example/simple"
