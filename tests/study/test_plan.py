import json
import socket
import sys

import pytest
from PIL import Image

from ganvas.config.compose import Resolver
from ganvas.errors import ConfigError
from ganvas.image.source import Source
from ganvas.study import plan as module
from ganvas.study.plan import not_there, plan
from ganvas.study.settings import LocalSettings
from ganvas.system.files import UNFINISHED

TINY = ["generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "trainer=cpu"]


OWN_MASK = """\
from dataclasses import dataclass

from ganvas.mask import Full


@dataclass(frozen=True)
class Part(Full):
    share: float = {share}
"""


def jobs(folder, *seeds):
    return [[*TINY, f"output={folder}", f"seed={seed}"] for seed in seeds]


def test_known_jobs_are_not_composed_again(tmp_path, monkeypatch):
    first = plan(jobs(tmp_path, 0, 1))
    assert first[0].path != first[1].path
    assert first[0].steps == 140

    def fail(*_):
        raise AssertionError("composed again")

    monkeypatch.setattr(module.Planning, "plan", fail)
    assert plan(jobs(tmp_path, 0, 1)) == first
    with pytest.raises(AssertionError):
        plan(jobs(tmp_path, 2))


def test_what_a_killed_planning_left_is_removed(tmp_path):
    # No process has so high a number.
    left = tmp_path / "default" / f"{UNFINISHED}999999999@{socket.gethostname()}-.plan.json"
    left.parent.mkdir()
    left.write_text("{")
    plan(jobs(tmp_path, 0))
    assert not left.exists()


def test_changed_program_or_input_counts(tmp_path):
    photo = tmp_path / "a.png"
    from PIL import Image

    Image.new("RGB", (20, 20), "red").save(photo)
    words = [*TINY, f"output={tmp_path}", "image=file", f"image.x.path={photo}"]
    (before,) = plan([words])
    Image.new("RGB", (20, 20), "blue").save(photo)
    (after,) = plan([words])
    assert before.path != after.path

    memory = tmp_path / "default" / ".plan.json"
    content = json.loads(memory.read_text(encoding="utf-8"))
    memory.write_text(json.dumps({**content, "fingerprint": "older"}))
    assert plan([words]) == [after]
    assert json.loads(memory.read_text(encoding="utf-8"))["fingerprint"] != "older"


def test_a_changed_network_counts(tmp_path):
    network = tmp_path / "network.pkl"
    network.write_bytes(b"one")
    words = [*TINY, f"output={tmp_path}", "generator=stylegan2", f"generator.checkpoint={network}"]
    (before,) = plan([words])
    network.write_bytes(b"another one")
    assert plan([words])[0].path != before.path


@pytest.mark.parametrize("word", ["seed='${oc.decode:${oc.env:SEED}}'", "experiment=from_outside"])
def test_what_is_read_from_outside_counts(tmp_path, monkeypatch, word):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "from_outside.yaml").write_text(
        "# @package _global_\nseed: ${oc.decode:${oc.env:SEED}}\n"
    )
    paths = []
    for seed in ("1", "2"):
        monkeypatch.setenv("SEED", seed)
        (one,) = plan([[*TINY, f"output={tmp_path}", word]], Resolver([tmp_path]))
        paths.append(one.path)
    assert paths == [p.path for p in plan(jobs(tmp_path, 1, 2))]


def test_each_study_of_a_sweep_knows_of_its_own_runs(tmp_path):
    words = [*TINY, f"output={tmp_path}"]
    found = plan([[*words, f"study={s}", f"seed={k}"] for s, k in (("a", 0), ("b", 1), ("b", 2))])
    names = [p.final.name for p in found]
    assert not_there(tmp_path / "a") == names[:1]
    assert not_there(tmp_path / "b") == sorted(names[1:])
    found[2].final.path.mkdir()
    plan([[*words, "study=b", "seed=3"]])
    assert names[1] in not_there(tmp_path / "b")
    assert len(not_there(tmp_path / "b")) == 2


def test_jobs_that_are_only_checked_are_not_planned(tmp_path):
    (kept,) = plan(jobs(tmp_path, 0))
    assert len(plan(jobs(tmp_path, 1, 2), keep=False)) == 2
    assert not_there(tmp_path / "default") == [kept.final.name]


def test_settings_without_effect_are_the_same_run(tmp_path):
    base = jobs(tmp_path, 0)[0]
    found = plan([base, [*base, "retry_failed=false"], [*base, "sweep_metric=ssim"]])
    assert len({p.path for p in found}) == 1
    assert [p.retry_failed for p in found] == [True, False, True]


@pytest.mark.parametrize(
    ("word", "message"),
    [("budget.latnt=3", "did you mean 'latent'"), ("mask=ful", "did you mean 'full'")],
)
def test_one_wrong_job_stops_all(tmp_path, word, message):
    with pytest.raises(ConfigError, match=f"job 2 of 2: .*{message}"):
        plan([jobs(tmp_path, 0)[0], [*jobs(tmp_path, 0)[0], word]])


def test_slots_have_their_gpu():
    assert LocalSettings(jobs=3, gpus=(0, 2)).slots() == ["0", "2", "0"]
    assert LocalSettings(gpus=(1, 3)).slots() == ["1", "3"]


def test_visible_gpus_are_kept(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert LocalSettings().slots() == ["4", "6"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert LocalSettings(jobs=2).slots() == [None, None]


def test_shards_cover_every_file_once(tmp_path):
    for name in "abcde":
        Image.new("RGB", (2, 2)).save(tmp_path / f"{name}.png")
    parts = [Source(tmp_path, shard=f"{i}/2").files() for i in (1, 2)]
    assert [[f.stem for f in part] for part in parts] == [["a", "c", "e"], ["b", "d"]]
    with pytest.raises(ConfigError, match="the last one is 2/2"):
        Source(tmp_path, shard="3/2")


def test_a_changed_module_outside_of_the_options_counts(tmp_path, monkeypatch):
    (tmp_path / "own_of_plan.py").write_text(OWN_MASK.format(share=0.5))
    monkeypatch.syspath_prepend(tmp_path)
    words = [*TINY, f"output={tmp_path}", "mask={_target_: own_of_plan.Part}"]
    (before,) = plan([words])
    assert plan([words]) == [before]
    (tmp_path / "own_of_plan.py").write_text(OWN_MASK.format(share=0.25))
    # As a new process finds it.
    monkeypatch.delitem(sys.modules, "own_of_plan")
    (after,) = plan([words])
    assert before.path != after.path
