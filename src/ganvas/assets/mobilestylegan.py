"""The converter of MobileStyleGAN: OpenVINO's constants to named weights.

The graph's exporter has folded demodulation into the convolutions and the noise strengths into the
stored noise maps, so a map's strength is the standard deviation of what is stored. Here the
constant gain 1/√fan_in of each convolution's style is folded into its weight as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.assets.archive import Archive
from ganvas.assets.openvino_ir import Constant, constants
from ganvas.system.tensors import write_tensors

Array = np.ndarray[Any, Any]

W_AVG_SAMPLES = 10_000
W_AVG_SEED = 0


def convert(archive: Archive, folder: Path) -> None:
    """Write the generator's safetensors file: weights, unit noise maps, strengths and mean w."""
    import torch

    file = archive.content
    mapping = constants(file("MappingNetwork.xml"), file("MappingNetwork.bin"))
    synthesis = constants(file("SynthesisNetwork.xml"), file("SynthesisNetwork.bin"))
    tensors = mapping_tensors(mapping) | synthesis_tensors(synthesis)
    tensors["w_avg"] = mean_w(tensors)
    plain = {key: torch.tensor(value, dtype=torch.float32) for key, value in tensors.items()}
    metadata = archive.metadata() | {
        "family": "mobilestylegan",
        "config": json.dumps(hyperparameters(tensors)),
    }
    write_tensors(folder / archive.asset.output, plain, metadata)


def mapping_tensors(graph: list[Constant]) -> dict[str, Array]:
    """Return ``mapping_network.I.{weight,bias}``: the matrices and vectors in their order."""
    weights = [c.value for c in graph if c.value.ndim == 2 and c.value.size > 1]
    biases = [c.value for c in graph if c.value.ndim == 1 and c.value.size > 1]
    named: dict[str, Array] = {}
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        named[f"mapping_network.{index}.weight"] = weight
        named[f"mapping_network.{index}.bias"] = bias
    return named


def synthesis_tensors(graph: list[Constant]) -> dict[str, Array]:
    """Return the synthesis network's tensors under the names of `MobileStyleGAN`'s modules."""
    # The stem's and the pointwise convolutions, and the noise maps, bear no names of their own.
    folded = iter([c.value for c in graph if c.name.endswith("_copy") and c.value.ndim == 4])
    maps = iter([c.value for c in graph if _is_noise(c)])
    by_name = {c.name: c.value for c in graph}

    named = {"stem.const": by_name["m.input.input"], "stem.weight": _scaled(next(folded), 9)}
    _affine(named, "stem", by_name, "m.conv1.conv")
    named["stem.bias"] = by_name["m.conv1.bias"]
    _noise(named, "stem", next(maps))
    blocks = sum(name.endswith("up.modulation.weight") for name in by_name)
    for block in range(blocks):
        source = f"m.layers.{block}"
        _affine(named, f"blocks.{block}.up", by_name, f"{source}.up")
        for conv in ("conv1", "conv2"):
            target = f"blocks.{block}.{conv}"
            _affine(named, target, by_name, f"{source}.{conv}.conv")
            depthwise = by_name[f"{source}.{conv}.conv.weight_dw"]
            named[f"{target}.depthwise"] = depthwise.reshape(-1, 1, *depthwise.shape[-2:])
            named[f"{target}.pointwise"] = _scaled(next(folded), 9)
            named[f"{target}.bias"] = by_name[f"{source}.{conv}.bias"]
            _noise(named, target, next(maps))
    image = f"m.layers.{blocks - 1}.to_img"
    _affine(named, "to_image", by_name, f"{image}.conv")
    named["to_image.weight"] = _scaled(by_name[f"{image}.conv.weight"], 1)
    named["to_image.bias"] = by_name[f"{image}.bias"]
    named = {k: v.reshape(-1) if k.endswith("bias") else v for k, v in named.items()}
    _order_bands(named, blocks)
    return named


def hyperparameters(tensors: dict[str, Array]) -> dict[str, Any]:
    """Return the arguments of `MobileStyleGAN` that fit the tensors."""
    blocks = sum(key.endswith("up.affine.weight") for key in tensors)
    after = [len(tensors[f"blocks.{block}.conv2.bias"]) for block in range(blocks)]
    return {
        "channels": [len(tensors["stem.bias"]), *after],
        "w_dim": tensors["mapping_network.0.weight"].shape[1],
        "depth": sum("mapping_network" in key and key.endswith("weight") for key in tensors),
    }


def mean_w(tensors: dict[str, Array]) -> Array:
    """Return w̄ (512,), the mean of 10,000 mapped z ~ N(0, 1) of a fixed seed.

    In float64, so that every machine rounds to the same float32 numbers.
    """
    sizes = hyperparameters(tensors)
    x = np.random.default_rng(W_AVG_SEED).standard_normal((W_AVG_SAMPLES, sizes["w_dim"]))
    x /= np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-8)
    for layer in range(sizes["depth"]):
        weight = tensors[f"mapping_network.{layer}.weight"].astype(np.float64)
        x = x @ weight.T + tensors[f"mapping_network.{layer}.bias"]
        x = np.sqrt(2.0) * np.where(x > 0, x, 0.2 * x)
    mean: Array = x.mean(axis=0)
    return mean


def _is_noise(constant: Constant) -> bool:
    shape = constant.value.shape
    return len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3] and shape[2] > 1


def _order_bands(named: dict[str, Array], blocks: int) -> None:
    """Sort the channels in front of each Haar transform from [C + C·3] to one band after another.

    The graph holds the low band of C channels and then, for each of them, its three others.
    """
    before = ["stem.weight", *(f"blocks.{i}.conv2.pointwise" for i in range(blocks - 1))]
    producers = [(key, key.rpartition(".")[0] + ".bias") for key in before]
    for block, keys in enumerate(producers):
        up = f"blocks.{block}.up.affine"
        _permute(named, (*keys, f"{up}.weight", f"{up}.bias"))
    _permute(named, ("to_image.weight", "to_image.bias"))


def _permute(named: dict[str, Array], keys: tuple[str, ...]) -> None:
    count = len(named[keys[0]]) // 4
    low, rest = np.arange(count), np.arange(count, 4 * count).reshape(count, 3)
    order = np.concatenate([low, *rest.T])
    for key in keys:
        named[key] = named[key][order]


def _scaled(weight: Array, taps: int) -> Array:
    """Divide a weight (out, in, …) by √(in · taps), the fan-in of the unseparated convolution."""
    scaled: Array = weight.astype(np.float64) / np.sqrt(weight.shape[1] * taps)
    return scaled


def _affine(named: dict[str, Array], target: str, by_name: dict[str, Array], source: str) -> None:
    named[f"{target}.affine.weight"] = by_name[f"{source}.modulation.weight"]
    named[f"{target}.affine.bias"] = by_name[f"{source}.modulation.bias"]


def _noise(named: dict[str, Array], target: str, stored: Array) -> None:
    strength = stored.std(dtype=np.float64)
    named[f"{target}.noise_strength"] = np.asarray([strength])
    named[f"{target}.noise_const"] = stored / strength
