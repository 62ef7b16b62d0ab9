from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.embedding import Embedding
from ganvas.embedding.interchange import (
    read_projected_w,
    read_w_plus_pt,
    write_projected_w,
    write_w_plus_pt,
)
from ganvas.embedding.rows import carried_rows, fit_rows, shares_ffhq_mapping
from ganvas.errors import InputError
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny import TinyGenerator


def w_plus(batch: int = 1, rows: int = 18, w_dim: int = 512) -> torch.Tensor:
    return torch.randn(batch, rows, w_dim, generator=torch.Generator().manual_seed(0))


def test_npz_is_what_numpy_reads_and_writes(tmp_path):
    w = w_plus()
    np.savez(tmp_path / "projected_w.npz", w=w.numpy())
    assert read_projected_w(tmp_path / "projected_w.npz").equal(w)
    write_projected_w(tmp_path / "ours.npz", w)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as file:
        assert list(file) == ["w"]
        assert file["w"].dtype == np.float32
        assert (file["w"] == w.numpy()).all()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: w, lambda w: w[0], lambda w: torch.nn.Parameter(w), lambda w: w.double(),
        lambda w: {"latent": w}, lambda w: {"w": w, "noise": [torch.zeros(1)]},
        lambda w: {"me.png": {"img": torch.zeros(3), "latent": w[0]}},
    ],
)  # fmt: skip
def test_pt_as_programs_write_it(tmp_path, wrap):
    torch.save(wrap(w_plus()), tmp_path / "w.pt")
    found = read_w_plus_pt(tmp_path / "w.pt")
    assert found.equal(w_plus())
    assert found.dtype == torch.float32


def test_pt_is_what_torch_reads(tmp_path):
    write_w_plus_pt(tmp_path / "w.pt", w_plus(2).requires_grad_())
    assert torch.load(tmp_path / "w.pt", weights_only=True).equal(w_plus(2))


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_no_file_executes_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"latent": w_plus(), "x": Bomb()}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="more than tensors"):
        read_w_plus_pt(tmp_path / "w.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError):
        read_w_plus_pt(tmp_path / "raw.pt")
    np.savez(tmp_path / "w.npz", w=np.array([Bomb()], dtype=object))
    with pytest.raises(InputError):
        read_projected_w(tmp_path / "w.npz")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"v": np.zeros((1, 2, 3))}, "no array 'w' but v"),
        ({"w": np.zeros((3,))}, "shape"),
        ({"w": np.zeros((1, 2, 3), int)}, "floating"),
        ({"w": np.full((1, 2, 3), np.nan)}, "not finite"),
    ],
)
def test_npz_without_w_plus(tmp_path, content, part):
    np.savez(tmp_path / "w.npz", **content)
    with pytest.raises(InputError, match=part):
        read_projected_w(tmp_path / "w.npz")


@pytest.mark.parametrize("read", [read_projected_w, read_w_plus_pt])
def test_broken_and_missing_files(tmp_path, read):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "nobody")
    for content in (b"", b"not a file of this kind", b"PK\x03\x04broken"):
        (tmp_path / "broken").write_bytes(content)
        with pytest.raises(InputError, match="broken"):
            read(tmp_path / "broken")


def test_a_single_w_fits_any_number_of_rows():
    w = w_plus(2, 1).expand(-1, 18, -1)
    found = fit_rows(w, 23, 512, Path("w.npz"))
    assert found.shape == (2, 23, 512)
    assert found[:, 22].equal(w[:, 0])
    with pytest.raises(InputError, match="18 rows of 512; this generator has 23 of 512"):
        fit_rows(w_plus(), 23, 512, Path("w.npz"))


@pytest.mark.parametrize("suffix", [".npz", ".pt"])
def test_commands(ganvas_command, tiny_run, suffix):
    result = tiny_run()
    file = str(result.path / "embedding.safetensors")
    done = ganvas_command("export", file, "-o", f"out{suffix}")
    assert done.code == 0, done.err
    assert "no noise maps" in done.out
    assert f"{result.embedding.latent.shape[1]} rows of 32" in done.out
    assert "fit Tiny, not the 18" in done.out
    done = ganvas_command("import", f"out{suffix}", "--generator", "tiny", "-o", "back.safetensors")
    assert done.code == 0, done.err
    back = Embedding.load("back.safetensors")
    assert back.latent.equal(result.embedding.latent)
    assert back.names == ("out",)
    assert back.noise[0].equal(TinyGenerator().fixed_noise()[0])
    assert ganvas_command("render", "back.safetensors").code == 0


