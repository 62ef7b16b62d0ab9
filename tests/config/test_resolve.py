"""What `resolve` makes of overrides is what Hydra makes of them."""

from __future__ import annotations

import json
import os

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from ganvas.config.base import refuse_keys_below_references
from ganvas.config.compose import Resolver, compose_job, resolve
from ganvas.config.groups import config_dir, groups
from ganvas.config.handover import open_keys
from ganvas.config.overrides import expand, parse
from ganvas.errors import ConfigError
from random_overrides import Overrides

LISTS = int(os.environ.get("GANVAS_FUZZ", "120"))
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


def test_random_lists_are_equal_to_hydras():
    lists = Overrides(groups(), compose_job(["edit=permute"], resolve=False).config, seed=1)
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
