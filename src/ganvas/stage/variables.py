"""The variables of a stage: exactly what may change, and how it joins what may not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganvas.embedding import Embedding, join_styles, rows_of, split_styles
from ganvas.errors import ConfigError
from ganvas.generator.base import Activation, Generator
from ganvas.layers import Subset


class Variables(nn.Module):
    """Latent rows and noise maps as parameters; everything outside the subset stays bit-identical.

    Args:
        embedding: Where to start; its tensors are copied.
        generator: The frozen generator.
        subset: Which rows and maps may change.
        kinds: "latent", "noise", or both.

    Raises:
        ConfigError: The subset selects nothing that the stage could change.
    """

    _index: Tensor

    def __init__(
        self, embedding: Embedding, generator: Generator, subset: Subset, kinds: Collection[str]
    ) -> None:
        super().__init__()
        self.start = embedding
        self.rows = subset.rows if "latent" in kinds else ()
        self.maps = subset.noise if "noise" in kinds else ()
        require_variables(subset, kinds)
        if self.rows and embedding.space in ("z", "w") and self.rows != generator.effective_rows:
            raise ConfigError(
                f"a subset of style rows needs a latent per row, but start.space={embedding.space} "
                "has one for all; use start.space=w+"
            )
        # Bypasses nn.Module's registration: the frozen network is no part of this module's state.
        self.__dict__["generator"] = generator
        self.latent = nn.ParameterList()
        if self.rows:
            start = embedding.latent
            self.latent.append(nn.Parameter(self._chosen(start) if self._by_row else start.clone()))
        self.noise = nn.ParameterList(nn.Parameter(embedding.noise[i].clone()) for i in self.maps)
        self.offset: Tensor | None = None
        self.register_buffer("_index", torch.tensor(self.rows, device=embedding.latent.device))
        self._frozen_rows = None if self._by_style else embedding.rows(generator).detach()

    @property
    def _by_row(self) -> bool:
        return self.start.space == "w+"

    @property
    def _by_style(self) -> bool:
        return self.start.space == "s"

    def _chosen(self, latent: Tensor) -> Tensor:
        return latent[:, list(self.rows)].clone()

    def tensors(self) -> Iterator[Tensor]:
        """Iterate over the parameters, latent first."""
        yield from self.latent
        yield from self.noise

    def w(self, images: slice) -> Tensor:
        """Return w+ (b, rows, w_dim) of some images, with gradient on the selected rows only."""
        assert self._frozen_rows is not None
        frozen = self._frozen_rows[images]
        if not self.rows:
            return frozen
        generator: Generator = self.__dict__["generator"]
        latent = self.latent[0][images]
        if self.offset is not None:
            latent = latent + self.offset
        if self._by_row:
            moved = latent
            if self.start.truncation != 1.0:
                moved = torch.lerp(generator.w_avg.expand_as(latent), latent, self.start.truncation)
        else:
            whole = rows_of(latent, self.start.space, generator, self.start.truncation)
            moved = whole[:, self._index]
        return frozen.index_copy(1, self._index, moved)

    def styles(self, images: slice) -> list[Tensor]:
        """Return the styles (S space) of some images."""
        generator: Generator = self.__dict__["generator"]
        if not self._by_style:
            return generator.styles(self.w(images))
        latent = self.latent[0] if self.rows else self.start.latent
        return split_styles(latent[images], generator)

    def latent_rows(self, images: slice, styles: Sequence[Tensor]) -> Tensor:
        """Return what terms on the latent see: w+ (b, rows, w_dim); in S space s as (b, 1, C)."""
        return join_styles(styles).unsqueeze(1) if self._by_style else self.w(images)

    def noise_maps(self, images: slice) -> list[Tensor]:
        """Return all noise maps of some images, with gradient on the selected maps only."""
        maps = [n[images] for n in self.start.noise]
        for position, index in enumerate(self.maps):
            maps[index] = self.noise[position][images]
        return maps

    def frozen_prefix(self, images: slice) -> tuple[str, Activation] | None:
        """Return the last layer before the first that may change, with its activation; or None."""
        generator: Generator = self.__dict__["generator"]
        first = first_affected(generator, self.rows, self.maps)
        given = self.start[images].resume
        if given is not None and generator.layer_index(given[0]) >= first - 1:
            return given
        if first == 0 or self._by_style:
            return given
        name = generator.layers[first - 1].name
        found = generator.activations(self.w(images), self.noise_maps(images), [name], resume=given)
        return name, found[name].detach()

    @torch.no_grad()
    def embedding(self, values: Sequence[Tensor] | None = None) -> Embedding:
        """Return the embedding that the parameters (or `values`, in their order) stand for."""
        values = [t.detach().clone() for t in self.tensors()] if values is None else list(values)
        latent = self.start.latent
        if self.rows:
            moved = values.pop(0)
            latent = latent.index_copy(1, self._index, moved) if self._by_row else moved
        noise = list(self.start.noise)
        for index, value in zip(self.maps, values, strict=True):
            noise[index] = value
        return replace(self.start, latent=latent, noise=tuple(noise))


def require_variables(subset: Subset, kinds: Collection[str]) -> None:
    """Raise ConfigError where a subset selects nothing that a stage could change."""
    if "latent" in kinds and not subset.rows:
        raise ConfigError("the layer subset selects no style row; nothing to optimise")
    if "noise" in kinds and not subset.noise:
        raise ConfigError("the layer subset selects no noise map; nothing to optimise")


def first_affected(generator: Generator, rows: Collection[int], maps: Collection[int]) -> int:
    """Return the index of the first layer that reads one of `rows` or adds one of `maps`.

    All layers before it give the same activation in every step, so it is computed once. A row that
    only the input reads gives 0, one that only the output reads the number of layers.
    """
    if any(row < generator.layers[0].row for row in rows):
        return 0
    for index, layer in enumerate(generator.layers):
        if layer.row in rows or (layer.noise is not None and layer.noise in maps):
            return index
    return len(generator.layers)
