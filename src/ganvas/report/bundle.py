"""One script out of ES modules, so that a page opens from disk, where browsers load no modules.

Each module becomes a function that returns what it exports, in the order of the imports. The subset
of the language is the one that the dashboard uses: named imports of modules beside, and exported
constants, functions and classes. Anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([\w]+)\.js';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) ([\w$]+)(?=[ (])", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_NAME = re.compile(r"^[\w$]+$")


def bundle(read: Callable[[str], str], entry: str) -> str:
    """Return one script that runs the module `entry` and, before it, all that it imports.

    Args:
        read: The source of a module by its name, without ``.js``.
        entry: The name of the module that runs last.

    Raises:
        ValueError: Modules import each other in a circle, or a name that is not exported; or a
            form of import or export is used that is none of the above.
    """
    exports: dict[str, list[str]] = {}
    pieces: list[str] = []

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            raise ValueError(f"modules import each other in a circle: {circle}")
        if name in exports:
            return
        source = read(name)
        imports = [(other, _names(words)) for words, other in _IMPORT.findall(source)]
        for other, names in imports:
            add(other, (*path, name))
            _check(name, other, names, exports[other])
        exports[name] = [export[1] for export in _EXPORT.findall(source)]
        pieces.append(_wrapped(name, source, imports, exports[name]))

    add(entry, ())
    return "\n".join(pieces)


def _names(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _check(name: str, other: str, names: list[str], exported: list[str]) -> None:
    for word in names:
        if not _NAME.match(word):
            raise ValueError(f"{name}.js: 'import {{ {word} }}' is not supported; use a plain name")
        if word not in exported:
            raise ValueError(f"{name}.js imports {word}, which {other}.js does not export")


def _wrapped(
    name: str, source: str, imports: list[tuple[str, list[str]]], exported: list[str]
) -> str:
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", source))
    if line := _LEFT.search(body):
        raise ValueError(f"{name}.js: '{line[0]}' is not supported")
    heads = [f"const {{ {', '.join(names)} }} = ${other};" for other, names in imports]
    lines = [*heads, body.strip(), f"return {{ {', '.join(exported)} }};"]
    return f"const ${name} = (() => {{\n" + "\n".join(lines) + "\n})();"
