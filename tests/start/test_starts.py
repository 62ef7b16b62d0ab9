from dataclasses import replace

import pytest
import torch

from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, InputError
from ganvas.generator import Activation
from ganvas.generator.tiny import TinyGenerator
from ganvas.image.images import repeated
from ganvas.start import FromFile, Random

GENERATOR = TinyGenerator()


def test_several_starts_differ_and_are_the_same_for_every_photograph():
    names = ("a-1", "a-2", "a-3", "b-1", "b-2", "b-3")
    found = Random(count=3).begin(GENERATOR, names, seed=5).latent
    assert torch.equal(found[:3], found[3:])
    assert not torch.equal(found[0], found[1])
    assert torch.allclose(found[:1], Random().begin(GENERATOR, ("a",), seed=5).latent)


def test_psi_pulls_the_starts_towards_the_mean():
    far = Random(psi=1.0).begin(GENERATOR, ("a",), 0).latent - GENERATOR.w_avg
    near = Random(psi=0.5).begin(GENERATOR, ("a",), 0).latent - GENERATOR.w_avg
    assert torch.allclose(near, far / 2, atol=1e-6)
    with pytest.raises(ConfigError, match="does not go with space=z"):
        Random(space="z", psi=0.5)


def test_photographs_are_repeated_once_for_each_solution():
    pictures = {"x": {"a": 1, "b": 2}, "y": {"c": 3}}
    found = repeated(pictures, 2)
    assert found == {"x": {"a-1": 1, "a-2": 1, "b-1": 2, "b-2": 2}, "y": {"c": 3}}
    assert repeated(pictures, 1) is pictures


def embedding(names):
    rng = torch.Generator().manual_seed(1)
    count = len(names)
    latent = torch.randn(count, GENERATOR.rows, GENERATOR.w_dim, generator=rng)
    noise = tuple(GENERATOR.sample_noise(count, rng))
    return Embedding(latent, noise, names=names, generator_hash=GENERATOR.source_hash)


def test_an_earlier_embedding_is_found_by_name_or_serves_all(tmp_path):
    file = tmp_path / "e.safetensors"
    saved = embedding(("a", "b"))
    saved.save(file)
    found = FromFile(file).begin(GENERATOR, ("b", "a"), 0)
    assert torch.equal(found.latent, saved.latent.flip(0))
    assert torch.equal(found.noise[2], saved.noise[2].flip(0))
    saved[:1].save(file)
    assert torch.equal(FromFile(file).begin(GENERATOR, ("p", "q"), 0).latent[1], saved.latent[0])


def test_an_earlier_activation_edit_stays_with_its_image(tmp_path):
    saved = embedding(("a", "b"))
    layer = "8x8.conv1"
    state = GENERATOR.activations(saved.latent, saved.noise, [layer])[layer]
    edited = Activation(state.features.flip(3), state.rgb.flip(3))
    saved = replace(saved, resume=(layer, edited))
    saved.save(tmp_path / "e.safetensors")
    found = FromFile(tmp_path / "e.safetensors").begin(GENERATOR, ("b", "a"), 0)
    render = saved.render(GENERATOR)
    assert torch.equal(found.render(GENERATOR), render.flip(0))
    assert not torch.allclose(render, replace(saved, resume=None).render(GENERATOR), atol=1e-3)


def test_a_runs_folder_is_no_embedding(tmp_path):
    with pytest.raises(InputError, match=r"is a folder; name the embedding\.safetensors in it"):
        FromFile(tmp_path)


def test_an_embedding_of_other_images_or_another_generator_is_refused(tmp_path):
    file = tmp_path / "e.safetensors"
    embedding(("a", "b")).save(file)
    with pytest.raises(InputError, match=r"holds 2 images \(a, b\), but 3"):
        FromFile(file).begin(GENERATOR, ("p", "q", "r"), 0)
    with pytest.raises(InputError, match="another generator"):
        FromFile(file).begin(TinyGenerator(seed=1), ("a", "b"), 0)
