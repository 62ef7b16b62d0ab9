"""`ganvas dissect`: which units of a generator draw which concept, and what they cause."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.command.flags import read_config_dir
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.config.groups import user_folders
from ganvas.config.schema import Call, build
from ganvas.config.targets import parameters
from ganvas.dissect.plan import SHARING, DissectPlan
from ganvas.errors import ConfigError, InputError, about
from ganvas.system.files import sha256

if TYPE_CHECKING:
    from ganvas.dissect import Caused, Dissection, Share
    from ganvas.dissect.source import Embedded
    from ganvas.report.dissection import Strips

HELP = """\
ganvas dissect [generator=OPTION] [layers=[8,16,32]] [concepts=face] [samples=1000] [KEY=VALUE …]

Counts how well the units of each layer agree with concepts over samples, measures what the best
units cause when they are ablated or inserted, and writes dissection.safetensors, units.json and
index.html into dissections/GENERATOR-HASH/KEY/. Interrupted or killed, the same command goes on;
with more samples it adds to those that it has. Keys:
  concepts=face|onnx|torchscript|files   who says where a concept is; concepts.names=[hair,eyes]
  samples, seed, psi                     which samples; embedding=FILE: embedded photographs
  threshold=quality|quantile, quantile   above which value a unit is active
  effect.units, effect.samples, effect.random, effect.concepts, effect.layer; effect=null: none
  effect.rankings=[iou,alpha,greedy,correlation,gradient]   what chooses units; the last two: styles
  output, batch, device
