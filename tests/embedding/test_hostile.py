"""Embeddings of a stranger: refused in one line, nothing that they name imported or fetched."""

from __future__ import annotations

import json
import socket
import struct
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from ganvas.config.trust import FORMER_TARGETS, refuse_foreign, renewed
from ganvas.embedding import Embedding
from ganvas.embedding.storage import flatten
from ganvas.errors import ConfigError, GanvasError
from ganvas.generator.tiny import TinyConfig
from ganvas.start import WAvg

TINY = {"_target_": "ganvas.generator.tiny.TinyConfig"}


@pytest.fixture(scope="module")
def good():
    generator = TinyConfig().load()
    start = WAvg().begin(generator, ("a", "b"), 0)
    return replace(start, generator=TINY, generator_hash=generator.source_hash)


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A module that leaves a file behind when it is imported."""
    mark = tmp_path / "imported"
    text = f"open({str(mark)!r}, 'w').close()\nclass Config:\n    pass\n"
    (tmp_path / "canary_module.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "canary_module.Config"
    assert not mark.exists(), "an embedding had a module imported"
    assert "canary_module" not in sys.modules


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("an embedding had an address fetched")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def written(path, embedding, metadata=None, tensors=None):
    plain, text = flatten(embedding)
    text |= {"format": "ganvas-embedding-1", "ganvas": "0"} | (metadata or {})
    plain = {k: v.clone() for k, v in (plain | (tensors or {})).items() if v is not None}
    save_file(plain, path, text)
    return str(path)


def refused(ganvas_command, file, *words):
    for command in (("render", file), ("export", file, "-o", "w.npz")):
        done = ganvas_command(*command)
        if command[0] == "export" and done.code == 0:
            continue  # w+ is written as it is, and no generator is asked for
        assert done.code == 2, done
        assert len(done.complaint) < 500
        for word in words:
            assert word in done.complaint


TARGETS = {
    "canary": ("canary_module.Config", "code outside ganvas"),
    "os.system": ("os.system", "code outside ganvas"),
    "a name that begins like ours": ("ganvas_extra.Config", "code outside ganvas"),
    "a relative name": ("ganvas..canary_module.Config", "code outside ganvas"),
    "a space in front": (" ganvas.generator.tiny.TinyConfig", "code outside ganvas"),
    "a list": (["os.system"], "code outside ganvas"),
    "a number": (7, "code outside ganvas"),
    "line breaks": ("canary_module.Config\nganvas: all is well", "code outside ganvas"),
    "a command of ours": ("ganvas.cli.main", "GeneratorConfig"),
    "a writer of ours": ("ganvas.system.files.write_text", "GeneratorConfig"),
    "a class of ours": ("ganvas.mask.Full", "GeneratorConfig"),
    "the base class": ("ganvas.generator.config.GeneratorConfig", "generator"),
    "a module behind ours": ("ganvas.system.files.os.system", "cannot import"),
    "nothing of ours": ("ganvas.generator.nothing.Config", "cannot import"),
}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.usefixtures("canary")
def test_targets(ganvas_command, tmp_path, good, name):
    target, word = TARGETS[name]
    embedding = replace(good, generator={"_target_": target}, truncation=0.5)
    refused(ganvas_command, written(tmp_path / "e.safetensors", embedding), "generator", word)


STYLEGAN = {"_target_": "ganvas.checkpoint.from_file.StyleGAN2Config"}
GENERATORS = {
    "an address": (STYLEGAN | {"checkpoint": "http://127.0.0.1:9/a.pkl"}, "is an address"),
    "a published address without its hash": (
        STYLEGAN | {"checkpoint": "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/"
                                  "pretrained/ffhq.pkl"}, "is an address"),
    "another scheme": (STYLEGAN | {"checkpoint": "  FTP://example.org/a.pkl"}, "is an address"),
    "an interpolation": (TINY | {"seed": "${oc.env:HOME}"}, "interpolation"),
    "a target inside": (TINY | {"seed": {"_target_": "canary_module.Config"}}, "outside ganvas"),
    "our target where a number belongs": (
        TINY | {"seed": {"_target_": "ganvas.assets.store.used"}}, "int is asked for"),
    "a negative count": (TINY | {"channels": -4}, "channels"),
    "a count that fills the memory": (TINY | {"channels": 10**9}, "channels"),
    "a resolution that fills the memory": (TINY | {"resolution": 2**30}, "resolution"),
    "an unknown field": (TINY | {"hook": "x"}, "hook"),
    "a file that never ends": (STYLEGAN | {"checkpoint": "/dev/zero"}, "no such file"),
    "a list": ([1], "generator"),
}  # fmt: skip


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.usefixtures("canary")
def test_generators(ganvas_command, tmp_path, good, name):
    described, word = GENERATORS[name]
    embedding = replace(good, truncation=0.5)
    file = written(tmp_path / "e.safetensors", embedding, {"generator": json.dumps(described)})
    refused(ganvas_command, file, word)


def metadata_cases():
    return {
        "no JSON": ({"generator": "{"}, "broken"),
        "deeply nested": ({"generator": "[" * 100_000 + "]" * 100_000}, "broken"),
        "nested within reason": ({"generator": '{"a":' * 200 + "1" + "}" * 200}, "deeply"),
        "names that are none": ({"names": '{"a": 1}'}, "names"),
        "names of numbers": ({"names": "[1, 2]"}, "names"),
        "too many names": ({"names": '["a", "b", "c"]'}, "names"),
        "a name that climbs": ({"names": '["../../etc/cron.d/a", "b"]'}, "name of a file"),
        "an absolute name": ({"names": '["/tmp/a", "b"]'}, "name of a file"),
        "a name with a zero byte": ({"names": '["a\\u0000", "b"]'}, "name of a file"),
        "a name with a line break": ({"names": '["a\\nb", "b"]'}, "name of a file"),
        "one name twice": ({"names": '["a", "a"]'}, "same name"),
        "an unknown space": ({"space": "q"}, "space"),
        "a truncation of NaN": ({"truncation": "nan"}, "truncation"),
        "a truncation without end": ({"truncation": "1e999"}, "truncation"),
        "a truncation of text": ({"truncation": "much"}, "much"),
        "a layer without activations": ({"resume": "8x8.conv1"}, "resume.features"),
        "another format": ({"format": "ganvas-embedding-99"}, "not a ganvas embedding"),
    }


@pytest.mark.parametrize("name", metadata_cases())
def test_metadata(ganvas_command, tmp_path, good, name):
    changes, word = metadata_cases()[name]
    embedding = replace(good, truncation=0.5)
    refused(ganvas_command, written(tmp_path / "e.safetensors", embedding, changes), word)


def tensor_cases(good):
    latent, first = good.latent, good.noise[0]
    state = torch.zeros(2, 16, 8, 8)
    layer = {"resume": "8x8.conv1"}
    return {
        "NaN": ({"latent": latent * torch.nan}, {}, "finite"),
        "infinite": ({"noise.0": first + torch.inf}, {}, "finite"),
        "complex": ({"latent": latent.to(torch.complex64)}, {}, "complex64"),
        "integers": ({"latent": latent.long()}, {}, "int64"),
        "double": ({"noise.1": good.noise[1].double()}, {}, "float64"),
        "wrong rank": ({"latent": latent[0]}, {}, "dimensions"),
        "no image": ({"latent": latent[:0]}, {}, "dimensions"),
        "no latent": ({"latent": None}, {}, "latent"),
        "another number of images": ({"noise.0": first[:1]}, {}, "images"),
        "rows of another generator": ({"latent": latent[:, :-1]}, {}, "latent"),
        "a map of another size": ({"noise.0": torch.zeros(2, 1, 7, 7)}, {}, "noise map 0"),
        "a map that is not square": ({"noise.0": torch.zeros(2, 1, 4, 9)}, {}, "side, side"),
        "a missing map": ({"noise.2": None}, {}, "noise.2"),
        "a surplus map": ({f"noise.{len(good.noise)}": first}, {}, "noise maps"),
        "an unknown tensor": ({"payload": first}, {}, "payload"),
        "an unknown layer": ({"resume.features": state}, {"resume": "9x9.conv"}, "9x9.conv"),
        "too many channels": ({"resume.features": state.repeat(1, 9, 1, 1)}, layer, "channels"),
        "activations of another size": ({"resume.features": state[..., :3, :3]}, layer, "fit"),
        "a change of an unknown weight": ({"delta.nothing": first}, {}, "nothing"),
        "a change of another shape": ({"delta.const": torch.ones(3)}, {}, "const"),
        "a change that unfolds to gigabytes": (
            {
                f"delta.const@{key}": value
                for side in ("left", "right")
                for key, value in (
                    (side, torch.ones(1, 200_000, dtype=torch.int8)),
                    (f"{side}_step", torch.ones(1, 1)),
                )
            },
            {}, "const",
        ),
        "steps that unfold to gigabytes": (
            {
                "delta.const@values": torch.ones(1, 200_000, dtype=torch.int8),
                "delta.const@step": torch.ones(200_000, 1),
            },
            {}, "const",
        ),
    }  # fmt: skip


TENSOR_CASES = list(tensor_cases(WAvg().begin(TinyConfig().load(), ("a", "b"), 0)))


@pytest.mark.parametrize("name", TENSOR_CASES)
def test_tensors(ganvas_command, tmp_path, good, name):
    tensors, metadata, word = tensor_cases(good)[name]
    file = written(tmp_path / "e.safetensors", replace(good, truncation=0.5), metadata, tensors)
    refused(ganvas_command, file, word)


def test_headers(ganvas_command, tmp_path):
    entry = {"dtype": "F32", "shape": [1 << 40, 1 << 20], "data_offsets": [0, 4]}
    cases = {
        "a huge shape": json.dumps({"latent": entry}),
        "a negative shape": json.dumps({"latent": entry | {"shape": [-1]}}),
        "nested headers": "[" * 5000,
    }
    for text in cases.values():
        content = struct.pack("<Q", len(text)) + text.encode() + bytes(4)
        (tmp_path / "e.safetensors").write_bytes(content)
        refused(ganvas_command, "e.safetensors", "e.safetensors")
    (tmp_path / "e.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    refused(ganvas_command, "e.safetensors", "e.safetensors")


def test_a_start_from_a_hostile_embedding_is_refused(ganvas_command, tmp_path, good, tiny):
    for number, latent in enumerate((good.latent * torch.nan, good.latent[:, 1:])):
        file = written(tmp_path / f"{number}.safetensors", good, None, {"latent": latent})
        done = ganvas_command("run", *tiny, "start=embedding", f"start.path={file}")
        assert done.code == 2
        assert file in done.complaint


def test_trust_imports_what_the_user_knows(ganvas_command, tmp_path, monkeypatch, good):
    text = "from ganvas.generator.tiny import TinyConfig\nclass MineConfig(TinyConfig): pass\n"
    (tmp_path / "generator_of_mine.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    mine = replace(good, generator={"_target_": "generator_of_mine.MineConfig"})
    file = written(tmp_path / "e.safetensors", mine)
    assert "--trust" in ganvas_command("render", file).complaint
    assert ganvas_command("render", file, "--trust").code == 0
    sys.modules.pop("generator_of_mine", None)


def test_names_of_earlier_versions_are_known(tmp_path, good):
    former = "ganvas.generator.from_file.StyleGAN3Config"
    embedding = replace(good, generator={"_target_": former, "checkpoint": "a.pkl"})
    loaded = Embedding.load(written(tmp_path / "e.safetensors", embedding))
    assert loaded.generator["_target_"] == "ganvas.checkpoint.from_file.StyleGAN3Config"
    with pytest.raises(GanvasError, match=r"a\.pkl: there is no such file"):
        loaded.load_generator()
    for target in FORMER_TARGETS.values():
        module, _, name = target.rpartition(".")
        assert hasattr(__import__(module, fromlist=[name]), name)
    tree = {"a": [{"_target_": former}]}
    assert renewed(tree)["a"][0]["_target_"] == loaded.generator["_target_"]


def test_an_address_that_was_fetched_before_is_opened(tmp_path, monkeypatch):
    from ganvas.assets.address import cached

    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path))
    address = "https://example.org/network.pkl"
    config = {"checkpoint": address, "sha256": None}
    with pytest.raises(ConfigError, match="is an address"):
        refuse_foreign(config, "generator")
    cached(address).parent.mkdir(parents=True)
    cached(address).touch()
    refuse_foreign(config, "generator")


def test_the_same_embedding_gives_the_same_bytes(tmp_path, good):
    many = replace(good, generator=TINY | {"seed": 3}, truncation=0.25)
    contents = set()
    for index in range(8):
        many.save(tmp_path / f"{index}.safetensors")
        contents.add((tmp_path / f"{index}.safetensors").read_bytes())
    assert len(contents) == 1
    content = contents.pop()
    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    assert list(header["__metadata__"]) == sorted(header["__metadata__"])
