"""`ganvas completion SHELL`: what bash, zsh and fish run at a Tab.

Each script asks `ganvas completion --complete WORD …` for the words that may stand in the place of
the last one; see `ganvas.command.candidates`.
"""

from __future__ import annotations

import argparse

BASH = r"""_ganvas() {
    local line="${COMP_LINE:0:COMP_POINT}" words=() candidates=() typed kept candidate
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    typed="${words[${#words[@]}-1]}"
    COMPREPLY=()
    while IFS= read -r candidate; do
        # What goes on is not followed by a space.
        case "$candidate" in *[=./]) ;; *) candidate+=" " ;; esac
        COMPREPLY+=("$candidate")
    done < <("${words[0]}" completion --complete "${words[@]:1}" 2>/dev/null)
    # Readline takes what stands behind = and : for a word of its own.
    local last="${COMP_WORDS[COMP_CWORD]}"
    case "$last" in =|:) last="" ;; esac
    kept="${typed%"$last"}"
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o nospace -F _ganvas ganvas
"""

ZSH = r"""#compdef ganvas
_ganvas() {
    local -a candidates
    candidates=("${(@f)$("$words[1]" completion --complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    # What goes on is not followed by a space.
    compadd -Q -S '' -- ${(M)candidates:#*[=./]}
    compadd -Q -- ${candidates:#*[=./]}
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _ganvas ganvas
"""  # noqa: E501

FISH = r"""function __ganvas_complete
    set -l words (commandline -opc)
    $words[1] completion --complete $words[2..-1] (commandline -ct | string collect -a) 2>/dev/null
end
complete -c ganvas -f -a '(__ganvas_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(options: argparse.Namespace) -> int:
    """Print a shell's script; install it as `ganvas completion --help` says."""
    print(SCRIPTS[options.shell], end="")
    return 0