"""

ROOT = "dissect"
"""The configuration that is composed."""

LINE_EVERY = 30.0
"""Seconds between two lines of progress."""


def dissect(words: Sequence[str]) -> int:
    """Dissect a generator; return the exit code.

    Raises:
        GanvasError: A mistake, before any work.
    """
    if {"-h", "--help"} & set(words):
        print(HELP, end="")
        return 0
    options = read_config_dir(words)
    resolver = Resolver(user_folders(options.config_dir), root=ROOT)
    call, job = resolve_as(DissectPlan, resolver, options.overrides)
    plan: DissectPlan = build(call)
    return _work(plan, job.config["generator"], key_of(call))


def key_of(call: Call) -> str:
    """Return what shards are known by besides the generator: all that changes what is counted.

    Raises:
        InputError: A file is missing; its key is named.
    """
    from ganvas.runner.signature import canonical

    defaults = {n: p.default for n, p in parameters(call.target).items() if not p.required}
    counted: dict[str, Any] = {}
    if settings := _settings(call.arguments["generator"]):
        counted["generator"] = settings
    for name, value in {**defaults, **call.arguments}.items():
        if name in SHARING:
            continue
        with about(name, InputError):
            counted[name] = canonical(_with_folders(value))
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()[:10]


def _settings(generator: Any) -> dict[str, Any]:
    """Return what a generator is set to besides its file, such as its class; not what is default.

    The folder is named by the weights, so that the file does not count.
    """
    from ganvas.runner.signature import canonical

    if not isinstance(generator, Call):
        return {}
    known = parameters(generator.target)
    given = {n: v for n, v in generator.arguments.items() if n not in ("checkpoint", "sha256")}
    plain = {name: canonical(value) for name, value in given.items()}
    return {n: v for n, v in plain.items() if n not in known or v != canonical(known[n].default)}


def _with_folders(value: Any) -> Any:
    """Put the files of a folder of masks, with their hashes, in the place of its path."""
    if isinstance(value, Call):
        inner = {name: _with_folders(argument) for name, argument in value.arguments.items()}
        return Call(value.key, value.target, inner)
    if isinstance(value, Path) and value.is_dir():
        files = sorted(file for file in value.rglob("*") if file.is_file())
        return [[file.relative_to(value).as_posix(), sha256(file)] for file in files]
    return value


def _work(plan: DissectPlan, described: dict[str, Any], key: str) -> int:
    from ganvas.dissect.dissection import FILE
    from ganvas.dissect.effects import Effects
    from ganvas.dissect.gallery import by_concept, strips
    from ganvas.dissect.source import Samples, opened
    from ganvas.dissect.summary import summarised
    from ganvas.dissect.survey import Survey, chosen_layers
    from ganvas.dissect.table import table
    from ganvas.generator.config import load_generator
    from ganvas.runner.settings import Trainer

    device = Trainer(device=plan.device).torch_device()
    generator = load_generator(described).to(device)
    layers = chosen_layers(generator, plan.layers)
    if plan.effect is not None and plan.effect.layer is not None:
        asked = generator.find_layer(plan.effect.layer)
        if asked not in layers:
            raise ConfigError(f"effect.layer={plan.effect.layer} is not among layers")
    source: Samples | Embedded = Samples(plan.seed, plan.psi)
    samples = plan.samples
    if plan.embedding is not None:
        embedded = opened(plan.embedding, generator)
        samples = min(samples, len(embedded.embedding))
        source = embedded
    segment = plan.concepts.segmenter(device)
    if plan.effect is not None and plan.effect.reserved:
        plan.concepts.score(next(iter(plan.concepts.members)), device)
    folder = plan.output / f"{generator.name}-{generator.source_hash[:12]}" / key
    batch = plan.batch or (25 if device.type == "cuda" else 1)
    survey = Survey(generator, layers, segment, source, folder, plan.calibration, plan.psi, batch)
    counts = survey.run(samples, progress())
    concepts = tuple(plan.concepts.members)
    dissection = summarised(
        counts, survey.edges(), concepts, generator, plan.threshold, plan.quantile
    )
    dissection.save(folder / FILE)
    pictures = by_concept(strips(survey, dissection, counts.pixels))
    caused: list[Caused] = []
    page = _written(folder, dissection, caused, pictures, generator.name)
    if plan.effect is not None:
        effects = Effects(
            plan.effect, survey, counts.pixels, lambda name: plan.concepts.score(name, device),
            sha256(folder / FILE),
        )  # fmt: skip
        measured = dissection
        for measured, one in effects.run(dissection):  # noqa: B007
            if isinstance(one, str):
                print(one, file=sys.stderr)
            else:
                caused.append(one)
                line(one)
        measured.save(folder / FILE)
        page = _written(folder, measured, caused, pictures, generator.name)
    show(table(dissection, caused))
    print(page)
    return 0


def _written(
    folder: Path, dissection: Dissection, caused: Sequence[Caused], strips: Strips, name: str
) -> Path:
    """Write the table and the page; before the effects are measured, too, which take long."""
    from ganvas.dissect.table import table
    from ganvas.report.dissection import write_page
    from ganvas.system.files import write_json

    data = table(dissection, caused)
    write_json(folder / "units.json", data)
    return write_page(folder, data, strips, name)


def line(caused: Caused) -> None:
    """Print one effect."""
    print(
        f"{caused.concept} at {caused.layer}: {len(caused.units)} units by {caused.ranking} remove "
        f"{_words(caused.best.removed)}, {_words(caused.best.others)} of the rest change; "
        f"random units: {_words(caused.chance.removed)}, {_words(caused.chance.others)}",
        flush=True,
    )


def _words(share: Share) -> str:
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]"


def show(data: Mapping[str, Any]) -> None:
    """Print the best units of every concept."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, pad_edge=False)
    for title in ("concept", "of pixels", *data["layers"]):
        shown.add_column(title)
    for concept in data["concepts"]:
        best = [
            ", ".join(f"{u['unit']} ({u['iou']:.2f})" for u in units[:3])
            for units in concept["layers"].values()
        ]
        shown.add_row(concept["name"], f"{concept['share']:.2%}", *best)
    Console(highlight=False, width=None if sys.stdout.isatty() else 240).print(shown)


def progress(clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Return what says now and then on stderr how many pictures are counted."""
    start = last = clock()
    first = -1

    def report(done: int, of: int) -> None:
        nonlocal last, first
        first = done if first < 0 else first
        now = clock()
        if done < of and now - last < LINE_EVERY:
            return
        last = now
        pace = (now - start) / max(done - first, 1)
        print(f"{done} of {of} pictures, about {pace * (of - done):.0f} s left", file=sys.stderr)

    return report
