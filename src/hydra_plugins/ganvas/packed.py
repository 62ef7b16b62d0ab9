"""`hydra/launcher=packed`: the jobs of a sweep in packs, each of which shares one loop."""

from __future__ import annotations

from hydra_plugins.ganvas.study import StudyLauncher


class PackedLauncher(StudyLauncher):
    """The settings are those of `ganvas.study.packed.PackedSettings`."""
