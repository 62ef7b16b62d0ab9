"""The variables of a stage: exactly what may change, and how it joins what may not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganvas.embedding import Embedding, Space, join_styles, rows_of, split_styles
from ganvas.errors import ConfigError
from ganvas.generator.base import Activation, Generator
from ganvas.generator.delta import Delta
from ganvas.generator.tuning import install, weights_of, with_weights
from ganvas.layers import Subset
from ganvas.stage.activation_variable import ActivationVariable


class Variables(nn.Module):
    """Rows, noise maps, an activation and weights as parameters; all else stays bit-identical.

    Args:
        embedding: Where to start; its tensors are copied.
        generator: The frozen generator.
        subset: Which rows and maps may change.
        optimised: "latent", "noise", "activation", "weights", or several.
        activation: The activation that is a variable, if one is; of rows and maps, those behind it
            change.

    Raises:
        ConfigError: The subset selects nothing that the stage could change, or rows of a latent
            that has none, or weights are to be tuned for more than one image.
    """

    _index: Tensor

    def __init__(
        self,
        embedding: Embedding,
        generator: Generator,
        subset: Subset,
        optimised: Collection[str],
        activation: ActivationVariable | None = None,
    ) -> None:
        super().__init__()
        self.start = embedding
        self.activation = activation
        if activation is not None:
            subset = behind(activation.layer, subset, generator)
        self.rows = subset.rows if "latent" in optimised else ()
        self.maps = subset.noise if "noise" in optimised else ()
        require_variables(subset, optimised)
        if "latent" in optimised:
            require_latent_per_row(subset, embedding.space, generator)
        if "weights" in optimised:
            require_one(len(embedding))
        layers = subset.activations if "weights" in optimised else ()
        self.names = weights_of(generator, layers)
        self._first_tuned = min(map(generator.layer_index, layers), default=len(generator.layers))
        state = generator.state_dict()
        # With an image's dimension, like all parameters.
        self.weights = nn.ParameterList(nn.Parameter(state[n].clone()[None]) for n in self.names)
        # Bypasses nn.Module's registration: the frozen network is no part of this module's state.
        self.__dict__["before"] = generator
        self.__dict__["_drawing"] = with_weights(generator, {}) if self.names else generator
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
        """Iterate over the parameters: latent, noise, activation, weights."""
        yield from self.latent
        yield from self.noise
        yield from self.displacement
        yield from self.weights

    @property
    def displacement(self) -> list[nn.Parameter]:
        """What moves the activation: one parameter, or none."""
        return [] if self.activation is None else [self.activation.displacement]

    @property
    def before(self) -> Generator:
        """The generator as it was when the stage began."""
        return self.__dict__["before"]  # type: ignore[no-any-return]

    def generator(self) -> Generator:
        """Return the generator that draws, with the weights as they are now."""
        drawing: Generator = self.__dict__["_drawing"]
        for name, weight in zip(self.names, self.weights, strict=True):
            install(drawing, name, weight[0])
        return drawing

    def tie_rows(self) -> None:
        """Give all rows of the latent (in w+) the mean of their gradients, in place."""
        for latent in self.latent if self._by_row else ():
            if latent.grad is not None:
                latent.grad.copy_(latent.grad.mean(1, keepdim=True).expand_as(latent))

    def w(self, images: slice) -> Tensor:
        """Return w+ (b, rows, w_dim) of some images, with gradient on the selected rows only."""
        assert self._frozen_rows is not None
        frozen = self._frozen_rows[images]
        if not self.rows:
            return frozen
        generator = self.before
        latent = self.latent[0][images]
        if self.offset is not None:
            latent = latent + self.offset
        if self._by_row:
            moved = latent
            if self.start.truncation != 1.0:
                moved = torch.lerp(generator.w_avg.expand_as(latent), latent, self.start.truncation)
        else:
            whole = rows_of(latent, self.start.space, generator, self.start.truncation)
            # Under autocast the mapping network is of another precision than the latent.
            moved = whole[:, self._index].to(frozen.dtype)
        return frozen.index_copy(1, self._index, moved)

    def styles(self, images: slice) -> list[Tensor]:
        """Return the styles (S space) of some images."""
        generator = self.generator()
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
        if self.activation is not None:
            return None
        generator = self.before
        first = min(first_affected(generator, self.rows, self.maps), self._first_tuned)
        edited = self.start[images].resume
        if edited is not None and generator.layer_index(edited[0]) >= first - 1:
            return edited
        if first == 0 or self._by_style:
            return edited
        name = generator.layers[first - 1].name
        w, noise = self.w(images), self.noise_maps(images)
        state = generator.activations(w, noise, [name], resume=edited)[name]
        return name, state.detach()

    @torch.no_grad()
    def embedding(self, values: Sequence[Tensor] | None = None) -> Embedding:
        """Return the embedding that the parameters (or `values`, in their order) stand for."""
        values = [t.detach().clone() for t in self.tensors()] if values is None else list(values)
        latent = self.start.latent
        if self.rows:
            moved = values.pop(0)
            latent = latent.index_copy(1, self._index, moved) if self._by_row else moved
        noise = list(self.start.noise)
        for index in self.maps:
            noise[index] = values.pop(0)
        moved_activation = values.pop(0) if self.activation is not None else None
        delta = self._delta(values) if self.names else self.start.delta
        embedding = replace(self.start, latent=latent, noise=tuple(noise), delta=delta)
        if self.activation is None or moved_activation is None:
            return embedding
        return self.activation.with_displacement(embedding, moved_activation)

    def _delta(self, values: Sequence[Tensor]) -> Delta:
        """Return how weights differ from the generator as it was loaded."""
        before, base = self.before.state_dict(), self.before.base.state_dict()
        earlier = self.before.delta.names if self.before.delta is not None else ()
        now = {name: before[name] for name in earlier}
        now |= {name: value[0] for name, value in zip(self.names, values, strict=True)}
        return Delta({name: value - base[name] for name, value in now.items()})


def require_variables(subset: Subset, variables: Collection[str], where: str = "") -> None:
    """Raise ConfigError where a subset selects nothing (`where`) that a stage could change."""
    selected = {
        "latent": ("style row", subset.rows),
        "noise": ("noise map", subset.noise),
        "weights": ("layer", subset.activations),
    }
    for variable, (name, members) in selected.items():
        if variable in variables and not members:
            raise ConfigError(
                f"the layer subset (layers) selects no {name}{where}, so there is nothing to "
                "optimise; 'ganvas layers' lists what the generator has"
            )


def behind(layer: str, subset: Subset, generator: Generator) -> Subset:
    """Return what of a subset acts on the activations after a layer."""
    at = generator.layer_index(layer)
    maps = {after.noise for after in generator.layers[at + 1 :]}
    return Subset(
        rows=tuple(row for row in subset.rows if row > generator.layers[at].row),
        noise=tuple(index for index in subset.noise if index in maps),
        activations=tuple(n for n in subset.activations if generator.layer_index(n) > at),
    )


def require_latent_per_row(subset: Subset, space: Space, generator: Generator) -> None:
    """Raise ConfigError where some style rows are to change alone in a space without rows."""
    if space != "w+" and subset.rows != generator.effective_rows:
        limit = "has the styles themselves" if space == "s" else "has one for all"
        raise ConfigError(
            f"a subset of style rows needs a latent per row, but start.space={space} {limit}; use "
            "start.space=w+"
        )


def require_one(images: int) -> None:
    """Raise ConfigError where weights, which all images share, are to be tuned for several."""
    if images != 1:
        raise ConfigError(
            f"tuning fits the generator to one photograph, and this run has {images}; give each "
            "its own run, for example with -m image.x.path=a.png,b.png"
        )


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
