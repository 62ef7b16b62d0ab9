"""Segmenters: BiSeNet's face classes, a network from a file, or masks that lie in files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from ganvas.dissect.concepts import SIDE, Concepts, Score, Segment
from ganvas.errors import AssetError, ConfigError, InputError, first_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Triple = tuple[float, float, float]

Scores: TypeAlias = "Callable[[Tensor], Tensor]"
"""From normalised pictures (B, 3, side, side) to scores (B, K, h, w)."""


@dataclass(frozen=True, kw_only=True)
class FaceClasses(Concepts):
    """The 19 classes of CelebAMask-HQ, found by BiSeNet (the asset "bisenet").

    Left and right are the person's own; "mouth" is its inside, teeth and tongue.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the network's outputs."""
        from ganvas.network.bisenet import CLASSES

        return CLASSES

    def open(self, device: torch.device | str) -> Segment:
        """Load BiSeNet."""
        scores = _face_scores(device)

        def segment(pictures: Tensor, names: Sequence[str]) -> Tensor:
            import torch

            with torch.no_grad():
                return of_highest(scores(pictures))

        return segment

    def score(self, name: str, device: torch.device | str) -> Score:
        """Load BiSeNet's probability of the concept's classes."""
        scores, indices = _face_scores(device), list(self.members[name])

        def probability(pictures: Tensor) -> Tensor:
            return scores(pictures).softmax(1)[:, indices].sum(1)

        return probability


def _face_scores(device: torch.device | str) -> Scores:
    """Return what gives BiSeNet's scores (B, 19, SIDE, SIDE) of pictures (B, 3, H, W)."""
    from copy import deepcopy

    import torch
    import torch.nn.functional as F

    from ganvas.functional.images import resize
    from ganvas.network.bisenet import face_parser

    # A third faster in this order of channels; masks elsewhere keep their bits.
    network = deepcopy(face_parser(str(device))).to(memory_format=torch.channels_last)

    def scores(pictures: Tensor) -> Tensor:
        seen = resize(pictures, SIDE).contiguous(memory_format=torch.channels_last)
        coarse = network.scores(seen)
        return F.interpolate(coarse, (SIDE, SIDE), mode="bilinear", align_corners=True)

    return scores


