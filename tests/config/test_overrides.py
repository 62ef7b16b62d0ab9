import pytest

from ganvas.config.overrides import expand, lines, probe
from ganvas.errors import ConfigError


def test_a_sweep_is_the_product_of_its_axes():
    jobs = expand(["seed=0,1", "mask=full,box", "budget=quick"])
    assert list(map(lines, jobs)) == [
        (f"seed={seed}", f"mask={mask}", "budget=quick")
        for seed in (0, 1)
        for mask in ("full", "box")
    ]


def test_an_interval_is_for_a_search_alone():
    words = ["optimizer.latent.lr=interval(0.01,0.5)"]
    with pytest.raises(ConfigError, match="interval needs hydra/sweeper=optuna"):
        expand(words)
    ends = [("optimizer.latent.lr=0.01",), ("optimizer.latent.lr=0.5",)]
    assert list(map(lines, probe(words))) == ends


@pytest.mark.parametrize("word", ["seed=range(0,0)", "mask=glob(zz*)", "seed=range(0,3,0)"])
def test_an_axis_without_values_is_refused(word):
    with pytest.raises(ConfigError, match=word.partition("=")[0]):
        expand(["budget=quick", word])


@pytest.mark.parametrize("words", [
    ["seed=range(0,1000000000)"],
    ["seed=range(0,100000)", "budget.latent=range(1,1001)"],
    ["seed=range(0,2000)", "budget.latent=range(1,2001)"],
])  # fmt: skip
def test_a_sweep_that_no_memory_holds_is_refused(words):
    with pytest.raises(ConfigError, match="1,000,000"):
        expand(words)
