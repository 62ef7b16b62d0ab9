"""The embedding of photographs: latent and noise together, its file, and other programs' files."""

from ganvas.embedding.embedding import (
    Embedding,
    Space,
    join_styles,
    require_fit,
    rows_of,
    split_styles,
)

__all__ = ["Embedding", "Space", "join_styles", "require_fit", "rows_of", "split_styles"]
