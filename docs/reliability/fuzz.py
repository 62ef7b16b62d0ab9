"""Random override lists, pictures, masks, generators, latents and run folders.

Each command is to end with exit code 0 or 2, one line and no traceback, with bounded memory, in
bounded time. What ever failed is kept in `corpus/` and tried again first.
"""

from __future__ import annotations

import base64
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from reliability import scenes
from reliability.child import Child, Ending
from reliability.tables import Part

CORPUS = Path(__file__).with_name("corpus")
ROOM = 3 << 30
"""Bytes of address space that a command may add."""

PATIENCE = 40.0
"""CPU seconds after which a command is asked to stop: an override may ask for many steps."""

ONE_STEP = ("generator=tiny", "trainer=cpu", "trainer.threads=1", "trainer.progress=false",
            "logger=none", "metrics=pixel", "loss=pixel", "budget.latent=1",
            "budget.noise=0")  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One command and the files that it meets.

    Attributes:
        part: overrides, image, mask, generator, latent or run.
        words: The words behind `ganvas`.
        files: Contents by name, laid over the prepared folder; None deletes what is there.
    """

    part: str
    words: tuple[str, ...]
    files: dict[str, bytes | None] = field(default_factory=dict)

    def save(self, folder: Path, name: str) -> Path:
        """Write the case as JSON."""
        files = {n: None if c is None else base64.b64encode(c).decode()
                 for n, c in self.files.items()}  # fmt: skip
        content = {"part": self.part, "words": list(self.words), "files": files}
        file = folder / f"{self.part}-{name}.json"
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return file

    @staticmethod
    def load(file: Path) -> Case:
        """Read a case."""
        content = json.loads(file.read_text(encoding="utf-8"))
        files = {n: None if c is None else base64.b64decode(c)
                 for n, c in content["files"].items()}  # fmt: skip
        return Case(content["part"], tuple(content["words"]), files)


def main(part: Part) -> None:
    """Try the corpus, then cases drawn from the seed, of each part by turns."""
    seeds = part.folder / "seeds"
    scenes.make(seeds)
    samples = make_samples(seeds)
    part.rows.append(["what", "cases", "accepted", "refused", "stopped", "slowest", "most memory"])
    tallies: dict[str, Counter[str]] = {name: Counter() for name in ("corpus", *MAKERS)}
    slowest: dict[str, float] = dict.fromkeys(tallies, 0.0)
    largest: dict[str, int] = dict.fromkeys(tallies, 0)
    for name, case in cases(part, samples):
        if part.time_is_up and name != "corpus":
            break
        ended, fault = attempt(case, part.folder / "case", seeds)
        outcome = {0: "accepted", 130: "stopped"}.get(ended.code, "refused")
        tallies[name][outcome] += 1
        slowest[name] = max(slowest[name], ended.seconds)
        largest[name] = max(largest[name], ended.mib)
        if fault:
            file = case.save(CORPUS, f"{part.seed}-{sum(tallies[name].values())}")
            part.fault(f"{file.name}: ganvas {' '.join(case.words)}: {fault}")
    for name, tally in tallies.items():
        counts = [str(tally[key]) for key in ("accepted", "refused", "stopped")]
        part.rows.append([name, str(tally.total()), *counts, f"{slowest[name]:.1f} CPU s",
                          f"{largest[name]} MiB"])  # fmt: skip


def cases(part: Part, samples: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """Iterate over the corpus and then over as many new cases as the part is asked for."""
    for file in sorted(CORPUS.glob("*.json")):
        yield "corpus", Case.load(file)
    names = list(MAKERS)
    for number in range(part.count):
        name = names[number % len(names)]
        yield name, MAKERS[name](random.Random(f"{part.seed} {number}"), samples)


def attempt(case: Case, folder: Path, seeds: Path) -> tuple[Ending, str]:
    """Try one case in an empty folder; return how it ended, and what is wrong with that."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if case.part == "run":
        scenes.study(folder, seeds)
    for name, content in case.files.items():
        file = folder / name
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            # A copy shares its pictures with what it was made from, where links are hard.
            file.unlink(missing_ok=True)
            file.write_bytes(content)

    def limits() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))

    child = Child(folder, case.words, limits)
    deadline = time.monotonic() + 10 * PATIENCE
    while child.used() < PATIENCE and time.monotonic() < deadline and not child.ended():
        time.sleep(0.01)
    child.signal(signal.SIGTERM)
    ended = child.wait(limit=60)
    # `check` says by 1 that something is damaged.
    right = (0, 1, 2, 130) if case.words[0] == "check" else (0, 2, 130)
    return ended, ended.fault(right)


