"""A mask, a loss term and an edit of one's own, from a folder outside of the package."""

import sys

import pytest

MODULE = '''
from dataclasses import dataclass

import torch

from ganvas.loss import BoundTerm, Reference, Term, View
from ganvas.mask import Canvas, Mask


@dataclass(frozen=True)
class Checkers(Mask):
    """A chessboard.

    Attributes:
        squares: Squares per side.
    """

    squares: int = 4

    def draw(self, canvas: Canvas) -> torch.Tensor:
        """Return the board."""
        height, width = canvas.size
        rows = torch.arange(height) * self.squares // height
        columns = torch.arange(width) * self.squares // width
        return canvas.repeat(((rows[:, None] + columns) % 2).float())


@dataclass(frozen=True)
class Brightness(Term):
    """The squared difference of the means."""

    def bind(self, reference: Reference) -> BoundTerm:
        """Average the target once."""
        wanted = reference.target.mean((1, 2, 3))
        return lambda view: (view.image.mean((1, 2, 3)) - wanted).square()
'''

OPTIONS = {
    "mask/checkers.yaml": "# A chessboard.\n_target_: mine.Checkers\nsquares: 8\n",
    "loss/brightness.yaml": """# Brightness alone.
_target_: ganvas.loss.LossSet
latent:
  brightness: {_target_: mine.Brightness, weight: 2.0}
noise:
  mse: {_target_: ganvas.loss.MSE}
style: {}
""",
    "edit/brighten.yaml": """# Match the brightness of x.
_target_: ganvas.edit.Recipe
masks: {m: "${mask}"}
stages:
  bright:
    optimise: {latent: "${optimizer.latent}"}
    layers: ${layers}
    objective:
      fit: {terms: "${loss.latent}", target: x, mask: m}
    steps: 8
""",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mine.py").write_text(MODULE)
    for name, text in OPTIONS.items():
        file = tmp_path / "conf" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    # Modules beside the options are importable, for as long as the test runs.
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("mine", None)


def test_own_options_run_without_a_change_to_the_package(folder):
    from ganvas.api import run

    result = run(
        [
            "generator=tiny", "mask=checkers", "loss=brightness", "edit=brighten", "logger=none",
            "metrics=pixel", "optimizer.latent.lr=0.003", "trainer.progress=false",
            f"output={folder / 'out'}",
        ],
        config_dir=folder / "conf",
    )  # fmt: skip
    assert result.status["state"] == "finished"
    assert result.config["mask"]["squares"] == 8
    assert "loss/brightness" in result.curve[0]
    assert result.curve[-1]["loss"][0] < result.curve[0]["loss"][0]
    assert (result.path / "images" / "contact_sheet.png").is_file()
