"""The effects of every concept, one after the other: what was measured stays after a kill."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.dissect.alpha import Shown, optimise, seen, style_gradient
from ganvas.dissect.concepts import Score
from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.effect import Caused, Effect, best_layer, lacking, measure, showing
from ganvas.dissect.greedy import choose
from ganvas.dissect.intervention import STYLES, best_interventions
from ganvas.dissect.survey import Survey
from ganvas.errors import ConfigError, InputError
from ganvas.system.files import write_json
from ganvas.system.tensors import read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Effects:
    """What is measured on the pictures of a survey.

    Attributes:
        effect: How it is measured.
        survey: What was counted: generator, segmenter, pictures, folder.
        pixels: (N, K) pixels of each concept in each picture.
        score: Loads a concept's probability, for rankings by gradients.
        identity: What the dissection is known by, such as the hash of its file.
    """

    effect: Effect
    survey: Survey
    pixels: Tensor
    score: Callable[[str], Score]
    identity: str

    def run(self, dissection: Dissection) -> Iterator[tuple[Dissection, Caused | str]]:
        """Measure every concept and ranking, going on from what is in the folder.

        Yields:
            The dissection, with the scores that were optimised so far, and an effect, or why there
            is none.

        Raises:
            InputError: A file of an earlier effect cannot be read.
            StorageError: One cannot be written.
        """
        for concept in self.effect.concepts or dissection.concepts:
            row = dissection.concepts.index(concept)
            # Those that choose the units come before those that they are measured on.
            first = min(self.effect.reserved, int(dissection.present[row]) // 2)
            shown = showing(self.pixels[:, row], first + self.effect.samples)
            if len(shown) - first < 2:
                yield dissection, f"{concept}: too few pictures show it"
                continue
            layer = self.layer_of(dissection, concept)
            for ranking in self.effect.rankings:
                dissection = self._ranked(dissection, concept, layer, ranking, first)
                try:
                    caused = self._caused(dissection, concept, layer, ranking, shown[first:])
                except ConfigError as error:  # no unit of this ranking; others have some
                    yield dissection, f"{concept}: {error}"
                else:
                    yield dissection, caused

    def layer_of(self, dissection: Dissection, concept: str) -> str:
        """Return the layer whose units are changed for a concept."""
        if self.effect.layer is None:
            return best_layer(dissection, concept, self.effect.units)
        return self.survey.generator.find_layer(self.effect.layer)

    def _ranked(
        self, dissection: Dissection, concept: str, layer: str, ranking: Ranking, pictures: int
    ) -> Dissection:
        """Return the dissection with the ranking's scores."""
        if not self.effect.choosers(ranking):
            return dissection
        row = dissection.concepts.index(concept)

        def make() -> Tensor:
            return self._scores(dissection, row, layer, ranking, pictures)

        scores = self._kept_tensor(self._key(concept, layer, ranking), make)
        return dissection.with_scores(concept, layer, ranking, scores)

    def _scores(
        self, dissection: Dissection, row: int, layer: str, ranking: Ranking, pictures: int
    ) -> Tensor:
        generator, units = self.survey.generator, dissection.units(layer)
        effect, pixels = self.effect, self.pixels[:, row]
        count = min(pictures, effect.choosers(ranking))
        score = self.score(dissection.concepts[row])
        measured = showing(pixels, pictures + effect.samples)[pictures:]
        shown: Shown = seen(
            self.survey.source.take(generator, showing(pixels, count)),
            self.survey.source.take(generator, lacking(pixels, count, measured)),
            generator,
            score,
        )
        if ranking == "gradient":
            return style_gradient(generator, score, shown, dissection.style_std)
        if ranking == "greedy":
            return choose(effect.greedy, effect.units, units.off, generator, score, shown, layer)
        return optimise(effect.alpha, units, units.on[row], generator, score, shown, layer)

    def _caused(
        self, dissection: Dissection, concept: str, layer: str, ranking: Ranking,
        pictures: list[int],
    ) -> Caused:  # fmt: skip
        import torch

        path = self._folder / f"{self._key(concept, layer, ranking)}.json"
        if path.is_file():
            try:
                return Caused.of_json(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path} is no effect; delete it: {error}") from error
        generator, effect = self.survey.generator, self.effect
        interventions = best_interventions(
            dissection, concept, layer, effect.units, ranking,
            torch.Generator().manual_seed(effect.seed), effect.random,
        )  # fmt: skip
        best, chance = measure(
            generator, self.survey.segment, self.survey.source.take(generator, pictures),
            dissection.concepts.index(concept), interventions, self.survey.batch,
        )  # fmt: skip
        styles = interventions[0].layer == STYLES
        caused = Caused(
            concept, STYLES if styles else layer, ranking, interventions[0].units, len(pictures),
            best, chance,
        )  # fmt: skip
        write_json(path, caused.as_json())
        return caused

    @property
    def _folder(self) -> Path:
        return self.survey.folder / "effects"

    def _key(self, concept: str, layer: str, ranking: Ranking) -> str:
        """Return what a concept's scores and effect are known by: all that changes them."""
        # What else is measured changes nothing here, but how many pictures are reserved.
        settings: dict[str, Any] = dataclasses.asdict(self.effect)
        for name in ("rankings", "concepts", "layer"):
            del settings[name]
        counted = [self.identity, concept, layer, ranking, self.effect.reserved, settings]
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()[:16]

    def _kept_tensor(self, key: str, make: Callable[[], Tensor]) -> Tensor:
        path = self._folder / f"{key}.safetensors"
        if path.is_file():
            try:
                return read_tensors(path)[0]["scores"]
            except (OSError, ValueError, KeyError) as error:
                raise InputError(f"{path} holds no scores; delete it: {error}") from error
        scores = make()
        write_tensors(path, {"scores": scores}, {"format": "ganvas-dissection-scores-1"})
        return scores