def make_samples(seeds: Path) -> dict[str, bytes]:
    """Return sound files of each format, to be broken."""
    import io
    import pickle

    import numpy as np
    import torch
    from PIL import Image

    from ganvas.checkpoint.convert import convert

    samples = {}
    drawn = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    colour = Image.fromarray(drawn)
    half = Image.fromarray(np.repeat(np.uint8([[0] * 24 + [255] * 24]), 48, axis=0))
    modes: dict[str, Image.Image] = {"half": half, "RGB": colour} | {
        m: colour.convert(m) for m in ("L", "RGBA", "P", "1", "LA", "CMYK")
    }
    modes |= {m: colour.convert("L").convert(m) for m in ("I;16", "F", "I")}
    for mode, picture in modes.items():
        for suffix in ("png", "jpeg", "webp", "tiff", "bmp", "gif"):
            stream = io.BytesIO()
            try:
                picture.save(stream, suffix)
            except (OSError, KeyError, ValueError):
                continue
            samples[f"{mode.replace(';', '')}.{suffix}"] = stream.getvalue()
    for target in ("nvidia", "rosinality"):
        file = seeds / f"{target}.pt"
        convert(seeds / "g.safetensors", file, target)  # type: ignore[arg-type]
        samples[f"generator-{target}.pt"] = file.read_bytes()
    samples["generator.safetensors"] = (seeds / "g.safetensors").read_bytes()
    state = torch.load(seeds / "rosinality.pt", weights_only=True)
    arrays = {name: value.numpy() for name, value in state["g_ema"].items()}
    samples["generator.pkl"] = pickle.dumps({"g_ema": arrays}, protocol=4)
    w = np.random.default_rng(0).normal(size=(1, 9, 32)).astype(np.float32)
    for name, write in {
        "w.npy": lambda s: np.save(s, w), "w.npz": lambda s: np.savez(s, w=w),
        "w.pt": lambda s: torch.save(torch.from_numpy(w), s),
    }.items():  # fmt: skip
        stream = io.BytesIO()
        write(stream)
        samples[name] = stream.getvalue()
    run = (seeds / "outputs" / "first").resolve()
    samples["w.safetensors"] = (run / "embedding.safetensors").read_bytes()
    for file in sorted(run.rglob("*")):
        if file.is_file() and file.suffix in (".json", ".jsonl", ".yaml", ".safetensors", ".png"):
            samples[f"run/{run.name}/{file.relative_to(run)}"] = file.read_bytes()
    return samples


def broken(rng: random.Random, content: bytes) -> bytes:
    """Return `content` with one to four changes: cut, bits, blocks, numbers at their limits."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(data) + 1) if rng.random() < 0.5 else rng.randrange(
            min(len(data), 400) + 1)  # fmt: skip
        size = rng.choice((1, 2, 4, 8, 64))
        change = rng.randrange(7)
        if change == 0:
            del data[place:]
        elif change == 1:
            del data[place : place + size]
        elif change == 2:
            data[place:place] = rng.randbytes(size)
        elif change == 3:
            data[place : place + size] = bytes(size)
        elif change == 4:
            data[place : place + size] = b"\xff" * size
        elif change == 5:
            data[place : place + size] = rng.randbytes(size)
        else:
            data[place:place] = data[place : place + 4096]
    return bytes(data)


def broken_text(rng: random.Random, content: bytes) -> bytes:
    """Return a JSON or YAML file with values, keys and lines exchanged for others."""
    values = ["null", "[]", "{}", "-1", "1e999", "NaN", '"x"', "../../etc", "\x00", "9" * 400,
              "true", "!!python/object:os.system", "&a [*a]", "🎭", "[" * 2000]  # fmt: skip
    lines = content.decode().split("\n")
    for _ in range(rng.choice((1, 1, 3))):
        place = rng.randrange(len(lines))
        head, colon, tail = lines[place].partition(":")
        value = rng.choice(values)
        comma = "," if tail.rstrip().endswith(",") else ""
        lines[place] = rng.choice(
            [f"{head}{colon} {value}{comma}", f"{value}{colon}{tail}", "", lines[place] * 2]
        )
    return "\n".join(lines).encode(errors="surrogatepass")


def overrides(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw a list of overrides; what it does not choose itself makes a run of one step."""
    lists = _lists()
    lists.random = rng
    words = lists.draw()
    # One that asks for a real network or the paper's steps would only take long.
    heavy = ("generator", "budget", "metrics", "loss", "logger", "trainer", "experiment",
             "edit.stages.w.steps", "edit.stages.n.steps")  # fmt: skip
    light = [w for w in words if not w.lstrip("~+").startswith(heavy) or rng.random() < 0.05]
    return Case("overrides", ("run", *ONE_STEP, *light))


