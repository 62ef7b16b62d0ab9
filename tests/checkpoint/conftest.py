"""Writers of files with the real structure of each layout, from tensors under our names."""

import argparse
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest
import torch

from ganvas.checkpoint import ada
from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)

SKIP = StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4))
ARCHITECTURES = {
    "skip": SKIP,
    "resnet": StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), layout="resnet"),
    "orig": StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), layout="orig"),
    "conditional": StyleGAN2Architecture(
        mapping=(16, 8, 8), channels=(6, 4), classes=5, embedding=8
    ),
    "clamped": StyleGAN2Architecture(
        mapping=(8, 8), channels=(6, 6, 4), clamp=256.0, half=2, rate=0.1
    ),
    "stylegan1": StyleGAN1Architecture(mapping=(8, 8, 8), channels=(6, 6, 4)),
    "stylegan3t": StyleGAN3Architecture(
        mapping=(8, 8), resolution=16, channel_base=128, channel_max=6, layers=4
    ),
    "stylegan3r": StyleGAN3Architecture(
        mapping=(8, 8),
        resolution=16,
        channel_base=128,
        channel_max=6,
        layers=4,
        kernel=1,
        radial=True,
    ),
}
MODULES = (
    "dnnlib",
    "dnnlib.util",
    "dnnlib.tflib",
    "dnnlib.tflib.network",
    "torch_utils",
    "torch_utils.persistence",
)


class EasyDict(dict):
    pass


class Network:
    def __init__(self, variables, components=None, arguments=None):
        self.variables, self.components, self.arguments = variables, components, arguments

    def __getstate__(self):
        return {
            "version": 4,
            "name": "G",
            "static_kwargs": self.arguments or {},
            "components": self.components or {},
            "build_module_src": "raise RuntimeError('source of a checkpoint was run')",
            "build_func_name": "G_main",
            "variables": self.variables,
        }


def _reconstruct_persistent_obj(meta):
    raise RuntimeError("the original loader was called")


class Module:
    """A module that pickles itself the way NVIDIA's persistence does."""

    def __init__(self, class_name, **attributes):
        self.class_name = class_name
        self.state = {
            "training": False,
            "_parameters": OrderedDict(),
            "_buffers": OrderedDict(),
            "_modules": OrderedDict(),
            "_non_persistent_buffers_set": set(),
            "_init_kwargs": EasyDict(),
            **attributes,
        }

    def __reduce__(self):
        meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise RuntimeError('source of a checkpoint was run')",
            "class_name": self.class_name,
            "state": self.state,
        }
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


