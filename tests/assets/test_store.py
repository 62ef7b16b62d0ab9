import errno
import hashlib
import io
import json
import tarfile
import threading
import urllib.error
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganvas import assets
from ganvas.assets import address, index, store
from ganvas.assets.table import ASSETS, Asset
from ganvas.errors import AssetError, StorageError

PICTURES = {"demo/a.bin": b"first", "demo/b.bin": b"second"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("GANVAS_CACHE", str(folder))
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setattr(store, "pip_settings", dict)
    return folder


def publish(tmp_path: Path, name: str, content: bytes, listed: str = "html") -> Asset:
    page = tmp_path / "index" / "demo-weights"
    page.mkdir(parents=True)
    (page / name).write_bytes(content)
    if listed == "html":
        text = f'<html><body><a href="other.whl">o</a><a href="{name}#sha256=0">{name}</a></body>'
    else:
        text = json.dumps({"files": [{"filename": name, "url": f"{page.as_uri()}/{name}"}]})
    (page / "index.html").write_text(text)
    return Asset(
        name="demo",
        summary="two files",
        package="Demo_Weights",
        version="1.0",
        archive=name,
        sha256=hashlib.sha256(content).hexdigest(),
        licence="none",
        files=tuple(PICTURES),
        converter="ganvas.assets.copies:convert",
    )


def wheel(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def sdist(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as opened:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("listed", ["html", "json"])
@pytest.mark.parametrize(("name", "pack"), [("demo-1.0.whl", wheel), ("demo-1.0.tar.gz", sdist)])
def test_fetches_from_an_index_and_writes_only_the_named_files(tmp_path, cache, listed, name, pack):
    asset = publish(tmp_path, name, pack(PICTURES | {"setup.py": b"raise SystemExit"}), listed)
    seen = []
    folder = store.install(asset, lambda done, total: seen.append((done, total)))
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == {
        "a.bin": b"first",
        "b.bin": b"second",
    }
    assert folder.is_relative_to(cache)
    size = (tmp_path / "index" / "demo-weights" / name).stat().st_size
    assert seen[-1] == (size, size)
    assert not list(cache.rglob(".unfinished-*"))


def test_a_converted_asset_needs_no_source_any_more(tmp_path, cache, monkeypatch):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))
    folder = store.install(asset)
    (cache / "downloads" / asset.archive).unlink()
    monkeypatch.setattr(store, "open_address", None)
    assert store.install(asset) == folder


def test_a_new_revision_of_the_converter_converts_again(tmp_path):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))
    assert store.install(asset) != store.install(replace(asset, revision=2))


def test_an_archive_placed_by_hand_is_used(tmp_path, cache, monkeypatch):
    content = wheel(PICTURES)
    asset = publish(tmp_path, "demo-1.0.whl", content)
    (cache / "downloads").mkdir(parents=True)
    (cache / "downloads" / asset.archive).write_bytes(content)
    monkeypatch.setattr(store, "open_address", None)
    assert (store.install(asset) / "a.bin").read_bytes() == b"first"


def test_an_archive_placed_by_hand_with_another_hash_is_refused(tmp_path, cache):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))
    (cache / "downloads").mkdir(parents=True)
    placed = cache / "downloads" / asset.archive
    placed.write_bytes(b"something else")
    with pytest.raises(AssetError, match="is not the published demo-1") as error:
        store.install(asset)
    assert str(placed) in str(error.value)
    assert "ganvas assets fetch demo" in str(error.value)
    assert placed.read_bytes() == b"something else"


def test_a_download_with_another_hash_is_refused_and_not_kept(tmp_path, cache):
    asset = replace(publish(tmp_path, "demo-1.0.whl", wheel(PICTURES)), sha256="0" * 64)
    with pytest.raises(AssetError, match="has SHA-256"):
        store.install(asset)
    assert not [f for f in cache.rglob("*") if f.is_file() and f.suffix != ".lock"]


