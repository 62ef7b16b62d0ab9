"""ganvas: embed photographs into GANs and edit them there, in experiments that can be repeated.

>>> import ganvas
>>> result = ganvas.run(["image=file", "image.x.path=me.jpg", "budget=quick"])  # doctest: +SKIP
>>> result.metrics["final"]["psnr"]  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganvas.version import __version__

if TYPE_CHECKING:
    from ganvas.analysis.study import Study, load_study
    from ganvas.api import run
    from ganvas.embedding import Embedding
    from ganvas.runner.directory import RunDirectory as Result
    from ganvas.runner.directory import load

__all__ = ["Embedding", "Result", "Study", "__version__", "load", "load_study", "run"]

_HOMES = {
    "Embedding": "ganvas.embedding:Embedding",
    "Result": "ganvas.runner.directory:RunDirectory",
    "Study": "ganvas.analysis.study:Study",
    "load": "ganvas.runner.directory:load",
    "load_study": "ganvas.analysis.study:load_study",
    "run": "ganvas.api:run",
}


def __getattr__(name: str) -> Any:
    # Deferred, so that `import ganvas` and the command line's help do not wait for torch.
    if name in _HOMES:
        import importlib

        module, _, attribute = _HOMES[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    raise AttributeError(f"module 'ganvas' has no attribute '{name}'")
