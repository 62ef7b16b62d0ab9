"""The script that makes the gallery, on the tiny generator."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "docs" / "make_gallery.py"


@pytest.mark.slow
def test_the_gallery_is_made(tiny, tmp_path):
    words = [*tiny, f"output={tmp_path / 'outputs'}", "--folder", str(tmp_path), "--only", "morph"]
    subprocess.run([sys.executable, SCRIPT, *words], check=True, cwd=tmp_path)
    for name in ("morph.webp", "morph_strip.webp"):
        with Image.open(tmp_path / name) as sheet:
            assert sheet.width > 100
