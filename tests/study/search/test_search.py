import json
from types import SimpleNamespace

import pytest

optuna = pytest.importorskip("optuna", minversion="4")

from hydra.core.utils import JobReturn, JobStatus  # noqa: E402
from optuna.distributions import (  # noqa: E402
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ganvas.config.compose import Resolver  # noqa: E402
from ganvas.errors import ConfigError, Interrupted  # noqa: E402
from ganvas.runner.directory import RunDirectory  # noqa: E402
from ganvas.study.search import trials as module  # noqa: E402
from ganvas.study.search.pruning import Pruning  # noqa: E402
from ganvas.study.search.settings import search_of  # noqa: E402
from ganvas.study.search.space import split  # noqa: E402
from ganvas.study.search.trials import Trials, open_study  # noqa: E402


def test_space_in_hydras_grammar():
    fixed, space = split([
        "++a=interval(1,10)", "b=tag(log,interval(0.001,1.5))", "c=int(interval(1,9))",
        "d=range(2,9,3)", "mask=full,box", "generator=tiny", "d=range(1,4)", "hydra.job.name=x",
    ])  # fmt: skip
    assert fixed == ["generator=tiny", "hydra.job.name=x"]
    assert space == {
        "++a": FloatDistribution(1, 10),
        "b": FloatDistribution(0.001, 1.5, log=True),
        "c": IntDistribution(1, 9),
        "d": IntDistribution(1, 3),
        "mask": CategoricalDistribution(["full", "box"]),
    }
    _, space = split(["mask=glob(b*)"])
    assert "box" in space["mask"].choices


def settings(folder, **given):
    return search_of({
        "storage": f"sqlite:///{folder}/deep/optuna.db", "study_name": "s", "n_jobs": 2,
        "sampler": {"_target_": "optuna.samplers.TPESampler", "seed": 0},
        "pruner": {"_target_": "optuna.pruners.ThresholdPruner", "lower": 10}, **given,
    })  # fmt: skip


def planned(path, metric="psnr"):
    composed = SimpleNamespace(config={"metrics": {"psnr": {}, "ssim": {}}})
    return SimpleNamespace(path=str(path), working=RunDirectory(path), sweep_metric=metric,
                           resolved=lambda resolver: composed)  # fmt: skip


class Launcher:
    """Answers each job with x squared, or with a failure where x is over the limit."""

    def __init__(self, limit=10.0):
        self.limit, self.jobs = limit, []

    def __call__(self, jobs, first):
        returns = []
        for job in jobs:
            x = float(next(w for w in job if w.startswith("++x=")).removeprefix("++x="))
            self.jobs.append(x)
            failed = x > self.limit
            returns.append(JobReturn(status=JobStatus.FAILED if failed else JobStatus.COMPLETED))
            returns[-1].return_value = RuntimeError() if failed else x * x
        return returns


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Runs are planned without being composed: their folder is the job's x."""

    def plan(jobs, resolver):
        return [planned(tmp_path / job[-1]) for job in jobs]

    monkeypatch.setattr(module, "plan", plan)
    return tmp_path


def search(folder, launcher, words=("x=interval(0,1)",), **given):
    found, sampler, pruner = search_of_parts = settings(folder, **given)
    assert len(search_of_parts) == 3
    study = open_study(found, sampler, pruner)
    Trials(found, study, words, launcher, Resolver()).search()
    return study


def test_search_continues(folders, capsys):
    launcher = Launcher()
    search(folders, launcher, n_trials=3)
    assert len(launcher.jobs) == 3
    study = search(folders, launcher, n_trials=5)
    assert "3 of 5 trials are finished already" in capsys.readouterr().err
    assert len(launcher.jobs) == 5
    assert len(set(launcher.jobs)) == 5
    assert study.best_value == max(launcher.jobs) ** 2
    search(folders, launcher, n_trials=5)
    assert len(launcher.jobs) == 5
    assert "best: " in capsys.readouterr().err


def test_a_killed_searchs_trials_go_on(folders):
    def die(jobs, first):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(folders, die, n_trials=2)
    launcher = Launcher()
    study = search(folders, launcher, n_trials=2)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE"]
    assert sorted(t.params["x"] for t in study.trials) == sorted(launcher.jobs)


def test_an_interrupted_search_stops_and_goes_on_with_its_trials(folders):
    def stopped(jobs, first):
        returns = Launcher()(jobs, first)
        returns[1] = JobReturn(status=JobStatus.FAILED)
        returns[1].return_value = Interrupted("stopped")
        return returns

    with pytest.raises(Interrupted):
        search(folders, stopped, n_trials=4)
    launcher = Launcher()
    study = search(folders, launcher, n_trials=4)
    assert [t.state.name for t in study.trials] == ["COMPLETE"] * 4
    assert study.trials[1].params["x"] in launcher.jobs


def test_a_metric_that_the_runs_do_not_have_is_refused_before_the_first(folders, monkeypatch):
    monkeypatch.setattr(module, "plan", lambda jobs, _: [planned(folders, "psmr") for _ in jobs])
    launcher = Launcher()
    with pytest.raises(ConfigError, match=r"^sweep_metric=psmr is not .*; did you mean 'psnr'\?$"):
        search(folders, launcher, n_trials=2)
    assert launcher.jobs == []


def test_failed_trials_do_not_count(folders, capsys):
    study = search(folders, Launcher(limit=-1), n_trials=2)
    assert "or where that has no value of sweep_metric" in capsys.readouterr().err
    assert {t.state.name for t in study.trials} == {"FAIL"}
    launcher = Launcher()
    search(folders, launcher, n_trials=2)
    assert len(launcher.jobs) == 2


def test_another_search_is_refused(folders):
    search(folders, Launcher(), n_trials=1)
    with pytest.raises(ConfigError, match="another space"):
        search(folders, Launcher(), ["x=interval(0,2)"])
    with pytest.raises(ConfigError, match="another overrides"):
        search(folders, Launcher(), ["x=interval(0,1)", "generator=tiny"])
    with pytest.raises(ConfigError, match="is to maximize"):
        search(folders, Launcher(), direction="minimize")
    with pytest.raises(ConfigError, match="nothing to search"):
        search(folders, Launcher(), ["x=1"], study_name="other")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"directon": "minimize"}, "did you mean 'direction'"),
        ({"direction": "up"}, "hydra.sweeper.direction"),
        ({"sampler": {"_target_": "optuna.pruners.NopPruner"}}, "a sampler of Optuna"),
        ({"storage": "nonsense"}, "hydra.sweeper.storage"),
    ],
)
def test_mistakes_are_one_line(folders, given, message):
    with pytest.raises(ConfigError, match=message) as found:
        search(folders, Launcher(), **given)
    assert "\n" not in str(found.value)


def curve(folder, *values):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"step": k, "psnr": [v, None]} for k, v in enumerate(values)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(text + '{"step": 99, "ps')


def test_hopeless_runs_are_asked_to_stop(tmp_path):
    found, sampler, pruner = settings(tmp_path)
    study = open_study(found, sampler, pruner)
    good, bad = study.ask(), study.ask()
    runs = {t.number: (t, RunDirectory(tmp_path / str(t.number))) for t in (good, bad)}
    curve(tmp_path / "0", 11, 30, 31)
    pruning = Pruning(runs, "psnr", 2)
    pruning.look()
    curve(tmp_path / "0", 11, 30, 31, 2, 32)
    curve(tmp_path / "1", 30, 12, 13, 2, 9, 30, 30)
    pruning.look()
    assert pruning.pruned == {bad.number}
    assert runs[1][1].stop_reason == "pruned at step 4"
    assert not runs[0][1].stop_file.exists()
    values = [t.intermediate_values for t in study.trials]
    assert values == [{0: 11, 2: 31, 4: 32}, {0: 30, 2: 13, 4: 9}]
