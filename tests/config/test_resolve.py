"""What `resolve` makes of overrides is what Hydra makes of them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from ganvas.config.base import refuse_keys_below_references
from ganvas.config.compose import Resolver, compose_options, resolve
from ganvas.config.groups import config_dir, groups
from ganvas.config.handover import open_keys
from ganvas.config.overrides import expand, parse
from ganvas.config.schema import Call
from ganvas.errors import ConfigError
from ganvas.runner.job import validate
from ganvas.runner.signature import WITHOUT_EFFECT, WITHOUT_EFFECT_IN_TRAINER, canonical
from ganvas.study.plan import plan
from random_overrides import Overrides

LISTS = int(os.environ.get("GANVAS_FUZZ", "40"))
"""Random lists of overrides that are tried; more of them take a fifth of a second each."""


def by_hydra(words):
    """Return configuration and choices as Hydra itself composes and resolves them."""
    with initialize_config_dir(str(config_dir()), version_base="1.3", job_name="ganvas"):
        config = compose("config", overrides=open_keys(words, groups()), return_hydra_config=True)
    chosen = {k: v for k, v in config.hydra.runtime.choices.items() if v and "hydra" not in k}
    with open_dict(config):
        del config.hydra
    OmegaConf.resolve(config)
    return OmegaConf.to_container(config), chosen


def outcome(function, words):
    try:
        return function(words)
    except Exception as error:
        return error


def is_refused(written, words, error):
    """Return True for what Hydra composes, but to something that nobody can have meant."""
    if "belongs to" in str(error):
        return True
    with pytest.raises(ConfigError):
        refuse_keys_below_references(written, parse(words))
    return True


@pytest.mark.slow
def test_random_lists_are_equal_to_hydras():
    lists = Overrides(groups(), Resolver().compose(["edit=permute"]).config, seed=1)
    resolver = Resolver()
    composed = 0
    for _ in range(LISTS):
        words = lists.draw()
        expected = outcome(by_hydra, words)
        job = outcome(resolver.resolve, words)
        if isinstance(job, Exception):
            assert isinstance(job, ConfigError), (words, job)
            if not isinstance(expected, Exception):
                base = resolver._split(parse(words))[0]
                assert is_refused(base.written, words, job), (words, job)
            continue
        assert not isinstance(expected, Exception), (words, expected)
        config, choices = expected
        # The order counts, too: stages run in theirs.
        assert json.dumps(job.config) == json.dumps(config), words
        assert job.choices == choices, words
        assert job.overrides == tuple(words)
        composed += 1
    assert composed > LISTS // 3


@pytest.mark.parametrize(
    "words",
    [
        ["seed=3"],
        ["mask=box", "mask.left=0.1", "budget.latent=7", "seed=4"],
        ["~edit.stages.n", "edit.stages.w.steps=9"],
        ["~edit.stages.n", "seed=1"],
        ["+trainer.threads=2", "seed=1", "tags=[a,b]"],
        ["image=file", "image.x.path='a b.png'", "image.x.crop=[1,2,3,4]"],
        ["optimizer.latent.schedule={up: 0.2}", "optimizer.latent.schedule.down=0"],
        ["edit=inpaint", "budget=preview", "edit.masks.m_blur.sigma=0.5"],
        [
            "edit=permute",
            "edit.stages.I_att.change.tiles=4",
            "edit.stages.I_att.change={_target_: ganvas.edit.Ablate, units: [1]}",
            "edit.stages.I_att.change.units=[2]",
        ],
        ["edit=permute", "edit.stages.I_att.layers={_target_: ganvas.layers.All}"],
        ["seed=1", "++optimizer.latent={_target_: ganvas.optimizer.LBFGS, history: 3}"],
        ["mask={_target_: ganvas.mask.Box, left: 0.1}", "mask.right=0.9"],
        ["mask=box", "mask={left: 0.1}"],
    ],
)
def test_equal_to_hydra(words):
    resolver = Resolver()
    resolver.resolve(["seed=9", *words[:-1]])
    config, choices = by_hydra(words)
    job = resolver.resolve(words)
    assert json.dumps(job.config) == json.dumps(config)
    assert job.choices == choices
    assert job.overrides == tuple(words)


def test_values_do_not_leak_into_the_next_job():
    resolver = Resolver()
    assert resolver.resolve(["budget.latent=7"]).config["edit"]["stages"]["w"]["steps"] == 7
    assert resolver.resolve(["budget.noise=7"]).config["edit"]["stages"]["w"]["steps"] == 80


@pytest.mark.parametrize(
    "words",
    [
        ["image.x.path=me.jpg", "image.x.crop=[30,9,226,205]"],
        ["image.x.crop=none", "image.x.path=me.jpg"],
        ["image=pair", "image.x.path=ganvas:astronaut.png"],
        ["image=file", "image.x.path=me.jpg"],
        ["image.y={path: me.jpg, crop: [1,2,3,4]}"],
    ],
)
def test_a_crop_that_is_given_or_belongs_to_the_picture_is_kept(words):
    assert Resolver().resolve(words).config["image"] == by_hydra(words)[0]["image"]


def test_a_crop_of_another_picture_is_refused_in_every_job():
    resolver = Resolver()
    resolver.resolve(["seed=1"])
    for words in (["image.x.path=me.jpg"], ["image.x.path=other.jpg", "seed=2"]):
        with pytest.raises(ConfigError, match=r"belongs to ganvas:astronaut\.png"):
            resolver.resolve(words)


def test_mistakes_are_explained():
    job = Resolver().resolve(["budget.latnt=7"])
    with pytest.raises(ConfigError, match=r"'budget\.latnt'; did you mean '(budget\.)?latent'"):
        validate(job.config)


def test_a_key_below_a_reference_is_refused_in_every_job():
    resolver = Resolver()
    resolver.resolve(["seed=1"])
    with pytest.raises(ConfigError, match=r"set optimizer\.latent\.lr, or replace"):
        resolver.resolve(["seed=2", "edit.stages.w.optimise.latent.lr=1"])
    # What has taken the place of the reference has keys of its own.
    whole = "edit.stages.w.optimise.latent={_target_: ganvas.optimizer.LBFGS}"
    job = resolver.resolve([whole, "edit.stages.w.optimise.latent.lr=1"])
    expected = {"_target_": "ganvas.optimizer.LBFGS", "lr": 1}
    assert job.config["edit"]["stages"]["w"]["optimise"]["latent"] == expected


def test_hydra_composes_once_for_jobs_of_the_same_options(monkeypatch):
    from ganvas.config import composition

    composed = []

    def counting(name, overrides, **others):
        composed.append(overrides)
        return compose(name, overrides=overrides, **others)

    monkeypatch.setattr(composition, "compose", counting)
    compose_options.cache_clear()
    words = ["generator=tiny", "seed=range(0,50)", "budget.latent=3,4", "~edit.stages.n"]
    assert len(resolve(words)) == 100
    assert composed == [["generator=tiny"]]
    composed.clear()
    assert len(resolve([*words, "mask=full,box,half"])) == 300
    assert sorted(composed) == [["generator=tiny", f"mask={m}"] for m in ("box", "full", "half")]
    composed.clear()
    assert len(resolve(words)) == 100
    assert composed == []


def test_an_option_that_was_changed_is_composed_anew(tmp_path):
    option = tmp_path / "budget" / "own.yaml"
    option.parent.mkdir()
    lines = ["_target_: ganvas.runner.Budget", "noise: 2", "weights: 3", "frame_every: 4"]
    for latent in (5, 16):
        option.write_text("\n".join([*lines, f"latent: {latent}"]))
        (job,) = resolve(["budget=own"], [tmp_path])
        assert job.config["budget"]["latent"] == latent


def test_jobs_share_what_they_have_in_common():
    first, second, third = resolve(["seed=1,2", "budget.latent=3"]) + resolve(["seed=1"])
    assert first.config["edit"] is second.config["edit"]
    assert first.config["seed"] != second.config["seed"]
    assert third.config["edit"] is not first.config["edit"]


def test_an_interpolation_of_omegaconf_is_resolved_and_shared(monkeypatch):
    monkeypatch.setenv("STEPS_OF_A_TEST", "11")
    steps = "edit.stages.w.steps='${oc.decode:${oc.env:STEPS_OF_A_TEST}}'"
    first, second = resolve([steps, "seed=1,2"])
    assert first.config["edit"]["stages"]["w"]["steps"] == 11
    assert first.config["edit"] is second.config["edit"]
    assert first.config["mask"] is second.config["mask"]


def test_values_of_a_sweep_are_what_their_text_says():
    words = ["a=1,1.0,true,'b c',[1,{d: 2}],null", "b=range(0,1,0.25)", "c=choice(x\\,y,z)"]
    for job in expand(words):
        for override in job:
            (again,) = parse([str(override.input_line)])
            assert repr(again.value()) == repr(override.value())


def signature_of(tree):
    """Return a job's signature: the hash of all that can change its result, as one JSON text."""
    root = {name: v for name, v in tree.arguments.items() if name not in WITHOUT_EFFECT}
    trainer = root["trainer"].arguments
    kept = {k: v for k, v in trainer.items() if k not in WITHOUT_EFFECT_IN_TRAINER}
    root["trainer"] = Call("trainer", root["trainer"].target, kept)
    whole = {"_target_": "ganvas.runner.Experiment"}
    text = json.dumps(whole | {k: canonical(v) for k, v in root.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def test_signatures_are_those_of_jobs_composed_by_hydra(tmp_path):
    base = ["generator=tiny", "metrics=pixel", "trainer=cpu", f"output={tmp_path}"]
    sweep = [*base, "mask=full,box", "loss=pixel,paper", "budget.latent=5,6", "seed=1,2",
             "optimizer.latent.lr=0.1,1", "tags=[a],[b]"]  # fmt: skip
    planned = plan(expand(sweep))
    assert len({p.path for p in planned}) == 32
    for one in planned[::7]:
        tree = validate(by_hydra(one.overrides)[0])
        assert Path(one.path).name == f"reconstruct-astronaut-{signature_of(tree)}"
