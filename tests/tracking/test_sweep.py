from pathlib import Path

import pytest
import yaml

from ganvas.config.compose import compose_job
from ganvas.runner.job import validate

SWEEP = Path(__file__).parents[2] / "docs" / "sweeps" / "wandb.yaml"


def values(parameter):
    return parameter.get("values") or [parameter["min"], parameter["max"]]


def command(**chosen):
    """The words that `wandb agent` would start, with the agent's own functions."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    sweep = yaml.safe_load(SWEEP.read_text(encoding="utf-8"))
    arguments = {name: values(p)[0] for name, p in sweep["parameters"].items()} | chosen
    told = {"args": {name: {"value": value} for name, value in arguments.items()}}
    expanded = create_sweep_command_args(told)
    words = []
    for word in create_sweep_command(sweep["command"]):
        name = str(word).removeprefix("${").removesuffix("}")
        words += expanded.get(name, [word])
    return words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name, parameter in yaml.safe_load(SWEEP.read_text(encoding="utf-8"))[
            "parameters"
        ].items()
        for value in values(parameter)
    ],
)
def test_what_the_agent_starts_composes(name, value):
    words = command(**{name: value})
    assert words[:2] == ["ganvas", "run"]
    assert not any("$" in word or word.startswith("-") for word in words)
    assert f"{name}={value}" in words
    job = compose_job(words[2:])
    validate(job.config)
    found = job.config
    for part in name.split("."):
        found = found[part]
    assert job.choices.get(name, found) == value


def test_the_agent_gets_the_metric_that_a_run_reports(tiny_run):
    metric = yaml.safe_load(SWEEP.read_text(encoding="utf-8"))["metric"]
    group, _, name = metric["name"].partition("/")
    assert group == "final"
    assert name in tiny_run().metrics["final"]
    assert metric["goal"] == "maximize"
