"""`ganvas ablate`: an experiment, and the same without each of its parts."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from ganvas.analysis.ablation import (
    Ablation,
    Component,
    Variant,
    add_members,
    components,
    read_ablation,
    require_same,
    variants,
)
from ganvas.command.flags import read_config_dir
from ganvas.command.runs import agreed
from ganvas.config.compose import Resolver
from ganvas.config.groups import user_folders
from ganvas.config.items import items
from ganvas.config.overrides import expand, parse
from ganvas.errors import ConfigError
from ganvas.study.calibrate import calibrate, duration
from ganvas.study.job_table import study_name
from ganvas.study.launch import Settings, exit_code, launch, settings_of
from ganvas.study.plan import Planned, keep_plan, plan
from ganvas.study.settings import LocalSettings, cores
from ganvas.study.slurm.settings import SlurmSettings

_REPEATS = re.compile(r"[+~]*(image|seed)\b")

HELP = """\
ganvas ablate [ablation=NAME] [over=[…]] [mode=both|leave_one_out|add_one_in] [--yes] [overrides]

The experiment that the overrides describe, without each part that `over` names (leave-one-out), and
a bare one to which each part is added alone (add-one-in): a stage with its terms, a term with its
stages. Sweeps in the overrides multiply it: seed=0,1,2. `over` may hold
  mask, layers, start     their neutral option stands for the absence
  loss, stages            every term, every stage
  KEY                     anything that can be deleted, such as loss.latent.lpips
  KEY=VALUE               what stands for the absence, such as start=random
It says how many runs it will be and how long they take, and asks; --yes starts at once. Jobs run as
with hydra/launcher=local, with its settings: hydra.launcher.jobs=4.
"""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    ablation: Ablation
    base: tuple[str, ...]
    resolver: Resolver
    settings: Settings
    yes: bool


def ablate(words: Sequence[str]) -> int:
    """Run an ablation; return the exit code.

    Raises:
        GanvasError: A mistake that was found before any work.
    """
    if {"-h", "--help"} & set(words):
        print(HELP, end="")
        return 0
    asked = read_words(words)
    resolver = asked.resolver
    sweep = expand(asked.base, resolver.groups)
    parts = components(asked.ablation.over, sweep[0], resolver)
    parts = effective(parts, sweep, resolver)
    jobs = planned_variants(variants(parts, asked.ablation.mode), sweep, resolver)
    unique = {p.path: p for members in jobs.values() for p in members}
    study = Path(next(iter(unique))).parent
    hashes = {name: experiments(members, resolver) for name, members in jobs.items()}
    require_same(study, hashes)
    due = [p for p in unique.values() if p.final.state != "finished" or p.force]
    print(f"{len(jobs)} variants, {len(unique)} runs, {len(unique) - len(due)} finished already")
    if due:
        print("measuring how long a few steps take …", flush=True)
        settings = asked.settings
        here = tried_as(settings)
        pace = calibrate(due[0].overrides, resolver, here)
        side = len(here.slots())
        if isinstance(settings, SlurmSettings):
            side = settings.jobs or len(due)
        print(
            f"about {duration(pace.seconds(due, side))} with {side} at a time "
            f"({pace.step:.3g} s a step, {pace.overhead:.3g} s a run besides)",
            flush=True,
        )
        if not asked.yes and not agreed("start? [y/N] "):
            return 0
    keep_plan([p for planned in jobs.values() for p in planned], resolver)
    # Before the runs, so that a table knows what is there when they are interrupted.
    members = {name: [p.final.path.name for p in ps] for name, ps in jobs.items()}
    add_members(study, members, hashes)
    tasks = launch(list(unique.values()), resolver, asked.settings)
    print(f"next: ganvas table {study_name(study)}")
    return exit_code(tasks)


def experiments(jobs: Sequence[Planned], resolver: Resolver) -> set[str]:
    """Return the hashes of the jobs' experiments, whatever their images, seeds and metrics."""
    from ganvas.runner.job import validate
    from ganvas.runner.signature import WITHOUT_EFFECT, digest

    alike = {tuple(w for w in p.overrides if not _REPEATS.match(w)): p.overrides for p in jobs}
    # A recipe may hold the seed, too.
    configs = [resolver.resolve([*words, "seed=0"]).config for words in alike.values()]
    without = (*WITHOUT_EFFECT, "image", "seed", "metrics", "trainer")
    return {digest(validate(config), without) for config in configs}


