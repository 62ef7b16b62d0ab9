"""Steps per second on a GPU: ganvas with each fast path against a plain projector.

    python docs/bench_gpu.py --output results --seconds 100
    python docs/bench_gpu.py --nvidia CHECKOUT     # NVIDIA's network as well: stylegan2-ada-pytorch
    python docs/bench_gpu.py --output results --device cpu --small     # to try the script

StyleGAN2 of configuration f at 1024² with random weights, and MobileStyleGAN. The plain loop of
speed/plain.py optimises the same variables under the same terms. Writes results/gpu.json after
every row, and results/gpu.md at the end.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.errors import AssetError
from ganvas.generator import Generator
from ganvas.generator.config import loaded
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.stylegan2 import StyleGAN2
from ganvas.network.lpips import perceptual_distance
from ganvas.runner.settings import Trainer
from ganvas.system.files import write_json, write_text
from speed import nvidia
from speed.measure import WARM_UP, Row, Scenery, exact, first_gradient, in_ganvas, plainly
from speed.networks import CONFIG_F, stylegan2
from speed.plain import drawer
from speed.task import TASKS, Task

VARIANTS: dict[str, Trainer] = {
    "trainer=auto": Trainer(),
    "deterministic=false": Trainer(deterministic=False),
    "+ tf32": Trainer(deterministic=False, tf32=True),
    "+ channels_last": Trainer(deterministic=False, tf32=True, channels_last=True),
    "+ cuda_graphs": Trainer(
        deterministic=False, tf32=True, channels_last=True, cuda_graphs=True
    ),
    "+ bf16-mixed": Trainer(
        deterministic=False, tf32=True, channels_last=True, cuda_graphs=True,
        precision="bf16-mixed",
    ),
    "cuda_graphs alone": Trainer(deterministic=False, cuda_graphs=True),
    "deterministic, cuda_graphs": Trainer(cuda_graphs=True),
}  # fmt: skip
"""Settings of `trainer=`, from exact to fast."""


def mobilestylegan(small: bool) -> Generator:
    """Return MobileStyleGAN, with random weights where the asset is not there."""
    if not small:
        try:
            return loaded(MobileStyleGANConfig())
        except AssetError:
            pass
    channels = (16, 16, 8) if small else (512, 512, 512, 512, 512, 256, 128, 64)
    generator = MobileStyleGAN(channels)
    rng = torch.Generator().manual_seed(0)
    for tensor in generator.state_dict().values():
        fan_in = max(1, tensor[0].numel()) if tensor.ndim > 1 else 1
        tensor.copy_(torch.randn(tensor.shape, generator=rng) / fan_in**0.5)
    return generator.eval().requires_grad_(False)


def generators(small: bool) -> Iterator[Generator]:
    """Give the generators, each built when its turn comes."""
    yield stylegan2((16, 16, 8, 8) if small else CONFIG_F)
    yield mobilestylegan(small)


def variants(
    scenery: Scenery, task: Task, steps: int, checkout: Path | None
) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Give each variant's name, and what measures it."""
    draw = drawer(scenery.generator)
    yield "plain", lambda: plainly(scenery, draw, task, steps, "plain", tf32=False)
    yield "plain, TF32", lambda: plainly(scenery, draw, task, steps, "plain, TF32", tf32=True)
    if checkout is not None and isinstance(scenery.generator, StyleGAN2):
        other = nvidia.drawer(checkout, scenery.generator)
        # Its weights are random as well, but others: what it draws comes to another loss.
        for name, tf32 in (("NVIDIA's network", False), ("NVIDIA's network, TF32", True)):
            yield (
                name,
                lambda n=name, t=tf32: replace(  # type: ignore[misc]
                    plainly(scenery, other, task, steps, n, t), loss=float("nan")
                ),
            )
    with exact():
        reference = first_gradient(scenery, task)
    for name, trainer in VARIANTS.items():
        yield (
            name,
            lambda n=name, t=trainer: in_ganvas(scenery, task, steps, n, t, reference),  # type: ignore[misc]
        )


def main(options: argparse.Namespace) -> None:
    """Measure as long as there is time, and write what there is after every row."""
    end = time.monotonic() + options.seconds
    device = torch.device(options.device)
    distance = perceptual_distance("vgg", str(device))
    rows: list[Row] = []
    for generator in generators(options.small):
        scenery = Scenery.of(generator.to(device), distance)
        for task in TASKS:
            for name, measure in variants(scenery, task, options.steps, options.nvidia):
                if time.monotonic() > end:
                    break
                rows.append(attempt(measure, scenery.generator.name, task.name, name))
                write_json(options.output / "gpu.json", described(rows, device))
                print(line(rows[-1]), flush=True)
    write_text(options.output / "gpu.md", table(rows))


def attempt(measure: Callable[[], Row], generator: str, task: str, variant: str) -> Row:
    """Return what `measure` does, or a row that says why there is none."""
    try:
        return measure()
    except Exception as error:  # one variant that fails costs no other
        traceback.print_exc()
        nan = float("nan")
        note = f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''}"
        return Row(generator, task, variant, nan, nan, nan, nan, nan, note)


def described(rows: list[Row], device: torch.device) -> dict[str, object]:
    """Return the rows with the machine they were measured on."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else "CPU",
        "torch": torch.__version__,
        "rows": [row.as_json() for row in rows],
    }


def line(row: Row) -> str:
    """Return a row as one line of the log."""
    return (
        f"{row.generator:<15} {row.task:<10} {row.variant:<28} {row.milliseconds:8.2f} ms"
        f"  pass {row.pass_milliseconds:8.2f} ms  gradient {row.gradient_error:.1e}"
        f"  loss {row.loss:.5g}  {row.peak_mib:.0f} MiB  {row.note}"
    )


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown, with the factor against the plain loop."""
    head = ("generator", "task", "variant", "ms", "× plain", "gradient's error", "loss", "note")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    plain = {(r.generator, r.task): r.milliseconds for r in rows if r.variant == "plain"}
    for row in rows:
        factor = plain.get((row.generator, row.task), float("nan")) / row.milliseconds
        lines.append(
            f"| {row.generator} | {row.task} | {row.variant} | {row.milliseconds:.2f} "
            f"| {factor:.2f} | {row.gradient_error:.1e} | {row.loss:.5g} | {row.note} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("outputs/speed"))
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--steps", type=int, default=36)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--nvidia", type=Path, help="a checkout of stylegan2-ada-pytorch")
    parser.add_argument("--small", action="store_true", help="small generators, to try the script")
    chosen = parser.parse_args()
    if chosen.steps <= WARM_UP:
        parser.error(f"--steps={chosen.steps}: the first {WARM_UP} are not timed")
    main(chosen)
