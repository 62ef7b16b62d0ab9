import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ganvas
from ganvas.command.candidates import candidates
from ganvas.config.groups import groups

SHELLS = ("bash", "zsh", "fish")
SOURCE = Path(ganvas.__file__).parent.parent


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for run in ("outputs/first/reconstruct-a-1", "outputs/second/inpaint-b-2"):
        Path(run).mkdir(parents=True)
        Path(run, "status.json").write_text("{}")
    Path("photo.jpg").touch()
    Path("photos").mkdir()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ru", ["run"]),
        ("run mask=bo", ["mask=box"]),
        ("run mask=full,bo", ["mask=full,box"]),
        ("run +mask=bo", ["+mask=box"]),
        ("run mas", ["mask="]),
        ("run see", ["seed="]),
        ("run -m hydra/launcher=l", ["hydra/launcher=local"]),
        ("run mask=box mask.l", ["mask.left="]),
        ("run mask.l", []),
        # The edit chooses a box.
        ("run edit=inpaint mask.l", ["mask.left="]),
        ("run optimizer.l", ["optimizer.latent."]),
        ("run optimizer=lbfgs optimizer.latent.h", ["optimizer.latent.history="]),
        ("run edit.stages.w.ste", ["edit.stages.w.steps="]),
        ("run trainer.precision=b", ["trainer.precision=bf16-mixed"]),
        ("run force=", ["force=true", "force=false"]),
        ("run image.x.crop=f", ["image.x.crop=ffhq"]),
        ("run image=file image.x.path=pho", ["image.x.path=photo.jpg", "image.x.path=photos/"]),
        ("run study=f", ["study=first"]),
        ("run --help mask=bo", ["mask=box"]),
        ("run --conf", ["--config-dir"]),
        ("ablate mode=leave", ["mode=leave_one_out"]),
        ("ablate ablation=t", ["ablation=tiny"]),
        ("sample generator=ti", ["generator=tiny"]),
        ("tile gri", ["grid="]),
        ("tile lat", ["latents="]),
        ("tile mas", []),
        ("tile latents=cl", ["latents=clusters"]),
        ("tile latents=field latents.anc", ["latents.anchors="]),
        ("tile latents.p", ["latents.psi="]),
        ("tile compression=j", ["compression=jpeg"]),
        ("tile generator=tiny generator.res", ["generator.resolution="]),
        ("tile e", ["edit"]),
        ("tile -m grid=2x2 layer=8,16 see", ["seed="]),
        ("tile edit pho", ["photo.jpg", "photos/"]),
        ("tile edit x --la", ["--latent"]),
        ("report s", ["second"]),
        ("table ", ["first", "second"]),
        ("wandb sync f", ["first"]),
        ("rerun ", ["outputs/first/reconstruct-a-1", "outputs/second/inpaint-b-2"]),
        ("assets fetch bise", ["bisenet"]),
        ("inspect photo.", ["photo.jpg"]),
        # A mistake elsewhere on the line leaves the rest alone.
        ("run mask=bx mask.l", []),
    ],
)
def test_words_are_completed(study, line, expected):
    assert candidates(line.split(" ")) == expected


def test_every_option_is_offered():
    for group, options in groups().items():
        assert candidates(["run", f"{group}="]) == [f"{group}={option}" for option in options]


def test_a_tab_waits_for_neither_hydra_nor_torch():
    code = (
        "import sys\n"
        "from ganvas.cli import main\n"
        "main(['completion', '--complete', 'run', 'edit.stages.w.'])\n"
        "print([m for m in ('torch', 'hydra', 'omegaconf', 'numpy', 'rich') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "edit.stages.w.steps=" in done.stdout.split()
    assert done.stdout.endswith("\n[]\n")


@pytest.fixture
def environment(tmp_path):
    """Variables with which a shell finds a `ganvas`."""
    program = tmp_path / "bin" / "ganvas"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ganvas.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(SOURCE), "TERM": "dumb", "PS1": "> "}


ARGUMENTS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
INSTALLED = {
    "bash": 'eval "$(ganvas completion bash)"; echo ready $((1 + 1))',
    "zsh": 'eval "$(ganvas completion zsh)"; echo ready $((1 + 1))',
    "fish": "ganvas completion fish | source; echo ready (math 1 + 1)",
}


def read_until(terminal: int, pattern: str) -> str:
    """Read from a terminal until a pattern has come; the test's time limit ends the waiting."""
    text = ""
    while not re.search(pattern, text):
        select.select([terminal], [], [])
        text += os.read(terminal, 65536).decode(errors="replace")
    return text


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_in_a_real_shell(environment, tmp_path, monkeypatch, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"needs: apt-get install -y {shell}")
    monkeypatch.chdir(tmp_path)
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(shell, [shell, *ARGUMENTS[shell]], environment)
    try:
        os.write(terminal, f"{INSTALLED[shell]}\n".encode())
        read_until(terminal, "ready 2")
        os.write(terminal, b"ganvas run mask=bo\t")
        read_until(terminal, r"mask=box")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def test_fish_offers_studies_and_commands(environment, study, tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("needs: apt-get install -y fish")
    script = (
        'ganvas completion fish | source; complete -C "ganvas report "; complete -C "ganvas ru"'
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["first", "second", "run"]


@pytest.mark.parametrize(
    ("line", "words", "expected"),
    [
        ("ganvas run mask=bo", ("ganvas", "run", "mask", "=", "bo"), ["box "]),
        ("ganvas run mask=", ("ganvas", "run", "mask", "="), None),
        ("ganvas run optimizer.l", ("ganvas", "run", "optimizer.l"), ["optimizer.latent."]),
        ("ganvas report ", ("ganvas", "report", ""), ["first ", "second "]),
    ],
)
def test_bash_gets_what_stands_behind_its_word_breaks(environment, study, line, words, expected):
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        'eval "$(ganvas completion bash)"\n'
        f"COMP_LINE='{line}' COMP_POINT={len(line)} COMP_CWORD={len(words) - 1}\n"
        f"COMP_WORDS=({quoted})\n"
        "_ganvas; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.splitlines() == (expected or [f"{o} " for o in groups()["mask"]])
