"""`ganvas completion`: tab completion for bash."""

from __future__ import annotations

import argparse

from ganvas.cli import parser

SCRIPT = r"""_ganvas() {
    local words=(${COMP_LINE:0:COMP_POINT})
    local word="${COMP_WORDS[COMP_CWORD]}"
    if [ "${words[1]}" = run ] && [ "$COMP_CWORD" -gt 1 ]; then
        # Hydra completes the line behind `run`, seen from its own program.
        local line="${COMP_LINE#ganvas }"
        local choices=$(COMP_LINE="$line" COMP_POINT=${#line} ganvas run -sc query=bash 2>/dev/null)
        COMPREPLY=($(compgen -o nospace -o default -W "$choices" -- "$word"))
    elif [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "COMMANDS" -- "$word"))
    else
        COMPREPLY=($(compgen -o default -- "$word"))
    fi
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _ganvas ganvas
"""


def completion(options: argparse.Namespace) -> int:
    """Print the script; install it with: eval "$(ganvas completion)"."""
    names = [name for action in parser()._actions for name in action.choices or ()]
    print(SCRIPT.replace("COMMANDS", " ".join(names)), end="")
    return 0
