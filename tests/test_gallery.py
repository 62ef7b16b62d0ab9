"""The script that makes the gallery, on the tiny generator."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "docs" / "make_gallery.py"


@pytest.mark.slow
def test_the_gallery_is_made(tiny, tmp_path):
    words = [*tiny, f"output={tmp_path / 'outputs'}", "--folder", str(tmp_path)]
    edits = ["--only", "morph", "noise_only"]
    subprocess.run([sys.executable, SCRIPT, *words, *edits], check=True, cwd=tmp_path)
    for name in ("morph", "morph_2", "morph_strip", "morph_2_strip", "noise_only"):
        with Image.open(tmp_path / f"{name}.webp") as sheet:
            assert sheet.width > 100
