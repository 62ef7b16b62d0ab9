"""Make a study of invented runs in the format of docs/record.md, for tests and measurements.

python tests/synthetic_study.py FOLDER --runs 500 --images 3 --frames 10 [--photos DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import random
from io import BytesIO
from pathlib import Path

import yaml
from PIL import Image, ImageDraw, ImageFilter

GROUPS = {
    "mask": ["full", "box", "ellipse", "scribble"],
    "loss": ["image2stylegan", "image2stylegan_pp", "lpips", "pixel"],
    "layers": ["all", "content", "coarse"],
}
EFFECT = {
    "ellipse": 0.5, "box": -0.3, "scribble": -0.8, "image2stylegan_pp": 1.1, "lpips": 0.4,
    "pixel": -1.2, "content": -0.9, "coarse": -2.4,
}  # fmt: skip
_ENCODED: dict[int, tuple[Image.Image, bytes]] = {}
RATES = [0.005, 0.01, 0.02, 0.05]


def make_study(
    folder: Path,
    runs: int = 24,
    images: int = 3,
    frames: int = 5,
    size: int = 64,
    seeds: int = 2,
    photos: list[Path] | None = None,
    note: str = "plain",
    states: bool = True,
    groups: dict[str, list[str]] = GROUPS,
    rates: list[float] = RATES,
) -> Path:
    """Write `runs` run folders; the settings differ truly, images more than they do."""
    names = [f"{index:03d}" for index in range(images)]
    sources = [_source(index, size, photos) for index in range(images)]
    total = 140
    steps = [round(total * (k + 1) / frames) for k in range(frames)]
    pictures = [[_blurred(source, k / frames) for k in range(1, frames + 1)] for source in sources]
    combos = itertools.product(*groups.values(), rates, range(seeds))
    chosen = list(combos)
    random.Random(0).shuffle(chosen)
    for index, combo in enumerate(itertools.islice(itertools.cycle(chosen), runs)):
        state = "finished"
        if states and runs > 10 and index in (3, 7):
            state = {3: "failed", 7: "running"}[index]
        choices = dict(zip(groups, combo[:3], strict=True))
        seed = combo[4] + seeds * (index // len(chosen))
        _write_run(
            folder, choices, combo[3], seed, names, state, steps, total, pictures, sources, note
        )
    return folder


def _write_run(
    folder: Path,
    choices: dict[str, str],
    rate: float,
    seed: int,
    names: list[str],
    state: str,
    steps: list[int],
    total: int,
    pictures: list[list[bytes]],
    sources: list[Image.Image],
    note: str,
) -> None:
    overrides = [f"{k}={v}" for k, v in choices.items()]
    overrides += [f"edit.stages.w.lr={rate}", f"seed={seed}"]
    signature = hashlib.sha256(repr(overrides).encode()).hexdigest()[:8]
    slug = "-".join(choices.values())
    run = folder / f"{slug}-{signature}"
    (run / "images").mkdir(parents=True, exist_ok=True)
    rng = random.Random(signature)
    quality = 27 + sum(EFFECT.get(v, 0.0) for v in choices.values())
    quality += -2.0 * abs(math.log(rate / 0.02)) ** 1.2 + rng.gauss(0, 0.25)
    offsets = [2.5 * math.sin(3 * k + 1) for k in range(len(names))]
    final = {
        name: _metrics(quality + o + rng.gauss(0, 0.3))
        for name, o in zip(names, offsets, strict=True)
    }
    done = total if state == "finished" else total * 4 // 7
    config = {
        "study": folder.name,
        "seed": seed,
        "note": note,
        "generator": {"_target_": "ganvas.generator.tiny.Tiny", "resolution": 64},
        "image": {"path": "portraits", "crop": None},
        "mask": {"_target_": f"ganvas.mask.{choices['mask']}", "feather": 0.05},
        "loss": {"latent": {"terms": {"lpips": {"weight": 1.0}, "mse": {"weight": 1.0}}},
                 "name": choices["loss"]},
        "layers": {"rows": choices["layers"]},
        "edit": {"name": "reconstruct",
                 "stages": {"w": {"steps": 80, "lr": rate}, "n": {"steps": 60, "lr": 0.1}}},
    }  # fmt: skip
    _text(run / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    _text(run / "overrides.yaml", yaml.safe_dump({"overrides": overrides, "choices": {
        **choices, "generator": "tiny", "edit": "reconstruct",
        "hydra/launcher": "local"}}))  # fmt: skip
    _text(run / "provenance.json", json.dumps({
        "commit": "0123456789abcdef", "dirty": False, "device": "cpu", "threads": 2, "seed": seed,
        "versions": {"ganvas": "0.1.0", "torch": "2.15.0"},
        "command": f"ganvas run {' '.join(overrides)}"}))  # fmt: skip
    error = "RunError: the loss is not finite at step 80" if state == "failed" else None
    _text(run / "status.json", json.dumps({
        "state": state, "signature": signature, "study": folder.name, "slug": slug,
        "edit": "reconstruct", "stage": "n" if done > 80 else "w", "step": done,
        "total_steps": total, "started": f"2026-01-31T12:{seed % 60:02d}:00+00:00",
        "updated": "2026-01-31T12:59:00+00:00", "seconds": done * (2 + 8 * rate),
        "images": names, "error": error}))  # fmt: skip
    _text(run / "metrics.jsonl", "".join(_curve(final, done, total, rate, rng)))
    if state == "finished":
        mean = _mean(final)
        early = {k: {"psnr": v["psnr"] - 6, "lpips": v["lpips"] + 0.1} for k, v in final.items()}
        stages = {
            "w": {"steps": 80, "seconds": 160.0, "steps_per_second": 0.5, "peak_memory_mib": 2400,
                  "final": _mean(early), "images": early},
            "n": {"steps": 60, "seconds": 90.0, "steps_per_second": 0.67, "peak_memory_mib": 2300,
                  "final": mean, "images": final},
        }  # fmt: skip
        (run / "embedding.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        about = {
            "psnr": {"text": "range [0, 255], 64×64", "unit": "dB", "direction": "higher"},
            "ssim": {"text": "range [0, 255], 64×64", "unit": "", "direction": "higher"},
            "lpips": {"text": "LPIPS v0.1, VGG16, at 64²", "unit": "", "direction": "lower"},
        }
        _text(run / "metrics.json", json.dumps(
            {"final": mean, "images": final, "stages": stages, "about": about}))  # fmt: skip
    for name, source, series in zip(names, sources, pictures, strict=True):
        where = run / "images" / name
        (where / "frames").mkdir(parents=True, exist_ok=True)
        for step, data in zip(steps, series, strict=True):
            if step <= done:
                (where / "frames" / f"{step}.webp").write_bytes(data)
        _stills(where, source, series, choices["mask"], len(names) * len(steps) < 60)


def _stills(where: Path, source: Image.Image, series: list[bytes], mask: str, rich: bool) -> None:
    (where / "target.png").write_bytes(_png(source))
    if not rich:
        return
    for name, data in {
        "w": series[len(series) // 2],
        "n": series[-1],
        "result": series[-1],
    }.items():
        Image.open(BytesIO(data)).save(where / f"{name}.png")
    source.convert("L").convert("RGB").save(where / "difference.png")
    frames = [Image.open(BytesIO(data)) for data in series]
    frames[0].save(where / "progress.webp", save_all=True, append_images=frames[1:], duration=200)
    if mask != "full":
        picture = Image.new("L", source.size, 0)
        box = [source.width // 4, source.height // 4, source.width * 3 // 4, source.height * 3 // 4]
        draw = ImageDraw.Draw(picture)
        (draw.rectangle if mask == "box" else draw.ellipse)(box, fill=255)
        picture.save(where / "mask.png")
    sheet = Image.new("RGB", (source.width * 3, source.height))
    for place, item in enumerate([source, frames[len(frames) // 2], frames[-1]]):
        sheet.paste(item.convert("RGB"), (place * source.width, 0))
    sheet.save(where.parent / "contact_sheet.png")


def _png(picture: Image.Image) -> bytes:
    key = id(picture)
    if key not in _ENCODED:
        stream = BytesIO()
        picture.save(stream, "PNG")
        _ENCODED[key] = picture, stream.getvalue()  # holding the picture keeps its id taken
    return _ENCODED[key][1]


def _metrics(psnr: float) -> dict[str, float]:
    return {
        "psnr": psnr,
        "ssim": 1 / (1 + math.exp(-(psnr - 18) / 5)),
        "lpips": 0.9 * math.exp(-psnr / 14),
        "lpips_alex": 0.7 * math.exp(-psnr / 12),
    }


def _mean(images: dict[str, dict[str, float]]) -> dict[str, float]:
    names = next(iter(images.values()))
    return {name: sum(row[name] for row in images.values()) / len(images) for name in names}


def _curve(
    final: dict[str, dict[str, float]], done: int, total: int, rate: float, rng: random.Random
) -> list[str]:
    lines = []
    for step in range(10, done + 1, 10):
        grown = [
            row["psnr"] - 16 * math.exp(-step / 28) + rng.gauss(0, 0.3) for row in final.values()
        ]
        loss = [0.9 * math.exp(-p / 12) for p in grown]
        row = {
            "step": step,
            "stage": "w" if step <= 80 else "n",
            "stage_step": step if step <= 80 else step - 80,
            "seconds": round(step * (2 + 8 * rate), 2),
            "loss": loss,
            "psnr": grown,
            "loss/mse": [v / 8 for v in loss],
        }
        lines.append(json.dumps(row) + "\n")
    return lines


def _source(index: int, size: int, photos: list[Path] | None) -> Image.Image:
    if photos:
        picture = Image.open(photos[index % len(photos)]).convert("RGB")
        return picture.resize((size, size), Image.Resampling.LANCZOS)
    picture = Image.linear_gradient("L").resize((size, size)).rotate(40 * index)
    other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.merge("RGB", (picture, other, Image.radial_gradient("L").resize((size, size))))


def _blurred(source: Image.Image, share: float) -> bytes:
    stream = BytesIO()
    blurred = source.filter(ImageFilter.GaussianBlur(source.width / 14 * (1 - share)))
    blurred.save(stream, "WEBP", quality=85)
    return stream.getvalue()


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--photos", type=Path)
    given = parser.parse_args()
    found = (
        sorted(p for p in given.photos.rglob("*.*") if p.suffix in {".png", ".jpg", ".webp"})
        if given.photos
        else None
    )
    make_study(given.folder, given.runs, given.images, given.frames, given.size, given.seeds, found)
