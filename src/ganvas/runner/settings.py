"""The settings of a run that are no axis of an ablation: budget, trainer, and the root itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.edit import Recipe
from ganvas.errors import ConfigError
from ganvas.generator import GeneratorConfig
from ganvas.image import Images
from ganvas.layers import Layers
from ganvas.loss import LossSet
from ganvas.mask import Mask
from ganvas.metrics import Metric
from ganvas.optimizer import Optimizers
from ganvas.runner.study_name import StudyName
from ganvas.start import Start
from ganvas.tracking import Logger

if TYPE_CHECKING:
    import torch

Steps = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Budget:
    """How long the stages of a recipe run; a recipe refers to it as ${budget.latent} and so on.

    Attributes:
        latent: Steps of a stage that fits the latent.
        noise: Steps of a stage that fits the noise maps.
        weights: Steps of a stage that tunes the generator's weights.
        frame_every: Steps between two progress pictures; 0 for none.
        frame_resolution: Height and width of the progress pictures.
        flush_every: Steps between two updates of the curve on disk and on the screen.
    """

    latent: Steps
    noise: Steps
    weights: Steps = 100
    frame_every: Steps = 10
    frame_resolution: Count = 256
    flush_every: Count = 5


@dataclass(frozen=True)
class Trainer:
    """Where and how a run computes.

    Attributes:
        device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:N".
        precision: "32-true", or "bf16-mixed" for bfloat16 where autocast allows it. What is
            measured and saved is always rendered in float32.
        tf32: On a GPU, let tensor cores round the factors of float32 products and convolutions to
            ten bits of mantissa (TensorFloat-32).
        channels_last: Keep the generator's convolutions with their channels last in memory, as
            tensor cores read them.
        cuda_graphs: On a GPU, record a step's kernels once and replay them, which spares the time
            of launching them one by one. The same kernels: nothing changes but the time.
        micro_batch: Images drawn at a time; null: one on a CPU, as many as fit on a GPU.
        threads: CPU threads; null: torch's choice. Recorded, because results depend on it.
        deterministic: Use deterministic algorithms, so that a repetition is equal to the bit.
        checkpoint_seconds: Seconds between two saves of the state that a killed run continues from.
        progress: Show how far the run is: bars in a terminal, elsewhere a line every 30 seconds.
    """

    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    tf32: bool = False
    channels_last: bool = False
    cuda_graphs: bool = False
    micro_batch: Count | None = None
    threads: Count | None = None
    deterministic: bool = True
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 30.0
    progress: bool = True

    def require_device(self) -> None:
        """Refuse a GPU that there is not; torch is imported only where one is asked for.

        Raises:
            ConfigError: A GPU is asked for and there is none.
        """
        if self.device.startswith("cuda"):
            self.torch_device()

    def torch_device(self) -> torch.device:
        """Return the device.

        Raises:
            ConfigError: A GPU is asked for and there is none.
        """
        import torch

        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        device = torch.device(self.device)
        if device.type == "cuda" and not torch.cuda.is_available():
            raise ConfigError(f"trainer.device={self.device}: this machine has no usable GPU")
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise ConfigError(
                f"trainer.device={self.device}: there are {torch.cuda.device_count()} GPUs"
            )
        return device


@dataclass(frozen=True)
class Experiment:
    """One composed experiment.

    Attributes:
        generator: The frozen generator (group).
        image: The photographs (group).
        mask: The spatial mask M of the edit (group).
        layers: Which style rows and noise maps may change (group).
        loss: The loss set (group).
        edit: The recipe: stages and operations (group).
        start: Where the first stage starts (group).
        optimizer: The optimisers of latent and noise (group).
        budget: How many steps (group).
        metrics: What is measured after each stage and at the end, by name (group).
        logger: Where the record is sent besides the run's folder (group).
        trainer: Device, precision, threads (group).
        study: Name of the study that the run belongs to: the folder below `output`.
        tags: Words to find the run by.
        seed: Seed of the starting noise, random starts and random masks.
        output: Folder of all studies.
        force: Repeat a finished run; the old result is kept until the new one is finished.
        retry_failed: Try a failed run again when its study is started again.
        sweep_metric: The final metric that a sweeper such as Optuna optimises.
    """

    generator: GeneratorConfig
    image: Images
    mask: Mask
    layers: Layers
    loss: LossSet
    edit: Recipe
    start: Start
    optimizer: Optimizers
    budget: Budget
    metrics: dict[str, Metric]
    logger: Logger
    trainer: Trainer
    study: StudyName = "default"
    tags: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    output: Path = Path("outputs")
    force: bool = False
    retry_failed: bool = True
    sweep_metric: str = "psnr"
