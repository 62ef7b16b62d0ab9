"""`ganvas render`: draw a saved embedding."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganvas.command.saved_embedding import saved_embedding
from ganvas.config.groups import user_folders
from ganvas.config.schema import build, check
from ganvas.embedding import Embedding
from ganvas.image.picture import require_format, save_picture
from ganvas.runner.settings import Trainer


def render(options: argparse.Namespace) -> int:
    """Draw `options.embedding` into `options.output`; return 0."""
    user_folders(options.config_dir)
    embedding = saved_embedding(options.embedding)
    trainer: Trainer = build(check({"device": options.device}, Trainer, "--device"))
    device = trainer.torch_device()
    output = Path(options.output)
    require_format(output)
    pictures = embedding.pictures(device, options.trust)
    for name, picture in zip(_file_names(embedding), pictures, strict=True):
        several = len(embedding) > 1
        file = output.with_stem(f"{output.stem}-{name}") if several else output
        save_picture(picture, file)
        print(file)
    return 0


def _file_names(embedding: Embedding) -> list[str]:
    """Return a word per image that can stand in a file's name, all different."""
    names = [name.replace("/", "_") for name in embedding.names]
    return names if len(set(names)) == len(embedding) else list(map(str, range(len(embedding))))
