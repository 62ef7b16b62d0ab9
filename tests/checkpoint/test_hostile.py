"""Hostile and broken files: each refused in one line, nothing in them run, memory bounded."""

import io
import pickle
import pickletools
import struct
import sys
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ganvas.checkpoint.build import build
from ganvas.checkpoint.inspect import inspect
from ganvas.checkpoint.open import open_checkpoint
from ganvas.errors import CheckpointError, GanvasError
from ganvas.generator.random_weights import random_generator

MEMORY = 64 << 20


class Call:
    """Pickles as a call of whatever it is given."""

    def __init__(self, function, *arguments):
        self.parts = (function, arguments)

    def __reduce__(self):
        return self.parts


def text(name):
    module, _, attribute = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def zipped(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def torch_file(content, legacy=False):
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def refused(path, *words):
    """Assert that loading ends in one line with these words, and in little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(GanvasError) as caught:
            build(open_checkpoint(path)).use_label(None)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    for word in words:
        assert word in message
    return message


P2, STOP = b"\x80\x02", b"."


def opcodes(canary):
    """Pickles written by hand: name → (bytes, a word of the refusal)."""
    command = f"touch {canary}".encode()
    shell = struct.pack("<I", len(command)) + command
    code = f"open({str(canary)!r}, 'w').close()".encode()
    source = struct.pack("<I", len(code)) + code
    return {
        "os.system": (P2 + text("os.system") + b"X" + shell + b"\x85R.", "os.system"),
        "posix.system": (P2 + text("posix.system") + b"X" + shell + b"\x85R.", "posix.system"),
        "nt.system": (P2 + text("nt.system") + b"X" + shell + b"\x85R.", "nt.system"),
        "eval": (P2 + text("builtins.eval") + b"X" + source + b"\x85R.", "builtins.eval"),
        "exec": (P2 + text("builtins.exec") + b"X" + source + b"\x85R.", "builtins.exec"),
        "popen": (P2 + text("subprocess.Popen") + b"X" + shell + b"\x85R.", "subprocess.Popen"),
        "getattr": (P2 + text("builtins.getattr") + STOP, "builtins.getattr"),
        "import": (P2 + text("builtins.__import__") + STOP, "builtins.__import__"),
        "pickle.loads": (P2 + text("pickle.loads") + STOP, "pickle.loads"),
        "torch.load": (P2 + text("torch.load") + STOP, "torch.load"),
        "module import": (P2 + text("antigravity.fly") + STOP, "antigravity.fly"),
        "stack global": (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
        "dotted stack global": (b"\x80\x04\x8c\x05torch\x8c\x09os.system\x93.", "torch.os.system"),
        "instance": (b"\x80\x02(X" + shell + b"ios\nsystem\n.", "operation"),
        "object": (P2 + b"(" + text("collections.OrderedDict") + b"o.", "operation"),
        "extension": (P2 + b"\x82\x01.", "operation"),
        "newobj_ex": (P2 + text("collections.OrderedDict") + b")}\x92.", "operation"),
        "protocol 0": (b"\x80\x00cos\nsystem\n.", "protocol"),
        "call of a call": (P2 + text("collections.OrderedDict") + b")R)R.", "no name"),
        "state of a name": (P2 + text("collections.OrderedDict") + b"}b.", "plain value"),
        "memo index": (P2 + b"}r\xff\xff\xff\x7f0h\x05.", "never stored"),
        "huge bytes": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + STOP, "cut off"),
        "huge text": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + STOP, "cut off"),
        "huge integer": (P2 + b"\x8a\xff" + b"\x01" * 255 + STOP, "integer"),
        "tuple key": (P2 + b"}K\x01" + b"\x85" * 100_000 + b"Ns.", "key"),
        "no stop": (P2 + b"}" * 1000, "cut off"),
        "stack underflow": (P2 + b"0.", "not there"),
        "mark missing": (P2 + b"u.", "mark"),
        "append to a dict": (P2 + b"}K\x01a.", "no list"),
        "persistent": (P2 + b"K\x01Q.", "outside"),
        "many operations": (P2 + b"N0" * 600_000 + STOP, "operations"),
        "calls a type": (P2 + text("torch.FloatStorage") + b"K\x01\x85R.", "type of numbers"),
        "misuse": (P2 + text("torch._utils._rebuild_tensor_v2") + b")R.", "misuses"),
        "ten times the bytes": (
            P2 + b"](" + b"X\x00\x10\x00\x00" + b"a" * 4096 + b"q\x01"
            + (text("_codecs.encode") + b"h\x01\x85R") * 50 + b"e.",
            "unfolds",
        ),
    }  # fmt: skip


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "a checkpoint ran code"


NAMES = list(opcodes("x"))


@pytest.mark.parametrize("name", NAMES)
def test_pickle_operations(tmp_path, canary, name):
    content, word = opcodes(canary)[name]
    modules = set(sys.modules)
    path = tmp_path / "network.pkl"
    path.write_bytes(content)
    refused(path, "network.pkl", word)
    assert not {"antigravity"} & (set(sys.modules) - modules)


@pytest.mark.parametrize("wrap", ["pickle", "torch", "torch-legacy", "inside a tensor"])
def test_a_call_is_refused_wherever_it_stands(tmp_path, canary, wrap):
    hostile = Call(open, str(canary), "w")
    path = tmp_path / "network.pt"
    if wrap == "pickle":
        path.write_bytes(pickle.dumps({"G_ema": hostile}))
    elif wrap == "inside a tensor":
        inner = pickle.dumps(Call(open, str(canary), "w"))
        path.write_bytes(pickle.dumps(Call(torch.storage._load_from_bytes, inner)))
    else:
        path.write_bytes(torch_file({"g_ema": hostile}, legacy=wrap == "torch-legacy"))
    refused(path, "nothing was run")


def arrays():
    """Content that unpickles well enough but holds arrays that lie: name → (object, word)."""
    rebuild = torch._utils._rebuild_tensor_v2
    return {
        "larger than its storage": (rebuild, (0, (1 << 20, 1 << 20), (0, 0)), "larger"),
        "beyond its storage": (rebuild, (3, (4,), (1,)), "beyond"),
        "negative offset": (rebuild, (-1, (2,), (1,)), "larger"),
        "negative shape": (rebuild, (0, (-2,), (1,)), "no count"),
        "stride of another rank": (rebuild, (0, (2, 2), (1,)), "misuses"),
        "shape of text": (rebuild, (0, "22", (1,)), "shape"),
    }


class Tensor:
    def __init__(self, function, parts):
        self.function, self.parts = function, parts

    def __reduce__(self):
        storage = torch.zeros(4).storage()
        return self.function, (storage, *self.parts, False, None)


@pytest.mark.parametrize("name", arrays())
@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_tensors_that_lie(tmp_path, name):
    function, parts, word = arrays()[name]
    path = tmp_path / "network.pt"
    path.write_bytes(torch_file({"g_ema": {"input.input": Tensor(function, parts)}}))
    refused(path, word)


COPIES = {
    "set": ("builtins.set", b""),
    "mapping": ("collections.OrderedDict", b"K\x01\x86"),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_of_one_list_are_paid_for(tmp_path, name):
    path, pair = COPIES[name]
    numbers = (b"M" + struct.pack("<H", n) + pair for n in range(20_000))
    # Memo 0 is what is called, memo 2 its arguments: a tuple of one list.
    head = P2 + text(path) + b"q\x000]q\x01(" + b"".join(numbers) + b"e\x85q\x020]("
    file = tmp_path / "network.pkl"
    file.write_bytes(head + b"h\x00h\x02R" * 400 + b"e" + STOP)
    refused(file, "unfolds")


def test_names_and_shapes_are_not_made_of_lists(tmp_path):
    # Lists, each twice in the next one: as a text hundreds of megabytes.
    nested = b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (n, n, n + 1) for n in range(26))
    file = tmp_path / "network.pkl"
    file.write_bytes(P2 + nested + b"X\x01\x00\x00\x00a\x93" + STOP)
    refused(file, "no text")
    module = text("torch_utils.persistence._reconstruct_persistent_obj")
    key = b"X\x0a\x00\x00\x00class_name"
    file.write_bytes(P2 + nested + b"0" + module + b"}" + key + b"h\x1as\x85R" + STOP)
    refused(file)
    file.write_bytes(P2 + text("torch.Size") + b"(" + b"K\x01" * 9 + b"t\x85R" + STOP)
    refused(file, "no readable shape")


def test_numpy_arrays_that_lie(tmp_path):
    good = pickle.dumps(np.zeros((4, 4), np.float32), protocol=4)
    path = tmp_path / "network.pkl"
    for bad, word in (
        (good.replace(b"K\x04K\x04", b"K\x7fK\x7f"), "fit"),
        (good.replace(b"\x02f4", b"\x02O8"), "not numbers"),
        (good.replace(b"\x02f4", b"\x02V4"), "not numbers"),
    ):
        assert bad != good
        path.write_bytes(bad)
        refused(path, word)


def test_zip_files(tmp_path):
    path = tmp_path / "network.pt"
    good = torch_file({"a": torch.ones(1000)})
    data = pickletools.optimize(pickle.dumps({}, protocol=2))
    bomb = zipped({"x/data.pkl": b"\0" * (200 << 20)}, zipfile.ZIP_DEFLATED)
    cases = {
        "compressed bomb": (bomb, "unpacks to more"),
        "compressed": (zipped({"x/data.pkl": data}, zipfile.ZIP_DEFLATED), "compressed"),
        "no pickle": (zipped({"a.txt": b"hello"}), "torch.save"),
        "two pickles": (zipped({"x/data.pkl": data, "y/data.pkl": data}), "torch.save"),
        "program": (zipped({"x/data.pkl": data, "x/constants.pkl": data}), "TorchScript"),
        "big endian": (zipped({"x/data.pkl": data, "x/byteorder": b"big"}), "big-endian"),
        "cut in half": (good[: len(good) // 2], "cut off"),
        "without its directory": (good[:-30], "cut off"),
        "flipped bit": (good.replace(b"\0\0\x80\x3f", b"\0\0\x81\x3f", 1), "damaged"),
    }
    for name, (content, word) in cases.items():
        path.write_bytes(content)
        assert refused(path, word), name


@pytest.mark.parametrize("how", ["pickle", "torch", "torch-legacy"])
def test_cut_off_anywhere(writers, save, how):
    state = random_generator(writers.SKIP).state_dict()
    content = writers.nvidia_module(writers.SKIP, state)
    path = save({"G_ema": content} if how == "pickle" else content, how)
    whole = path.read_bytes()
    for share in (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999):
        path.write_bytes(whole[: int(len(whole) * share)])
        refused(path)


def test_wrong_content(writers, save):
    skip = writers.SKIP
    state = random_generator(skip).state_dict()
    names = writers.nvidia_names(skip, state)

    def changed(**changes):
        return names | {key.replace("__", "."): value for key, value in changes.items()}

    discriminator = {"final_linear.0.weight": torch.ones(2), "convs.0.0.weight": torch.ones(2)}
    other = writers.nvidia_module(skip, state)
    other.state["_modules"]["synthesis"].state["_modules"]["b4"].class_name = "SuperBlock"
    relu = writers.nvidia_module(skip, state)
    blocks = relu.state["_modules"]["synthesis"].state["_modules"]
    blocks["b8"].state["_modules"]["conv0"].state["activation"] = "relu"
    encoder = writers.Module("Generator")
    sg3 = writers.ARCHITECTURES["stylegan3t"]
    third = random_generator(sg3).state_dict()
    unknown = writers.nvidia_module(sg3, third)
    unknown.state["_modules"]["synthesis"].state["_init_kwargs"]["num_heads"] = 8
    wide = writers.nvidia_module(sg3, third)
    wide.state["_modules"]["synthesis"].state["_init_kwargs"]["img_resolution"] = 1 << 40
    nan = names["synthesis.b8.conv0.weight"].clone()
    nan[0, 0, 0, 0] = torch.nan
    no_block = {k: v for k, v in names.items() if ".b8." not in k}
    no_bias = {k: v for k, v in names.items() if k != "synthesis.b16.conv1.bias"}
    cases = {
        "discriminator, rosinality": ({"d": discriminator}, "discriminator"),
        "discriminator, bare": (discriminator, "discriminator"),
        "discriminator, pickle": (writers.Module("Discriminator"), "discriminator"),
        "none": ({"G_ema": None}, "NoneType"),
        "list": ([1, 2, 3], "list"),
        "empty": ({}, "nothing"),
        "a classifier": ({"features.0.weight": torch.ones(3)}, "features.0.weight"),
        "unknown part": (other, "SuperBlock"),
        "unknown activation": (relu, "relu"),
        "unknown build": (encoder, "unknown build"),
        "unknown argument": (unknown, "num_heads"),
        "absurd argument": (wide, "resolution"),
        "StyleGAN3 state dict": (writers.nvidia_names(sg3, third), "hyper-parameters"),
        "NaN": (changed(synthesis__b8__conv0__weight=nan), "finite"),
        "infinite": (changed(mapping__w_avg=torch.full((8,), torch.inf)), "finite"),
        "missing block": (no_block, "blocks"),
        "missing bias": (no_bias, "b16.conv1.bias"),
        "wrong shape": (changed(synthesis__b8__conv0__bias=torch.ones(5)), "shape"),
        "unknown array": (changed(synthesis__b8__attention=torch.ones(5)), "attention"),
        "four channels": (changed(synthesis__b16__torgb__weight=torch.ones(4, 4, 1, 1)), "4"),
        "conditional": (
            writers.nvidia_pickle(
                writers.ARCHITECTURES["conditional"],
                random_generator(writers.ARCHITECTURES["conditional"]).state_dict(),
            ),
            "generator.label",
        ),
        "TensorFlow nonsense": ((writers.Network([]),) * 3, "neither"),
        "TensorFlow text": ((writers.Network([("a", "text")]),) * 3, "no array"),
    }
    for name, (content, word) in cases.items():
        assert refused(save(content, "torch"), word), name


def test_modules_in_a_circle(writers, save):
    loop = writers.Module("Generator")
    record = writers.nvidia_module(writers.SKIP, random_generator(writers.SKIP).state_dict())
    deep = writers.Module("FullyConnectedLayer")
    for _ in range(50):
        deep = writers.Module("FullyConnectedLayer", _modules={"inner": deep})
    record.state["_modules"]["mapping"].state["_modules"]["fc9"] = deep
    refused(save(record, "pickle"), "deeply")
    refused(save(loop, "pickle"), "unknown build")


def test_safetensors(tmp_path):
    path = tmp_path / "network.safetensors"
    save_file({"a": torch.ones(1)}, path, {"family": "stylegan4"})
    refused(path, "stylegan4")
    save_file({"a": torch.ones(1)}, path, {"family": "stylegan2", "config": "[" * 10_000})
    refused(path, "readable")
    save_file({"a": torch.ones(1)}, path, {"family": "stylegan2", "config": '{"channels": [1e9]}'})
    refused(path, "hyper-parameter")
    path.write_bytes(struct.pack("<Q", 1 << 50) + b"{" + b" " * 100)
    refused(path, "safetensors")
    save_file({"a": torch.ones(1)}, path)
    path.write_bytes(path.read_bytes()[:-2])
    refused(path, "safetensors")


def test_other_files(tmp_path):
    path = tmp_path / "network.pkl"
    path.write_bytes(b"")
    refused(path, "empty")
    path.write_bytes(b"<!DOCTYPE html><html>not found</html>")
    refused(path, "DOCTYPE")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    refused(path, "neither")
    refused(tmp_path / "absent.pkl", "absent.pkl")
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("how", ["pickle", "torch", "torch-legacy"])
def test_random_changes_never_do_more_than_refuse(writers, save, how, canary):
    """Flip, cut and repeat bytes of good files: any answer but an unexpected error is fine."""
    state = random_generator(writers.SKIP).state_dict()
    path = save(writers.nvidia_module(writers.SKIP, state), how)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    places = [*range(min(3000, len(whole))), *range(max(0, len(whole) - 1500), len(whole))]
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(rng.integers(1, 6)):
            at = int(rng.choice(places))
            match rng.integers(0, 4):
                case 0:
                    broken[at % len(broken)] = int(rng.integers(0, 256))
                case 1:
                    del broken[at : at + int(rng.integers(1, 50))]
                case 2:
                    broken[at:at] = broken[at : at + int(rng.integers(1, 50))]
                case 3:
                    broken[at:at] = bytes(rng.integers(0, 256, rng.integers(1, 9), np.uint8))
        path.write_bytes(broken)
        with suppress(CheckpointError):
            inspect(path)
            build(open_checkpoint(path))
    assert not canary.exists()
