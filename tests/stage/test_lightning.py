import sys

import torch
from lightning_utilities.core import imports
from lightning_utilities.core.imports import RequirementCache

from ganvas.stage.lightning import COUNTER, FlopCounterMode, deferred, without


def test_packages_are_hidden_for_as_long_as_something_is_imported():
    hidden, shown = RequirementCache("scipy>=1.0"), RequirementCache("numpy")
    with without(frozenset({"scipy"})):
        assert not hidden
        assert shown
        assert not imports.package_available("scipy")
        assert imports.package_available("numpy")
    assert hidden
    assert imports.package_available("scipy")


def test_a_module_that_is_deferred_is_the_real_one_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, COUNTER, raising=False)
    with deferred():
        assert sys.modules[COUNTER].FlopCounterMode is FlopCounterMode
    assert COUNTER not in sys.modules


def test_the_operations_of_a_model_are_still_counted():
    with FlopCounterMode(display=False) as counter:
        torch.zeros(2, 3) @ torch.zeros(3, 5)
    assert counter.get_total_flops() == 2 * 2 * 3 * 5
