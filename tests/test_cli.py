"""What the command line does with a pipe whose reader goes away."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from ganvas.runner.directory import RunDirectory

BROKEN_PIPE = 141
"""What a shell says of a program that SIGPIPE ended."""


@pytest.mark.parametrize(
    "command",
    [
        "run --help",
        "run --help --all",
        "run --cfg job",
        "ls .",
        "table STUDY",
        "table STUDY --format csv",
        "completion bash",
        "completion --complete run m",
        "assets list",
        "layers generator=tiny",
        "doctor",
    ],
)
def test_a_command_that_nobody_reads_ends_without_a_word(
    fork_server, finished_study, tmp_path, command
):
    words = [w.replace("STUDY", str(finished_study)) for w in shlex.split(command)]
    RunDirectory(tmp_path / "study" / "a-1").write_status(state="failed")
    assert fork_server.run(tmp_path, *words, read=False) == BROKEN_PIPE
    assert (tmp_path / "child.log").read_text(encoding="utf-8") == ""


def test_a_process_ends_without_a_word(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as unread:
        done = subprocess.run(
            [sys.executable, "-m", "ganvas.cli", "--help"], stdout=unread, stderr=subprocess.PIPE
        )
    # argparse swallows what printing without a buffer raises.
    assert done.returncode in (0, BROKEN_PIPE)
    assert done.stderr == b""


def test_a_run_that_nobody_reads_is_interrupted_and_goes_on(fork_server, tiny, tmp_path):
    words = ["run", *tiny, "study=s"]
    assert fork_server.run(tmp_path, *words, read=False) == 130
    (run,) = (tmp_path / "outputs" / "s").glob("*-*")
    assert RunDirectory(run).state == "interrupted"
    assert "the same command continues" in (tmp_path / "child.log").read_text(encoding="utf-8")
    assert fork_server.run(tmp_path, *words) == 0
    assert RunDirectory(run).state == "finished"