def test_export_names_what_it_leaves_out(ganvas_command, tiny_run):
    layer = "edit.stages.f.activation.layer=16"
    plain = tiny_run("edit=reconstruct_f", layer)
    done = ganvas_command("export", str(plain.path), "-o", "f.npz")
    assert "no noise maps and no activations, which were edited at 16x16.conv1" in done.out
    assert "tuned" not in done.out
    tuned = tiny_run("edit=pti", "budget.weights=2")
    done = ganvas_command("export", str(tuned.path), "-o", "w.npz")
    assert "no noise maps and no weights, which were tuned" in done.out


def test_export_of_w_writes_all_rows(ganvas_command, tiny_run):
    result = tiny_run("start.space=w")
    ganvas_command("export", str(result.path / "embedding.safetensors"), "-o", "out.npz")
    w = read_projected_w(Path("out.npz"))
    generator = TinyGenerator()
    assert torch.allclose(w, generator.broadcast(result.embedding.latent))


def test_mistakes(ganvas_command, tiny_run):
    file = str(tiny_run("start.space=s").path / "embedding.safetensors")
    for words, part in {
        ("export", file, "-o", "out.npz"): "S space",
        ("export", file, "-o", "out.txt"): ".npz or .pt",
        ("import", "nobody.npz"): "nobody.npz",
        ("import", "nobody.txt"): ".npz or .pt",
    }.items():
        done = ganvas_command(*words)
        assert done.code == 2
        assert part in done.complaint


@pytest.mark.parametrize("shape", [(7, 5), (1, 7, 5), (3, 7, 5)])
@pytest.mark.parametrize("dtype", [">f4", "<f8", ">f2", np.longdouble])
@pytest.mark.parametrize("name", ["w.npy", "called.npz"])
def test_npy_of_any_precision_and_byte_order(tmp_path, shape, dtype, name):
    array = np.linspace(-3, 3, int(np.prod(shape))).reshape(shape).astype(dtype)
    with (tmp_path / name).open("wb") as file:
        np.save(file, array)
    wanted = array.astype(np.float64).reshape(-1, 7, 5)
    assert np.allclose(read_projected_w(tmp_path / name), wanted, atol=1e-6)
    np.savez_compressed(tmp_path / "compressed.npz", w=array)
    assert np.allclose(read_projected_w(tmp_path / "compressed.npz"), wanted, atol=1e-6)


def test_a_damaged_archive_is_one_line(tmp_path):
    rng = np.random.default_rng(0)
    np.savez_compressed(tmp_path / "w.npz", w=rng.standard_normal((1, 6, 40)))
    torch.save({"latent": w_plus(1, 6, 40)}, tmp_path / "w.pt")
    for name, read in (("w.npz", read_projected_w), ("w.pt", read_w_plus_pt)):
        good = (tmp_path / name).read_bytes()
        for _ in range(60):
            bad = bytearray(good[: rng.integers(2, len(good))] if rng.random() < 0.3 else good)
            for at in rng.integers(0, len(bad), 6):
                bad[at] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(bad)
            try:
                read(tmp_path / name)
            except InputError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either end is right


def test_a_small_archive_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ganvas.embedding.interchange.MOST_BYTES", 1 << 16)
    np.savez_compressed(tmp_path / "w.npz", w=np.zeros((100, 18, 64)))
    with pytest.raises(InputError, match="unpacks to more"):
        read_projected_w(tmp_path / "w.npz")


