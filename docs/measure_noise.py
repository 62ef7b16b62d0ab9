"""Compare solvers for the noise maps: dB against evaluations, and the ceiling of the maps.

    python docs/measure_noise.py PORTRAITS --output results --seconds 60
    python docs/measure_noise.py --tiny --device cpu --output results       # to try the script

The latent of each portrait is fitted first, with MSE and LPIPS at 256² (MSE alone where there is
no VGG16), and kept as OUTPUT/latents.safetensors for the next time. An evaluation is a pass through
the generator and back; drawing alone counts as half of one. Writes OUTPUT/noise.json after every
solver.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.embedding import Embedding
from ganvas.errors import AssetError
from ganvas.generator import Generator
from ganvas.generator.tiny_network import TinyGenerator
from ganvas.image.source import Source, to_tensor
from ganvas.layers import All
from ganvas.loss import LPIPS, MSE, Block, Term
from ganvas.optimizer import Adam, Schedule
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.system.files import write_json
from ganvas.system.tf32 import allow_tf32
from speed.measure import Clock, fit_timed, synchronise
from speed.solvers import (
    Problem,
    adam,
    barzilai_borwein,
    conjugate_gradients,
    levenberg_marquardt,
    one_after_the_other,
    quasi_newton,
)

STAGE = {"lr": 0.03, "betas": (0.8, 0.95)}
"""The noise stage's Adam."""

Solver = Callable[[Problem], Iterator[Tensor]]


def solvers(diagonal: Callable[[Problem], Tensor], ceiling: int) -> Iterator[tuple[str, Solver]]:
    """Give the solvers by name, the most telling ones first."""

    def flat(problem: Problem) -> Tensor:
        return torch.full_like(problem.start, 1 / problem.scalars)

    def inverse(problem: Problem) -> Tensor:
        return 1 / diagonal(problem)

    yield "adam 60", lambda p: adam(p, 60, **STAGE)
    for lr in (0.06, 0.1):
        yield f"adam 20, lr {lr}", lambda p, r=lr: adam(p, 20, r, (0.8, 0.95))
    yield "adam 20", lambda p: adam(p, 20, **STAGE)
    for searched, guarded in ((1, False), (0, False), (0, True)):
        yield (
            f"l-bfgs, diagonal, {searched} searched{', guarded' * guarded}",
            lambda p, s=searched, g=guarded: quasi_newton(p, 60, inverse(p), searched=s, guarded=g),
        )
    yield "cg, diagonal", lambda p: conjugate_gradients(p, 40, inverse(p))
    yield "lm 5, diagonal", lambda p: levenberg_marquardt(p, 10, inverse(p), 5)
    yield f"adam {ceiling}", lambda p: adam(p, ceiling, 0.02, (0.9, 0.99), down=0.8)
    yield "cg, per map", lambda p: conjugate_gradients(p, 40, flat(p))
    yield "l-bfgs, diagonal", lambda p: quasi_newton(p, 40, inverse(p))
    for history in (3, 20):
        yield (
            f"l-bfgs {history}, diagonal, 1 searched",
            lambda p, h=history: quasi_newton(p, 60, inverse(p), h, searched=1),
        )
    yield "l-bfgs, per map, 1 searched", lambda p: quasi_newton(p, 60, flat(p), searched=1)
    for probes, blur in ((1, 9), (2, 5), (8, 3), (16, 1)):
        yield (
            f"l-bfgs, {probes} probes, blurred {blur}, 1 searched",
            lambda p, n=probes, b=blur: quasi_newton(
                p, 40, 1 / p.diagonal(p.start, n, b), searched=1
            ),
        )
    yield "barzilai-borwein, diagonal", lambda p: barzilai_borwein(p, 60, inverse(p))
    for probes, blur in ((2, 5), (8, 3)):
        yield (
            f"cg, diagonal of {probes} probes, blurred {blur}",
            lambda p, n=probes, b=blur: conjugate_gradients(p, 25, 1 / p.diagonal(p.start, n, b)),
        )
    yield "lm 3, diagonal", lambda p: levenberg_marquardt(p, 14, inverse(p), 3)
    yield "lm 10, diagonal", lambda p: levenberg_marquardt(p, 6, inverse(p), 10)
    yield (
        "adam 20, rate per scalar",
        lambda p: adam(p, 20, 0.06, (0.8, 0.95), root=diagonal(p).sqrt() / p.scalars**0.5),
    )
    for lr in (0.06, 0.1):
        for betas in ((0.9, 0.95), (0.9, 0.99), (0.6, 0.9)):
            yield f"adam 20, lr {lr}, {betas}", lambda p, r=lr, b=betas: adam(p, 20, r, b)
    for lr in (0.15, 0.2):
        yield f"adam 20, lr {lr}, (0.6, 0.9)", lambda p, r=lr: adam(p, 20, r, (0.6, 0.9))
    yield "adam 20, lr 0.06, down 0.9", lambda p: adam(p, 20, 0.06, (0.8, 0.95), down=0.9)
    yield "adam 20, coarse first", lambda p: adam(p, 20, 0.06, (0.8, 0.95), coarse=0.25)
    yield (
        "cg 3, then adam 15",
        lambda p: one_after_the_other(
            p, conjugate_gradients(p, 3, inverse(p)), lambda: adam(p, 15, 0.04, (0.8, 0.95))
        ),
    )
    yield (
        "adam 15, then cg",
        lambda p: one_after_the_other(
            p, adam(p, 15, 0.08, (0.8, 0.95)), lambda: conjugate_gradients(p, 15, inverse(p))
        ),
    )
    yield "adam 30", lambda p: adam(p, 30, 0.045, (0.8, 0.95))
    yield "adam 100", lambda p: adam(p, 100, **STAGE)
    yield "lm 20, diagonal", lambda p: levenberg_marquardt(p, 5, inverse(p), 20)
    yield "cg, length 0.1", lambda p: conjugate_gradients(p, 40, inverse(p), 0.1)
    yield "cg, length 0.004", lambda p: conjugate_gradients(p, 40, inverse(p), 0.004)


