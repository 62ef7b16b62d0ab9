"""The walker and the judge of configurations from data files."""

from __future__ import annotations

import pytest
import yaml

from ganvas.config.schema import check
from ganvas.config.tree import walk
from ganvas.config.trust import refuse_foreign
from ganvas.errors import ConfigError


def test_every_node_has_its_dotted_key():
    tree = {"a": {"b": 1, "c": [2, {"d": 3}]}, "e": []}
    assert list(walk(tree)) == [
        ("a", tree["a"]), ("a.b", 1), ("a.c", tree["a"]["c"]), ("a.c[0]", 2), ("a.c[1]", {"d": 3}),
        ("a.c[1].d", 3), ("e", []),
    ]  # fmt: skip
    assert dict(walk(tree, ".{}"))["a.c.1.d"] == 3


def test_aliases_that_refer_to_each_other_end_early():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(ConfigError, match="too many"):
        refuse_foreign(yaml.safe_load("\n".join(lines)))
    loop = {}
    loop["again"] = loop
    with pytest.raises(ConfigError, match="deeply"):
        refuse_foreign({"loop": loop})


@pytest.mark.parametrize("hint", [int, float | None, str, dict[str, int], tuple[int, ...]])
def test_no_target_makes_a_plain_value(tmp_path, hint):
    """Else a run's folder could have any function of ganvas called."""
    file = tmp_path / "written"
    node = {"_target_": "ganvas.system.files.write_text", "path": str(file), "text": "x"}
    with pytest.raises(ConfigError, match="a target stands where"):
        check(node, hint, "budget.latent")
    assert not file.exists()
