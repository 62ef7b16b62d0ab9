import pytest

from ganvas.errors import ConfigError
from ganvas.study.ablation import (
    Component,
    components,
    read_ablation,
    read_members,
    variants,
    write_members,
)
from ganvas.study.calibrate import Pace

BASE = ["generator=tiny", "loss=lpips", "metrics=pixel", "logger=none"]


def test_components_are_found_by_name():
    found = components(["mask", "layers", "loss", "stages", "budget.latent=1"], BASE)
    assert [part.without for part in found] == [
        "mask=full", "layers=all", "~loss.latent.mse", "~loss.latent.lpips", "~loss.noise.mse",
        "~edit.stages.w", "~edit.stages.n", "budget.latent=1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("loss.latent.lpip", "no 'loss.latent.lpip' in the experiment; did you mean 'lpips'"),
        ("maks", "did you mean 'mask'"),
        ("optimizer", "over=\\[optimizer=…\\]"),
    ],
)
def test_unknown_component(word, message):
    with pytest.raises(ConfigError, match=message):
        components([word], BASE)


def test_variants_around_the_full_experiment():
    parts = [Component("a", "~a"), Component("b=0", "b=0"), Component("c", "~c")]
    found = {v.name: v.overrides for v in variants(parts, "both")}
    assert found == {
        "full": (), "without a": ("~a",), "with b=0": ("b=0",), "without c": ("~c",),
        "bare": ("~a", "b=0", "~c"), "only a": ("b=0", "~c"), "only b": ("~a", "~c"),
        "only c": ("~a", "b=0"),
    }  # fmt: skip
    assert len(variants(parts, "leave_one_out")) == 4
    assert len(variants(parts, "add_one_in")) == 5


@pytest.mark.parametrize("name", ["tiny", "reconstruct", "inpaint", "paper"])
def test_named_ablations_are_read(name):
    assert read_ablation(name).over


def test_unknown_ablation():
    with pytest.raises(ConfigError, match="did you mean 'tiny'"):
        read_ablation("tinny")


def test_members_are_kept(tmp_path):
    assert read_members(tmp_path) == {}
    write_members(tmp_path, {"full": ["a"], "bare": ["b", "c"]})
    assert read_members(tmp_path) == {"full": ["a"], "bare": ["b", "c"]}


def test_duration_counts_slots_and_the_longest_job():
    class Job:
        def __init__(self, steps):
            self.steps = steps

    pace = Pace(overhead=2.0, step=0.5)
    jobs = [Job(10), Job(10), Job(10), Job(10)]
    assert pace.seconds(jobs, 1) == 28
    assert pace.seconds(jobs, 2) == 14
    assert pace.seconds(jobs, 64) == 7
    assert pace.seconds([Job(100), Job(2)], 2) == 52
