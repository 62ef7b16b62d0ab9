from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from ganvas.embedding import Embedding
from ganvas.embedding.interchange import (
    fit_rows,
    read_projected_w,
    read_w_plus_pt,
    write_projected_w,
    write_w_plus_pt,
)
from ganvas.errors import InputError
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
