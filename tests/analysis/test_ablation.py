import json
from pathlib import Path

import pytest

from ganvas.analysis.ablation import (
    Component,
    add_members,
    components,
    read_ablation,
    read_members,
    require_same,
    variants,
)
from ganvas.command.ablate import experiments
from ganvas.config.compose import Resolver
from ganvas.config.items import items
from ganvas.config.overrides import expand
from ganvas.errors import ConfigError, DamagedError
from ganvas.study.calibrate import JobCost
from ganvas.study.plan import not_there, plan

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
        ("los", "did you mean 'loss'\\?$"),
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


def test_of_several_absences_of_a_key_each_is_tried_and_the_first_is_bare():
    parts = [Component("s=1", "s=1"), Component("a", "~a"), Component("s=2", "s=2")]
    assert [(v.name, v.overrides) for v in variants(parts, "both")] == [
        ("full", ()), ("with s=1", ("s=1",)), ("without a", ("~a",)), ("with s=2", ("s=2",)),
        ("bare", ("s=1", "~a")), ("only s", ("~a",)), ("only a", ("s=1",)),
    ]  # fmt: skip


def test_a_stage_comes_with_its_terms_and_a_term_with_its_stages():
    found = variants(components(["stages", "loss"], BASE), "add_one_in")
    absent = {v.name: {key.lstrip("~") for key in v.overrides} for v in found}
    assert absent == {
        "full": set(),
        "bare": {"edit.stages.w", "edit.stages.n", "loss.latent.mse", "loss.latent.lpips",
                 "loss.noise.mse"},
        "only edit.stages.w": {"edit.stages.n", "loss.noise.mse"},
        "only edit.stages.n": {"edit.stages.w", "loss.latent.mse", "loss.latent.lpips"},
        "only loss.latent.mse": {"edit.stages.n", "loss.latent.lpips", "loss.noise.mse"},
        "only loss.latent.lpips": {"edit.stages.n", "loss.latent.mse", "loss.noise.mse"},
        "only loss.noise.mse": {"edit.stages.w", "loss.latent.mse", "loss.latent.lpips"},
    }  # fmt: skip


def test_a_section_of_the_loss_counts_by_its_use_and_not_by_its_content():
    # loss=pixel has equal terms for both kinds of stages.
    base = ["generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "edit=noise_only"]
    assert [part.name for part in components(["loss"], base)] == ["loss.noise.mse"]


def test_items_are_split_outside_of_brackets():
    assert items("[stages,optimizer.latent.betas=[0.9,0.9], x={a: 1, b: 2}]") == (
        "stages", "optimizer.latent.betas=[0.9,0.9]", "x={a: 1, b: 2}",
    )  # fmt: skip
    assert items("a,b") == ("a", "b")
    assert items("[x=[1,2]]") == ("x=[1,2]",)


@pytest.mark.parametrize("name", ["tiny", "reconstruct", "inpaint", "paper"])
def test_named_ablations_are_read(name):
    assert read_ablation(name).over


def test_unknown_ablation():
    with pytest.raises(ConfigError, match="did you mean 'tiny'"):
        read_ablation("tinny")


def test_members_are_kept(tmp_path):
    assert read_members(tmp_path) == {}
    add_members(tmp_path, {"full": ["a"], "bare": ["b", "c"]})
    assert read_members(tmp_path) == {"full": ["a"], "bare": ["b", "c"]}
    add_members(tmp_path, {"full": ["d", "a"], "without x": ["e"]})
    expected = {"full": ["a", "d"], "without x": ["e"], "bare": ["b", "c"]}
    assert read_members(tmp_path) == expected


def test_a_variant_of_another_experiment_is_refused(tmp_path):
    add_members(tmp_path, {"full": ["a"], "bare": ["b"]}, {"full": {"1", "2"}})
    require_same(tmp_path, {"full": {"1"}, "bare": {"3"}})
    add_members(tmp_path, {"full": ["c"]}, {"full": {"1"}})
    require_same(tmp_path, {"full": {"2"}})
    with pytest.raises(ConfigError, match=r"a variant 'full' of another .* give another study="):
        require_same(tmp_path, {"full": {"1", "3"}})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"variants": []}', '{"variants": {"a": [1]}}'])
def test_a_broken_list_of_variants_is_one_line(tmp_path, text):
    (tmp_path / "ablation.json").write_text(text)
    with pytest.raises(DamagedError, match=r"ablation\.json"):
        read_members(tmp_path)


def test_experiments_are_alike_whatever_their_images_seeds_and_machine(tiny):
    def hashes(*words):
        return experiments(plan(expand([*tiny, "edit=style_mix", *words]), resolver), resolver)

    resolver = Resolver()
    (first,) = hashes("image=pair", "seed=1,2")
    assert hashes("image=trio", "metrics=latent", "trainer.threads=2", "seed=3") == {first}
    assert hashes("image=pair", "budget.latent=9") != {first}


