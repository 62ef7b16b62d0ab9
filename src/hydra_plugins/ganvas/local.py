"""`hydra/launcher=local`: the jobs of a sweep as processes of their own on this machine."""

from __future__ import annotations

from hydra_plugins.ganvas.study import StudyLauncher


class LocalLauncher(StudyLauncher):
    """The settings are those of `ganvas.study.settings.LocalSettings`."""
