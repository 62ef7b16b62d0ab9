"""`ganvas rerun`: repeat a run from its folder, and compare."""

from __future__ import annotations

import argparse

from ganvas.config.groups import user_folders
from ganvas.errors import InputError
from ganvas.runner.difference import causes, differences
from ganvas.runner.directory import load
from ganvas.runner.rerun import rerun as repeat


def rerun(options: argparse.Namespace) -> int:
    """Repeat a run; with --check return 1 where the result is not the same to the bit."""
    user_folders(options.config_dir)
    old = load(options.run_dir)
    if options.check:
        old.require_intact()
        if not old.finished:
            raise InputError(f"{old.path} is {old.state}: there is no result to compare with")
    new = repeat(options.run_dir, options.output, options.trust)
    print(new.path)
    if not options.check:
        return 0
    differing = differences(old, new)
    if not differing:
        print("identical to the bit: embedding, metrics and pictures")
        return 0
    for line in differing:
        print(f"differs  {line}")
    environment = causes(old, new)
    if environment:
        print("other than then:")
        for line in environment:
            print(f"  {line}")
    else:
        print("versions, device, threads, assets and code are those of then")
    return 1
