"""Equal content, equal bytes."""

from __future__ import annotations

import torch
from safetensors.torch import load, save

from ganvas.system.safetensors import in_order

METADATA = {letter: letter * 3 for letter in "dbacgfe"}


def test_equal_content_has_equal_bytes():
    tensors = {"b": torch.arange(7.0), "a": torch.zeros(2, 3, dtype=torch.uint8)}
    files = {in_order(save(tensors, METADATA)) for _ in range(20)}
    assert len(files) == 1
    # The library alone writes its metadata in a random order.
    assert len({save(tensors, METADATA) for _ in range(20)}) > 1


def test_tensors_and_metadata_are_kept(tmp_path):
    from safetensors import safe_open

    tensors = {"x": torch.randn(5, 3), "é": torch.tensor([1, 2])}
    (tmp_path / "f.safetensors").write_bytes(in_order(save(tensors, METADATA | {"é": "ü"})))
    with safe_open(tmp_path / "f.safetensors", framework="pt") as file:
        assert file.metadata() == METADATA | {"é": "ü"}
        assert {key: file.get_tensor(key).tolist() for key in file.keys()} == {  # noqa: SIM118
            key: value.tolist() for key, value in tensors.items()
        }
    assert load(in_order(save(tensors)))["x"].equal(tensors["x"])
