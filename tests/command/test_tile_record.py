"""The record of a picture: its state, and what a logger is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from ganvas.command.tile_record import IMAGE, recorded
from ganvas.errors import StorageError
from ganvas.tile.draw import Drawn
from ganvas.tracking import Logger, RunInfo
from ganvas.tracking.lineage import lineage


@dataclass(frozen=True)
class Listening(Logger):
    """Keeps what its sink is told."""

    events: list = field(default_factory=list)

    def sink(self):
        return self

    def begin(self, info):
        self.events.append(("begin", info.name))

    def log(self, row, frames):
        self.events.append(("log", row["step"], row["squares_left"]))

    def end(self, outcome):
        self.events.append(("end", outcome.state, outcome.step))


def info_of(folder):
    return RunInfo(folder, "4x4", "tile", "tile", (), {}, (IMAGE,))


def state_of(folder):
    return json.loads((folder / "drawing.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("error", "state"), [(StorageError("full"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_how_a_picture_ended_and_how_it_goes_on(tmp_path, error, state):
    first, second = Listening(), Listening()

    def draw():
        with recorded(info_of(tmp_path), first, 0) as record:
            assert state_of(tmp_path) == {"state": "drawing", "squares_done": 0}
            record.square(Drawn(1, 3, 1, 2.0))
            record.square(Drawn(2, 3, 2, 4.0))
            raise error

    with pytest.raises(type(error)):
        draw()
    assert state_of(tmp_path) == {"state": state, "squares_done": 2}
    assert first.events[-1] == ("end", state, 2)
    # One of the two squares was lost: its row is not replayed.
    with recorded(info_of(tmp_path), second, 1) as record:
        record.square(Drawn(2, 3, 1, 2.0))
        record.square(Drawn(3, 3, 2, 4.0))
        record.metrics = {"squares": 3}
    assert second.events == [
        ("begin", "4x4"), ("log", 1, [2.0]), ("log", 2, [1.0]), ("log", 3, [0.0]),
        ("end", "finished", 3),
    ]  # fmt: skip
    assert state_of(tmp_path) == {"state": "finished", "squares_done": 3, "squares": 3}


def test_a_picture_has_a_lineage_without_stages(tmp_path):
    identity = {"name": "tiny", "sha256": "0" * 64}
    (tmp_path / "provenance.json").write_text(json.dumps({"generator": identity}))
    described = lineage(tmp_path, {"generator": {}}, "tile")
    assert described["edit"] == {"name": "tile", "stages": []}
    assert described["generator"] == identity