def measured(problem: Problem, solver: Solver, device: torch.device) -> dict[str, Any]:
    """Run a solver and return, after each step: evaluations, seconds, and dB of each image."""
    problem.evaluations = 0.0
    synchronise(device)
    seconds, trace = 0.0, []
    started = time.perf_counter()
    for u in solver(problem):
        synchronise(device)
        seconds += time.perf_counter() - started
        # Looking at it is not part of the solver.
        with torch.no_grad():
            psnr = problem.psnr(problem.residual(u)).tolist()
        trace.append([problem.evaluations, round(seconds, 4), *(round(v, 3) for v in psnr)])
        started = time.perf_counter()
    return {"trace": trace}


def fitted(generator: Generator, target: Tensor, output: Path, steps: int) -> Embedding:
    """Return the latent of each portrait with its starting noise, fitted once."""
    rng = torch.Generator().manual_seed(0)
    count, file = len(target), output / "latents.safetensors"
    noise = tuple(generator.sample_noise(count, rng))
    names = tuple(str(i) for i in range(count))
    w = generator.broadcast(generator.w_avg.expand(count, -1))
    if file.is_file():
        return Embedding(load_file(file)["w"].to(w), noise, "w+", names=names)
    terms: dict[str, Term] = {"mse": MSE(weight=1.0, resolution=256), "lpips": LPIPS(weight=1.0)}
    try:
        terms["lpips"].load(target.device)
    except AssetError:
        terms.pop("lpips")
    config = StageConfig(
        optimise={"latent": Adam(lr=0.1, betas=(0.9, 0.99), schedule=Schedule(0.1, 0.6))},
        layers=All(),
        objective={"W_l": Block(terms)},
        steps=steps,
        tied=0.2,
    )
    start = Embedding(w, noise, "w+", names=names)
    stage = Stage(config, Scene(generator, {"x": target}, {}, lambda: start), min(count, 8))
    fit_timed(stage, Clock(steps, target.device), count)
    embedding = stage.finish()
    save_file({"w": embedding.latent.contiguous().cpu()}, file)
    return embedding


def portraits(folder: Path, resolution: int, limit: int) -> Tensor:
    """Return the portraits (B, 3, H, W) in [−1, 1]."""
    return to_tensor(list(Source(folder, limit=limit).read().values()), resolution)


def main(options: argparse.Namespace) -> None:
    """Fit the latents and run the solvers as long as there is time."""
    end = time.monotonic() + options.seconds
    device = torch.device(options.device)
    allow_tf32(False)
    options.output.mkdir(parents=True, exist_ok=True)
    if options.tiny:
        generator: Generator = TinyGenerator(resolution=32, channels=8, w_dim=16).eval()
        rng = torch.Generator().manual_seed(1)
        target = torch.rand(2, 3, 32, 32, generator=rng) * 2 - 1
    else:
        generator = MobileStyleGANConfig().load().eval()
        target = portraits(options.portraits, generator.resolution, options.limit)
    generator.requires_grad_(False).to(device)
    target = target.to(device)
    start = fitted(generator, target, options.output, options.latent_steps)
    print(f"{len(target)} latents, {end - time.monotonic():.0f} s left", flush=True)
    problem = Problem(generator, start.latent, target, start.noise)
    results: dict[str, Any] = {}
    for name, solver in solvers(lambda p: p.diagonal(p.start, 4, 5), options.ceiling):
        if time.monotonic() > end:
            break
        if options.only and name not in options.only:
            continue
        try:
            results[name] = measured(problem, solver, device)
        except Exception as error:  # one solver that fails costs no other
            results[name] = {"error": repr(error)[:200]}
        write_json(options.output / "noise.json", results)
        print(line(name, results[name]), flush=True)


def line(name: str, result: dict[str, Any]) -> str:
    """Return the mean dB at some numbers of evaluations, as one line of the log."""
    if "error" in result:
        return f"{name:<32} {result['error']}"
    cells = []
    for limit in (10, 20, 30, 60, 100, 10**9):
        reached = [row for row in result["trace"] if row[0] <= limit]
        if reached:
            last = reached[-1]
            mean = sum(last[2:]) / len(last[2:])
            cells.append(f"{last[0]:6.1f}: {mean:5.2f} dB ({last[1]:5.2f} s)")
    return f"{name:<32} " + "  ".join(cells)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portraits", type=Path, nargs="?", default=Path("portraits"))
    parser.add_argument("--output", type=Path, default=Path("outputs/noise"))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--ceiling", type=int, default=600, help="evaluations of the ceiling")
    parser.add_argument("--latent-steps", type=int, default=80)
    parser.add_argument("--limit", type=int, default=8, help="portraits at most")
    parser.add_argument("--only", nargs="*", help="names of solvers; without it: all")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a tiny generator, to try the script")
    main(parser.parse_args())