class Writers:
    """One function per layout; each returns the object that the code base would save."""

    EasyDict, Network, Module, SKIP, ARCHITECTURES = EasyDict, Network, Module, SKIP, ARCHITECTURES

    @staticmethod
    def nvidia_names(architecture, tensors):
        if isinstance(architecture, StyleGAN2Architecture):
            return ada.write(architecture, tensors)
        state = {}
        for key, value in tensors.items():
            if key == "w_avg":
                state["mapping.w_avg"] = value
            elif key.startswith("mapper."):
                state[key.replace("mapper.", "mapping.")] = value
            else:
                head, _, rest = key.partition(".")
                name = f"{head}_20_6" if head[0] == "L" else head
                state[f"synthesis.{name}.{rest}"] = value
        return state

    @classmethod
    def nvidia_module(cls, architecture, tensors):
        """Return a pickled module of stylegan2-ada-pytorch or stylegan3."""
        root = Module("Generator", z_dim=8, c_dim=architecture.classes)
        for key, value in cls.nvidia_names(architecture, tensors).items():
            *path, name = key.split(".")
            module = root
            for part in path:
                module = module.state["_modules"].setdefault(part, cls._part(architecture, part))
            buffer = name.endswith(("_const", "_avg", "_filter", "_ema"))
            module.state["_buffers" if buffer else "_parameters"][name] = (
                value if buffer else torch.nn.Parameter(value, requires_grad=False)
            )
        if isinstance(architecture, StyleGAN3Architecture):
            root.state["_modules"]["synthesis"].state["_init_kwargs"] = EasyDict(
                w_dim=8,
                img_resolution=architecture.resolution,
                img_channels=3,
                channel_base=architecture.channel_base,
                channel_max=architecture.channel_max,
                num_layers=architecture.layers,
                conv_kernel=architecture.kernel,
                use_radial_filters=architecture.radial,
                first_stopband=np.float64(architecture.first_stopband),
            )
        return root

    @staticmethod
    def _part(architecture, part):
        top = 4 << (len(getattr(architecture, "channels", ())) - 1) if part[0] == "b" else 0
        if part[0] == "b":
            resolution = int(part[1:])
            return Module("SynthesisBlock", use_fp16=resolution * 2**architecture.half > top)
        if part.startswith("conv"):
            clamp = architecture.clamp
            return Module("SynthesisLayer", conv_clamp=clamp, activation="lrelu", act_gain=1.4)
        if part.startswith("fc"):
            return Module("FullyConnectedLayer", bias_gain=architecture.rate, activation="lrelu")
        kinds = {
            "mapping": "MappingNetwork",
            "synthesis": "SynthesisNetwork",
            "input": "SynthesisInput",
            "torgb": "ToRGBLayer",
            "skip": "Conv2dLayer",
            "affine": "FullyConnectedLayer",
            "embed": "FullyConnectedLayer",
        }
        return Module(kinds.get(part, "SynthesisLayer"))

    @classmethod
    def nvidia_pickle(cls, architecture, tensors):
        generator = cls.nvidia_module(architecture, tensors)
        return {
            "G": None,
            "D": Module("Discriminator"),
            "G_ema": generator,
            "augment_pipe": None,
            "training_set_kwargs": EasyDict(path="data"),
        }

    @staticmethod
    def tensorflow2(architecture, tensors):
        """Return the three networks of a TensorFlow StyleGAN2 pickle."""
        mapping, synthesis = [], []
        names = {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB", "skip": "Skip"}
        for key, value in tensors.items():
            array = value.numpy()
            parts = key.split(".")
            if parts[0] == "mapper":
                dense = "LabelEmbed" if parts[1] == "embed" else parts[1].replace("fc", "Dense")
                mapping.append((f"{dense}/{parts[2]}", array.T.copy()))
            elif key == "b4.const":
                synthesis.append(("4x4/Const/const", array[None]))
            elif key.endswith("noise_const"):
                log = int(parts[0][1:]).bit_length() - 1
                number = 0 if log == 2 else 2 * log - (5 if parts[1] == "conv0" else 4)
                synthesis.append((f"noise{number}", array[None, None]))
            elif parts[0][0] == "b":
                resolution = parts[0][1:]
                name = "Conv" if parts[:2] == ["b4", "conv1"] else names[parts[1]]
                rest = ".".join(parts[2:])
                if rest == "weight":
                    array = array.transpose(2, 3, 1, 0)
                    if name in ("Conv0_up", "Skip"):
                        array = array[::-1, ::-1]
                if rest == "affine.weight":
                    array = array.T
                if rest == "affine.bias":
                    array = array - 1
                rest = rest.replace("affine.", "mod_")
                synthesis.append((f"{resolution}x{resolution}/{name}/{rest}", array.copy()))
        components = {"mapping": Network(mapping), "synthesis": Network(synthesis)}
        network = Network(
            [("lod", np.float32(0)), ("dlatent_avg", tensors["w_avg"].numpy())],
            components,
            EasyDict(resample_kernel=[1, 3, 3, 1], architecture=architecture.layout),
        )
        return network, Network([]), network

    @staticmethod
    def tensorflow1(architecture, tensors):
        """Return the three networks of a TensorFlow StyleGAN1 pickle."""
        del architecture
        mapping, synthesis = [], [("lod", np.float32(0))]
        for key, value in tensors.items():
            array = value.numpy()
            parts = key.split(".")
            if parts[0] == "mapper":
                mapping.append((f"{parts[1].replace('fc', 'Dense')}/{parts[2]}", array.T.copy()))
            elif parts[0] == "torgb":
                array = array.transpose(2, 3, 1, 0) if parts[1] == "weight" else array
                synthesis.append((f"ToRGB_lod0/{parts[1]}", array.copy()))
                synthesis.append((f"ToRGB_lod1/{parts[1]}", array.copy()))
            elif key.endswith("noise_const"):
                number = 2 * (int(parts[0][1:]).bit_length() - 3) + (parts[1] == "conv1")
                synthesis.append((f"noise{number}", array[None, None]))
            elif parts[0][0] == "b":
                resolution, rest = parts[0][1:], ".".join(parts[2:])
                layer = {"const": "Const", "conv0": "Conv0_up"}.get(
                    parts[1], "Conv" if resolution == "4" else "Conv1"
                )
                place = {
                    "const": "const",
                    "weight": "weight",
                    "bias": "bias",
                    "noise_strength": "Noise/weight",
                    "affine.weight": "StyleMod/weight",
                    "affine.bias": "StyleMod/bias",
                }[rest]
                if rest == "const":
                    array = array[None]
                if rest == "weight":
                    array = array.transpose(2, 3, 1, 0)
                if rest == "affine.weight":
                    array = array.T
                synthesis.append((f"{resolution}x{resolution}/{layer}/{place}", array.copy()))
        components = {"mapping": Network(mapping), "synthesis": Network(synthesis)}
        network = Network([("dlatent_avg", tensors["w_avg"].numpy())], components)
        return network, Network([]), network

    @staticmethod
    def port1(architecture, tensors):
        """Return the flat state dict of StyleGAN1's PyTorch port."""
        del architecture
        state = OrderedDict()
        for key, value in tensors.items():
            parts = key.split(".")
            if parts[0] == "mapper":
                state[f"g_mapping.{parts[1].replace('fc', 'dense')}.{parts[2]}"] = value
            elif parts[0] == "torgb":
                state[f"g_synthesis.{key}"] = value
            elif parts[0][0] == "b" and not key.endswith("noise_const"):
                r, rest = parts[0][1:], ".".join(parts[2:])
                block = f"g_synthesis.blocks.{r}x{r}"
                epilogue = "epi2" if parts[1] == "conv1" else "epi1"
                convolution = {"conv0": "conv0_up.", "const": ""}.get(
                    parts[1], "conv." if r == "4" else "conv1."
                )
                if rest == "noise_strength":
                    state[f"{block}.{epilogue}.top_epi.noise.weight"] = value
                elif rest.startswith("affine"):
                    state[f"{block}.{epilogue}.style_mod.lin.{parts[3]}"] = value
                else:
                    state[f"{block}.{convolution}{rest}"] = (
                        value[None] if rest == "const" else value
                    )
                if parts[1] == "conv0":
                    state[f"{block}.conv0_up.intermediate.kernel"] = torch.ones(1, 1, 3, 3) / 9
        return state

    @staticmethod
    def namespace(**values):
        return argparse.Namespace(**values)


@pytest.fixture
def writers(monkeypatch):
    """The writers, while the names that their pickles mention can be imported."""
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    places = {
        "dnnlib.util": EasyDict,
        "dnnlib.tflib.network": Network,
        "torch_utils.persistence": _reconstruct_persistent_obj,
    }
    for module, thing in places.items():
        setattr(sys.modules[module], thing.__name__, thing)
        thing.__module__ = module
    return Writers


@pytest.fixture
def save(tmp_path):
    """Return a function that writes an object as a pickle or torch file and gives its path."""

    def write(content, how="pickle", name="network"):
        path = tmp_path / f"{name}.{how}"
        if how.startswith("torch"):
            torch.save(content, path, _use_new_zipfile_serialization=how == "torch")
        else:
            protocol = int(how.removeprefix("pickle") or 4)
            path.write_bytes(pickle.dumps(content, protocol=protocol))
        return path

    return write
