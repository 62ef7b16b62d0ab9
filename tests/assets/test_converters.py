"""Each published network, converted anew from its archive: a cache must not hide a converter."""

import pytest
import torch

from ganvas.assets.cache import cache_folder
from ganvas.assets.store import path
from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.system.tensors import read_tensors

pytestmark = [pytest.mark.assets, pytest.mark.slow]


@pytest.fixture
def anew(tmp_path, monkeypatch):
    """A function that converts an asset in an empty cache, from the archive of the full one."""

    def convert(name):
        present = path(name)
        downloads = cache_folder() / "downloads"
        monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / "downloads").symlink_to(downloads)
        return present, path(name)

    return convert


@pytest.mark.parametrize("name", ["mobilestylegan_ffhq", "vgg_lpips"])
def test_the_cache_holds_what_the_converter_makes(anew, name):
    present, made = anew(name)
    assert made != present
    (tensors, metadata), (expected, described) = read_tensors(made), read_tensors(present)
    assert metadata == described
    assert tensors.keys() == expected.keys()
    for key, tensor in tensors.items():
        assert torch.equal(tensor, expected[key]), key


def test_the_published_generator_fits_its_architecture(anew):
    _, made = anew("mobilestylegan_ffhq")
    assert MobileStyleGANConfig(checkpoint=made).load().resolution == 1024
