"""What is kept of tiles."""

from __future__ import annotations

from ganvas.tile.cache import TileCache


def test_what_was_not_asked_for_longest_goes_first():
    made = []

    def make(tile):
        made.append(tile)
        return tile

    kept = TileCache(make, lambda tile: 10 * tile[0], 50)
    for tile in [(2, 0), (1, 0), (2, 1), (2, 0), (1, 1)]:  # 50 bytes, then 60: (1, 0) goes
        assert kept(tile) == tile
    assert made == [(2, 0), (1, 0), (2, 1), (1, 1)]
    assert [kept(tile) for tile in [(2, 0), (2, 1), (1, 1)]] == [(2, 0), (2, 1), (1, 1)]
    assert len(made) == 4
    kept((1, 0))
    assert made[-1] == (1, 0)
    # One that is larger than all that may be kept is kept alone.
    assert kept((9, 0)) == kept((9, 0)) == (9, 0)
    assert made.count((9, 0)) == 1
