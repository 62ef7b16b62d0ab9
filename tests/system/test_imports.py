"""Stand-ins for slow modules."""

import sys

import pytest

from ganvas.system.imports import stand_ins

MODULE = "xml.dom.pulldom"
"""One that nothing here imports."""


def test_a_module_is_the_real_one_again_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    with stand_ins({MODULE: {"parse": 3}}):
        from xml.dom.pulldom import parse

        assert parse == 3
        with pytest.raises(ImportError, match="PullDOM"):
            from xml.dom.pulldom import PullDOM
    from xml.dom.pulldom import PullDOM, parse

    assert callable(parse)
    assert PullDOM


def test_a_module_that_is_imported_stays():
    with stand_ins({"sys": {"argv": None}}):
        import sys as seen

        assert seen is sys
        assert seen.argv is not None
    assert sys.modules["sys"] is sys