def test_the_command_refuses_another_experiment(ganvas_command, tiny, monkeypatch):
    monkeypatch.setattr("ganvas.command.ablate.launch", lambda *_: [])
    monkeypatch.setattr("ganvas.command.ablate.calibrate", lambda *_: JobCost(1.0, 0.1))
    words = ("ablate", *tiny, "over=[start=random]", "study=abl", "--yes")
    assert ganvas_command(*words, "budget.latent=2").code == 0
    assert ganvas_command(*words, "budget.latent=2", "seed=1").code == 0
    refused = ganvas_command(*words, "budget.latent=9")
    assert refused.code == 2
    assert "study=abl has a variant 'full' of another experiment" in refused.complaint


def test_duration_counts_slots_and_the_longest_job():
    class Job:
        def __init__(self, steps):
            self.steps = steps

    pace = JobCost(overhead=2.0, step=0.5)
    jobs = [Job(10), Job(10), Job(10), Job(10)]
    assert pace.seconds(jobs, 1) == 28
    assert pace.seconds(jobs, 2) == 14
    assert pace.seconds(jobs, 64) == 7
    assert pace.seconds([Job(100), Job(2)], 2) == 52


def test_the_command_runs_the_variants_that_can_be_and_says_the_others(ganvas_command, tiny):
    words = ("ablate", *tiny, "over=[stages,mask]", "mode=leave_one_out", "study=parts", "--yes")
    done = ganvas_command(*words, "seed=0", "edit=reconstruct")
    assert done.code == 0, done.err
    assert "3 variants, 3 runs, 0 finished already" in done.out
    assert " at a time (" in done.out
    assert "without effect: mask" in done.err
    assert "not possible" not in done.err
    members = read_members(Path("outputs/parts"))
    assert list(members) == ["full", "without edit.stages.w", "without edit.stages.n"]
    for variant, stages in zip(members, (["w", "n"], ["n"], ["w"]), strict=True):
        (run,) = members[variant]
        metrics = json.loads(Path("outputs/parts", run, "metrics.json").read_text(encoding="utf-8"))
        assert list(metrics["stages"]) == stages
    again = ganvas_command(*words, "seed=1", "edit=reconstruct")
    assert again.code == 0, again.err
    merged = read_members(Path("outputs/parts"))
    assert {name: len(runs) for name, runs in merged.items()} == dict.fromkeys(members, 2)


def test_the_command_leaves_out_what_cannot_be(ganvas_command, tiny, monkeypatch):
    monkeypatch.setattr("ganvas.command.ablate.launch", lambda *_: [])
    monkeypatch.setattr("ganvas.command.ablate.calibrate", lambda *_: JobCost(1.0, 0.1))
    done = ganvas_command("ablate", *tiny, "over=[stages,loss]", "mode=add_one_in", "--yes")
    assert "not possible: bare: ~edit.stages.w ~edit.stages.n ~loss" in done.err
    members = read_members(Path("outputs/ablation"))
    assert list(members) == [
        "full", "only edit.stages.w", "only edit.stages.n", "only loss.latent.mse",
        "only loss.noise.mse",
    ]  # fmt: skip
    # A stage alone and its only term alone are the same run.
    assert members["only edit.stages.w"] == members["only loss.latent.mse"]


def test_a_mistake_in_over_stops_the_command(ganvas_command, tiny):
    done = ganvas_command("ablate", *tiny, "over=[stages,optimizer.latent.lrr=0]", "--yes")
    assert done.code == 2
    assert "unknown key 'optimizer.latent.lrr'; did you mean 'lr'" in done.complaint
    assert not list(Path("outputs").glob("*/*/status.json"))


def test_without_an_answer_nothing_starts(ganvas_command, tiny, monkeypatch):
    monkeypatch.setattr("ganvas.command.ablate.calibrate", lambda *_: JobCost(1.0, 0.1))
    monkeypatch.setattr("builtins.input", lambda question: "")
    done = ganvas_command("ablate", *tiny, "over=[start]")
    assert done.code == 0
    assert "about" in done.out
    assert not list(Path("outputs").glob("*/*/status.json"))
    assert not_there(Path("outputs/ablation")) == []


def test_the_plan_holds_the_variants_that_start_alone(ganvas_command, tiny, monkeypatch):
    monkeypatch.setattr("ganvas.command.ablate.launch", lambda *_: [])
    monkeypatch.setattr("ganvas.command.ablate.calibrate", lambda *_: JobCost(1.0, 0.1))
    words = ("ablate", *tiny, "over=[start,layers=content,seed=1]", "mode=add_one_in", "--yes")
    assert ganvas_command(*words).code == 0
    runs = {run for members in read_members(Path("outputs/ablation")).values() for run in members}
    assert set(not_there(Path("outputs/ablation"))) == runs
