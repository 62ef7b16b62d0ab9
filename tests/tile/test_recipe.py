"""Recipes: kilobytes, from which a canvas is drawn again; broken ones are one line."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError, InputError
from ganvas.generator.config import load_generator
from ganvas.system.tensors import read_tensors, write_tensors
from ganvas.tile.assignment import bank_w
from ganvas.tile.geometry import geometry
from ganvas.tile.latents import Clusters, Field, Random
from ganvas.tile.overlay import mask_side
from ganvas.tile.recipe import Recipe
from ganvas.tile.window import Window

DESCRIBED = compose_job(["generator=tiny", "generator.resolution=64"]).config["generator"]


@pytest.fixture(scope="module")
def generator():
    return load_generator(DESCRIBED)


@pytest.fixture(scope="module")
def recipe(generator):
    shape = geometry(generator, 8, (3, 4))
    latents = Field(3, 0.8).assign(generator, shape, 7, print)
    return Recipe(shape, latents, 7, 256, 1, DESCRIBED, generator.source_hash)


def test_a_saved_recipe_draws_the_same(tmp_path, generator, recipe):
    file = tmp_path / "recipe.safetensors"
    recipe.save(file)
    again = Recipe.load(file)
    assert file.stat().st_size < 4096
    window = Window(10, 50, 20, 80)
    loaded = again.load_generator()
    assert torch.equal(again.canvas(loaded).draw(window), recipe.canvas(generator).draw(window))
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


def test_anchors_are_members_of_the_bank_and_mixed_between(generator, recipe):
    bank = bank_w(generator, 7, 0, 9)
    pulled = [generator.truncate(generator.broadcast(w[None]), 0.8) for w in bank]
    # Three rows of tiles for two rows of anchors, four columns for three.
    torch.testing.assert_close(recipe.rows(generator, (0, 0)), pulled[0])
    torch.testing.assert_close(recipe.rows(generator, (2, 3)), pulled[5])
    expected = (pulled[0] + pulled[3]) / 2
    torch.testing.assert_close(recipe.rows(generator, (1, 0)), expected)


def test_a_latent_of_the_bank_depends_on_its_number_alone(generator):
    assert torch.equal(bank_w(generator, 7, 5, 1)[0], bank_w(generator, 7, 0, 9)[5])
    assert not torch.equal(bank_w(generator, 8, 5, 1), bank_w(generator, 7, 5, 1))


def test_tiles_change_by_number_by_tile_and_by_latent(generator, recipe):
    w = torch.randn(generator.rows, generator.w_dim, generator=torch.Generator().manual_seed(0))
    edited = recipe.with_tile((0, 1), 40).with_tile((1, 1), (2, 3)).with_tile((2, 2), w)
    truncated = generator.truncate(generator.broadcast(bank_w(generator, 7, 40, 1)), 0.8)
    torch.testing.assert_close(edited.rows(generator, (0, 1)), truncated)
    assert torch.equal(edited.rows(generator, (1, 1)), recipe.rows(generator, (2, 3)))
    torch.testing.assert_close(edited.rows(generator, (2, 2))[0], w)
    assert torch.equal(edited.rows(generator, (0, 0)), recipe.rows(generator, (0, 0)))


def test_regions_have_members_of_few_clusters(generator):
    shape = geometry(generator, 8, (6, 6))
    ids = Clusters(count=4, regions=2, bank=64).assign(generator, shape, 0, print).ids
    assert ids.shape == (6, 6, 1)
    assert 2 < ids.unique().numel() < 36
    many = Random().assign(generator, shape, 0, print).ids
    assert many.unique().numel() == 36


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ids", torch.full((3, 4, 4), -1), "latents that it does not have"),
        ("ids", torch.zeros(3, 5, 4, dtype=torch.int64), "no grid of that size"),
        ("weights", torch.full((3, 4, 4), torch.nan), "not finite"),
        ("geometry", '{"rows": 3}', "geometry is incomplete"),
        ("side", "1000", "out of range"),
        ("seed", "x", "invalid literal"),
        ("psi", "nan", "psi is out of range"),
        ("psi", "1.5", "psi is out of range"),
        ("format", "another", "not a ganvas recipe"),
        ("generator", "[]", "does not say which generator"),
    ],
)
def test_a_broken_recipe_is_one_line(tmp_path, recipe, name, value, words):
    file = tmp_path / "recipe.safetensors"
    recipe.save(file)
    tensors, metadata = read_tensors(file)
    (metadata if isinstance(value, str) else tensors)[name] = value
    write_tensors(file, tensors, metadata)
    with pytest.raises(InputError, match=words) as error:
        Recipe.load(file)
    assert "\n" not in str(error.value)


def test_an_overlay_is_a_part_of_the_recipe(tmp_path, generator, recipe):
    side = mask_side(recipe.geometry)
    mask = torch.zeros(side, side, dtype=torch.uint8)
    mask[side // 3 : side // 2] = 200
    edited = recipe.with_tile((1, 2), 40, mask).with_tile((0, 0), (2, 3), mask)
    assert torch.equal(edited.assignment.ids, recipe.assignment.ids)
    file = tmp_path / "recipe.safetensors"
    edited.save(file)
    again = Recipe.load(file)
    window = Window(10, 90, 20, 120)
    drawn = again.canvas(generator).draw(window)
    assert torch.equal(drawn, edited.canvas(generator).draw(window))
    assert not torch.equal(drawn, recipe.canvas(generator).draw(window))


def test_a_whole_tile_replaces_the_overlays_of_that_tile(recipe):
    mask = torch.full((mask_side(recipe.geometry),) * 2, 200, dtype=torch.uint8)
    edited = recipe.with_tile((1, 2), 40, mask).with_tile((0, 0), 41, mask).with_tile((1, 2), 42)
    assert [one.tile for one in edited.overlays] == [(0, 0)]


def test_a_copied_tile_comes_with_its_overlays(generator, recipe):
    side = mask_side(recipe.geometry)
    left, all_of_it = torch.zeros(side, side, dtype=torch.uint8), torch.full((side, side), 255)
    left[:, : side // 2] = 255
    masked = recipe.with_tile((1, 2), 40, left).with_tile((1, 2), 41, left.T.contiguous())
    masked = masked.with_tile((0, 1), 42, left)
    copied = masked.with_tile((0, 1), (1, 2))
    assert [one.tile for one in copied.overlays] == [(1, 2), (1, 2), (0, 1), (0, 1)]
    by_hand = recipe.with_tile((0, 1), (1, 2)).with_tile((1, 2), 40, left)
    by_hand = by_hand.with_tile((1, 2), 41, left.T.contiguous())
    by_hand = by_hand.with_tile((0, 1), 40, left).with_tile((0, 1), 41, left.T.contiguous())
    window = Window(0, 60, 0, 120)
    drawn = by_hand.canvas(generator).draw(window)
    assert torch.equal(copied.canvas(generator).draw(window), drawn)
    # A white mask is all of the tile, and a tile copied to itself stays.
    white = masked.with_tile((0, 1), (1, 2), all_of_it.byte()).canvas(generator).draw(window)
    torch.testing.assert_close(white, drawn, rtol=1e-4, atol=1e-5)
    itself = masked.with_tile((1, 2), (1, 2)).canvas(generator).draw(window)
    assert torch.equal(itself, masked.canvas(generator).draw(window))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("tiles", lambda t: t + 9, "outside of its grid"),
        ("tiles", lambda t: t.float(), "do not belong"),
        ("ids", lambda t: t - 9, "latents that it does not have"),
        ("weights", lambda t: t / 0, "not finite"),
        ("masks", lambda t: t[:, 1:], "do not belong"),
        ("masks", None, "overlay.masks"),
    ],
)
def test_a_broken_overlay_is_one_line(tmp_path, recipe, name, change, words):
    side = mask_side(recipe.geometry)
    file = tmp_path / "recipe.safetensors"
    recipe.with_tile((0, 1), 40, torch.full((side, side), 9, dtype=torch.uint8)).save(file)
    tensors, metadata = read_tensors(file)
    stored = tensors.pop(f"overlay.{name}")
    if change is not None:
        tensors[f"overlay.{name}"] = change(stored).contiguous()
    write_tensors(file, tensors, metadata)
    with pytest.raises(InputError, match=words):
        Recipe.load(file)


def test_a_recipe_that_does_not_fit_its_generator_is_one_line(recipe):
    with pytest.raises(InputError, match="crop lies outside"):
        replace(recipe, geometry=replace(recipe.geometry, top=6)).load_generator()
    with pytest.raises(InputError, match="does not fit tiny"):
        replace(recipe, geometry=replace(recipe.geometry, layer="9x9")).load_generator()


def test_a_recipe_imports_nothing_from_elsewhere(tmp_path, recipe):
    file = tmp_path / "recipe.safetensors"
    replace(recipe, generator={"_target_": "os.system", "command": "true"}).save(file)
    with pytest.raises(ConfigError, match=r"os\.system"):
        Recipe.load(file).load_generator()
