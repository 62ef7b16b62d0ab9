"""The command line: `ganvas COMMAND`."""

from __future__ import annotations

import argparse
import gc
import importlib
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ganvas.command.parser import WITH_OVERRIDES, WITH_OWN_PARSER, parsed
from ganvas.errors import GanvasError
from ganvas.system.streams import let_go, show_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; a user's mistake is one line on stderr.

    Where the reader of a pipe goes away (`ganvas … | head`) the command ends without a word, with
    the exit code that a shell gives to a program that SIGPIPE ended.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    show_all(sys.stdout)
    with collecting_rarely():
        try:
            try:
                return command(words)
            finally:
                sys.stdout.flush()  # a buffered line, too, may meet a closed pipe
        except BrokenPipeError:
            return reader_gone()
        except SystemExit as stop:
            # rich turns a broken pipe into an exit.
            if isinstance(stop.__context__, BrokenPipeError):
                return reader_gone()
            raise


def reader_gone() -> int:
    """Let what is still buffered go nowhere; return the exit code of a broken pipe."""
    for stream in (sys.stdout, sys.stderr):
        let_go(stream)
    return 128 + signal.SIGPIPE


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Look for garbage a tenth as often: what is imported stays, and is looked through each time.

    That is a sixth of the computing until the first step.
    """
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def command(words: list[str]) -> int:
    """Run the command that `words` are; return the exit code."""
    try:
        if words[:2] == ["completion", "--complete"]:
            from ganvas.command.candidates import complete

            return complete(words[2:])
        if words[:1] == ["run"] and {"-h", "--help"} & set(words):
            from ganvas.command.help import main as run_help

            return run_help(words[1:])
        if words[:1] and words[0] in WITH_OVERRIDES:
            module = importlib.import_module(f"ganvas.command.{words[0]}")
            return int(getattr(module, words[0])(words[1:]))
        if words[:1] and words[0] in WITH_OWN_PARSER:
            return _forward(*words)
        options = parsed(words)
        return int(options.command(options))
    except GanvasError as error:
        print(f"ganvas: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _forward(name: str, *words: str) -> int:
    """Run a command whose module adds its own arguments; nothing else of it is imported before."""
    module = importlib.import_module(WITH_OWN_PARSER[name][0])
    command_parser = argparse.ArgumentParser(
        prog=f"ganvas {name}", description=WITH_OWN_PARSER[name][1]
    )
    module.add_arguments(command_parser)
    return int(module.main(command_parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(main())
