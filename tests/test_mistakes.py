"""A user's mistake is one clear line on stderr, exit code 2, and nothing is written over."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.assets import cache_folder

CONFIG = {
    # words: what the line must hold
    ("generator=tni",): ("generator", "'tni'", "did you mean 'tiny'"),
    ("mask=bx",): ("mask", "'bx'", "did you mean 'box'"),
    ("msk=box",): ("'msk'", "did you mean 'mask'"),
    ("lss/x=1",): ("no group 'lss/x'", "loss"),
    ("sed=1",): ("'sed'", "did you mean 'seed'"),
    ("+typo=1",): ("unknown key 'typo'",),
    ("++typo=1",): ("unknown key 'typo'",),
    ("trainer.thread=1",): ("'trainer.thread'", "did you mean 'threads'"),
    ("+trainer.thread=1",): ("'trainer.thread'", "did you mean 'threads'"),
    ("edit.stges.w.steps=3",): ("'edit.stges'", "did you mean 'stages'"),
    ("edit.stages.w.stepps=3",): ("'edit.stages.w.stepps'", "did you mean 'steps'"),
    ("edit.stages.w.objective.W_l.maks=m",): ("objective.W_l.maks'", "did you mean 'mask'"),
    ("loss.latent.mse.wieght=2",): ("'loss.latent.mse.wieght'", "did you mean 'weight'"),
    ("optimizer.latent.schedule.upp=0",): ("schedule.upp'", "did you mean 'up'"),
    ("edit.stages.w.optimise.latent.lr=1",): ("${optimizer.latent}", "set optimizer.latent.lr"),
    ("edit.stages.w.optimise.latnt={}",): ("edit.stages.w.optimise", "latnt"),
    ("edit.stages.w.objective.W_l.target=y",): ("stages.w", "'y'"),
    ("edit.stages.w.objective.W_l.mask=mm",): ("stages.w", "'mm'", "did you mean 'm'"),
    ("~edit.stages.q",): ("'edit.stages.q'", "did you mean 'edit.stages."),
    ("edit.stages.w.steps=-1",): ("edit.stages.w.steps", "greater than or equal to 0"),
    ("budget.latent=-5",): ("budget.latent=-5", "greater than or equal to 0"),
    ("seed=a",): ("seed=a", "integer"),
    ("seed=1.5",): ("seed=1.5", "integer"),
    ("optimizer.latent.lr=fast",): ("optimizer.latent.lr=fast", "number"),
    ("optimizer.latent.lr=0",): ("optimizer.latent.lr=0", "greater than 0"),
    ("trainer.device=tpu",): ("trainer.device=tpu",),
    ("trainer.device=cuda:99",): ("trainer.device=cuda:99",),
    ("image.x.crop=center",): ("image.x.crop", "did you mean 'centre'"),
    ("image.x.crop=[1,2,3]",): ("image.x.crop",),
    ("~metrics.ssim", "+metrics.psnr._target_=ganvas.metrics.PSNR"): ("metrics.psnr._target_",),
    ("image.x.crop=[0,0,300,300]",): ("image.x: ", "leaves it"),
    ("edit=reconstruct_f", "~optimizer.activation"): (
        "edit.stages.f.optimise.activation: there is no 'optimizer.activation'",
    ),
    ("mask=union", "mask.of.a=box"): ("mask.of.a: 'box'", "GROUP@mask.of.a=box"),
    ("~metrics.psrn",): ("'metrics.psrn'", "did you mean 'metrics.psnr'"),
    ("metrics.names=[psnr]",): ("metrics.names", "where Metric is asked for"),
    ("metrics.psnr.rendr=result",): ("metrics.psnr.rendr", "did you mean 'render'"),
    ("metrics.psnr.render=resampeld",): ("metrics.psnr.render", "did you mean 'resampled'"),
    ("metrics.a={_target_: ganvas.metrics.PSRN}",): ("metrics.a", "did you mean 'PSNR'"),
    ("metrics.a={_target_: ganvas.loss.MSE}",): ("metrics.a", "MSE is not a Metric"),
    ("tags=3",): ("tags=3",),
    ("study=../elsewhere",): ("study=../elsewhere",),
    ("force=${mask}",): ("force: a target stands where bool is asked for",),
    ("study=null",): ("study=", "reads it as nothing", "study-null"),
    ("study=1e3",): ("study=1000.0", "number 1000.0", "study-1000.0"),
    ("study=true",): ("study=True", "truth value", "study-True"),
    ("study=[a]",): ("study=['a']", "study-a"),
    ("study=my holes",): ("study=my holes", "letters, digits", "take my-holes"),
    (f"study={'a' * 300}",): ("at most 200 bytes, not 300", "take aaaa"),
    (f"study='{'ä' * 120}'",): ("at most 200 bytes, not 240", "take ää"),
    ("output=null",): ("output",),
    ("optimizer.latent.lr=0.1,choice(0.2,0.3)",): ("one value among others", "side by side"),
    ("tags=[a,range(0,3)]",): ("tags=[a,range(0,3)]", "one value among others"),
    ("metrics.names.4=[psnr]",): ("'metrics.names', without the _target_ of a new one", "ssim"),
    ("loss.latent.msee.weight=2",): ("unknown key 'loss.latent.msee'", "did you mean 'mse'"),
    ("loss.latent.lpips.weight=2",): ("'loss.latent.lpips'", "belongs to", "loss=lpips"),
    ("metrics.psrn.render=result",): ("unknown key 'metrics.psrn'", "did you mean 'psnr'"),
    ("edit=inpaint", "edit.masks.n.sigma=3"): ("'edit.masks.n', without the _target_", "known: m"),
    ("edit.stages.ww.steps=3",): ("'edit.stages.ww', without the optimise", "did you mean 'w'"),
    ("edit=morph", "edit.stages.n.steps=2"): ("'edit.stages.n'", "belongs to", "edit=inpaint"),
    ("edit.stages.n.objective.W_l.target=y",): ("objective.W_l', without the terms of a new one",),
    ("optimizer.latent.betas.1.new=2",): ("optimizer.latent.betas=",),
    ("layers.a=${sum:1,${seed}}",): ("layers.a",),
    ("mask=box", "mask.left=0.9"): ("mask", "left < right"),
    ("mask._target_=ganvas.layers.All",): ("mask", "All is not a Mask"),
    ("mask._target_=ganvas.mask.Fulll",): ("mask._target_", "did you mean 'Full'"),
    ("mask._target_=nowhere.Full",): ("mask._target_", "nowhere"),
    ("mask._target_=os.path.join",): ("mask", "join", "Mask"),
    ("seed=${nothing}",): ("nothing",),
    ("image=file",): ("image.x.path must be given",),
    ("image=file", "image.x.path=https://example.org/me.jpg"): (
        "https://example.org/me.jpg is an address", "curl -LO"),
    ("mask=file", "mask.path=s3://holes/m.png"): ("s3://holes/m.png is an address", "curl -LO"),
    ("image=file", "image.x.path=' '"): ("image.x.path is empty",),
    ("image.x.path=me.jpg",): ("[30,9,226,205] belongs to ganvas:astronaut.png; add "
                               "image.x.crop=centre, or use image=file",),
    ("image.x={path: me.jpg}",): ("belongs to ganvas:astronaut.png", "image.x.crop=centre"),
    ("image=pair", "image.y.path=me.jpg"): ("belongs to asset:portraits/obama.jpg",
                                            "image.y.crop=centre"),
    ("seed=0,1",): ("seed=0,1 are several values", "-m", "\"seed='0,1'\""),
    ("seed=range(0,3)",): ("seed=range(0,3) are several values", "-m"),
    ("image.x.path=my photo (1).jpg",): ("quote its value: \"image.x.path='my photo (1).jpg'\"",),
    ("image.x.path=größe, x.jpg",): ("\"image.x.path='größe, x.jpg'\"",),
    ("image.x.path=it's \"$1\".jpg",): (r'''"image.x.path='it\\'s \"\$1\".jpg'"''',),
    ("image.x.path=a=b.jpg",): ("\"image.x.path='a=b.jpg'\"",),
    ("image.x.path=~/me.jpg",): (f"\"image.x.path='{Path.home()}/me.jpg'\"",),
    ("loss={a: ",): ("loss={a: : no list or mapping", "quote it: \"loss='{a: '\""),
    ("image.x.path=[a] me.jpg",): ("quote it: \"image.x.path='[a] me.jpg'\"",),
    ("mask=box,",): ("mask=box,: nothing follows its last comma", "without spaces"),
    ("a b",): ("ganvas: 'a b': an override looks like group=option or key=value",),
    ("=3",): ("ganvas: '=3': an override looks like group=option or key=value",),
    ("mask.left=0.3",): ("unknown key 'mask.left'; it belongs to mask=box",),
    ("optimizer.latent.history=3",): ("'optimizer.latent.history'; it belongs to optimizer=lbfgs",),
    ("hydra/launcher=local", "hydra.launcher.job=2"): ("'hydra.launcher.job'", "'jobs'?"),
    ("mask@edit.masks.m=box",): (
        "Could not override 'mask@edit.masks.m': no option", "+mask@edit.masks.m=box adds one",
    ),
    ("mask",): ("'mask'", "group=option or key=value"),
    ("--config-dir", "nowhere"): ("nowhere",),
    ("generator.resolution=33",): ("generator", "power of two"),
    ("loss.latent.mse.resolution=0",): ("loss.latent.mse.resolution=0", "equal to 1"),
    ("loss.noise={l1: {_target_: ganvas.loss.L1, resolution: -4}}",): ("l1.resolution=-4",),
    ("loss=lpips", "loss.latent.lpips.resolution=4"): ("lpips.resolution=4", "equal to 32"),
    ("optimizer.latent.betas=[1.0,0.9]",): ("optimizer.latent.betas", "less than 1"),
    ("loss.latent.mse.weight={value: 1.0, up: -3.0}",): ("mse.weight.up=-3.0", "equal to 0"),
    ("loss.latent.mse.weight={value: 1.0, down: 7.0}",): ("mse.weight.down=7.0", "equal to 1"),
    ("optimizer.latent.algorithm=amsgard",): ("algorithm", "did you mean 'amsgrad'"),
    ("start=embedding", "start.path=/"): ("start: path=/ is a folder", "embedding.safetensors"),
}  # fmt: skip


def assert_one_line(done, *parts: str) -> None:
    assert done.code == 2, done
    for part in parts:
        assert part in done.complaint, done.complaint
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.mark.parametrize("words", CONFIG, ids=" ".join)
def test_configuration(ganvas_command, tiny, tmp_path, words):
    done = ganvas_command("run", *tiny, *words)
    assert_one_line(done, *CONFIG[words])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--image", "me.jpg"), "no flag '--image'"),
        (("--cfg",), "--cfg"),
        (("-m", "hydra/launcher=local", "hydra.launcher.job=2"), "did you mean 'jobs'"),
        (
            ("-m", "hydra/sweeper=optuna", "hydra.sweeper.sampler={a: 1}", "seed=1,2"),
            "hydra.sweeper.sampler: a key of the mapping is unknown; +hydra.sweeper.sampler=…",
        ),
    ],
)
def test_flags(ganvas_command, words, part):
    assert_one_line(ganvas_command("run", *words), part)


def test_a_checkpoint_that_is_missing_is_compared_with_checkpoints_alone(ganvas_command, tmp_path):
    for name in ("LICENSE", "network2.txt", "ffhq.pkl"):
        (tmp_path / name).touch()
    done = ganvas_command("run", "generator=stylegan2", "generator.checkpoint=network2.pkl")
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert last == "ganvas: network2.pkl: there is no such file; known: ffhq.pkl"


FLAGS = {
    ("--experimental-rerun", "config.pickle"): ("--experimental-rerun", "ganvas rerun"),
    ("-cn", "other"): ("--config-name", "--config-dir"),
    ("-cp", "elsewhere"): ("--config-path", "--config-dir"),
    ("-m", "--cfg", "job"): ("--cfg", "-m"),
    ("-m", "--info"): ("--info", "-m"),
    ("-m", "--hydra-help"): ("--hydra-help", "-m"),
    ("--cfg", "job", "mask=bx"): ("mask", "'bx'", "did you mean 'box'"),
    ("--info", "config", "lss/x=1"): ("no group 'lss/x'",),
}  # fmt: skip


SINGLE = {
    ("dissect", "-m", "seed=1"): ("no flag '-m': flags are --help and --config-dir",),
    ("dissect", "--cfg", "job"): ("no flag '--cfg'",),
    ("ablate", "--cfg", "job", "over=[start]"): ("no flag '--cfg': flags are --help, --yes and",),
    ("dissect", "seed=0,1"): ("seed=0,1 are several values: give one at a time",),
    ("sample", "generator=tiny,relief"): ("are several values: give one at a time",),
    ("run", "--cfg", "job", "seed=0,1"): ("are several values: give one at a time",),
    ("tile", "seed=0,1"): ("seed=0,1 are several values: add -m",),
}  # fmt: skip


@pytest.mark.parametrize("words", SINGLE, ids=" ".join)
def test_what_makes_one_thing_takes_no_sweep_and_says_so(ganvas_command, tmp_path, words):
    assert_one_line(ganvas_command(*words), *SINGLE[words])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", FLAGS, ids=" ".join)
def test_flags_of_hydra(ganvas_command, tmp_path, words):
    (tmp_path / "config.pickle").write_bytes(b"cposix\nsystem\n(S'touch executed'\ntR.")
    assert_one_line(ganvas_command("run", *words), *FLAGS[words])
    assert [file.name for file in tmp_path.iterdir()] == ["config.pickle"]


def test_overrides_before_and_behind_a_flag(ganvas_command, tiny, tmp_path):
    done = ganvas_command("run", *tiny, "-m", "seed=1,x")
    assert_one_line(done, "job 2 of 2", "seed=x")


def test_one_bad_job_of_a_sweep_stops_all_before_any_work(ganvas_command, tiny, tmp_path):
    done = ganvas_command("run", "-m", *tiny, "seed=1,2,x")
    assert_one_line(done, "job 3 of 3", "seed=x")
    assert not list(tmp_path.iterdir())


def picture(path: Path, side: int = 40) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def broken(folder: Path) -> str:
    path = picture(folder / "broken.png", 200)
    path.write_bytes(path.read_bytes()[:500])
    return str(path)


def not_a_picture(folder: Path) -> str:
    (folder / "letter.png").write_text("Dear Sir or Madam")
    return str(folder / "letter.png")


def empty_folder(folder: Path) -> str:
    (folder / "photographs").mkdir()
    (folder / "photographs" / "notes.txt").touch()
    return str(folder / "photographs")


IMAGES = {
    "missing": (lambda folder: "nobody.png", "nobody.png"),
    "broken": (broken, "broken.png"),
    "not a picture": (not_a_picture, "letter.png"),
    "folder without images": (empty_folder, "photographs holds no .png"),
    "glob without images": (lambda folder: "n*.png", "n*.png holds no"),
    "10x10": (lambda folder: str(picture(folder / "small.png", 10)), "at least 16"),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_image(ganvas_command, tiny, tmp_path, kind):
    make, part = IMAGES[kind]
    path = make(tmp_path)
    done = ganvas_command("run", *tiny, "image=file", f"image.x.path={path!r}")
    assert_one_line(done, part)
    assert not (tmp_path / "outputs").exists()


def test_crop_box_leaves_the_picture(ganvas_command, tiny, tmp_path):
    path = picture(tmp_path / "a.png")
    words = ("image=file", f"image.x.path={path}", "image.x.crop=[0,0,60,60]")
    assert_one_line(ganvas_command("run", *tiny, *words), "a.png is 40×40", "[0, 0, 60, 60]")


def test_numbers_of_images_must_agree(ganvas_command, tiny, tmp_path):
    for name in "abc":
        picture(tmp_path / f"{name}.png")
    done = ganvas_command("run", *tiny, "image=file", "image.x.path=.", "image.y.path='[ab].png'")
    assert_one_line(done, "image.y holds 2 pictures", "1 or 3")
    done = ganvas_command("run", *tiny, "image=file", "image.x.path=a.png", "image.y.path=.")
    assert_one_line(done, "image.y holds 3 pictures; it needs 1, as many as x")


def test_stage_whose_layers_select_nothing_is_refused_before_the_first_step(
    ganvas_command, tiny, tmp_path, monkeypatch
):
    from ganvas.stage.stage import Stage

    (tmp_path / "nothing.py").write_text(
        "from dataclasses import dataclass\n"
        "from ganvas.layers import Layers, Subset\n"
        "@dataclass(frozen=True)\n"
        "class Nothing(Layers):\n"
        '    """Selects nothing."""\n'
        "    def select(self, generator):\n"
        "        return Subset(rows=(), noise=(), activations=())\n"
    )
    steps = []
    monkeypatch.setattr(Stage, "training_step", lambda self, step: steps.append(step))
    monkeypatch.syspath_prepend(tmp_path)
    done = ganvas_command("run", *tiny, "edit.stages.n.layers={_target_: nothing.Nothing}")
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert "stages.n" in last
    assert "no noise map" in last
    assert steps == []


def test_wrong_asset_hash(ganvas_command, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    from ganvas.assets.table import find

    archive = tmp_path / "cache" / "downloads" / find("mobilestylegan_ffhq").archive
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"something else")
    done = ganvas_command("run", *tiny, "generator=mobilestylegan", "generator.checkpoint=null")
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert "SHA-256" in last
    assert archive.name in last
    assert archive.read_bytes() == b"something else"
    assert "Traceback" not in done.err


def test_no_network_and_no_cache(ganvas_command, tmp_path, monkeypatch):
    def unreachable(*arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket, "create_connection", unreachable)
    done = ganvas_command("assets", "fetch", "mobilestylegan_ffhq")
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert "mobilestylegan_ffhq" in last
    assert str(cache_folder() / "downloads") in last
    assert "ganvas assets fetch" in last
    assert "Traceback" not in done.err


def test_nothing_is_said_before_an_experiment_is_refused(ganvas_command, tiny, monkeypatch):
    done = ganvas_command("run", *tiny, "edit=inpaint", "mask=full")
    assert_one_line(done, "edit.masks.m")

    def unreachable(*arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket, "create_connection", unreachable)
    monkeypatch.setenv("GANVAS_CACHE", str(Path("cache").resolve()))
    done = ganvas_command("run", *tiny, "generator=stylegan3_ffhq_r")
    assert_one_line(done, "generator.checkpoint", "stylegan3-r-ffhq-1024x1024.pkl")


def fill_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let every write of bytes fail with ENOSPC from the `after`-th on."""
    calls = 0
    originals = {name: getattr(Path, name) for name in ("write_bytes", "write_text")}

    def failing(name):
        def write(self, *arguments, **options):
            nonlocal calls
            calls += 1
            if calls > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
            return originals[name](self, *arguments, **options)

        return write

    for name in originals:
        monkeypatch.setattr(Path, name, failing(name))


