"""The interface that every generator implements: G(w, n) as a chain of layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganvas.errors import ConfigError, nearest


@dataclass(frozen=True, slots=True)
class Layer:
    """One place in a generator: a convolution with its style, noise and non-linearity.

    Attributes:
        name: Unique name, resolution first, such as ``64x64.conv1``.
        resolution: Height and width of its activation in pixels.
        channels: Number of channels of its activation.
        row: Index of the style row (of w+) that it reads.
        noise: Index of the noise map that it adds, or None.
    """

    name: str
    resolution: int
    channels: int
    row: int
    noise: int | None


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

    def detach(self) -> Activation:
        """Return the same state cut from the graph."""
        return Activation(self.features.detach(), None if self.rgb is None else self.rgb.detach())


ActivationEdit = Callable[[Activation], Activation]


class Generator(nn.Module, ABC):
    """A frozen synthesis network with explicit latents, styles and noise.

    A family writes five methods: `mapping`, `styles`, `_begin`, `_layer` and `_finish`. Everything
    else — running from a cached activation, reading and replacing activations, truncation — is
    written once, here. No method keeps hidden state: the same arguments give the same image.

    Attributes:
        name: The option's name in ``generator=``.
        source_hash: SHA-256 (hex) of the weights; for random weights, of what determines them.
        resolution: Height and width of the image in pixels.
        z_dim: Length of z.
        w_dim: Length of one style row.
        rows: Number of style rows of w+.
        effective_rows: Rows that change the image; the others have zero gradient.
        layers: The layers in the order in which they run.
        noise_resolutions: Height and width of each noise map, in the order of `Layer.noise`.
        w_avg: (w_dim,) the mean of w, a buffer.
    """

    name: str
    source_hash: str
    resolution: int
    z_dim: int
    w_dim: int
    rows: int
    effective_rows: tuple[int, ...]
    layers: tuple[Layer, ...]
    noise_resolutions: tuple[int, ...]
    w_avg: Tensor

    # --- what a family writes -------------------------------------------------------------------

    @abstractmethod
    def mapping(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Map z (B, z_dim) to w (B, w_dim), without truncation."""

    @abstractmethod
    def styles(self, w: Tensor) -> list[Tensor]:
        """Map w+ (B, rows, w_dim) to the styles (S space): one (B, C) tensor per affine layer."""

    @abstractmethod
    def _begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the state before the first layer."""

    @abstractmethod
    def _layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index` on the state that the layer before it left."""

    @abstractmethod
    def _finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Turn the state after the last layer into the image (B, 3, H, W) in about [−1, 1]."""

    # --- what all families share ----------------------------------------------------------------

    def forward(
        self,
        w: Tensor,
        noise: Sequence[Tensor],
        *,
        resume: tuple[str, Activation] | None = None,
        edits: Mapping[str, ActivationEdit] | None = None,
    ) -> Tensor:
        """Draw the image of w+ and noise.

        Args:
            w: (B, rows, w_dim).
            noise: One map (B, 1, r, r) of unit variance per entry of `noise_resolutions`.
            resume: (layer name, state after that layer): skip everything up to that layer.
            edits: Per layer name, a function from the state after the layer to a new state.

        Returns:
            (B, 3, H, W), nominally in [−1, 1], not clamped.

        Raises:
            ConfigError: A layer name that this generator does not have.
        """
        return self.synthesis(self.styles(w), noise, resume=resume, edits=edits)

    def synthesis(
        self,
        styles: Sequence[Tensor],
        noise: Sequence[Tensor],
        *,
        resume: tuple[str, Activation] | None = None,
        edits: Mapping[str, ActivationEdit] | None = None,
    ) -> Tensor:
        """Draw the image of styles (S space) and noise; arguments as in `forward`."""
        state = self._run(styles, noise, resume, edits or {}, len(self.layers), {})
        return self._finish(state, styles)

    def activations(
        self,
        w: Tensor,
        noise: Sequence[Tensor],
        layers: Collection[str],
        *,
        resume: tuple[str, Activation] | None = None,
    ) -> dict[str, Activation]:
        """Return the states after the named layers; nothing behind the last of them is run."""
        wanted = {name: self.layer_index(name) for name in layers}
        kept: dict[str, Activation] = dict.fromkeys(layers)  # type: ignore[arg-type]
        self._run(self.styles(w), noise, resume, {}, max(wanted.values()) + 1, kept)
        return kept

    def _run(
        self,
        styles: Sequence[Tensor],
        noise: Sequence[Tensor],
        resume: tuple[str, Activation] | None,
        edits: Mapping[str, ActivationEdit],
        stop: int,
        kept: dict[str, Activation],
    ) -> Activation:
        for name in edits:
            self.layer_index(name)
        if resume is None:
            first, state = 0, self._begin(styles)
        else:
            first, state = self.layer_index(resume[0]) + 1, resume[1]
        for index in range(first, stop):
            state = self._layer(index, state, styles, noise)
            name = self.layers[index].name
            if name in edits:
                state = edits[name](state)
            if name in kept:
                kept[name] = state
        return state

    def layer_index(self, name: str) -> int:
        """Return the position of the layer called `name`, or raise ConfigError naming the nearest."""
        for index, layer in enumerate(self.layers):
            if layer.name == name:
                return index
        known = [layer.name for layer in self.layers]
        raise ConfigError(f"{self.name} has no layer '{name}'{nearest(name, known)}")

    def broadcast(self, w: Tensor) -> Tensor:
        """Repeat w (B, w_dim) over all rows: (B, rows, w_dim)."""
        return w.unsqueeze(1).expand(-1, self.rows, -1).contiguous()

    def truncate(self, w: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Pull w+ towards w_avg: w_avg + ψ(w − w_avg) on the first `cutoff` rows (None: all).

        Source: the truncation trick in W, Karras et al. 2019, appendix B.
        """
        pulled = torch.lerp(self.w_avg.expand_as(w), w, psi)
        if cutoff is None:
            return pulled
        return torch.cat([pulled[:, :cutoff], w[:, cutoff:]], dim=1)

    def sample_noise(self, batch: int, rng: torch.Generator | None = None) -> list[Tensor]:
        """Draw noise maps n ~ N(0, 1): a list of (batch, 1, r, r).

        They are drawn on the CPU, so that a seed means the same maps on every device.
        """
        device = self.w_avg.device
        return [
            torch.randn(batch, 1, r, r, generator=rng).to(device) for r in self.noise_resolutions
        ]

    def sample_w(self, count: int, rng: torch.Generator | None = None) -> Tensor:
        """Map `count` random z ~ N(0, 1) to w (count, w_dim); drawn on the CPU like the noise."""
        z = torch.randn(count, self.z_dim, generator=rng)
        with torch.no_grad():
            return self.mapping(z.to(self.w_avg.device))