@dataclass(frozen=True, kw_only=True)
class Network(Concepts):
    """A segmentation network from a file: scores (1, K, h, w) of a picture (1, 3, side, side).

    Attributes:
        path: An ONNX file, or a TorchScript file.
        labels: The classes in the order of its outputs; a class "-" is none.
        format: What the file is. ONNX is data; TorchScript is a program, which is executed.
        trust: Execute the program of a TorchScript file.
        side: Height and width of the pictures that it sees.
        mean: Subtracted from each colour in [0, 1].
        std: What each colour is divided by then.
        decide: Each pixel has the class of the highest score ("argmax"), or every class whose score
            is above 0 ("positive").
    """

    path: Path
    labels: tuple[str, ...]
    format: Literal["onnx", "torchscript"] = "onnx"
    trust: bool = False
    side: Annotated[int, Field(ge=8, le=4096)] = 512
    mean: Triple = (0.485, 0.456, 0.406)
    std: Triple = (0.229, 0.224, 0.225)
    decide: Literal["argmax", "positive"] = "argmax"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format == "torchscript" and not self.trust:
            raise ConfigError(
                f"path={self.path}: a TorchScript file is a program; trust=true executes it"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, but for those of no class."""
        return tuple(label for label in self.labels if label != "-")

    def open(self, device: torch.device | str) -> Segment:
        """Load the network.

        Raises:
            InputError: The file is missing, is none of its format, or has other outputs.
            AssetError: ONNX files need the package onnxruntime, which is not installed.
        """
        if not self.path.is_file():
            raise InputError(f"no such segmenter: {self.path}")
        scores = _onnx(self.path) if self.format == "onnx" else _torchscript(self.path, str(device))

        def segment(pictures: Tensor, names: Sequence[str]) -> Tensor:
            import torch

            # One at a time: a network from a file may fix the size of its batch.
            return torch.cat([self._masks(one[None], scores) for one in pictures])

        return segment

    def _masks(self, picture: Tensor, scores: Scores) -> Tensor:
        import torch.nn.functional as F

        from ganvas.functional.images import resize

        mean, std = (picture.new_tensor(v).view(1, 3, 1, 1) for v in (self.mean, self.std))
        seen = ((resize(picture, self.side).clamp(-1, 1) + 1) / 2 - mean) / std
        score = scores(seen)
        if score.ndim != 4 or score.shape[:2] != (1, len(self.labels)):
            raise InputError(
                f"{self.path} gives {tuple(score.shape)}, not scores (1, {len(self.labels)}, h, w) "
                "of as many classes as labels has"
            )
        score = F.interpolate(score.float(), (SIDE, SIDE), mode="bilinear", align_corners=False)
        masks = of_highest(score) if self.decide == "argmax" else score > 0
        return masks[:, [i for i, label in enumerate(self.labels) if label != "-"]]


@dataclass(frozen=True, kw_only=True)
class MaskFiles(Concepts):
    """Masks in files: ``path/CONCEPT/PICTURE.png``, white where the concept is.

    Pictures are called as `ganvas sample` calls them, 0000 for the seed 0, or as the images of an
    embedding.

    Attributes:
        path: The folder with one folder for each class.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise InputError(f"path={self.path}: no such folder of masks")
        super().__post_init__()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the folders."""
        return tuple(sorted(folder.name for folder in self.path.iterdir() if folder.is_dir()))

    def open(self, device: torch.device | str) -> Segment:
        """Read a file when its picture comes up.

        Raises:
            InputError: While it segments: a mask is missing or no picture.
        """

        def segment(pictures: Tensor, names: Sequence[str]) -> Tensor:
            import torch

            masks = [torch.stack([self._mask(label, n) for label in self.classes]) for n in names]
            return torch.stack(masks).to(pictures.device)

        return segment

    def _mask(self, label: str, name: str) -> Tensor:
        import torch.nn.functional as F

        from ganvas.mask.file import read_mask

        file = self.path / label / f"{name}.png"
        if not file.is_file():
            raise InputError(f"no mask of {label} for picture {name}: {file} is missing")
        return F.interpolate(read_mask(file, "auto"), (SIDE, SIDE))[0, 0] >= 0.5


def of_highest(scores: Tensor) -> Tensor:
    """Return the masks (B, K, H, W) of the class with the highest score at each pixel.

    Classes that tie share the pixel. Several times faster than to compare indices with argmax.
    """
    return scores == scores.amax(1, keepdim=True)


def _onnx(path: Path) -> Scores:
    """Return the function that an ONNX file describes, computed on the CPU."""
    try:
        import onnxruntime
    except ImportError as error:
        raise AssetError("ONNX segmenters need onnxruntime: pip install 'ganvas[align]'") from error
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class
        raise InputError(f"{path} is no readable ONNX file: {first_line(error)}") from error
    name = session.get_inputs()[0].name

    def scores(picture: Tensor) -> Tensor:
        import torch

        try:
            output = session.run(None, {name: picture.cpu().numpy()})[0]
        except Exception as error:
            raise InputError(f"{path} refuses a picture: {first_line(error)}") from error
        return torch.from_numpy(output).to(picture.device)

    return scores


def _torchscript(path: Path, device: str) -> Scores:
    """Return the program in a TorchScript file, which the user trusts."""
    import warnings

    import torch

    try:
        with warnings.catch_warnings():
            # Deprecated for writing new files; people have old ones.
            warnings.simplefilter("ignore")
            network = torch.jit.load(  # type: ignore[no-untyped-call]
                str(path), map_location=device
            ).eval()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path} is no readable TorchScript file: {first_line(error)}") from error

    def scores(picture: Tensor) -> Tensor:
        try:
            with torch.no_grad():
                output: Tensor = network(picture)
        except RuntimeError as error:
            raise InputError(f"{path} refuses a picture: {first_line(error)}") from error
        return output

    return scores
