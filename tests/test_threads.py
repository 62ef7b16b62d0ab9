"""`ganvas.run` in threads, below a running event loop, in a spawned process, and many times."""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ganvas
from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError, GanvasError


def embedding(result):
    return load_file(Path(result.path) / "embedding.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_threads_compose_side_by_side():
    words = [["generator=tiny", f"mask={mask}", "seed=3"] for mask in ("full", "box", "half")] * 3
    with ThreadPoolExecutor(len(words)) as pool:
        jobs = list(pool.map(compose_job, words))
    assert [job.choices["mask"] for job in jobs] == ["full", "box", "half"] * 3
    assert all(job.config == compose_job(w).config for job, w in zip(jobs[:3], words, strict=False))


def test_runs_in_threads_are_those_of_one(tiny, tmp_path):
    # Random starts draw from the process's random numbers, too.
    words = [*tiny, "start=random"]
    alone = [ganvas.run([*words, f"seed={s}", f"output={tmp_path / 'a'}"]) for s in (1, 2)]
    together = [[*words, f"seed={s}", f"output={tmp_path / 'b'}"] for s in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(ganvas.run, together))
    for one, other in zip(alone, both, strict=True):
        assert one.path.name == other.path.name
        assert same(embedding(one), embedding(other))
    assert not same(embedding(alone[0]), embedding(alone[1]))


def test_threads_may_ask_for_the_same_run_or_for_none(tiny, tmp_path):
    def attempt(words):
        try:
            return ganvas.run([*tiny, f"output={tmp_path}", *words])
        except GanvasError as error:
            return str(error)

    with ThreadPoolExecutor(3) as pool:
        one, wrong, other = pool.map(attempt, (["seed=5"], ["layers=al"], ["seed=5"]))
    assert "did you mean 'all'" in wrong
    assert one.path == other.path
    assert one.status["attempts"] == 1
    assert [path.name for path in tmp_path.glob("*/[!.]*")] == [one.path.name]


@pytest.mark.parametrize("overrides", ["mask=half", None, 3, ["mask=half", 3], [["mask=half"]]])
def test_overrides_are_texts_in_a_list(overrides):
    with pytest.raises(ConfigError, match="overrides are texts in a list, such as"):
        ganvas.run(overrides)


def test_a_run_below_a_running_event_loop(tiny, tmp_path):
    async def cell():
        return ganvas.run([*tiny, f"output={tmp_path}"])

    # In a thread of its own: Playwright leaves a loop running in the main one.
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(lambda: asyncio.run(cell())).result()
    assert result.status["state"] == "finished"


def spawned(words):
    return str(ganvas.run(words).path)


@pytest.mark.slow
def test_a_run_in_a_spawned_process(tiny, tmp_path):
    words = [*tiny, f"output={tmp_path}"]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        path = pool.apply(spawned, (words,))
    assert ganvas.run(words).path == Path(path)
