"""Solvers for the noise maps of frozen styles: least squares with a piecewise linear render.

All work on one vector per image, u (B, D): the maps side by side, each times its gain, so that a
change of u of rms 1 in one map changes the image by rms 1. Images are independent of each other. A
solver is a generator: it gives u after each of its steps, and the problem counts what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ganvas.functional.lbfgs import curvature, dots, lbfgs_direction
from ganvas.functional.schedule import ramp
from ganvas.generator import Generator
from ganvas.optimizer.adam import maker
from ganvas.optimizer.sensitivity import noise_gains

FORWARD = 0.5
"""What drawing costs, of an evaluation: drawing and going back."""


class Problem:
    """½‖G(w, n) − x‖² in scaled coordinates, with a count of what was computed.

    Args:
        generator: The frozen generator.
        w: (B, rows, w_dim).
        target: (B, 3, H, W).
        noise: Where the maps start.
    """

    def __init__(
        self, generator: Generator, w: Tensor, target: Tensor, noise: Sequence[Tensor]
    ) -> None:
        self.generator, self.target = generator, target
        with torch.no_grad():
            self.styles = generator.styles(w)
        self.sizes = [n[0].numel() for n in noise]
        gains = [max(gain, 1e-9) for gain in noise_gains(generator)]
        self.gain = torch.cat([torch.full((s,), g) for s, g in zip(self.sizes, gains, strict=True)])
        self.gain = self.gain.to(target)
        self.start = torch.cat([n.flatten(1) for n in noise], 1) * self.gain
        self.evaluations = 0.0
        self.scalars = target[0].numel()

    def maps(self, u: Tensor) -> list[Tensor]:
        """Return the noise maps that u stands for."""
        pieces = (u / self.gain).split(self.sizes, 1)
        return [p.view(len(p), 1, math.isqrt(p.shape[1]), -1) for p in pieces]

    def residual(self, u: Tensor) -> Tensor:
        """Return G(n) − x."""
        return self.generator.synthesis(self.styles, self.maps(u)) - self.target

    @torch.no_grad()
    def forward(self, u: Tensor) -> Tensor:
        """Return G(n) − x, and count a drawing."""
        self.evaluations += FORWARD
        return self.residual(u)

    def gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the residual and the gradient Jᵀr (B, D), and count an evaluation."""
        self.evaluations += 1
        u = u.detach().requires_grad_()
        residual = self.residual(u)
        (gradient,) = torch.autograd.grad(residual.square().sum() / 2, u)
        return residual.detach(), gradient

    def linearised(self, u: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return the residual and y ↦ Jᵀy; count a drawing now, and half an evaluation per call."""
        self.evaluations += FORWARD
        u = u.detach().requires_grad_()
        residual = self.residual(u)

        def adjoint(y: Tensor) -> Tensor:
            self.evaluations += 1 - FORWARD
            (gradient,) = torch.autograd.grad((residual * y).sum(), u, retain_graph=True)
            return gradient

        return residual.detach(), adjoint

    def along(self, u: Tensor, residual: Tensor, d: Tensor, length: float) -> Tensor:
        """Return J d by a difference over a move of rms `length` in the image, and count it.

        A difference over the length of a step sees the kinks that the step will cross. J in
        forward mode would need a rule for each fused operation.
        """
        rms = d.square().mean(1, keepdim=True).sqrt().clamp_min(1e-20)
        t = length / rms
        return (self.forward(u + t * d) - residual) / t.view(-1, 1, 1, 1)

    def psnr(self, residual: Tensor) -> Tensor:
        """Return PSNR (B,) of a residual."""
        return 10 * torch.log10(4 * self.scalars / residual.square().flatten(1).sum(1))

    def diagonal(self, u: Tensor, probes: int, blur: int) -> Tensor:
        """Estimate the diagonal of JᵀJ (B, D) by probes of random signs, blurred within each map.

        E (Jᵀv)² is the diagonal exactly (Hutchinson 1990; Bekas et al. 2007); the mean over
        neighbours takes the noise of the few probes out of it.
        """
        rng = torch.Generator(device=self.target.device).manual_seed(0)
        _, adjoint = self.linearised(u)
        total = torch.zeros_like(u)
        for _ in range(probes):
            signs = torch.randint(0, 2, self.target.shape, generator=rng, device=u.device) * 2.0 - 1
            total += adjoint(signs).square()
        smooth = []
        for piece in (total / probes).split(self.sizes, 1):
            plane = piece.view(len(piece), 1, math.isqrt(piece.shape[1]), -1)
            if plane.shape[-1] > blur > 1:
                plane = torch.nn.functional.avg_pool2d(
                    plane, blur, 1, blur // 2, count_include_pad=False
                )
            floor = plane.mean((2, 3), keepdim=True) * 0.05
            smooth.append(plane.maximum(floor).flatten(1))
        return torch.cat(smooth, 1).clamp_min(1e-12)


def adam(
    problem: Problem, steps: int, lr: float, betas: tuple[float, float],
    up: float = 0.05, down: float = 0.6, root: Tensor | None = None, coarse: float = 0.0,
) -> Iterator[Tensor]:  # fmt: skip
    """Adam as the noise stage has it: a rate in units of the image.

    Args:
        problem: The problem.
        steps: How many.
        lr: The rate at its highest.
        betas: Decay rates.
        up: Fraction of the steps over which the rate rises.
        down: Fraction over which it falls.
        root: (B, D), how much each scalar moves the image: the rate counts that; None: all alike.
        coarse: Fraction of the steps in which maps above 128² stay: coarse ones first.
    """
    root = torch.ones_like(problem.start) if root is None else root
    moved = torch.cat([torch.full((s,), float(s <= 128**2)) for s in problem.sizes])
    moved = moved.to(problem.start)
    v = (problem.start * root).requires_grad_()
    optimizer = maker("adam")([v], lr=lr, betas=betas, eps=1e-15)
    for step in range(steps):
        _, gradient = problem.gradient(v.detach() / root)
        v.grad = gradient / root / problem.scalars
        if step < coarse * steps:
            v.grad *= moved
        optimizer.param_groups[0]["lr"] = lr * ramp((step + 0.5) / steps, up, down)
        optimizer.step()
        yield v.detach() / root


def one_after_the_other(
    problem: Problem, first: Iterator[Tensor], then: Callable[[], Iterator[Tensor]]
) -> Iterator[Tensor]:
    """Let one solver go on from where another one ended."""
    start = problem.start
    try:
        for u in first:
            problem.start = u
            yield u
        yield from then()
    finally:
        problem.start = start


def conjugate_gradients(
    problem: Problem, steps: int, scale: Tensor, length: float = 0.02
) -> Iterator[Tensor]:
    """Nonlinear conjugate gradients (Polak–Ribière, restarted where it is negative).

    The step length minimises the linear model along the direction exactly: one more drawing.

    Args:
        problem: The problem.
        steps: How many.
        scale: (B, D) the inverse of a diagonal preconditioner.
        length: Of the difference that gives J d, rms in u.
    """
    u, d, before = problem.start.clone(), None, None
    for _ in range(steps):
        residual, gradient = problem.gradient(u)
        z = scale * gradient
        if d is None or before is None:
            d = -z
        else:
            beta = dots(z, gradient - before[0]) / dots(before[1], before[0]).clamp_min(1e-30)
            d = -z + beta.clamp_min(0) * d
            d = torch.where(dots(d, gradient) < 0, d, -z)
        before = (gradient, z)
        change = problem.along(u, residual, d, length)
        u = u + step_length(residual, change) * d
        yield u


def step_length(residual: Tensor, change: Tensor) -> Tensor:
    """Return the t (B, 1) that minimises ‖r + t J d‖², never below 0."""
    top = -(residual * change).flatten(1).sum(1, keepdim=True)
    return (top / change.square().flatten(1).sum(1, keepdim=True).clamp_min(1e-30)).clamp_min(0)


def quasi_newton(
    problem: Problem, steps: int, scale: Tensor, history: int = 8, length: float = 0.02,
    searched: int | None = None, guarded: bool = False,
) -> Iterator[Tensor]:  # fmt: skip
    """L-BFGS in coordinates scaled by √`scale`.

    Args:
        problem: The problem.
        steps: How many.
        scale: (B, D) the inverse of a diagonal preconditioner.
        history: How many pairs are remembered.
        length: Of the difference that gives J d, rms in u; of the first step, where none is
            searched.
        searched: How many steps take the length that minimises the linear model along them, at the
            price of a drawing; the others take Newton's, the first one `length`. None: all.
        guarded: Go back where the error has risen, forget the curvature and take half the step.
    """
    root, u = scale.sqrt(), problem.start.clone()
    pairs: list[list[Tensor]] = []
    unit = torch.ones_like(u[:, :1])
    before: tuple[Tensor, Tensor, Tensor, Tensor] | None = None
    for index in range(steps):
        residual, gradient = problem.gradient(u)
        energy = residual.square().flatten(1).sum(1, keepdim=True)
        g = root * gradient
        rose = torch.zeros_like(energy, dtype=torch.bool)
        if before is not None:
            move, old_g, old_u, old_energy = before
            usable, inverse, ratio = curvature(move, g - old_g)
            pairs = [*pairs, [move, g - old_g, inverse]][-history:]
            unit = torch.where(usable, ratio, unit)
            if guarded:
                rose = energy > old_energy
                u, g = torch.where(rose, old_u, u), torch.where(rose, old_g, g)
                energy = torch.minimum(energy, old_energy)
                # All pairs but the newest, which has just seen where the error rises.
                for pair in pairs[:-1]:
                    pair[2] = torch.where(rose, torch.zeros_like(pair[2]), pair[2])
        d = lbfgs_direction(g, *zip(*pairs, strict=True), unit) if pairs else -g
        d = torch.where(dots(d, g) < 0, d, -unit * g)
        if searched is None or index < searched:
            d = step_length(residual, problem.along(u, residual, root * d, length)) * d
        elif index == 0:
            d = length / (root * d).square().mean(1, keepdim=True).sqrt() * d
        before = (d, g, u, energy)
        u = u + root * d
        yield u


def barzilai_borwein(
    problem: Problem, steps: int, scale: Tensor, length: float = 0.02
) -> Iterator[Tensor]:
    """The scaled gradient with a step length from the last change (Barzilai and Borwein 1988)."""
    u = problem.start.clone()
    before: tuple[Tensor, Tensor] | None = None
    for index in range(steps):
        residual, gradient = problem.gradient(u)
        d = -scale * gradient
        if before is None:
            move = step_length(residual, problem.along(u, residual, d, length)) * d
        else:
            change = gradient - before[1]
            product = dots(before[0], change).clamp_min(1e-30)
            long = dots(before[0], before[0] / scale) / product
            short = product / dots(change, scale * change).clamp_min(1e-30)
            move = (long if index % 2 else short) * d
        before = (move, gradient)
        u = u + move
        yield u


def levenberg_marquardt(
    problem: Problem, steps: int, scale: Tensor, inner: int, damping: float = 0.1,
    length: float = 0.02,
) -> Iterator[Tensor]:  # fmt: skip
    """Gauss–Newton with damping, each system solved by a few preconditioned CG iterations.

    (JᵀJ + λ D) d = −Jᵀr with D the preconditioner's diagonal, so that each map is damped in its own
    units. λ rises where the render did not follow the linear model, per image, and falls where it
    did (Marquardt 1963; Nielsen 1999).
    """
    u = problem.start.clone()
    damp = torch.full_like(u[:, :1], damping)
    residual, adjoint = problem.linearised(u)
    for _ in range(steps):
        d, model = _solve(problem, u, residual, adjoint, scale, damp, inner, length)
        new, new_adjoint = problem.linearised(u + d)
        energy = residual.square().flatten(1).sum(1, keepdim=True)
        gain = (energy - new.square().flatten(1).sum(1, keepdim=True)) / (
            energy - model.square().flatten(1).sum(1, keepdim=True)
        ).clamp_min(1e-30)
        better = gain > 0
        damp = torch.where(gain > 0.75, damp / 3, torch.where(gain < 0.4, damp * 3, damp))
        u = torch.where(better, u + d, u)
        if bool(better.all()):
            residual, adjoint = new, new_adjoint
        else:
            residual, adjoint = problem.linearised(u)
        yield u


def _solve(
    problem: Problem, u: Tensor, residual: Tensor, adjoint: Callable[[Tensor], Tensor],
    scale: Tensor, damp: Tensor, inner: int, length: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return d and r + J d after some CG iterations on the damped normal equations."""
    d, model = torch.zeros_like(u), residual
    g = -adjoint(residual)
    z = scale * g
    p, rho = z, dots(g, z)
    for index in range(inner):
        change = problem.along(u, residual, p, length)
        curved = change.square().flatten(1).sum(1, keepdim=True) + damp * dots(p, p / scale)
        t = rho / curved.clamp_min(1e-30)
        d = d + t * p
        model = model + t.view(-1, 1, 1, 1) * change
        if index + 1 == inner:
            break
        g = g - t * (adjoint(change) + damp * p / scale)
        z = scale * g
        rho, old = dots(g, z), rho
        p = z + rho / old.clamp_min(1e-30) * p
    return d, model
