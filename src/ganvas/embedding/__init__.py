"""The embedding of photographs: latent and noise together, its file, and other programs' files."""

from ganvas.embedding.embedding import (
    Embedding,
    join_styles,
    require_fit,
    rows_of,
    split_styles,
)
from ganvas.embedding.variables import Space

__all__ = ["Embedding", "Space", "join_styles", "require_fit", "rows_of", "split_styles"]
