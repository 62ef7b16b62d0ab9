"""I_att: replace the activations of a layer, or of several, in one forward pass."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ganvas.edit.change import Change, Copy, margin_of
from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.layers import Layers, selected
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator


@dataclass(frozen=True)
class EditActivations(Operation):
    """I_att: G(w, n) with the tensor at layer l replaced by M₁ ⊙ A_l + (1 − M₂) ⊙ B_l.

    A is the image's own activation, B what `change` makes of A and of the other image's. Styles and
    noise behind the layer stay those of the image. Abdal et al. 2020, section 4.

    Attributes:
        layers: Where: a resolution, for its last layer, or a layer's name. Several in one pass. Or
            a layer subset, such as ${layers}, for all layers whose activations it selects.
        change: What B is.
        keep: M₁, a mask expression of the recipe: where the image's own activations stay.
        take: 1 − M₂: where B is taken.
        embedding: The image whose activations are replaced.
        other: The image that B comes from.
    """

    layers: Layers | tuple[int | str, ...]
    change: Change = field(default_factory=Copy)
    keep: str = "1 - m"
    take: str = "m"
    embedding: str = "x"
    other: str = "x"

    def __post_init__(self) -> None:
        if not self.layers:
            raise ConfigError("an activation operation needs at least one layer")

    @no_grad
    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Find the layers, and try whether the change can be made there.

        Raises:
            ConfigError: There is no such layer or unit, a latent is in S space, or activations
                behind the first layer are edited already.
        """
        names = self.names(generator)
        for name in self.embeddings():
            specs[name].require_activations(names[0], generator)
        w = generator.broadcast(generator.w_avg.unsqueeze(0))
        average = generator.activations(w, generator.fixed_noise(), names)
        for name in names:
            self.change.check(average[name], generator, name)
        specs[self.embedding] = replace(specs[self.embedding], edited=names[-1])

    def names(self, generator: Generator) -> list[str]:
        """Return the names of the layers, in the order in which they run.

        Raises:
            ConfigError: There is no such layer, or the subset selects none.
        """
        if isinstance(self.layers, Layers):
            chosen = set(selected(self.layers, generator).activations)
        else:
            chosen = {generator.find_layer(layer) for layer in self.layers}
        if not chosen:
            raise ConfigError("the layer subset selects no layer whose activations to edit")
        return sorted(chosen, key=generator.layer_index)

    def masks(self) -> tuple[str, ...]:
        """Return M₁ and 1 − M₂."""
        return (self.keep, self.take)

    def embeddings(self) -> tuple[str, ...]:
        """Return the image's and the other's."""
        return (self.embedding, self.other)

    @no_grad
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Replace the activations and draw the picture, image by image."""
        import torch

        from ganvas.generator.base import Activation

        edited, other = scene.embedding(self.embedding), scene.embedding(self.other)
        first = self.names(scene.generator)[0]
        for embedding in (edited, other):
            EmbeddingSpec.of(embedding).require_activations(first, scene.generator)
        ones = torch.ones(len(edited), 1, 1, 1, device=edited.latent.device)
        masks = (scene.mask(self.keep), scene.mask(self.take))
        keep, take = (ones if mask is None else mask for mask in masks)
        parts = []
        for index in range(len(edited)):
            one = slice(index, index + 1)
            parts.append(
                self._edited(edited[one], other[one], keep[one], take[one], scene.generator)
            )
        resume = parts[0][0], Activation.join([state for _, state in parts])
        scene.embeddings[self.embedding] = replace(edited, resume=resume)
        return scene.embeddings[self.embedding].render(scene.generator)

    def _edited(
        self, image: Embedding, other: Embedding, keep: Tensor, take: Tensor, generator: Generator
    ) -> tuple[str, Activation]:
        """Run one image up to its last edited layer and return the state there."""
        names = self.names(generator)
        resume = image.resume
        others = other.activations(generator, names)
        for name in names:
            state = replace(image, resume=resume).activations(generator, [name])[name]
            changed = self.change.apply(state, others[name], generator, name)
            margin = margin_of(generator, name)
            resume = (name, mixed(state, changed, keep, take, margin))
        assert resume is not None
        return resume


def mixed(
    state: Activation, changed: Activation, keep: Tensor, take: Tensor, margin: int = 0
) -> Activation:
    """Mix two states under masks that are fitted to the layer."""
    from ganvas.functional.activations import fit_mask, mix
    from ganvas.generator.base import Activation

    def at(a: Tensor, b: Tensor) -> Tensor:
        return mix(a, b, *(fit_mask(m, a.shape[-1], margin) for m in (keep, take)))

    rgb = None
    if state.rgb is not None and changed.rgb is not None:
        rgb = at(state.rgb, changed.rgb)
    return Activation(at(state.features, changed.features), rgb)
