"""The words of the command line: every command with its arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ganvas.version import __version__

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command = Callable[[argparse.Namespace], int]

WITH_OVERRIDES = {
    "run": "compose and execute experiments (-m: a sweep)",
    "ablate": "an experiment, and the same without each of its parts",
    "tile": "draw a picture of any size, tile by tile",
    "dissect": "which units of a generator draw which concept",
}
"""Commands whose words follow Hydra's grammar, so that argparse does not see them, with their help.
Each is the function of its name in the module of its name."""

WITH_OWN_PARSER = {
    "report": ("ganvas.command.report", "build the offline dashboard of a study"),
    "wandb": ("ganvas.command.wandb", "send a study's offline W&B runs, or build a W&B report"),
}
"""Commands whose modules bring their own arguments: (module, help)."""

EPILOG = """\
examples:
  ganvas run                                            embed the astronaut
  ganvas run image=file image.x.path=me.jpg             embed your own photograph
  ganvas run -m budget=preview layers=all,content       a sweep
  ganvas run --help                                     groups, options and fields
"""

INSTALL = """\
Put the line of your shell into its start-up file:

  eval "$(ganvas completion bash)"            ~/.bashrc
  eval "$(ganvas completion zsh)"             ~/.zshrc
  ganvas completion fish | source             ~/.config/fish/config.fish
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands but `run`."""
    top = argparse.ArgumentParser(
        prog="ganvas",
        description="Embed photographs into GANs and edit them there.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ganvas {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in WITH_OVERRIDES.items():
        commands.add_parser(name, help=text)
    _render(commands)
    _paste(commands)
    _sample(commands)
    _train(commands)
    _layers(commands)
    _interchange(commands)
    _runs(commands)
    _studies(commands)
    _assets(commands)
    _checkpoints(commands)
    for name, (_, text) in WITH_OWN_PARSER.items():
        commands.add_parser(name, help=text)
    doctor = commands.add_parser("doctor", help="show versions, device, memory, disk, assets, W&B")
    doctor.set_defaults(command=_lazily("doctor", "doctor"))
    completion = commands.add_parser(
        "completion", help="print the tab completion for bash, zsh or fish",
        description=INSTALL, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    completion.set_defaults(command=_lazily("completion", "completion"))
    return top


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, where overrides may stand before and behind flags.

    argparse takes them in one place alone.
    """
    top = parser()
    options, rest = top.parse_known_args(words)
    takes_overrides = "overrides" in options
    wrong = [w for w in rest if not takes_overrides or "=" not in w or w.startswith("-")]
    if wrong:
        top.error(f"unrecognized arguments: {' '.join(wrong)}")
    if rest:
        options.overrides += rest
    return options


def command_names() -> list[str]:
    """Return the names of all commands."""
    return [name for action in parser()._actions for name in action.choices or ()]


def _lazily(module: str, function: str) -> Command:
    def command(options: argparse.Namespace) -> int:
        import importlib

        run = getattr(importlib.import_module(f"ganvas.command.{module}"), function)
        code: int = run(options)
        return code

    return command


def _render(commands: Commands) -> None:
    render = commands.add_parser("render", help="draw a saved embedding")
    render.add_argument("embedding", help="an embedding.safetensors, or a run's folder")
    render.add_argument("-o", "--output", default="out.png", help="the picture; with several, "
                        "the image's name is added (default: out.png)")  # fmt: skip
    render.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    _config_dir(render)
    _trust(render)
    render.set_defaults(command=_lazily("render", "render"))


def _trust(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--trust", action="store_true",
        help="execute code outside ganvas and fetch addresses that the file or folder names",
    )  # fmt: skip


def _paste(commands: Commands) -> None:
    paste = commands.add_parser("paste", help="put the result of a run back into its photograph")
    paste.add_argument("run", metavar="RUN", help="the folder of a run")
    paste.add_argument("photograph", metavar="PHOTO", help="the photograph that it was cut out of")
    paste.add_argument(
        "-o", "--output", default="out.jpg", help="the new picture (default: out.jpg)"
    )
    paste.add_argument("--feather", type=_fraction, default=0.05, help="width of the soft edge, as "
                       "a fraction of the square's side (default: 0.05)")  # fmt: skip
    paste.set_defaults(command=_lazily("paste", "paste"))


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value < 0.5:
        raise argparse.ArgumentTypeError(f"a fraction from 0 to 0.5, not {text}")
    return value


def _sample(commands: Commands) -> None:
    sample = commands.add_parser("sample", help="draw images from a generator")
    sample.add_argument("overrides", nargs="*", metavar="generator=OPTION", help="which generator, "
                        "and its fields (default: the usual one)")  # fmt: skip
    sample.add_argument("-n", "--count", type=int, default=1, help="how many (default: 1)")
    sample.add_argument("--seed", type=int, default=0, help="seed of the first (default: 0)")
    sample.add_argument("--psi", type=float, default=0.7, help="truncation ψ (default: 0.7)")
    sample.add_argument(
        "-o", "--output", default="samples", help="the folder of the pictures (default: samples)"
    )
    _config_dir(sample)
    sample.set_defaults(command=_lazily("sample", "sample"))


def _train(commands: Commands) -> None:
    train = commands.add_parser("train", help="train an encoder, or a generator of textures")
    train.add_argument("network", choices=["encoder", "generator"], help="an encoder, on what a "
                       "generator draws; a StyleGAN2, on crops of pictures")  # fmt: skip
    train.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="generator=OPTION, "
                       "samples=N; pictures=PATH, seconds=N; and their fields")  # fmt: skip
    _config_dir(train)
    train.set_defaults(command=_lazily("train", "train"))


