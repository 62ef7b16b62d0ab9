"""Which of SLURM's jobs works on which run, so that a launcher finds those of one that died.

`<study>/.slurm/<submission>/` holds `jobs.json`, the jobs' output, what submitit needs, and `code`,
the program as it was.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ganvas.system.files import write_json

_MISTAKE = re.compile(r"^ganvas: (.*)", re.MULTILINE)
_COMPLAINT = re.compile(r"^(?:srun|slurmstepd\S*): error: (.*)", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One job of a submission.

    Attributes:
        job: Its id, ``12`` or, of an array, ``12_3``.
        run: The absolute path of the folder that the run works in.
        submission: The folder of the submission.
    """

    job: str
    run: str
    submission: Path

    @property
    def log(self) -> Path:
        """What the job has printed."""
        return self.submission / f"{self.job}_0_log.out"

    def last_words(self) -> str:
        """Return what ganvas or SLURM itself has printed about the end of the job, or ""."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        # Earlier stays in the queue have written to the same file.
        last = text.rpartition("Starting with JobEnvironment")[2]
        messages = _MISTAKE.findall(last) or _COMPLAINT.findall(last)[:1]
        return str(messages[-1]) if messages else ""


class Ledger:
    """The submissions of a study.

    Args:
        study: The study's folder.
    """

    def __init__(self, study: Path) -> None:
        self.folder = study.absolute() / ".slurm"

    def open(self) -> Path:
        """Return the folder of a new submission."""
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
        number = sum(1 for _ in self.folder.glob(f"{name}*"))
        folder = self.folder / (f"{name}-{number}" if number else name)
        folder.mkdir(parents=True)
        return folder

    def write(self, submission: Path, jobs: Mapping[str, str]) -> list[Entry]:
        """Note the run of each job."""
        write_json(submission / "jobs.json", dict(jobs))
        return [Entry(job, run, submission) for job, run in jobs.items()]

    def read(self) -> Iterator[Entry]:
        """Iterate over all jobs, later submissions last."""
        for file in sorted(self.folder.glob("*/jobs.json")):
            jobs: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
            for job, run in jobs.items():
                yield Entry(job, run, file.parent)

    def drop_code(self, entry: Entry) -> None:
        """Delete the program of a submission whose jobs have all ended."""
        shutil.rmtree(entry.submission / "code", ignore_errors=True)
