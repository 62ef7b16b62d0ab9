"""Do to the program what practice does, and write down how it stood it: `make campaign`.

    python docs/campaign.py                      all parts, within an hour
    python docs/campaign.py kills fuzz           some of them
    python docs/campaign.py --short              a moment of each, as the tests do
    python docs/campaign.py --write              put the tables into docs/reliability.md
    python docs/campaign.py kills --seed 3 --count 200 --minutes 60

Equal seeds draw equal disturbances. The exit code is 1 where something went wrong.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import platform
import re
import sys
import tempfile
import time
from pathlib import Path

from reliability.child import warm
from reliability.scenes import TINY
from reliability.tables import Part

PAGE = Path(__file__).with_name("reliability.md")

PARTS = {
    "kills": (200, 3, 20.0),
    "scarcity": (80, 2, 10.0),
    "fuzz": (2000, 6, 12.0),
    "large": (10_000, 30, 8.0),
    "soak": (200, 6, 6.0),
    "hostile": (0, 0, 4.0),
    "surroundings": (0, 0, 60.0),
}
"""Per part: how many disturbances, how many in the short form, and its minutes."""

ASKED_FOR = ("surroundings",)
"""Not within the hour, and only by name."""

NO_SHORT_FORM = ("hostile",)
"""Parts that are tests themselves."""


def main() -> int:
    """Run the parts that are asked for; return 1 where one of them found a fault."""
    options = arguments()
    parts = options.parts or [
        name
        for name in PARTS
        if name not in (ASKED_FOR + NO_SHORT_FORM if options.short else ASKED_FOR)
    ]
    # What a command shows in CI, and what it finds in an environment, is not to vary.
    os.environ.update(WANDB_MODE="offline", COLUMNS="100", OMP_NUM_THREADS="1")
    logging.captureWarnings(True)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        scratch = Path(name).resolve()
        if set(parts) - {"hostile", "large", "surroundings"}:
            warm(scratch / "warm", ["run", *TINY], ["run", *TINY])
        for part_name in parts:
            faults += execute(part_name, options, scratch)
    return 1 if faults else 0


def execute(name: str, options: argparse.Namespace, scratch: Path) -> int:
    """Run one part, print its table, write it where that is asked for; return its faults."""
    count, few, minutes = PARTS[name]
    started, cpu = time.monotonic(), _cpu_seconds()
    part = Part(
        name=name,
        seed=options.seed,
        count=options.count or (few if options.short else count),
        short=options.short,
        folder=scratch / name,
        deadline=started + 60 * (options.minutes or minutes),
    )
    part.folder.mkdir()
    print(f"{name}:", flush=True)
    importlib.import_module(f"reliability.{name}").main(part)
    took = (
        f"{(time.monotonic() - started) / 60:.1f} minutes, {_cpu_seconds() - cpu:.0f} CPU seconds"
    )
    print(f"\n{part.markdown()}\n\n{took}\n", flush=True)
    if options.write:
        command = f"python docs/campaign.py {name} --seed {part.seed} --count {part.count}"
        write(
            name, f"`{command}`\n\n{part.markdown()}\n\n{took}; Python {platform.python_version()}."
        )
    return len(part.faults)


def write(name: str, text: str) -> None:
    """Put a part's table between its marks in docs/reliability.md."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    new = f"{marks[0]}\n{text}\n{marks[1]}"
    PAGE.write_text(pattern.sub(lambda match: new, page), encoding="utf-8")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="a moment of each part")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--count", type=int, help="disturbances per part")
    parser.add_argument("--minutes", type=float, help="a part's time")
    parser.add_argument("--write", action="store_true", help="put the tables into reliability.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(main())
