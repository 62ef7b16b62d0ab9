"""What SLURM says about jobs, by its own commands; no accounting database is needed."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Iterable

log = logging.getLogger("ganvas")

ENDED = frozenset({
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
    "PREEMPTED", "REVOKED", "TIMEOUT",
})  # fmt: skip
GONE = "GONE"
"""The state of a job that the controller has forgotten, some minutes after its end."""


def states(jobs: Iterable[str]) -> dict[str, str] | None:
    """Return the state of each job, or None where the controller does not answer.

    Args:
        jobs: Job ids, ``12`` or, of an array, ``12_3``.
    """
    jobs = list(jobs)
    masters = sorted({job.partition("_")[0] for job in jobs})
    words = ["-h", "-r", "-t", "all", "-o", "%i %T", "-j", ",".join(masters)]
    done = _run("squeue", *words)
    if done is None:
        return None
    if done.returncode != 0 and "Invalid job id" not in done.stderr:
        log.warning("squeue: %s", done.stderr.strip())
        return None
    state_of = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line.strip())
    return {job: state_of.get(job, GONE) for job in jobs}


def reason(job: str) -> str:
    """Return how a job has ended, as far as the controller knows."""
    done = _run("scontrol", "show", "job", job, "-o")
    fields = dict(re.findall(r"(\w+)=(\S+)", done.stdout)) if done else {}
    words = [fields.get("JobState", "")]
    if fields.get("Reason", "None") not in ("None", words[0]):
        words.append(fields["Reason"])
    if fields.get("ExitCode", "0:0") != "0:0":
        words.append(f"exit code {fields['ExitCode']}")
    return ", ".join(word for word in words if word) or "no trace is left of it"


def _run(*words: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        log.warning("%s did not answer for two minutes", words[0])
        return None