def test_without_network_the_error_names_file_folder_and_command(tmp_path, cache, monkeypatch):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))

    def offline(*_args, **_kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(index, "urlopen", offline)
    with pytest.raises(AssetError) as error:
        store.install(asset)
    message = str(error.value)
    assert "\n" not in message
    for part in ("demo-1.0.whl", str(cache / "downloads"), "ganvas assets fetch demo", "not known"):
        assert part in message


@pytest.mark.parametrize("url", ["https://127.0.0.1:9/x.whl", "file:///nowhere/x.whl"])
def test_an_address_that_does_not_answer_is_an_asset_error(url):
    asset = Asset("demo", "", "x.whl", "0" * 64, "", "ganvas.assets.copies:convert", url=url)
    with pytest.raises(AssetError, match="cannot be fetched"):
        store.install(asset)


def test_an_index_that_lacks_the_archive_is_named(tmp_path):
    asset = replace(publish(tmp_path, "demo-1.0.whl", wheel(PICTURES)), archive="demo-2.0.whl")
    with pytest.raises(AssetError, match=r"demo-2\.0\.whl is not listed"):
        store.install(asset)


@pytest.mark.parametrize(
    "content",
    [b"no archive", wheel({"demo/a.bin": b"first"}), sdist({"demo/a.bin": b"first"})],
    ids=["broken", "wheel without a file", "sdist without a file"],
)
def test_a_broken_archive_is_one_line_and_leaves_nothing(tmp_path, cache, content):
    asset = publish(tmp_path, "demo-1.0.whl", content)
    with pytest.raises(AssetError, match="cannot be read") as error:
        store.install(asset)
    assert "\n" not in str(error.value)
    assert not list((cache / "demo").iterdir())


def test_a_full_disk_is_a_storage_error(tmp_path, cache, monkeypatch):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(address, "copy", full)
    with pytest.raises(StorageError, match="no space left to write") as error:
        store.install(asset)
    assert str(cache) in str(error.value)


def test_a_cache_that_cannot_be_made_is_a_storage_error(tmp_path, monkeypatch):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match="GANVAS_CACHE"):
        store.install(asset)


def test_two_at_once_convert_once(tmp_path, monkeypatch):
    asset = publish(tmp_path, "demo-1.0.whl", wheel(PICTURES))
    count = []
    convert = store._convert
    monkeypatch.setattr(store, "_convert", lambda *a: (count.append(1), convert(*a)))
    threads = [threading.Thread(target=store.install, args=(asset,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(count) == 1


def test_a_torch_file_that_is_no_state_dict_is_refused(tmp_path):
    class Command:
        def __reduce__(self):
            return (print, ("executed",))

    buffer = io.BytesIO()
    torch.save({"weight": Command()}, buffer)
    asset = publish(tmp_path, "demo-1.0.whl", wheel({"demo/w.pth": buffer.getvalue()}))
    asset = replace(asset, files=("demo/w.pth",), converter="ganvas.assets.state_dict:convert")
    with pytest.raises(AssetError, match=r"w\.pth of 'demo' is unreadable"):
        store.install(replace(asset, output="w.safetensors"))


def test_a_plain_state_dict_at_an_address_becomes_safetensors(tmp_path):
    from safetensors import safe_open

    weight = torch.arange(6.0).view(2, 3)
    file = tmp_path / "w.pth"
    torch.save({"weight": weight.T}, file)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    asset = Asset(
        name="demo",
        summary="",
        archive="w.pth",
        sha256=sha256,
        licence="BSD",
        converter="ganvas.assets.state_dict:convert",
        output="w.safetensors",
        url=file.as_uri(),
    )
    with safe_open(store.install(asset), "pt") as opened:
        assert torch.equal(opened.get_tensor("weight"), weight.T)
        assert opened.metadata()["source_sha256"] == sha256


def test_an_unknown_name_hints_at_the_nearest():
    with pytest.raises(AssetError, match="did you mean 'bisenet'"):
        assets.path("bisnet")


def test_status_lists_every_asset_without_fetching(cache):
    found = assets.status()
    assert [s.asset.name for s in found] == list(ASSETS)
    assert not any(s.present for s in found)
    assert not cache.exists()


def test_the_table_is_complete():
    for name, asset in ASSETS.items():
        assert asset.name == name
        assert len(asset.sha256) == 64
        assert asset.licence
        assert bool(asset.url) != bool(asset.package)
        module, _, function = asset.converter.partition(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))