def tried_as(settings: Settings) -> LocalSettings:
    """Return how a few steps are tried on this machine, to learn how long jobs take."""
    if isinstance(settings, LocalSettings):
        return settings
    if isinstance(settings, SlurmSettings):
        return LocalSettings(threads=settings.threads)
    return LocalSettings(jobs=1, threads=cores())


def read_words(words: Sequence[str]) -> Asked:
    """Take ablate's own words out of Hydra's.

    Raises:
        ConfigError: `over` is missing, or a word is wrong.
    """
    yes = "--yes" in words
    options = read_config_dir([w for w in words if w != "--yes"], "--help, --yes and --config-dir")
    resolver = Resolver(user_folders(options.config_dir))
    flags = {}
    rest = []
    for word in options.overrides:
        name, _, value = word.partition("=")
        if name in ("over", "mode", "ablation"):
            flags[name] = value
        else:
            rest.append(word)
    ablation = (
        read_ablation(flags["ablation"], resolver.groups) if "ablation" in flags else Ablation(())
    )
    over = items(flags.get("over", ""))
    mode = flags.get("mode", ablation.mode)
    if mode not in ("both", "leave_one_out", "add_one_in"):
        raise ConfigError(f"mode={mode}: both, leave_one_out or add_one_in")
    ablation = Ablation(over or ablation.over, ablation.overrides, mode)
    if not ablation.over:
        raise ConfigError("say what may be left out: over=[mask,layers,loss,stages] or ablation=…")
    chosen = resolver.compose_hydra(["hydra/launcher=local", *rest]).launcher
    plain = OmegaConf.to_container(chosen, resolve=True)
    assert isinstance(plain, dict)
    settings = settings_of({str(k): v for k, v in plain.items()})
    base = [*ablation.overrides, *(w for w in rest if not w.startswith("hydra"))]
    if not any(word.startswith("study=") for word in base):
        base.append(f"study={flags.get('ablation', 'ablation')}")
    return Asked(ablation, tuple(base), resolver, settings, yes)


def effective(
    parts: Sequence[Component], sweep: Sequence[Sequence[Override]], resolver: Resolver
) -> list[Component]:
    """Return the components that change the experiment; the others are named on stderr.

    Raises:
        GanvasError: The full experiment is wrong, or what stands for the absence of a component is.
    """
    full = [p.path for p in plan(sweep, resolver, keep=False)]
    changing = []
    for part in parts:
        # Stages and terms are there, and whether one may go is for each variant to say.
        without = [parse([*job, part.without]) for job in sweep]
        if part.may_be_needed or [p.path for p in plan(without, resolver, keep=False)] != full:
            changing.append(part)
        else:
            print(f"without effect: {part.name} (the experiment is so already)", file=sys.stderr)
    if not changing:
        raise ConfigError("over=[…] leaves out nothing that the experiment has")
    return changing


def planned_variants(
    variants: Sequence[Variant], sweep: Sequence[Sequence[Override]], resolver: Resolver
) -> dict[str, list[Planned]]:
    """Plan every variant; one that cannot be without a stage or a term is left out, and said so.

    Raises:
        GanvasError: Something else is wrong.
    """
    jobs = {}
    for variant in variants:
        words = [parse([*job, *variant.overrides]) for job in sweep]
        try:
            jobs[variant.name] = plan(words, resolver, keep=False)
        except ConfigError as error:
            if not variant.may_be_impossible:
                raise
            without = " ".join(variant.overrides)
            print(f"not possible: {variant.name}: {without} ({error})", file=sys.stderr)
    return jobs
