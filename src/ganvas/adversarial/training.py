"""The training of a StyleGAN2 generator of textures: what is played, and for how long.

Source: Karras et al. 2020 (StyleGAN2): non-saturating loss, R1 every sixteen steps, mixed styles,
and a moving average of the generator's weights, which is what is kept.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import RunError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.adversarial.crops import Crops
    from ganvas.generator.stylegan2 import StyleGAN2

Positive = Annotated[float, Field(gt=0)]
Part = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
GROUP = 4
"""Images whose deviation from each other the discriminator sees; no group is real and drawn."""


@dataclass(frozen=True)
class Jitter:
    """How images are changed before the discriminator sees them, real and drawn ones alike.

    Attributes:
        probability: Of a change of colour, and of a shift, for each image; 0 changes none.
        colour: Greatest change of brightness, contrast and saturation.
        shift: Greatest shift, as a fraction of a side.
    """

    probability: Part = 0.3
    colour: Part = 0.2
    shift: Part = 0.125


@dataclass(frozen=True)
class Adversarial:
    """How the two networks are trained.

    Attributes:
        batch: Images a step, in groups of four.
        lr: Learning rate of both.
        r1: γ of the penalty on the discriminator's gradient.
        r1_every: Steps between two penalties; each then counts so many times.
        half_life: Images after which the moving average has forgotten half.
        mixing: Fraction of images whose late layers have another latent.
        jitter: What the discriminator's images are changed by.
        bfloat16: Compute in bfloat16 where autocast allows it; R1 and what is kept are in float32.
    """

    batch: Annotated[int, Field(ge=GROUP, multiple_of=GROUP)] = 64
    lr: Positive = 0.0025
    r1: Positive = 0.5
    r1_every: Count = 16
    half_life: Positive = 8000
    mixing: Part = 0.5
    jitter: Jitter = Jitter()
    bfloat16: bool = False

    def fit(
        self,
        generator: StyleGAN2,
        discriminator: torch.nn.Module,
        crops: Crops,
        seed: int,
        seconds: float,
        images: int,
        every: float,
    ) -> Iterator[Progress]:
        """Train until the time is over or enough images were seen; yield what is reached.

        Args:
            generator: Is trained, on its device.
            discriminator: Its opponent, on the same device.
            crops: Real images.
            seed: Of latents, noise, crops and changes.
            seconds: Most time, from the first step on.
            images: Most real images.
            every: Seconds between two yields; the last one is at the end.

        Raises:
            RunError: The training diverged.
        """
        import torch

        device = generator.w_avg.device
        rng = torch.Generator(device).manual_seed(seed)
        kept = copy.deepcopy(generator).eval().requires_grad_(False)
        adam = _optimizer(generator, self.lr, 1, device)
        # A penalty every n-th step is n steps in one: the rates follow (StyleGAN2, appendix B).
        opponent = _optimizer(discriminator, self.lr, self.r1_every / (self.r1_every + 1), device)
        forget = 0.5 ** (self.batch / self.half_life)
        losses = torch.zeros(3, device=device)
        started = said = time.monotonic()
        step = steps = 0
        while True:
            losses += self._step(
                generator, discriminator, crops, adam, opponent, rng, step % self.r1_every == 0
            )
            step, steps = step + 1, steps + 1
            with torch.no_grad():
                # The average of the first images follows faster, or it remembers random weights.
                weight = 1 - min(forget, 1 - 1 / (1 + step / 4))
                torch._foreach_lerp_(list(kept.parameters()), list(generator.parameters()), weight)
            now, seen = time.monotonic(), step * self.batch
            over = now - started >= seconds or seen >= images
            if over or now - said >= every:
                said, means = now, (losses / steps).tolist()
                if not all(map(math.isfinite, means)):
                    raise RunError(f"the losses are not finite after {seen} images; lower the lr")
                losses.zero_()
                steps = 0
                yield Progress(kept, seen, time.monotonic() - started, *means)
            if over:
                return

    def _step(
        self,
        generator: StyleGAN2,
        discriminator: torch.nn.Module,
        crops: Crops,
        adam: torch.optim.Optimizer,
        opponent: torch.optim.Optimizer,
        rng: torch.Generator,
        penalise: bool,
    ) -> Tensor:
        """Train the discriminator, then the generator, by one batch; return the losses, (3,)."""
        import torch

        from ganvas.functional.adversarial import discriminator_loss, generator_loss, r1_penalty

        device = generator.w_avg.device
        autocast = torch.autocast(device.type, torch.bfloat16, enabled=self.bfloat16)
        discriminator.requires_grad_(True)
        real = crops.draw(self.batch, rng)
        with autocast:
            # One batch is judged twice: to train the discriminator, then the generator.
            drawn = self._drawn(generator, rng).float()
            both = self._seen(torch.cat([real, drawn.detach()]), rng)
            scores = discriminator(both)
        d_loss = discriminator_loss(*scores.split(self.batch))
        r1 = torch.zeros((), device=device)
        if penalise:
            # In float32: squares of small gradients are what bfloat16 is worst at.
            seen = self._seen(real, rng).detach().requires_grad_(True)
            r1 = r1_penalty(discriminator(seen), seen)
            d_loss = d_loss + r1 * (self.r1 / 2 * self.r1_every)
        _update(opponent, d_loss)
        discriminator.requires_grad_(False)
        with autocast:
            g_loss = generator_loss(discriminator(self._seen(drawn, rng)))
        _update(adam, g_loss)
        return torch.stack([g_loss.detach(), d_loss.detach(), r1.detach()])

    def _drawn(self, generator: StyleGAN2, rng: torch.Generator) -> Tensor:
        """Return images (batch, 3, H, W) of new latents, some of them mixed, and new noise."""
        import torch

        from ganvas.functional.mapping import style_mixed

        device, batch, rows = generator.w_avg.device, self.batch, generator.rows
        z = torch.randn(2 * batch, generator.z_dim, generator=rng, device=device)
        one, two = generator.mapping(z).chunk(2)
        first = torch.randint(1, rows, (batch, 1), generator=rng, device=device)
        mixed = torch.rand(batch, 1, generator=rng, device=device) < self.mixing
        w = style_mixed(generator.broadcast(one), generator.broadcast(two), first, mixed)
        images: Tensor = generator(w, generator.sample_noise(batch, rng))
        return images

    def _seen(self, images: Tensor, rng: torch.Generator) -> Tensor:
        from ganvas.functional.jitter import jittered

        jitter = self.jitter
        return jittered(images, rng, jitter.probability, jitter.colour, jitter.shift)


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        generator: The moving average; it changes with the next step.
        images: Real images seen.
        seconds: Since the first step.
        g_loss: Mean of the generator's loss since the last report.
        d_loss: Mean of the discriminator's.
        r1: Mean of the penalty, counting the steps without one as 0.
    """

    generator: StyleGAN2
    images: int
    seconds: float
    g_loss: float
    d_loss: float
    r1: float


def settled(generator: StyleGAN2) -> dict[str, Tensor]:
    """Return the weights in half precision, with the mean of w, on the CPU.

    The mean is that of 10,000 samples of a fixed seed.
    """
    import torch

    mean = generator.sample_w(10_000, torch.Generator().manual_seed(0)).mean(0)
    weights = {name: value.detach().half().cpu() for name, value in generator.state_dict().items()}
    return weights | {"w_avg": mean.half().cpu()}


def _optimizer(
    module: torch.nn.Module, lr: float, ratio: float, device: torch.device
) -> torch.optim.Optimizer:
    import torch

    from ganvas.system.eager import eager

    betas = 0.0, 0.99**ratio
    fused = device.type == "cuda"
    return eager(torch.optim.Adam)(module.parameters(), lr * ratio, betas, eps=1e-8, fused=fused)


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
