"""The options that load a generator from a file or an address."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from ganvas.checkpoint import from_file
from ganvas.checkpoint.from_file import StyleGAN1Config, StyleGAN2Config, StyleGAN3Config
from ganvas.checkpoint.generator_file import save_generator
from ganvas.errors import AssetError, CheckpointError, ConfigError
from ganvas.generator.architecture import StyleGAN2Architecture, StyleGAN3Architecture
from ganvas.generator.random_weights import random_generator

CONF = Path(__file__).parents[2] / "conf" / "generator"
ARCHITECTURE = StyleGAN2Architecture(
    mapping=(16, 8), channels=(4, 4), classes=3, embedding=8, half=1, clamp=256.0
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "files" / "network.safetensors"
    path.parent.mkdir()
    save_generator(random_generator(ARCHITECTURE), path)
    return path


@pytest.fixture
def address(file):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(file.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/network.safetensors"
    server.shutdown()
    server.server_close()


def test_path_label_and_precision(file):
    generator = StyleGAN2Config(checkpoint=str(file), label=2, half=True).load()
    z = torch.randn(3, 8)
    assert torch.equal(generator.mapping(z), generator.mapping(z, torch.eye(3)[[2, 2, 2]]))
    assert generator.half_from == 8
    assert not any(p.requires_grad for p in generator.parameters())
    assert generator.sample_w(2).shape == (2, 8)


def test_mistakes_are_named(file):
    with pytest.raises(ConfigError, match=r"generator\.checkpoint is missing"):
        StyleGAN2Config().load()
    with pytest.raises(ConfigError, match=r"set generator\.label to one of 0 to 2"):
        StyleGAN2Config(checkpoint=str(file)).load()
    with pytest.raises(CheckpointError, match="use generator=stylegan2"):
        StyleGAN3Config(checkpoint=str(file)).load()
    with pytest.raises(CheckpointError, match=r"did you mean 'network\.safetensors'"):
        StyleGAN2Config(checkpoint=str(file.with_name("netwrk.safetensors"))).load()
    with pytest.raises(AssetError, match="SHA-256"):
        StyleGAN2Config(checkpoint=str(file), sha256="0" * 64, label=0).load()


def test_an_address_is_fetched_once(file, address, tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    expected = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(AssetError, match="nothing was kept"):
        StyleGAN2Config(checkpoint=address, sha256="0" * 64, label=0).load()
    assert not list((tmp_path / "cache" / "checkpoints").iterdir())
    config = StyleGAN2Config(checkpoint=address, sha256=expected, label=0)
    first = config.load()
    file.unlink()
    assert config.load().source_hash == first.source_hash


def test_an_address_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(AssetError, match=r"cannot be fetched .* put it at .*checkpoints") as caught:
        StyleGAN1Config(checkpoint="http://127.0.0.1:9/ffhq.pkl").load()
    assert "\n" not in str(caught.value)


def test_stylegan3_precision(tmp_path):
    path = tmp_path / "t.safetensors"
    third = StyleGAN3Architecture(mapping=(8, 8), resolution=16, channel_max=4, layers=4, half=1)
    save_generator(random_generator(third), path)
    generator = StyleGAN3Config(checkpoint=str(path), half=True).load()
    assert generator(torch.randn(1, generator.rows, 8), []).dtype == torch.float32
    assert generator.half_from == 9


@pytest.mark.parametrize("file", sorted(CONF.glob("stylegan*.yaml")), ids=lambda path: path.stem)
def test_every_preset_names_its_fields(file):
    assert file.read_text(encoding="utf-8").startswith("# ")
    values = OmegaConf.to_container(OmegaConf.load(file))
    family = file.stem.split("_")[0]
    config = getattr(from_file, f"StyleGAN{family[-1]}Config")
    if file.stem == family:
        assert values.pop("_target_") == f"ganvas.checkpoint.from_file.{config.__name__}"
        assert config(**values) == config()
    else:
        assert values.pop("defaults") == [family, "_self_"]
        assert config(**values).checkpoint.startswith("https://")
