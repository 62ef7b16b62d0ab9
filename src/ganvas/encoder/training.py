"""Training a network by gradients: one LightningModule, whose step draws what it learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ganvas.encoder.coordinates import Coordinates
from ganvas.encoder.maps import Seen
from ganvas.encoder.network import Network, Update
from ganvas.encoder.objective import divergence
from ganvas.encoder.pool import Pool
from ganvas.encoder.settings import Settings
from ganvas.functional.images import from_uint8, resize
from ganvas.functional.schedule import ramp
from ganvas.functional.seeds import seed_of
from ganvas.generator.base import Generator
from ganvas.system.eager import eager
from ganvas.system.lightning import pl

CLIP = 1.0
"""The greatest norm of the gradient of a step."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What does not change during a training, all on one device.

    Attributes:
        generator: The frozen generator.
        coordinates: In which w+ is moved.
        whitener: (D, D), from w to the coordinates in which it is judged.
        mean_picture: (1, 3, r, r) uint8, the render of w_avg.
        photographs: (N, 3, r, r) uint8, pictures without labels; N may be 0.
        seed: Seed of the samples.
    """

    generator: Generator
    coordinates: Coordinates
    whitener: Float[Tensor, "D D"]
    mean_picture: Tensor
    photographs: Tensor
    seed: int


@dataclass
class Batch:
    """Pictures of one step, those that are rendered first, and what is known of them.

    Attributes:
        seen: What is seen of the pictures.
        targets: (B, 3, r, r), what a render is compared with.
        w: (B, rows, D), the exact w+; of photographs w_avg, which does not count.
        labelled: (B, 1, 1), 1 where w is known, else 0.
    """

    seen: Seen
    targets: Tensor
    w: Tensor
    labelled: Tensor

    def first(self, count: int) -> Batch:
        """Return the first `count` pictures of it."""
        return Batch(
            self.seen.first(count), self.targets[:count], self.w[:count], self.labelled[:count]
        )


class EncoderTraining(pl.LightningModule):
    """Minimise the losses of `option.objective` on samples of a generator, and on photographs.

    The learning rate follows `progress`, which may be a fraction of the steps or of a time. A step
    waits for the device once, where pictures are changed by JPEG.

    Args:
        option: The settings.
        network: What is trained; the only part of the module's state.
        scene: All that is frozen.
        progress: How far the training is, in [0, 1], before the step of a given index.
    """

    scene: Scene
    first_render: Seen

    def __init__(
        self,
        option: Settings,
        network: Network,
        scene: Scene,
        progress: Callable[[int], float],
    ) -> None:
        super().__init__()
        self.option = option
        self.network = network
        # What holds frozen networks stays out of the module's state, devices and checkpoints.
        self.__dict__["scene"] = scene
        self.progress = progress
        self.sums: dict[str, Tensor] = {}
        self.saved_optimizer: dict[int, dict[str, Tensor]] = {}
        generator = scene.generator
        self.noise = generator.fixed_noise()
        self.pool = Pool(option.stream, generator, scene.seed)
        with torch.no_grad():
            self.__dict__["first_render"] = option.maps(from_uint8(scene.mean_picture))

    # --- Lightning's hooks ----------------------------------------------------------------------

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam, with a short memory of squared gradients, since trainings are short."""
        return eager(torch.optim.Adam)(
            self.network.parameters(), lr=self.option.learning_rate, betas=(0.9, 0.99)
        )

    def on_train_start(self) -> None:
        """Continue an interrupted training: Lightning has just built a fresh optimiser."""
        if self.saved_optimizer:
            groups = self.adam.state_dict()["param_groups"]
            self.adam.load_state_dict({"state": self.saved_optimizer, "param_groups": groups})

    def on_train_batch_start(self, batch: int, batch_idx: int) -> None:
        """Set the learning rate of the step."""
        option = self.option
        rate = option.learning_rate * ramp(self.progress(batch), option.warm_up, option.cool_down)
        for group in self.adam.param_groups:
            group["lr"] = rate

    def training_step(self, step: int) -> Tensor:
        """Return the loss of step `step`: the mean over all looks that are taken."""
        batch = self._batch(step)
        looks, renders = 1, self._rendered(step)
        if renders:
            looks = self.option.iterations
        w, seen = self._start(len(batch.w)), self._first_seen(len(batch.w))
        total = torch.zeros((), device=w.device)
        for look in range(looks):
            update = self.network(batch.seen, seen)
            w = self.scene.coordinates.moved(w, update)
            losses = self._losses(w, update, batch)
            if renders:
                w, batch, update = w[:renders], batch.first(renders), first(update, renders)
                drawn = self._drawn(w, update, step)
                losses |= self.option.objective.pictures(drawn, batch.targets)
                if look + 1 < looks:
                    seen = self.option.maps(drawn.detach())
            # A look starts where the one before it ended, and does not teach it.
            w = w.detach()
            total = total + self._weighted(losses)
            self._note(look, losses)
        return total / looks

    # --- the parts of a step --------------------------------------------------------------------

    @property
    def adam(self) -> torch.optim.Optimizer:
        """The optimiser that Lightning has wrapped."""
        optimizer: Any = self.optimizers()
        return optimizer.optimizer  # type: ignore[no-any-return]

    def _rendered(self, step: int) -> int:
        """Return how many pictures of a step are rendered."""
        option = self.option
        if not option.needs_renders or step % option.render_every:
            return 0
        return min(option.renders, option.batch) + self._photographs()

    def _photographs(self) -> int:
        return self.option.photograph_batch if len(self.scene.photographs) else 0

    @torch.no_grad()
    def _batch(self, step: int) -> Batch:
        scene, option = self.scene, self.option
        rng = torch.Generator().manual_seed(seed_of(scene.seed, step))
        w, drawn = self.pool.batch(step, option.batch)
        targets = from_uint8(drawn)
        changed = option.stream.augmentation.many(targets, rng)
        labelled = w.new_ones(len(w), 1, 1)
        if count := self._photographs():
            chosen = torch.randint(len(scene.photographs), (count,), generator=rng)
            chosen = chosen.to(w.device, non_blocking=True)
            photographs = from_uint8(scene.photographs[chosen])
            targets = torch.cat([photographs, targets])
            changed = torch.cat([photographs, changed])
            w = torch.cat([self._start(count), w])
            labelled = torch.cat([w.new_zeros(count, 1, 1), labelled])
        return Batch(option.maps(changed), targets, w, labelled)

    def _start(self, count: int) -> Tensor:
        generator = self.scene.generator
        return generator.broadcast(generator.w_avg.expand(count, -1))

    def _first_seen(self, count: int) -> Seen:
        return self.first_render.repeated(count)

    def _losses(self, w: Tensor, update: Update, batch: Batch) -> dict[str, Tensor]:
        """Return the losses that look at no picture."""
        with torch.autocast(w.device.type, enabled=False):
            error = (self.scene.coordinates.rows.mT @ (w - batch.w)) @ self.scene.whitener
            labels = batch.labelled.sum().clamp_min(1) * error[0].numel()
            losses = {
                "latent": (error.square() * batch.labelled).sum() / labels,
                "spread": update.rows.square().mean(),
            }
            if update.log_variance is not None:
                u = (w - self._start(len(w))).mean(1) @ self.scene.whitener
                losses["kl"] = divergence(u, update.log_variance)
        return losses

    def _drawn(self, w: Tensor, update: Update, step: int) -> Tensor:
        """Draw w+, or of a variational network a random one; at the resolution of the pictures."""
        if update.log_variance is not None:
            # Another sequence than that of the samples: z would be the same numbers.
            seed = 2**40 + seed_of(self.scene.seed, step)
            rng = torch.Generator(w.device).manual_seed(seed)
            noise = torch.randn(update.common.shape, generator=rng, device=w.device)
            deviation = (update.log_variance / 2).exp() * noise
            w = self.scene.coordinates.moved(
                w, update._replace(common=deviation, rows=0 * update.rows)
            )
        maps = [one.expand(len(w), -1, -1, -1) for one in self.noise]
        image = self.scene.generator(w, maps)
        return resize(image.float(), self.scene.mean_picture.shape[-1])

    def _weighted(self, losses: dict[str, Tensor]) -> Tensor:
        return sum(
            (self.option.weight(name) * value for name, value in losses.items()),
            torch.zeros((), device=self.device),
        )

    @torch.no_grad()
    def _note(self, look: int, losses: dict[str, Tensor]) -> None:
        """Add to the sums of the curve, on the device; see `means`."""
        for name, value in losses.items():
            key = f"{name}.{look + 1}"
            for part, amount in (("sum", value.detach()), ("count", torch.ones_like(value))):
                before = self.sums.get(f"{key}.{part}")
                self.sums[f"{key}.{part}"] = amount if before is None else before + amount

    def means(self) -> dict[str, float]:
        """Return the mean of each loss of each look since the last call, and begin anew."""
        sums, self.sums = self.sums, {}
        keys = [key.removesuffix(".sum") for key in sums if key.endswith(".sum")]
        return {key: round(float(sums[f"{key}.sum"] / sums[f"{key}.count"]), 5) for key in keys}


def first(update: Update, count: int) -> Update:
    """Return the update of the first `count` pictures."""
    variance = update.log_variance
    return Update(
        update.common[:count],
        update.rows[:count],
        None if variance is None else variance[:count],
    )