def _layers(commands: Commands) -> None:
    layers = commands.add_parser("layers", help="list a generator's layers, style rows, noise maps")
    layers.add_argument("overrides", nargs="*", metavar="generator=OPTION", help="which generator, "
                        "and its fields (default: the usual one)")  # fmt: skip
    layers.add_argument("--config-dir", metavar="DIR", help="a folder with your own options")
    layers.set_defaults(command=_lazily("layers", "layers"))


def _interchange(commands: Commands) -> None:
    export = commands.add_parser("export", help="write w+ for other programs (.npz, .pt)")
    export.add_argument("embedding", help="an embedding.safetensors, or a run's folder")
    export.add_argument("-o", "--output", required=True, help="FILE.npz (NVIDIA), .npy, .pt")
    _config_dir(export)
    _trust(export)
    export.set_defaults(command=_lazily("interchange", "export"))
    read = commands.add_parser("import", help="make an embedding of a .npz, .npy or .pt of w+")
    read.add_argument("file", help="FILE.npz (NVIDIA), FILE.npy or FILE.pt")
    read.add_argument(
        "--generator", default="mobilestylegan",
        help="the option of generator= that it belongs to (default: mobilestylegan)",
    )  # fmt: skip
    read.add_argument(
        "-o", "--output", default="embedding.safetensors",
        help="the new file (default: embedding.safetensors)",
    )  # fmt: skip
    _config_dir(read)
    read.set_defaults(command=_lazily("interchange", "import_"))


def _config_dir(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config-dir", metavar="DIR", help="add your own options, and the modules beside them"
    )


def _runs(commands: Commands) -> None:
    ls = commands.add_parser("ls", help="list runs, their state and size")
    check = commands.add_parser("check", help="verify every file of every run")
    check.add_argument("folder", metavar="STUDY", help="a study (its folder or name) or a run")
    check.set_defaults(command=_lazily("check", "check"))
    clean = commands.add_parser("clean", help="delete runs, or only their checkpoints")
    for command in (ls, clean):
        command.add_argument(
            "folder",
            nargs="?",
            default="outputs",
            help="studies, a study (its folder or name) or a run",
        )
        command.add_argument(
            "--state", action="append",
            choices=["finished", "interrupted", "pruned", "failed", "running", "damaged"],
            help="only runs in this state (may be repeated)",
        )  # fmt: skip
    clean.add_argument(
        "--checkpoints", action="store_true", help="delete checkpoints, keep the runs"
    )
    clean.add_argument(
        "--pictures", action="store_true", help="store equal pictures once, keep the runs"
    )
    clean.add_argument("--yes", action="store_true", help="do not ask")
    ls.set_defaults(command=_lazily("runs", "ls"))
    clean.set_defaults(command=_lazily("runs", "clean"))


def _studies(commands: Commands) -> None:
    table = commands.add_parser("table", help="lay a study out as a table, tested against a base")
    table.add_argument("study", metavar="STUDY", help="a study's folder or its name in outputs/")
    table.add_argument("--by", metavar="AXES", help="axes to group by (default: all settings)")
    table.add_argument("--metrics", help="final metrics (default: all)")
    table.add_argument("--base", help="the setting to compare with, such as mask=full,layers=all")
    table.add_argument(
        "--format", choices=["text", "markdown", "latex", "csv"], default="text",
        help="on the terminal (default: text)",
    )  # fmt: skip
    table.add_argument("-o", "--output", help="a .txt, .md, .tex, .csv or .parquet file")
    table.set_defaults(command=_lazily("table", "table"))
    rerun = commands.add_parser("rerun", help="repeat a run from its folder alone")
    rerun.add_argument("run_dir", metavar="RUN_DIR", help="the folder of a run")
    rerun.add_argument(
        "-o", "--output", default="outputs", help="the repetition goes to OUTPUT/rerun/"
    )
    rerun.add_argument(
        "--check", action="store_true", help="compare embedding, metrics and pictures to the bit"
    )
    _config_dir(rerun)
    _trust(rerun)
    rerun.set_defaults(command=_lazily("rerun", "rerun"))


def _assets(commands: Commands) -> None:
    assets = commands.add_parser("assets", help="list or fetch the published weights")
    actions = assets.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("list", help="show what there is").set_defaults(
        command=_lazily("assets", "list_assets")
    )
    fetch = actions.add_parser("fetch", help="download, check and convert")
    fetch.add_argument("name", nargs="+", help="names as `ganvas assets list` shows them")
    fetch.set_defaults(command=_lazily("assets", "fetch"))


def _checkpoints(commands: Commands) -> None:
    inspect = commands.add_parser("inspect", help="show what a generator's file holds")
    inspect.add_argument("file", help="a pickle, a .pt or a .safetensors")
    inspect.set_defaults(command=_lazily("checkpoint", "inspect"))
    convert = commands.add_parser("convert", help="rewrite a generator's file in another layout")
    convert.add_argument("source", help="a pickle, a .pt or a .safetensors")
    convert.add_argument("destination", help="the new file")
    convert.add_argument(
        "--to", choices=["safetensors", "nvidia", "rosinality"],
        help="whose names to write (default: safetensors)",
    )  # fmt: skip
    convert.set_defaults(command=_lazily("checkpoint", "convert"))
