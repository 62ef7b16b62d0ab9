import torch
from lightning_utilities.core import imports
from lightning_utilities.core.imports import RequirementCache

from ganvas.system.lightning import FlopCounterMode, without


def test_packages_are_hidden_for_as_long_as_something_is_imported():
    hidden, shown = RequirementCache("scipy>=1.0"), RequirementCache("numpy")
    with without(frozenset({"scipy"})):
        assert not hidden
        assert shown
        assert not imports.package_available("scipy")
        assert imports.package_available("numpy")
    assert hidden
    assert imports.package_available("scipy")


def test_the_operations_of_a_model_are_still_counted():
    with FlopCounterMode(display=False) as counter:
        torch.zeros(2, 3) @ torch.zeros(3, 5)
    assert counter.get_total_flops() == 2 * 2 * 3 * 5
