"""The interface that every generator implements: G(w, n) as a chain of layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ganvas.errors import ConfigError, nearest
from ganvas.generator.content_hash import content_hash
from ganvas.generator.delta import Delta


@dataclass(frozen=True, slots=True)
class Layer:
    """One place in a generator: a convolution with its style, noise and non-linearity.

    Attributes:
        name: Unique name, resolution first, such as ``64x64.conv1``.
        resolution: Height and width in pixels of the finest image that its activation can hold:
            the activation's own, unless it is oversampled as StyleGAN3's are.
        channels: Number of channels of its activation.
        row: Index of the style row (of w+) that it reads.
        noise: Index of the noise map that it adds, or None.
        margin: Samples of the activation that lie outside of the image, on each side.
    """

    name: str
    resolution: int
    channels: int
    row: int
    noise: int | None
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Activation:
    """The network's whole state just after one layer: enough to run on from there.

    Attributes:
        features: (B, C, r, r), the tensor after the layer's non-linearity.
        rgb: (B, 3, r', r'), the RGB so far of a skip generator, before this layer's own
            contribution; None for generators without skips.
    """

    features: Tensor
    rgb: Tensor | None = None

    @classmethod
    def join(cls, states: Sequence[Activation]) -> Activation:
        """Lay the images of states after the same layer side by side."""
        rgb = [state.rgb for state in states if state.rgb is not None]
        features = torch.cat([state.features for state in states])
        return cls(features, torch.cat(rgb) if rgb else None)

    def map(self, change: Callable[[Tensor], Tensor]) -> Activation:
        """Return the state with both tensors changed alike."""
        return Activation(change(self.features), None if self.rgb is None else change(self.rgb))

    def detach(self) -> Activation:
        """Return the same state cut from the graph."""
        return self.map(Tensor.detach)


ActivationEdit = Callable[[Activation], Activation]


class Generator(nn.Module, ABC):
    """A frozen synthesis network with explicit latents, styles and noise.

    A family writes five methods: `mapping`, `styles`, `begin`, `layer` and `finish`, and sets
    `name`, `layers`, `z_dim`, `w_dim` and `w_avg`. Everything else — running from a cached
    activation, reading and replacing activations, truncation — is written once, here. No method
    keeps hidden state: the same arguments give the same image. Weights are frozen, buffers or
    parameters that require no gradient: `load_generator` sees to it.

    Attributes:
        name: The option's name in ``generator=``.
        layers: The layers in the order in which they run.
        z_dim: Length of z.
        w_dim: Length of one style row.
        w_avg: (w_dim,) the mean of w, a buffer.
        resolution: Height and width of the image in pixels.
        rows: Number of style rows of w+.
        effective_rows: Rows that change the image; the others have zero gradient.
        noise_resolutions: Height and width of each noise map, in the order of `Layer.noise`.
        family: Name of the class in saved files; only a family that is saved needs it.
        hyperparameters: The constructor's arguments, for the same.
        delta: How its weights differ from those of `base`; None: not at all.
        base: The generator as it was loaded.
    """

    family: ClassVar[str]
    hyperparameters: dict[str, Any]
    name: str
    layers: tuple[Layer, ...]
    z_dim: int
    w_dim: int
    w_avg: Tensor
    delta: Delta | None = None

    # --- what a family writes -------------------------------------------------------------------

    @abstractmethod
    def mapping(
        self, z: Float[Tensor, "B z_dim"], label: Float[Tensor, "B classes"] | None = None
    ) -> Float[Tensor, "B w_dim"]:
        """Map z (B, z_dim) to w (B, w_dim), without truncation."""

    @abstractmethod
    def styles(self, w: Float[Tensor, "B rows w_dim"]) -> list[Float[Tensor, "B _"]]:
        """Map w+ (B, rows, w_dim) to the styles (S space): one (B, C) tensor per affine layer."""

    @abstractmethod
    def begin(self, styles: Sequence[Float[Tensor, "B _"]]) -> Activation:
        """Return the state before the first layer."""

    @abstractmethod
    def layer(
        self,
        index: int,
        state: Activation,
        styles: Sequence[Float[Tensor, "B _ ..."]],
        noise: Sequence[Float[Tensor, "B 1 _ _"]],
    ) -> Activation:
        """Run layer `index` on the state that the layer before it left.

        The state may be a part of a larger one. In a family that says its `reach`, a style may then
        be a map (B, C, h, w) of the state's size, one for each position.
        """

    @abstractmethod
    def finish(
        self, state: Activation, styles: Sequence[Float[Tensor, "B _ ..."]]
    ) -> Float[Tensor, "B 3 H W"]:
        """Turn the state after the last layer into the image (B, 3, H, W) in about [−1, 1]."""

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the modules and weights, by name, that layer `index` is computed with.

        Raises:
            ConfigError: The family does not say, so its weights cannot be tuned.
        """
        raise ConfigError(f"the weights of {self.name} cannot be tuned: it does not name them")

    def reach(self, index: int) -> int:
        """Return how far layer `index` reads beyond a position, in samples of its resolution.

        Behind the last layer it is what the image reads, in pixels.

        Raises:
            ConfigError: The family does not say, so its activations cannot be joined to a canvas.
        """
        raise ConfigError(f"{self.name} cannot be tiled: it does not say how far its layers reach")

    # --- what follows from the layers, unless a family sets it ----------------------------------

    @cached_property
    def resolution(self) -> int:
        """Height and width of the image: those of the last layer."""
        return self.layers[-1].resolution

    @cached_property
    def rows(self) -> int:
        """Number of style rows: as many as the layers read."""
        return 1 + max(layer.row for layer in self.layers)

    @cached_property
    def effective_rows(self) -> tuple[int, ...]:
        """Rows that change the image: all."""
        return tuple(range(self.rows))

    @cached_property
    def noise_resolutions(self) -> tuple[int, ...]:
        """Height and width of each noise map: those of the layer that adds it."""
        sizes = {layer.noise: layer.resolution for layer in self.layers if layer.noise is not None}
        return tuple(sizes[index] for index in sorted(sizes))

    # --- what all families share ----------------------------------------------------------------

    def forward(
        self,
        w: Float[Tensor, "B rows w_dim"],
        noise: Sequence[Float[Tensor, "B 1 _ _"]],
        *,
        resume: tuple[str, Activation] | None = None,
        edits: Mapping[str, ActivationEdit] | None = None,
    ) -> Float[Tensor, "B 3 H W"]:
        """Draw the image of w+ and noise.

        Args:
            w: (B, rows, w_dim).
            noise: One map (B, 1, r, r) of unit variance per entry of `noise_resolutions`.
            resume: (layer name, state after that layer): skip everything up to that layer.
            edits: Per layer name, a function from the state after the layer to a new state; it is
                also called on the state that is resumed.

        Returns:
            (B, 3, H, W), nominally in [−1, 1], not clamped.

        Raises:
            ConfigError: A layer name that this generator does not have, or that is not run.
        """
        return self.synthesis(self.styles(w), noise, resume=resume, edits=edits)

    def synthesis(
        self,
        styles: Sequence[Float[Tensor, "B _"]],
        noise: Sequence[Float[Tensor, "B 1 _ _"]],
        *,
        resume: tuple[str, Activation] | None = None,
        edits: Mapping[str, ActivationEdit] | None = None,
    ) -> Float[Tensor, "B 3 H W"]:
        """Draw the image of styles (S space) and noise; arguments as in `forward`."""
        state = self._run(styles, noise, resume, edits or {}, len(self.layers))
        return self.finish(state, styles)

    def activations(
        self,
        w: Float[Tensor, "B rows w_dim"],
        noise: Sequence[Float[Tensor, "B 1 _ _"]],
        layers: Collection[str],
        *,
        resume: tuple[str, Activation] | None = None,
    ) -> dict[str, Activation]:
        """Return the states after the named layers; nothing behind the last of them is run."""
        return self.states(self.styles(w), noise, layers, resume=resume)

    def states(
        self,
        styles: Sequence[Float[Tensor, "B _"]],
        noise: Sequence[Float[Tensor, "B 1 _ _"]],
        layers: Collection[str],
        *,
        resume: tuple[str, Activation] | None = None,
    ) -> dict[str, Activation]:
        """Return the states after the named layers, from styles; otherwise as `activations`."""
        wanted = {name: self.layer_index(name) for name in layers}
        kept: dict[str, Activation] = {}

        def keep(name: str) -> ActivationEdit:
            def store(state: Activation) -> Activation:
                return kept.setdefault(name, state)

            return store

        edits = {name: keep(name) for name in wanted}
        self._run(styles, noise, resume, edits, max(wanted.values(), default=-1) + 1)
        return kept

    def _run(
        self,
        styles: Sequence[Tensor],
        noise: Sequence[Tensor],
        resume: tuple[str, Activation] | None,
        edits: Mapping[str, ActivationEdit],
        stop: int,
    ) -> Activation:
        if resume is None:
            start, state = -1, self.begin(styles)
        else:
            start, state = self.layer_index(resume[0]), resume[1]
        for name in edits:
            if self.layer_index(name) < start:
                at = self.layers[start].name
                raise ConfigError(f"layer '{name}' comes before '{at}', where the run resumes")
        for index in range(max(start, 0), stop):
            if index > start:
                state = self.layer(index, state, styles, noise)
            if (edit := edits.get(self.layers[index].name)) is not None:
                state = edit(state)
        return state

    def layer_index(self, name: str) -> int:
        """Return the position of layer `name`, or raise ConfigError naming the nearest."""
        for index, layer in enumerate(self.layers):
            if layer.name == name:
                return index
        known = [layer.name for layer in self.layers]
        raise ConfigError(f"{self.name} has no layer '{name}'{nearest(name, known)}")

    def find_layer(self, wanted: int | str) -> str:
        """Return the name of a layer given by name, or by resolution: the last one there.

        Raises:
            ConfigError: There is none.
        """
        if isinstance(wanted, str):
            return self.layers[self.layer_index(wanted)].name
        names = [layer.name for layer in self.layers if layer.resolution == wanted]
        if not names:
            known = sorted({layer.resolution for layer in self.layers})
            raise ConfigError(f"{self.name} has no layer at {wanted}²; known: "
                              + ", ".join(f"{r}²" for r in known))  # fmt: skip
        return names[-1]

    def broadcast(self, w: Float[Tensor, "B w_dim"]) -> Float[Tensor, "B {self.rows} w_dim"]:
        """Repeat w (B, w_dim) over all rows: (B, rows, w_dim)."""
        return w.unsqueeze(1).expand(-1, self.rows, -1).contiguous()

    def truncate(
        self, w: Float[Tensor, "B rows w_dim"], psi: float, cutoff: int | None = None
    ) -> Float[Tensor, "B rows w_dim"]:
        """Pull w+ towards w_avg: w_avg + ψ(w − w_avg) on the first `cutoff` rows (None: all).

        Source: the truncation trick in W, Karras et al. 2019, appendix B.
        """
        pulled = torch.lerp(self.w_avg.expand_as(w), w, psi)
        if cutoff is None:
            return pulled
        return torch.cat([pulled[:, :cutoff], w[:, cutoff:]], dim=1)

    def sample_noise(
        self, batch: int, rng: torch.Generator | None = None
    ) -> list[Float[Tensor, "{batch} 1 _ _"]]:
        """Draw noise maps n ~ N(0, 1): a list of (batch, 1, r, r).

        They are drawn where `rng` is, by default on the CPU: there a seed means the same maps
        whatever device the generator is on. A training draws them on that device, which is quicker.
        """
        device, source = self.w_avg.device, rng.device if rng is not None else None
        return [
            torch.randn(batch, 1, r, r, generator=rng, device=source).to(device)
            for r in self.noise_resolutions
        ]

    def fixed_noise(self, batch: int = 1) -> list[Float[Tensor, "{batch} 1 _ _"]]:
        """Return the maps (batch, 1, r, r) stored with the weights, scaled to unit variance.

        A generator that stores none gives the maps of a fixed seed.
        """
        return self.noise_of(0, batch)

    def noise_of(self, seed: int, batch: int = 1) -> list[Float[Tensor, "{batch} 1 _ _"]]:
        """Return the maps n ~ N(0, 1) of a seed, (batch, 1, r, r), the same for every image."""
        maps = self.sample_noise(1, torch.Generator().manual_seed(seed))
        return [n.expand(batch, -1, -1, -1).contiguous() for n in maps]

    def sample_w(
        self, count: int, rng: torch.Generator | None = None
    ) -> Float[Tensor, "{count} w_dim"]:
        """Map `count` random z ~ N(0, 1) to w (count, w_dim); drawn on the CPU like the noise."""
        z = torch.randn(count, self.z_dim, generator=rng)
        with torch.no_grad():
            return self.mapping(z.to(self.w_avg.device, non_blocking=True))

    # --- identity -------------------------------------------------------------------------------

    @property
    def base(self) -> Generator:
        """The generator as it was loaded."""
        return self.__dict__.get("_base", self)  # type: ignore[no-any-return]

    @property
    def settings(self) -> tuple[int | str, ...]:
        """What changes its images besides the weights, such as a class; nothing by default."""
        return ()

    @cached_property
    def source_hash(self) -> str:
        """SHA-256 (hex) of the weights, which identifies the generator whatever its file."""
        return content_hash(self.state_dict())
