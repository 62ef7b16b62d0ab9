"""Telling from its content whose file it is."""

from __future__ import annotations

from collections.abc import Mapping

from ganvas.checkpoint import ada, rosinality, stylegan1, stylegan3, tensorflow
from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.modules import entries, tensors
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError

SUPPORTED = (
    "supported are StyleGAN1, StyleGAN2 and StyleGAN3 generators of NVIDIA's pickles, rosinality's "
    "and PTI's .pt files, StyleGAN1 state dicts and ganvas's safetensors"
)
DISCRIMINATORS = ("final_linear.0.weight", "b4.fc.weight", "convs.0.0.weight")


def recognise(tree: object) -> Checkpoint:
    """Return the generator that a file's content holds.

    Raises:
        CheckpointError: It holds none, or one that is not supported; the message says what it is.
    """
    if isinstance(tree, tuple) and len(tree) == 3 and all(_is(part, "Network") for part in tree):
        tree = tree[2]
    if isinstance(tree, dict) and "G_ema" in tree:
        tree = tree["G_ema"]
    if isinstance(tree, Record):
        return _read_record(tree)
    if isinstance(tree, dict) and isinstance(tree.get("g_ema"), dict):
        latent_avg = tree.get("latent_avg")
        known = latent_avg if isinstance(latent_avg, Stored) else None
        return rosinality.read(arrays(tree["g_ema"]), known)
    if isinstance(tree, dict):
        return _read_state(arrays(tree), tree)
    raise CheckpointError(f"the file holds a {type(tree).__name__}, no generator; {SUPPORTED}")


def arrays(state: Mapping[object, object]) -> dict[str, Stored]:
    """Return the arrays of a mapping that have a name."""
    return {
        key: value
        for key, value in state.items()
        if isinstance(key, str) and isinstance(value, Stored)
    }


def _is(part: object, class_name: str) -> bool:
    return isinstance(part, Record) and part.class_name == class_name


def _read_record(record: Record) -> Checkpoint:
    if record.class_name == "Network":
        return tensorflow.read(record)
    if record.class_name == "Discriminator":
        raise CheckpointError(f"the file holds the discriminator only; {SUPPORTED}")
    parts = set(entries(record, "_modules"))
    if record.class_name != "Generator" or parts != {"mapping", "synthesis"}:
        raise CheckpointError(
            f"the file holds a '{record.class_name}' of unknown build; {SUPPORTED}"
        )
    if "synthesis.input.freqs" in tensors(record):
        return stylegan3.read(record)
    return ada.read(record)


def _read_state(state: dict[str, Stored], tree: dict[object, object]) -> Checkpoint:
    if "synthesis.b4.const" in state:
        return ada.read_state(state)
    if "g_mapping.dense0.weight" in state:
        return stylegan1.read_port(state)
    if "style.1.weight" in state and "conv1.conv.weight" in state:
        return rosinality.read(state)
    if "synthesis.input.freqs" in state:
        raise CheckpointError(
            "a StyleGAN3 state dict without its hyper-parameters, and T or R is no guess; "
            "give the .pkl or a safetensors file of ganvas"
        )
    names = {str(key) for key in tree}
    if names & set(DISCRIMINATORS) or names & {"d", "D"}:
        raise CheckpointError(f"the file holds the discriminator only; {SUPPORTED}")
    shown = ", ".join(sorted(name[:40] for name in names)[:5]) or "nothing"
    raise CheckpointError(f"the file holds {shown}: no generator that is known; {SUPPORTED}")
