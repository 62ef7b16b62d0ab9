"""Searching for the best setting: the trials of Optuna as runs of a study."""
