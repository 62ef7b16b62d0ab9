"""Kill `ganvas tile` at random moments, let it go on, and compare the file with one never killed.

python docs/kill_tile.py --kills 10 grid=20x20 generator=tiny
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = (sys.executable, "-m", "ganvas.cli", "tile")


def main() -> None:
    """Draw once undisturbed, then once with kills; print how far each got, and the hashes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = [*options.overrides, "threads=1", f"output={folder}"]
        whole = draw([*words, "study=whole"])
        for kill in range(options.kills):
            after = rng.uniform(0, 1)
            print(f"kill {kill + 1}: {killed([*words, 'study=killed'], after)}", flush=True)
        resumed = draw([*words, "study=killed"])
        print(f"never killed {whole}\nkilled       {resumed}\nequal: {whole == resumed}")


def draw(words: list[str]) -> str:
    """Run to the end and return the picture's SHA-256."""
    subprocess.run([*COMMAND, *words], check=True, capture_output=True)
    study = next(word for word in words if word.startswith("study=")).removeprefix("study=")
    output = next(word for word in words if word.startswith("output=")).removeprefix("output=")
    (picture,) = Path(output, study).glob("*/picture.tif")
    return hashlib.sha256(picture.read_bytes()).hexdigest()


def killed(words: list[str], wait: float) -> str:
    """Start, wait until a square more is drawn and `wait` seconds longer, and send SIGKILL."""
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    before = squares(words)
    while process.poll() is None and squares(words) <= before:
        time.sleep(0.01)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return f"after {squares(words)} squares"


def squares(words: list[str]) -> int:
    """Return how many squares the journal holds."""
    output = next(word for word in words if word.startswith("output=")).removeprefix("output=")
    journals = list(Path(output, "killed").glob("*/picture.journal"))
    return len(journals[0].read_text().splitlines()) - 1 if journals else 0


if __name__ == "__main__":
    main()
