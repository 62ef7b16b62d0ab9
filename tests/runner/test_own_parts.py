"""Parts of somebody else's that do not do what their base class asks for: one line names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from ganvas.edit import Operation
from ganvas.embedding import Embedding
from ganvas.errors import GanvasError
from ganvas.generator.config import GeneratorConfig
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import Layers, Subset
from ganvas.loss import Term
from ganvas.mask import Mask
from ganvas.metrics import Metric
from ganvas.optimizer import Descent
from ganvas.runner.directory import find_runs
from ganvas.start import Start
from ganvas.tracking import Logger

FULL = torch.ones(1, 1, 32, 32)


@dataclass(frozen=True)
class OwnMask(Mask):
    how: str

    def draw(self, canvas):
        return {
            "none": None,
            "flat": FULL[:, 0],
            "colours": FULL.expand(-1, 3, -1, -1),
            "narrow": FULL[..., :5],
            "bytes": FULL * 255,
            "lost": FULL * torch.nan,
            "bool": FULL > 0,
        }[self.how]


@dataclass(frozen=True)
class OwnTerm(Term):
    applies_mask: ClassVar = True  # jaxtyping, in tests alone, looks at what a block hides from it
    how: str = ""

    def bind(self, reference):
        def value(view):
            each = (view.image - reference.target).square()
            mean = each.mean((1, 2, 3))
            return {"scalar": mean.mean(), "map": each, "number": 3.0, "cut": mean.detach()}[
                self.how
            ]

        return value


@dataclass(frozen=True)
class OwnStart(Start):
    how: str

    def begin(self, generator, names, seed, photographs=None):
        rows = generator.broadcast(generator.w_avg[None])
        noise = tuple(generator.noise_of(seed, 1))
        return {
            "none": None,
            "narrow": Embedding(rows[:, :, :3], noise, names=names),
            "two": Embedding(rows.repeat(2, 1, 1), noise, names=names),
            "space": Embedding(rows, noise, "q", names=names),
            "silent": Embedding(rows, (), names=names),
        }[self.how]


@dataclass(frozen=True)
class OwnLayers(Layers):
    how: str

    def select(self, generator):
        return {
            "none": None,
            "row": Subset((0, 99), (), ()),
            "map": Subset((0,), (-1,), ()),
            "layer": Subset((0,), (), ("nowhere",)),
        }[self.how]


@dataclass(frozen=True)
class OwnGenerator(GeneratorConfig):
    how: str

    def load(self):
        if self.how == "none":
            return None
        if self.how == "raise":
            raise KeyError("const")
        generator = TinyGenerator(32)
        del generator.w_avg
        return generator


@dataclass(frozen=True)
class OwnOperation(Operation):
    how: str

    def apply(self, scene):
        return None if self.how == "none" else scene.images["x"][..., :5]


@dataclass(frozen=True, kw_only=True)
class OwnOptimizer(Descent):
    how: str

    def build(self, parameters, sensitivity):
        if self.how == "none":
            return None
        return torch.optim.SGD([*parameters, torch.zeros(1, requires_grad=True)], lr=self.lr)


@dataclass(frozen=True)
class OwnMetric(Metric):
    def about(self, resolution):
        return ""

    def measure(self, context):
        return [1.0]


class OwnSink:
    def __init__(self, folder: Path, how: str) -> None:
        self.folder, self.how = folder, how

    def begin(self, info):
        self.told("begin")

    def log(self, row, frames):
        pass

    def end(self, outcome):
        self.told(f"end {outcome.state}")

    def told(self, event: str) -> None:
        with (self.folder / "told.txt").open("a") as file:
            file.write(f"{event}\n")
        if event == self.how:
            raise RuntimeError(f"no {event}")


@dataclass(frozen=True)
class OwnLogger(Logger):
    folder: str
    how: str = ""

    def sink(self):
        if self.how == "sink":
            raise RuntimeError("no sink")
        return OwnSink(Path(self.folder), self.how)


def part(kind: type, **fields: Any) -> str:
    values = "".join(f", {name}: {value}" for name, value in fields.items())
    return f"{{_target_: {__name__}.{kind.__name__}{values}}}"


MASKS = {
    "none": "OwnMask.draw gives NoneType, not a mask (1, 1, 32, 32)",
    "flat": "OwnMask.draw gives (1, 32, 32), not a mask (1, 1, 32, 32)",
    "colours": "OwnMask.draw gives (1, 3, 32, 32), not",
    "narrow": "OwnMask.draw gives (1, 1, 32, 5), not",
    "bytes": "OwnMask.draw gives values from 255 to 255, not in [0, 1]",
    "lost": "OwnMask.draw gives values from nan to nan",
}
TERMS = {
    "scalar": "the term own (OwnTerm) gives (), not (1,): one value for each image",
    "map": "the term own (OwnTerm) gives (1, 3, 32, 32), not",
    "number": "the term own (OwnTerm) gives float, not",
    "cut": "no term of the objective depends on what the stage optimises",
}
STARTS = {
    "none": "start: OwnStart.begin gives NoneType, not an Embedding",
    "narrow": "start: OwnStart.begin: the embedding's latent has the shape (9, 3) per image",
    "two": "start: OwnStart.begin gives 2 latents for 1 images",
    "space": "start: OwnStart.begin gives the space 'q'; known: s, w, w+, z",
    "silent": "start: OwnStart.begin: the embedding has 0 noise maps",
}
LAYERS = {
    "none": "stages.w: OwnLayers.select gives NoneType, not a Subset",
    "row": "stages.w: OwnLayers.select gives row 99; tiny has 9",
    "map": "stages.w: OwnLayers.select gives noise map -1; tiny has",
    "layer": "stages.w: tiny has no layer 'nowhere'",
}
GENERATORS = {
    "none": "generator: OwnGenerator.load gives NoneType, not a Generator",
    "bare": "generator: OwnGenerator.load gives a TinyGenerator without w_avg",
}
OPERATIONS = {
    "none": "stages.own: OwnOperation.apply gives NoneType, not the pictures (1, 3, 32, 32)",
    "narrow": "stages.own: OwnOperation.apply gives (1, 3, 32, 5), not",
}
OPTIMIZERS = {
    "none": "OwnOptimizer.build gives NoneType, not a torch.optim.Optimizer",
    "more": "OwnOptimizer.build gives an optimiser of other tensors than those it was given",
}
MISTAKES = [
    *((f"mask={part(OwnMask, how=how)}", line) for how, line in MASKS.items()),
    *((f"loss.latent={{own: {part(OwnTerm, how=how)}}}", line) for how, line in TERMS.items()),
    *((f"start={part(OwnStart, how=how)}", line) for how, line in STARTS.items()),
    *((f"layers={part(OwnLayers, how=how)}", line) for how, line in LAYERS.items()),
    *((f"generator={part(OwnGenerator, how=how)}", line) for how, line in GENERATORS.items()),
    *((f"edit.stages.own={part(OwnOperation, how=h)}", line) for h, line in OPERATIONS.items()),
    *(
        (f"optimizer.latent={part(OwnOptimizer, how=how, lr=0.1)}", line)
        for how, line in OPTIMIZERS.items()
    ),
    (
        f"metrics.own={part(OwnMetric)}",
        "metrics.own: OwnMetric.measure gives list, not one number for each of 1 images",
    ),
]


@pytest.mark.parametrize(("override", "line"), MISTAKES)
def test_a_part_that_breaks_its_promise_is_named(tiny_run, override, line):
    words = [override, "~loss.latent.mse"] if override.startswith("loss") else [override]
    with pytest.raises(GanvasError) as caught:
        tiny_run(*words)
    assert line in str(caught.value)


def test_a_mask_of_truth_values_is_one_of_ones_and_zeros(tiny_run):
    own = tiny_run(f"mask={part(OwnMask, how='bool')}")
    full = tiny_run("mask=full")
    assert torch.equal(own.embedding.latent, full.embedding.latent)


@pytest.mark.parametrize("how", ["sink", "begin"])
def test_a_run_whose_logger_fails_has_failed(tiny_run, tmp_path, how):
    with pytest.raises(GanvasError, match=f"RuntimeError: no {how}; the traceback is in"):
        tiny_run(f"logger={part(OwnLogger, folder=tmp_path, how=how)}")
    (run,) = find_runs(tmp_path / "outputs")
    assert (run.state, run.error) == ("failed", f"RuntimeError: no {how}")


def test_a_sink_that_was_not_begun_is_not_ended(tiny_run, tmp_path, caplog):
    logger = f"logger={part(OwnLogger, folder=tmp_path)}"
    with pytest.raises(GanvasError):
        tiny_run(logger, f"mask={part(OwnMask, how='flat')}")
    assert not (tmp_path / "told.txt").exists()
    tiny_run(logger)
    assert (tmp_path / "told.txt").read_text().split("\n") == ["begin", "end finished", ""]


def test_a_generator_that_raises_is_one_line_for_other_commands(ganvas_command):
    done = ganvas_command("layers", f"generator={part(OwnGenerator, how='raise')}")
    assert done.code == 2
    assert done.complaint.startswith(
        "ganvas: generator: KeyError: 'const' (test_own_parts.py, line"
    )