def image(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw a photograph: sound or broken."""
    name = rng.choice([n for n in samples if n.count(".") == 1 and n[0] in "RLP1CIF"])
    content = broken(rng, samples[name]) if rng.random() < 0.9 else samples[name]
    return Case("image", ("run", *ONE_STEP, "image=file", f"image.x.path={name}"), {name: content})


def mask(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw a file of a mask: sound or broken."""
    names = [n for n in samples if n.startswith("half.")]
    name = rng.choice(names)
    content = broken(rng, samples[name]) if rng.random() < 0.8 else samples[name]
    if rng.random() < 0.3:
        ((name, content),) = image(rng, samples).files.items()
    return Case("mask", ("run", *ONE_STEP, "mask=file", f"mask.path={name}"), {name: content})


def generator(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw a generator's file, to be inspected or converted."""
    name = rng.choice([n for n in samples if n.startswith("generator")])
    words = rng.choice([("inspect", name), ("convert", name, "out.safetensors")])
    return Case("generator", words, {name: broken(rng, samples[name])})


def latent(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw an embedding or a latent of another program."""
    name = rng.choice(["w.npy", "w.npz", "w.pt", "w.safetensors", "w.safetensors"])
    words = ("import", name, "generator=tiny", "-o", "out.safetensors")
    if name == "w.safetensors":
        words = rng.choice([("render", name), ("export", name, "-o", "out.npz")])
    return Case("latent", words, {name: broken(rng, samples[name])})


def run_folder(rng: random.Random, samples: dict[str, bytes]) -> Case:
    """Draw a run's folder with some files broken, missing, or exchanged."""
    names = [n for n in samples if n.startswith("run/")]
    files: dict[str, bytes | None] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        name = rng.choice(names)
        target = name.replace("run/", "outputs/s/")
        text = Path(name).suffix in (".json", ".jsonl", ".yaml") and rng.random() < 0.6
        files[target] = rng.choice([
            None, b"", broken_text(rng, samples[name]) if text else broken(rng, samples[name]),
            broken_text(rng, samples[name]) if text else broken(rng, samples[name]),
            samples[rng.choice(names)],
        ])  # fmt: skip
    if rng.random() < 0.5:
        # Without a manifest, each file is judged by what it holds.
        folder = "/".join(names[0].replace("run/", "outputs/s/").split("/")[:3])
        files[f"{folder}/manifest.json"] = None
        status = json.loads(samples[next(n for n in names if n.endswith("/status.json"))])
        del status["version"]
        files.setdefault(f"{folder}/status.json", json.dumps(status).encode())
    words = rng.choice([("ls", "s"), ("table", "s"), ("check", "s"), ("report", "s"),
                        ("export", "outputs/first", "-o", "w.npz"),
                        ("rerun", "--check", "outputs/first"),
                        ("wandb", "report", "s", "--entity", "x", "--dry-run")])  # fmt: skip
    return Case("run", words, files)


Maker = Callable[[random.Random, dict[str, bytes]], Case]
MAKERS: dict[str, Maker] = {
    "overrides": overrides, "image": image, "mask": mask, "generator": generator,
    "latent": latent, "run": run_folder,
}  # fmt: skip


@cache
def _lists() -> Any:
    """Return what draws lists of overrides for the tests as well."""
    sys.path.append(str(Path(__file__).parents[2] / "tests"))
    from ganvas.config.compose import Resolver
    from ganvas.config.groups import groups
    from random_overrides import Overrides

    return Overrides(groups(), Resolver().compose(["edit=permute"]).config, 0)
