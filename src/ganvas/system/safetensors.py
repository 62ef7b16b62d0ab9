"""Equal content, equal bytes: the metadata of safetensors files in alphabetical order."""

from __future__ import annotations

import json


def in_order(content: bytes) -> bytes:
    """Return a safetensors file with its metadata in alphabetical order; the library's is random.

    Args:
        content: The bytes of a file, as `safetensors.torch.save` returns them: the length of the
            header in eight bytes, little-endian; the header, JSON; the tensors.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    # Tensors begin at a multiple of eight bytes.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