@pytest.mark.parametrize("after", [0, 3, 8, 12])
def test_full_disk(ganvas_command, tiny, tmp_path, monkeypatch, after):
    with monkeypatch.context() as patched:
        fill_disk(patched, after)
        done = ganvas_command("run", *tiny, "trainer.checkpoint_seconds=0")
    assert done.code == 2
    assert "no space left to write" in done.err.strip().splitlines()[-1]
    assert "Traceback" not in done.err
    assert not list(tmp_path.rglob(".unfinished*"))
    # With room again, the same command ends well.
    assert ganvas_command("run", *tiny).code == 0


def test_too_little_room_is_told_before_any_work(ganvas_command, tiny, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 1 << 20))
    assert_one_line(ganvas_command("run", *tiny), "1 MiB left", "needs about")
    assert not (tmp_path / "outputs").exists()


def test_output_that_is_a_file(ganvas_command, tiny, tmp_path):
    (tmp_path / "taken").write_text("precious")
    done = ganvas_command("run", *tiny, "output=taken")
    assert_one_line(done, "taken")
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "precious"


def test_other_commands(ganvas_command, tmp_path):
    assert_one_line(ganvas_command("render", "missing.safetensors"), "missing.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 100)
    assert_one_line(ganvas_command("render", "bad.safetensors"), "bad.safetensors")
    assert_one_line(ganvas_command("ls", "nowhere"), "nowhere")
    assert_one_line(ganvas_command("clean", "nowhere"), "nowhere")
    assert_one_line(ganvas_command("assets", "fetch", "mobilestylegan"), "mobilestylegan_ffhq")
    assert_one_line(ganvas_command("run", "--help", "msk"), "'msk'", "did you mean 'mask'")


def test_render_refuses_a_name_or_device_it_cannot_use(ganvas_command, tiny_run):
    result = tiny_run()
    file = str(result.path / "embedding.safetensors")
    assert_one_line(ganvas_command("render", file, "-o", "picture.xyz"), "picture.xyz", ".png")
    assert_one_line(ganvas_command("render", file, "--device", "tpu"), "--device", "tpu")


def test_render_refuses_other_weights(ganvas_command, tiny_run, tmp_path):
    from dataclasses import replace

    embedding = tiny_run().embedding
    other = replace(embedding, generator={**embedding.generator, "seed": 1})
    other.save(tmp_path / "other.safetensors")
    done = ganvas_command("render", "other.safetensors")
    assert_one_line(done, embedding.generator_hash[:12])


def test_nan_stops_that_image_only_and_says_so(ganvas_command, tiny, tmp_path, monkeypatch):
    from ganvas.loss.pixel import MSE

    for name, seed in (("good", 1), ("poor", 2)):
        noise = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
    words = ("run", *tiny, "image=file", f"image.x.path={tmp_path}", "trainer.micro_batch=2")
    calm = ganvas_command(*words, "output=calm")
    assert calm.code == 0
    original = MSE.bind

    def bind(self, reference):
        inner, calls = original(self, reference), 0

        def mse(view):
            nonlocal calls
            calls += 1
            loss = inner(view)
            if calls >= 4:
                loss = loss * torch.tensor([1.0, torch.nan])
            return loss

        return mse

    with monkeypatch.context() as patched:
        patched.setattr(MSE, "bind", bind)
        done = ganvas_command(*words, "output=troubled")
    assert done.code == 0, done.err
    assert "image poor: loss or gradient is not finite; it stops at step 2, its best" in done.out
    assert "image good" not in done.out
    results = []
    for output in ("calm", "troubled"):
        (status,) = tmp_path.glob(f"{output}/*/*/status.json")
        results.append(status.parent)
    metrics = [
        json.loads((run / "metrics.json").read_text(encoding="utf-8"))["images"] for run in results
    ]
    # The neighbour is the same to the bit, and the poor one has what it had reached.
    assert metrics[0]["good"] == metrics[1]["good"]
    assert metrics[1]["poor"]["psnr"] < metrics[0]["poor"]["psnr"]
    rows = [
        json.loads(line)
        for line in io.StringIO((results[1] / "metrics.jsonl").read_text(encoding="utf-8"))
    ]
    assert rows[2]["loss"][1] is not None
    assert rows[3]["loss"][1] is None
    assert rows[3]["loss"][0] is not None


@pytest.mark.parametrize(("words", "key"), [
    (("image=file", "image.x.path="), "image.x.path"),
    (("image=file", "image.x.path=a.png", "image.x.overlay="), "image.x.overlay"),
    (("mask=file", "mask.path="), "mask.path"),
    (("start=embedding", "start.path="), "start.path"),
])  # fmt: skip
def test_an_empty_path_is_not_the_working_folder(ganvas_command, tiny, tmp_path, words, key):
    picture(tmp_path / "a.png")
    assert_one_line(ganvas_command("run", *tiny, *words), f"{key} is empty")
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("key", ["output", "study", "sweep_metric"])
def test_a_key_that_is_taken_away_has_its_default(ganvas_command, tiny, key):
    done = ganvas_command("run", *tiny, f"~{key}")
    assert done.code == 0, done.err
    assert len(list(Path("outputs/default").glob("reconstruct-*/metrics.json"))) == 1
