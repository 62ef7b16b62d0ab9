"""Measure what docs/performance.md says, and write its tables and plots: `make bench`.

    python docs/bench.py                      all of it: an hour and more on one core
    python docs/bench.py subsets packs        some of it
    python docs/bench.py --draw               nothing: tables and plots again from the last figures
    python docs/bench.py projector --nvidia CHECKOUT    NVIDIA's stylegan2-ada-pytorch as well

CPU seconds on one thread, in one process, what is compared by turns: so ratios hold where the
machine is busy. Figures are kept in docs/speed/measured.json, a topic at a time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import torch

from ganvas.runner.provenance import describe
from ganvas.system.files import write_json, write_text
from ganvas.system.memory import keep_freed_memory
from speed import (
    batches,
    ceiling,
    drafts,
    overhead,
    packs,
    plots,
    projector,
    recipes,
    startup,
    steps,
    subsets,
)

DOCS = Path(__file__).resolve().parent
FIGURES = Path("speed") / "measured.json"
PAGE = Path("performance.md")

TOPICS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        startup, steps, subsets, projector, recipes, ceiling, drafts, packs, batches, overhead,
    )
}  # fmt: skip
"""Name → a module whose `measure` returns rows and whose `page` makes a table of them."""


def filled(page: str, measured: Mapping[str, Any]) -> str:
    """Return the page with the table of each topic, and the machine, between their marks."""
    texts = {name: topic.page(measured[name]["rows"]) for name, topic in TOPICS.items()}
    machines = dict.fromkeys(entry["machine"] for entry in measured.values())
    texts["machine"] = f"These are of: {'; '.join(machines)}."
    for name, text in texts.items():
        before, start, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert end, f"{PAGE} has no place for {name}"
        page = f"{before}{start}{text}\n{end}{after}"
    return page


def main(options: argparse.Namespace) -> None:
    """Measure the chosen topics, then draw everything."""
    torch.set_num_threads(1)
    keep_freed_memory()
    measured = json.loads((DOCS / FIGURES).read_text(encoding="utf-8"))
    machine = f"{describe(torch.device('cpu'))['name']}, torch {torch.__version__}"
    chosen = [] if options.draw else options.topics or list(TOPICS)
    for name in chosen:
        measure = TOPICS[name].measure
        if name == "projector":
            measure = partial(measure, options.nvidia)
        print(f"{name} …", flush=True)
        with redirect_stdout(StringIO()):  # what runs say
            rows = measure()
        measured[name] = {"machine": machine, "rows": rows}
        write_json(options.folder / FIGURES, measured)
        print(f"\n{TOPICS[name].page(rows)}\n", flush=True)
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    write_text(options.folder / PAGE, filled(page, measured))
    plots.draw({topic: entry["rows"] for topic, entry in measured.items()}, options.folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--draw", action="store_true", help="measure nothing")
    parser.add_argument("--folder", type=Path, default=DOCS, help="for what is written")
    parser.add_argument("--nvidia", type=Path, help="a checkout of stylegan2-ada-pytorch")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.topics) - set(TOPICS))
    if unknown:
        parser.error(f"no topic {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    main(arguments)
