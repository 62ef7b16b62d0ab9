"""The state that a killed run continues from: plain values, and the same embedding as before."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganvas.embedding.storage import flatten
from ganvas.errors import StorageError
from ganvas.generator.base import Activation
from ganvas.generator.delta import Delta
from ganvas.generator.tiny import TinyGenerator
from ganvas.runner.checkpoint import load_checkpoint, pack, save_checkpoint, unpack
from ganvas.start import Random


@pytest.mark.parametrize("space", ["z", "w+", "s"])
def test_an_embedding_survives(tmp_path, space):
    generator = TinyGenerator(16, 4, 8)
    start = Random(space).begin(generator, ("a", "b/c"), 1)
    embedding = replace(
        start, truncation=1 / 3, generator={"_target_": "mine.Config", "n": [1, None]},
        resume=("8x8.conv1", Activation(torch.ones(2, 4, 8, 8), torch.zeros(2, 3, 8, 8))),
        delta=Delta({"const@values": torch.ones(1, 3, dtype=torch.int8)}),
    )  # fmt: skip
    save_checkpoint(tmp_path / "c.pt", {"x": pack(embedding)})
    state = load_checkpoint(tmp_path / "c.pt")
    found = unpack(state["x"])
    wanted, text = flatten(embedding)
    again, again_text = flatten(found)
    assert text == again_text
    assert wanted.keys() == again.keys()
    assert all(wanted[key].equal(again[key]) for key in wanted)


def test_one_of_another_version_says_what_to_do():
    with pytest.raises(StorageError, match="another version of ganvas; use force=true"):
        unpack({"latent": torch.zeros(1), "noise": []})


def test_a_checkpoint_that_holds_code_is_refused(tmp_path):
    mark = tmp_path / "called"

    class Command:
        def __reduce__(self):
            return (type(mark).touch, (mark,))

    torch.save({"state": Command()}, tmp_path / "c.pt")
    with pytest.raises(StorageError, match=r"c\.pt is broken"):
        load_checkpoint(tmp_path / "c.pt")
    assert not mark.exists()
