"""Lists on the command line, whose items may hold lists themselves."""

from __future__ import annotations


def items(text: str) -> tuple[str, ...]:
    """Return the items of ``[a,b=[1,2]]``, which is split where no bracket is open.

    >>> items("[stages,betas=[0.9,0.9]]"), items("mask")
    (('stages', 'betas=[0.9,0.9]'), ('mask',))
    """
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(item.strip() for item in parts if item.strip())