@pytest.mark.parametrize(("content", "part"), [
    (torch.ones(6, 4, dtype=torch.complex128), "complex128"),
    (torch.ones(6, 4, dtype=torch.int16), "int16"),
    (torch.ones(1, 6, 4).to_sparse(), "sparse_coo"),
    ({"a.png": {"latent": torch.ones(4, 8)}, "b.png": {"latent": torch.ones(6, 8)}}, "unequal"),
    ({"a": {"w": torch.ones(8)}, "b": {"w": torch.ones(2, 8)}}, "(1, 8) and (2, 8)"),
    (torch.ones(3, 1, 6, 4), "shape"),
    (torch.full((6, 4), 1e300, dtype=torch.float64), "not finite"),
])  # fmt: skip
def test_pt_that_holds_something_else(tmp_path, content, part):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(InputError) as caught:
        read_w_plus_pt(tmp_path / "w.pt")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrap", [
    lambda w: {f"{i}.png": {"img": torch.zeros(3), "latent": one} for i, one in enumerate(w)},
    lambda w: w.unsqueeze(1),
])  # fmt: skip
@pytest.mark.parametrize("count", [9, 3])
def test_one_w_per_picture_is_as_many_pictures(ganvas_command, wrap, count):
    """Also where the generator happens to have as many rows as there are pictures."""
    generator = TinyGenerator()
    assert generator.rows == 9
    w = generator.sample_w(count, torch.Generator().manual_seed(1))
    torch.save(wrap(w), "w.pt")
    done = ganvas_command("import", "w.pt", "--generator", "tiny", "-o", "e.safetensors")
    assert done.code == 0, done.err
    found = Embedding.load("e.safetensors")
    assert found.names == tuple(f"w-{i}" for i in range(count))
    assert found.latent.equal(generator.broadcast(w))


@pytest.mark.parametrize(("lines", "pictures", "notice"), [
    (9, 1, "9 lines are read as the w+ of one picture"),
    (5, 5, "5 lines are read as one w for each of 5 pictures"),
    (1, 1, ""),
])  # fmt: skip
def test_how_a_matrix_was_read_is_said(ganvas_command, lines, pictures, notice):
    np.save("w.npy", TinyGenerator().sample_w(lines).numpy())
    done = ganvas_command("import", "w.npy", "--generator", "tiny", "-o", "e.safetensors")
    assert done.code == 0, done.err
    assert notice in done.out
    assert ("note" in done.out) == bool(notice)
    assert len(Embedding.load("e.safetensors")) == pictures


def test_a_matrix_with_the_rows_of_another_stylegan_is_refused(ganvas_command):
    np.save("w.npy", TinyGenerator().sample_w(16).numpy())
    done = ganvas_command("import", "w.npy", "--generator", "tiny")
    assert done.code == 2
    assert "16 rows of 32; this generator has 9" in done.complaint


def mobile(blocks: int = 7) -> MobileStyleGAN:
    with torch.device("meta"):
        return MobileStyleGAN(channels=[4] * (blocks + 1), w_dim=8, depth=1)


def test_rows_of_stylegan2_are_carried_over_by_resolution():
    """Against StyleGAN2's own list of layers."""
    source = random_generator(StyleGAN2Architecture(mapping=(8, 8), channels=(4,) * 9, noise=True))
    assert source.rows == 18
    rows: dict[int, list[int]] = {}
    for layer in source.layers:
        rows.setdefault(layer.resolution, []).append(layer.row)
    target = mobile()
    places = carried_rows(target)
    for layer in target.layers:
        first = layer.name.endswith(("conv", "conv1"))
        assert places[layer.row] == rows[layer.resolution][0 if first else -1]
    assert places[target.effective_rows[-1]] == 17
    assert len(places) == target.rows == 23


@pytest.mark.assets
def test_latents_of_stylegan2_ffhq_fit_the_default_generator(ganvas_command):
    generator = MobileStyleGANConfig().load()
    rng = torch.Generator().manual_seed(5)
    w = torch.stack([generator.sample_w(18, rng) for _ in range(2)])
    np.save("faces.npy", w.numpy().astype(">f8"))
    done = ganvas_command("import", "faces.npy", "-o", "e.safetensors")
    assert done.code == 0, done.err
    assert "carried over by resolution" in done.out
    assert "rows 16, 17 have no layer here" in done.out
    found = Embedding.load("e.safetensors").latent
    assert found[:, 0].equal(w[:, 0])
    assert found[:, 20].equal(w[:, 14])
    assert found[:, 21].equal(w[:, 17])
    assert shares_ffhq_mapping(generator)
    generator.mapping_network[0].weight += 1
    assert not shares_ffhq_mapping(generator)
