"""The one LightningModule: a training step moves latent, noise, an activation or weights once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.functional.priors import normalise_noise
from ganvas.functional.quality import mse, psnr_from_mse
from ganvas.layers import selected
from ganvas.loss import Block, View
from ganvas.optimizer import Sensitivity
from ganvas.optimizer.built import built
from ganvas.optimizer.sensitivity import blurred, noise_gains, noise_squares
from ganvas.stage.activation_variable import ActivationVariable
from ganvas.stage.config import StageConfig
from ganvas.stage.drafts import Drafts, Drawing
from ganvas.stage.exploration import spread_of_w
from ganvas.stage.micro_batch import MicroBatch, prepare
from ganvas.stage.replay import Replay
from ganvas.stage.scene import Scene, slices
from ganvas.stage.variables import Variables
from ganvas.stage.watch import Watch, per_image
from ganvas.system.lightning import LightningOptimizer, pl

Pass = tuple[Tensor, dict[str, Tensor], Sequence[Tensor | None]]
"""What a pass through the generator and back gives: render, row of the curve, gradients."""


class Stage(pl.LightningModule):
    """Optimise the variables that `config` names, all images side by side.

    Every image has its own loss and, under Adam, its own update: one that diverges stops at its
    best and changes nothing for its neighbours. Nothing in the training step waits for the device.

    Args:
        config: The stage.
        scene: Images, masks, embeddings and earlier renders.
        micro_batch: How many images are drawn at a time.
        cuda_graphs: Record the kernels of a step on a GPU, where all steps are alike, and replay
            them.
        objectives: The objective of each image, where images differ in constant weights.

    Raises:
        ConfigError: The layers select nothing, or a target or mask does not exist.
    """

    def __init__(
        self,
        config: StageConfig,
        scene: Scene,
        micro_batch: int,
        *,
        cuda_graphs: bool = False,
        objectives: Sequence[Mapping[str, Block]] = (),
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        embedding = scene.embedding(config.embedding)
        subset = selected(config.layers, scene.generator)
        activation = None
        if "activation" in config.optimise:
            where = scene.mask(config.activation.mask)
            activation = ActivationVariable(embedding, scene.generator, config.activation, where)
        self.variables = Variables(embedding, scene.generator, subset, config.optimise, activation)
        self.drafts = Drafts.of(config, self.variables)
        # What holds frozen networks stays out of the module's state, devices and checkpoints.
        self.__dict__["parts"] = [
            prepare(config, scene, self.variables, self.drafts, images, objectives[images])
            for images in slices(len(embedding), micro_batch)
        ]
        count, device = len(embedding), embedding.latent.device
        recorded = cuda_graphs and device.type == "cuda" and config.replayable
        self.__dict__["replay"] = Replay[Pass]() if recorded else None
        self.watch = Watch(
            count,
            device,
            comparable=config.comparable,
            early_stopping=config.early_stopping,
        )
        if config.exploration is not None:
            self._spread = spread_of_w(scene.generator)
        self.best = [t.detach().clone() for t in self.variables.tensors()]
        self.history: list[dict[str, Tensor]] = []
        self.renders: list[Tensor] = []
        missing = torch.full((count,), torch.nan, device=device)
        self.shares = {f"loss/{name}": missing for name in self._parts[0].judge.objective.names}
        self._saved_optimizers: list[dict[str, Any]] = []
        self.done = 0

    # --- Lightning's hooks ----------------------------------------------------------------------

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Build one optimiser per kind of variable, in the order of `optimise`."""
        v = self.variables
        parameters: dict[str, Iterable[nn.Parameter]] = {
            "latent": v.latent, "noise": v.noise, "activation": v.displacement, "weights": v.weights
        }  # fmt: skip
        return [
            built(optimizer, parameters[variable], Sensitivity(self._gains, self._squares))
            for variable, optimizer in self.config.optimise.items()
        ]

    def on_train_start(self) -> None:
        """Continue an interrupted stage: Lightning has just built fresh optimisers."""
        for optimizer, state in zip(self._optimizers(), self._saved_optimizers, strict=False):
            optimizer.optimizer.load_state_dict(state)

    def training_step(self, step: int) -> None:
        """Draw, measure, go back, and move the variables once."""
        for optimizer in self._optimizers():
            optimizer.zero_grad(set_to_none=True)
        rows: list[dict[str, Tensor]] = []
        self.renders = []
        self.variables.offset = self._explore(step)
        self._fit_drafts(step)
        for index, part in enumerate(self._parts):
            image, row, gradients = self._pass(index, step)
            self._add(gradients)
            row |= self._hold(part, step, row["loss"])
            self.renders.append(image)
            rows.append({name: value.detach() for name, value in row.items()})
        # A copy in any case: a replayed step writes into the same rows.
        row = {name: torch.cat([r[name] for r in rows]) for name in rows[0]}
        # Terms that take turns show their last value in between.
        self.shares |= {name: row[name] for name in self.shares if name in row}
        self.history.append(row | self.shares)
        self._keep_best(row["loss"], step)
        self._move(step, row["loss"])
        self.done = step + 1

    # --- the step in pieces ---------------------------------------------------------------------

    @property
    def _parts(self) -> list[MicroBatch]:
        return self.__dict__["parts"]  # type: ignore[no-any-return]

    def _gains(self) -> list[float]:
        gains = noise_gains(self.variables.before)
        return [gains[index] for index in self.variables.maps]

    @torch.enable_grad()
    def _squares(self, probes: int) -> list[Tensor]:
        noise = list(self.variables.noise)
        total = [torch.zeros_like(n) for n in noise]
        for part in self._parts:
            image, _ = self.evaluate(part, 0, all_terms=True)
            for map_total, square in zip(total, noise_squares(image, noise, probes), strict=True):
                map_total += square
        return [blurred(t) for t in total]

    def _optimizers(self) -> list[LightningOptimizer]:
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]

    def _pass(self, index: int, step: int) -> Pass:
        """Draw micro-batch `index`, measure and go back; replay it where it is recorded."""
        part, replay = self._parts[index], self.__dict__["replay"]
        if replay is None:
            return self._evaluate_and_go_back(part, step)
        key = (index, part.judge.objective.due(step), self._drafts_at(step) is not None)
        image, row, gradients = replay(key, lambda: self._evaluate_and_go_back(part, step))
        return image, dict(row), gradients

    def _evaluate_and_go_back(self, part: MicroBatch, step: int) -> Pass:
        """Return the render, the row of the curve, and the gradient of the loss by each variable.

        All are detached. The gradient by what does not enter the loss is None.
        """
        variables = list(self.variables.tensors())
        gradients: Sequence[Tensor | None] = [None] * len(variables)
        with torch.set_grad_enabled(self.config.needs_gradient):
            image, row = self.evaluate(part, step)
            if self.config.needs_gradient:
                total = row["loss"].sum()
                if not total.requires_grad:
                    raise ConfigError(
                        "no term of the objective depends on what the stage optimises: its "
                        "gradient was cut, as by detach()"
                    )
                gradients = torch.autograd.grad(total, variables, allow_unused=True)
        return image.detach(), {name: value.detach() for name, value in row.items()}, gradients

    def evaluate(
        self, part: MicroBatch, step: int, *, all_terms: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the render (b, 3, r, r), and loss, psnr and each term's share, (b,) each.

        The terms are those that are due in the step, or all. The render is a draft in steps that
        are taken on drafts.
        """
        drafts = self._drafts_at(step)
        generator, styles, noise, resume = drawing = self._drawing(part)
        if drafts is None:
            judge, image = part.judge, generator.synthesis(styles, noise, resume=resume)
        else:
            judge, image = part.draft, drafts.draw(part.images, drawing)
        activation = self.variables.activation
        latent = self.variables.latent_rows(part.images, styles)
        displacement = None if activation is None else activation.distance(part.images)
        view = View(image, latent, noise, displacement)
        progress = step / max(1, self.config.steps)
        loss, shares = judge.objective(view, progress, None if all_terms else step)
        with torch.no_grad():
            psnr = psnr_from_mse(mse(image.float(), judge.target))
        return image, {"loss": loss, "psnr": psnr, **{f"loss/{k}": v for k, v in shares.items()}}

    def _drawing(self, part: MicroBatch) -> Drawing:
        variables, images = self.variables, part.images
        generator = variables.generator()
        styles = variables.styles(images) if part.styles is None else part.styles
        resume = part.resume if variables.activation is None else variables.activation.of(images)
        return generator, styles, variables.noise_maps(images), resume

    def _drafts_at(self, step: int) -> Drafts | None:
        """Return what draws the pictures of a step, where that is not the generator itself."""
        return self.drafts if self.drafts is not None and self.drafts.cover(step) else None

    def _fit_drafts(self, step: int) -> None:
        if self.drafts is not None and self.drafts.are_due(step):
            for part in self._parts:
                self.drafts.fit(part.images, self._drawing(part))

    def _hold(self, part: MicroBatch, step: int, loss: Tensor) -> dict[str, Tensor]:
        """Add the gradient of the locality term; return its share and the new total."""
        if self.config.locality is None:
            return {}
        variables = self.variables
        pivot = variables.w(part.images).detach()
        noise = [n.detach() for n in variables.noise_maps(part.images)]
        share = self.config.locality.loss(
            step, pivot, noise, variables.before, variables.generator()
        )
        if share.requires_grad:
            tensors = list(variables.tensors())
            self._add(torch.autograd.grad(share.sum(), tensors, allow_unused=True))
        return {"loss": loss + share, "loss/locality": share}

    def _add(self, gradients: Sequence[Tensor | None]) -> None:
        """Add to the gradients of the variables, in their order."""
        for tensor, gradient in zip(self.variables.tensors(), gradients, strict=True):
            if gradient is not None:
                tensor.grad = gradient if tensor.grad is None else tensor.grad + gradient

    def _explore(self, step: int) -> Tensor | None:
        exploration = self.config.exploration
        if exploration is None:
            return None
        shape = self.variables.latent[0].shape[1:]
        return exploration.draw(step, self.config.steps, tuple(shape), self._spread)

    @torch.no_grad()
    def _keep_best(self, loss: Tensor, step: int) -> None:
        self.watch.require_squares(self.variables.tensors(), step)
        better = self.watch.update(loss, step)
        for best, now in zip(self.best, self.variables.tensors(), strict=True):
            best.copy_(torch.where(per_image(better, now), now, best))

    @torch.no_grad()
    def _move(self, step: int, loss: Tensor) -> None:
        """Step the optimisers; those of images whose loss or gradient overflows get no gradient.

        What such an image has reached is kept as its best; the steps that momentum still makes are
        not used.

        Args:
            step: Which step it is.
            loss: (B,), for those that compare losses.
        """
        gradients = [t.grad for t in self.variables.tensors() if t.grad is not None]
        self.watch.require_squares(gradients, step)
        for gradient in gradients:
            gradient.masked_fill_(per_image(~self.watch.running, gradient), 0.0)
        if step < self.config.tied * self.config.steps:
            self.variables.tie_rows()
        optimizers = self._optimizers()
        if self.config.alternate:
            optimizers = [optimizers[step % len(optimizers)]]
        rate = {
            id(o): c.rate(step, self.config.steps)
            for o, c in zip(self._optimizers(), self.config.optimise.values(), strict=True)
        }
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate[id(optimizer)] * group.get("scale", 1.0)
            optimizer.step(lambda: loss)
        if self.config.normalise_noise:
            normalise_noise(self.variables.noise)

    # --- what remains ---------------------------------------------------------------------------

    @torch.no_grad()
    def finish(self) -> Embedding:
        """Weigh the last update against the best so far and return each image's best embedding."""
        self.variables.offset = None
        if self.config.steps > 0:
            # With the weights of the last step: those that ramp down are 0 behind it.
            last = self.config.steps - 1
            losses = [self.evaluate(p, last, all_terms=True)[1]["loss"] for p in self._parts]
            self._keep_best(torch.cat(losses), self.config.steps)
        return self.variables.embedding(self.best)

    def state(self, next_step: int) -> dict[str, Any]:
        """Return all that another process needs to go on with step `next_step`, to the bit."""
        return {
            "step": next_step,
            "variables": [t.detach() for t in self.variables.tensors()],
            "best": self.best,
            "shares": self.shares,
            "heads": None if self.drafts is None else self.drafts.heads,
            "watch": self.watch.state(),
            "optimizers": [o.optimizer.state_dict() for o in self._optimizers()],
            "random": torch.get_rng_state(),
        }

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        for tensor, saved in zip(self.variables.tensors(), state["variables"], strict=True):
            tensor.copy_(saved)
        for tensor, saved in zip(self.best, state["best"], strict=True):
            tensor.copy_(saved)
        device = self.watch.alive.device
        self.shares = {name: share.to(device) for name, share in state["shares"].items()}
        self.watch.restore(state["watch"])
        if self.drafts is not None and state["heads"] is not None:
            self.drafts.heads = state["heads"].to(device)
        self._saved_optimizers = state["optimizers"]
        self.done = int(state["step"])
        torch.set_rng_state(state["random"])
