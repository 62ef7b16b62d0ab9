"""`hydra/launcher=slurm`: the jobs of a sweep as an array on a SLURM cluster."""

from __future__ import annotations

from hydra_plugins.ganvas.study import StudyLauncher


class SlurmLauncher(StudyLauncher):
    """The settings are those of `ganvas.study.slurm.settings.SlurmSettings`."""
