"""Photographs of the kinds that telephones, cameras and browsers save."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.image.source import Source, decode


@pytest.fixture
def heif(monkeypatch):
    """Return the plug-in for HEIC, as a fresh process has it: installed, not yet loaded."""
    plug_in = pytest.importorskip("pillow_heif", reason="needs: pip install 'ganvas[heic]'")
    plug_in.register_heif_opener()
    yield plug_in
    plug_in.register_heif_opener()


def photograph(file: Path, format_: str | None = None) -> np.ndarray:
    """Save a grey ramp and return it: (64, 64, 3)."""
    ramp = np.add.outer(np.arange(64), 3 * np.arange(64)).astype(np.uint8)
    picture = Image.fromarray(ramp).convert("RGB")
    lossy = {"quality": 95} if {format_, file.suffix} & {"HEIF", "AVIF", ".avif"} else {}
    picture.save(file, format_, **lossy)
    return np.asarray(picture).astype(float)


@pytest.mark.parametrize("kind", ["tif", "TIFF", "bmp", "avif"])
def test_more_kinds_of_files(tmp_path, kind):
    wanted = photograph(tmp_path / f"a.{kind}")
    found = Source(tmp_path).read()
    assert np.abs(np.asarray(found["a"]).astype(float) - wanted).mean() < 4


@pytest.mark.parametrize("name", ["a.heic", "a.HIF", "a.jpg"])
def test_heic_whatever_it_is_called(tmp_path, heif, name):
    wanted = photograph(tmp_path / name, "HEIF")
    Image.OPEN.pop("HEIF")
    Image.ID.remove("HEIF")
    found = Source(tmp_path).read()
    assert np.abs(np.asarray(found["a"]).astype(float) - wanted).mean() < 4


def test_a_kind_without_its_plug_in_says_what_to_install(tmp_path, monkeypatch, caplog):
    from PIL import AvifImagePlugin

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.png").write_bytes(b"\0\0\0\x18ftypmif1" + bytes(4) + b"mif1heic" + bytes(20))
    photograph(tmp_path / "b.avif")
    # A telephone calls it so even where it has converted it.
    photograph(tmp_path / "c.heic", "JPEG")
    monkeypatch.setattr(AvifImagePlugin, "SUPPORTED", False)
    for name, remedy in {"a.png": r"ganvas\[heic\]", "b.avif": "pip install -U pillow"}.items():
        with pytest.raises(InputError, match=f"{name}.*{remedy}"):
            decode(tmp_path / name)
    assert list(Source(tmp_path).read()) == ["c"]
    assert "a.png is left out: HEIC needs a plug-in" in caplog.text
    assert "b.avif is left out: AVIF needs a newer Pillow" in caplog.text


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_cut_photograph_is_refused_in_a_line_and_not_left_out(tmp_path, heif, kind):
    photograph(tmp_path / "a.png")
    photograph(tmp_path / "whole", kind)
    whole = (tmp_path / "whole").read_bytes()
    for length in (24, 100, len(whole) // 2, len(whole) - 9):
        (tmp_path / f"b.{kind.lower()}").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cannot read the picture \S+b\.\w+: ") as refused:
            Source(tmp_path).read()
        assert "\n" not in str(refused.value)
        assert "no kind of picture" not in str(refused.value)
