"""The options of `generator=` that read a file: `mobilestylegan`, `stylegan1`, `2` and `3`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ganvas.errors import CheckpointError, ConfigError
from ganvas.generator.config import GeneratorConfig

if TYPE_CHECKING:
    from ganvas.generator.mobilestylegan import MobileStyleGAN
    from ganvas.generator.skeleton import StyleGAN

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Label = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class MobileStyleGANConfig(GeneratorConfig):
    """MobileStyleGAN, faces of FFHQ at 1024².

    Attributes:
        checkpoint: A safetensors file written by ganvas; null fetches the published weights.
    """

    checkpoint: Path | None = None

    def load(self) -> MobileStyleGAN:
        """Build the generator from its file, fetching the asset when no file is given."""
        from ganvas import assets
        from ganvas.checkpoint.generator_file import load_generator_file
        from ganvas.generator.mobilestylegan import MobileStyleGAN

        path = self.checkpoint or assets.path("mobilestylegan_ffhq")
        return load_generator_file(MobileStyleGAN, path)


@dataclass(frozen=True)
class FromFileConfig(GeneratorConfig):
    """A generator from a file that its own code base wrote, recognised by its content.

    Attributes:
        checkpoint: Path or http(s) address of the file; "ganvas:NAME" comes with the program.
        sha256: SHA-256 of the file, hexadecimal; null trusts it as it is.
        label: Class to draw, for class-conditional models.
    """

    family: ClassVar[str]

    checkpoint: str | None = None
    sha256: Sha256 | None = None
    label: Label | None = None

    def load(self) -> StyleGAN:
        """Read the file, fetching it first if it is an address, and build the generator.

        Raises:
            AssetError: The file cannot be fetched, or its hash differs.
            CheckpointError: The file cannot be read, or is of another family.
            ConfigError: No file is named, or the label does not fit the model.
        """
        from ganvas.checkpoint.build import build
        from ganvas.checkpoint.open import open_checkpoint
        from ganvas.checkpoint.remote import local
        from ganvas.generator.mobilestylegan import MobileStyleGAN

        if self.checkpoint is None:
            raise ConfigError(
                f"generator.checkpoint is missing: give the file of a {self.family}, for example "
                "generator.checkpoint=network.pkl"
            )
        path = local(self.checkpoint, self.sha256)
        checkpoint = open_checkpoint(path)
        if checkpoint.family != self.family:
            raise CheckpointError(
                f"{path} holds a {checkpoint.family}: use generator={checkpoint.family}"
            )
        try:
            generator = build(checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error
        assert not isinstance(generator, MobileStyleGAN)
        generator.use_label(self.label)
        return generator


@dataclass(frozen=True)
class StyleGAN1Config(FromFileConfig):
    """StyleGAN1 from a TensorFlow pickle, a PyTorch state dict or safetensors."""

    family: ClassVar[str] = "stylegan1"


@dataclass(frozen=True)
class HalfPrecisionConfig(FromFileConfig):
    """A generator whose highest resolutions its authors ran in half precision.

    Attributes:
        checkpoint: Path or http(s) address of the file; "ganvas:NAME" comes with the program.
        sha256: SHA-256 of the file, hexadecimal; null trusts it as it is.
        label: Class to draw, for class-conditional models.
        half: Run the highest resolutions in half precision, as many as the original did.
    """

    half: bool = False

    def load(self) -> StyleGAN:
        """Build the generator as every other, then set its precision."""
        from ganvas.generator.stylegan1 import StyleGAN1

        generator = super().load()
        assert not isinstance(generator, StyleGAN1)
        if self.half:
            generator.use_half()
        return generator


@dataclass(frozen=True)
class StyleGAN2Config(HalfPrecisionConfig):
    """StyleGAN2 from a pickle of NVIDIA's, a .pt of rosinality's or PTI's, or safetensors."""

    family: ClassVar[str] = "stylegan2"


@dataclass(frozen=True)
class StyleGAN3Config(HalfPrecisionConfig):
    """StyleGAN3, configuration T or R, from NVIDIA's pickle or safetensors; it has no noise."""

    family: ClassVar[str] = "stylegan3"
