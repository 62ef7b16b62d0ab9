"""Parts of a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

Part = Literal[
    "background", "skin", "left_brow", "right_brow", "left_eye", "right_eye", "glasses",
    "left_ear", "right_ear", "earring", "nose", "mouth", "upper_lip", "lower_lip", "neck",
    "necklace", "cloth", "hair", "hat",
    "brows", "eyes", "ears", "lips", "face", "head",
]  # fmt: skip

GROUPS: dict[str, tuple[str, ...]] = {
    "brows": ("left_brow", "right_brow"),
    "eyes": ("left_eye", "right_eye", "glasses"),
    "ears": ("left_ear", "right_ear", "earring"),
    "lips": ("upper_lip", "lower_lip"),
    "face": (
        "skin", "left_brow", "right_brow", "left_eye", "right_eye", "glasses", "nose", "mouth",
        "upper_lip", "lower_lip",
    ),
    "head": (
        "skin", "left_brow", "right_brow", "left_eye", "right_eye", "glasses", "left_ear",
        "right_ear", "earring", "nose", "mouth", "upper_lip", "lower_lip", "hair", "hat",
    ),
}  # fmt: skip
"""Names for several classes at once."""


@dataclass(frozen=True)
class Face(Mask):
    """M = 1 on parts of the face, found by BiSeNet (the asset "bisenet").

    Attributes:
        parts: Classes of CelebAMask-HQ, together: background, skin, left_brow, right_brow,
            left_eye, right_eye, glasses, left_ear, right_ear, earring, nose, mouth (its inside),
            upper_lip, lower_lip, neck, necklace, cloth, hair, hat; or brows, eyes, ears, lips,
            face (skin with eyes, brows, nose and mouth), head (face, ears, hair and hat).
            Left and right are the person's own.
        image: Name of the image whose face is parsed.
    """

    parts: tuple[Part, ...]
    image: str = "x"

    def __post_init__(self) -> None:
        if not self.parts:
            raise ConfigError("face needs at least one part, such as hair")

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return where the parts are, (B, 1, H, W) of zeros and ones."""
        import torch

        from ganvas.network.bisenet import CLASSES, face_parser

        classes = face_parser(str(canvas.device)).parse(canvas.image(self.image))
        wanted = {CLASSES.index(name) for part in self.parts for name in GROUPS.get(part, (part,))}
        chosen = torch.isin(classes, torch.tensor(sorted(wanted), device=classes.device))
        return chosen.unsqueeze(1).float().expand(canvas.batch, -1, -1, -1).clone()
