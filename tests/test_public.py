"""The public surface: names, and what a glance at the program costs."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ganvas
from ganvas import cli
from ganvas.assets import ASSETS

SOURCE = Path(ganvas.__file__).parent.parent

SLOW = [
    "torch", "pytorch_lightning", "torchmetrics", "torchvision", "wandb", "scipy", "matplotlib",
    "pandas", "onnxruntime", "safetensors.torch",
]  # fmt: skip
"""What takes seconds to import."""

HEAVY = [*SLOW, "hydra", "omegaconf", "numpy", "PIL", "pydantic"]
"""What a glance at the program need not import."""


def python(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_public_names():
    names = ["Embedding", "Result", "Study", "__version__", "load", "load_study", "run"]
    assert ganvas.__all__ == names
    for name in ganvas.__all__:
        assert getattr(ganvas, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'rnu'"):
        ganvas.rnu  # noqa: B018


def test_importing_ganvas_imports_nothing_heavy():
    code = f"import sys, ganvas, ganvas.cli; print([m for m in {HEAVY} if m in sys.modules])"
    assert python(code).strip() == "[]"


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from ganvas.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    out = python(code)
    assert out.strip().endswith("[]")
    for command in ("run", "render", "ls", "clean", "assets", "doctor"):
        assert f"\n    {command} " in out


def test_help_on_an_experiment_imports_neither_torch_nor_hydra():
    code = (
        "import sys\n"
        "from ganvas.cli import main\n"
        "main(['run', '--help'])\n"
        "main(['run', '--help', 'edit=reconstruct'])\n"
        f"print([m for m in {[*SLOW, 'hydra', 'omegaconf']} if m in sys.modules])"
    )
    assert python(code).strip().endswith("[]")


MISTAKES = [
    ("mask=bix",),
    ("losss=lpips",),
    ("budget.laten=4",),
    ("mask.left=0.4",),
    ("optimizer.latent.lr=-1",),
    ("edit.stages.w.objective.W_l.mask=mm",),
    ("image=file", "image.x.path=nobody.png"),
    ("-m", "hydra/launcher=local", "mask=full,box", "seed=0,x"),
]


def test_a_mistake_is_refused_without_waiting_for_torch(tmp_path):
    code = (
        "import os, sys\n"
        "from ganvas.cli import main\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"codes = [main(['run', *words]) for words in {MISTAKES}]\n"
        f"print(codes, [m for m in {SLOW} if m in sys.modules], os.listdir())"
    )
    assert python(code).strip() == f"{[2] * len(MISTAKES)} [] []"


def test_a_finished_run_is_recognised_without_waiting_for_torch(tiny, tiny_run):
    study = tiny_run().path.resolve().parent.parent
    code = (
        "import sys\n"
        "from ganvas.cli import main\n"
        f"code = main(['run', *{tiny}, 'output={study}'])\n"
        f"print(code, [m for m in {SLOW} if m in sys.modules])"
    )
    assert python(code).strip().endswith("0 []")


def test_a_run_imports_nothing_that_it_does_not_use():
    unused = ["torchvision", "matplotlib", "scipy", "pandas", "wandb", "onnxruntime", "lpips"]
    unused += ["triton", "torch.utils.flop_counter"]
    modules = "sys, ganvas.stage.fit, ganvas.network.lpips, ganvas.network.arcface"
    code = f"import {modules}\nprint([m for m in {unused} if m in sys.modules])"
    assert python(code).strip() == "[]"


def test_a_run_imports_neither_torch_s_compiler_nor_what_it_does_not_use(tiny, tmp_path):
    unused = ["torch._dynamo", "torch._inductor", "sympy", "torchvision", "triton", "pandas"]
    unused += ["wandb", "scipy", "matplotlib", "IPython"]
    algorithms = ("adam", "amsgrad", "adamax", "radam")
    code = (
        "import os, sys\n"
        "from ganvas.cli import main\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"short = [*{tiny}, 'budget.latent=2', 'budget.noise=2']\n"
        f"codes = {{main(['run', *short, f'optimizer.latent.algorithm={{name}}']) "
        f"for name in {algorithms}}}\n"
        "codes.add(main(['run', *short, 'optimizer=lbfgs']))\n"
        "codes.add(main(['run', *short, 'experiment=z_basin_cma', 'start.count=4']))\n"
        "codes.add(main(['run', *short, 'experiment=z_random', 'start.count=4']))\n"
        f"print(codes, [m for m in {unused} if m in sys.modules])\n"
        f"code = main(['run', *short, 'logger=wandb'])\n"
        "unused = ('wandb.sdk.launch', 'wandb.apis.public', 'torch._dynamo')\n"
        "print(code, [m for m in unused if m in sys.modules])"
    )
    lines = python(code).splitlines()
    assert "{0} []" in lines
    assert lines[-1] == "0 []"


def test_the_completion_offers_every_command_that_the_help_lists():
    listed = python("from ganvas.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass")
    names = re.findall(r"^    ([a-z]+)(?:  |$)", listed.partition("\ncommands:")[2], re.MULTILINE)
    offered = python("from ganvas.cli import main; main(['completion', '--complete', ''])")
    assert "sample" in names
    assert offered.split() == names


def test_the_doctor_names_assets_as_fetch_takes_them(ganvas_command):
    done = ganvas_command("doctor")
    assert done.code == 0
    assert all(f"\n  {name} " in done.out for name in ASSETS)


def test_reading_a_run_needs_no_torch(tiny_run):
    path = tiny_run().path.resolve()
    code = (
        "import sys, ganvas\n"
        f"r = ganvas.load({str(path)!r})\n"
        "print(r.status['state'], len(r.curve), r.metrics['final']['psnr'] > 0)\n"
        "print(len(ganvas.load_study(r.path.parent).curves), 'torch' in sys.modules)"
    )
    assert python(code).splitlines() == ["finished 10 True", "10 False"]


def test_load_refuses_other_folders(tmp_path):
    from ganvas.errors import InputError

    with pytest.raises(InputError, match=r"status\.json"):
        ganvas.load(tmp_path)


def test_every_error_has_an_exit_code():
    from ganvas import errors

    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    codes = {e.__name__: e.exit_code for e in kinds}
    assert codes.pop("RunError") == 1
    assert codes.pop("Interrupted") == 130
    assert codes.pop("Pruned") == 0
    assert set(codes.values()) == {2}
    for kind in kinds:
        assert kind.__name__ in errors.__doc__


def test_a_run_loads_lightning_and_torchvision_only_when_it_optimises():
    late = ["torchmetrics", "torchvision", "torch._dynamo", "pytorch_lightning", "lpips", "scipy"]
    code = (
        "import sys, ganvas.runner.job, ganvas.metrics\n"
        f"print([m for m in {late} if m in sys.modules])"
    )
    assert python(code).strip() == "[]"


def test_a_command_leaves_the_collector_as_it_was(monkeypatch):
    before, during = gc.get_threshold(), []
    monkeypatch.setattr("ganvas.cli.command", lambda words: during.append(gc.get_threshold()) or 0)
    assert cli.main(["ls"]) == 0
    assert gc.get_threshold() == before
    assert during[0][0] > before[0]
