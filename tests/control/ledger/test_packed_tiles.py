"""A packed tile gives back every cell, in both forms, whatever lies in it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.control.ground import raster

SHAPE = (raster.PLANES, raster.TILE, raster.TILE)


def sloping(east: int, north: int, noise: int, seed: int) -> raster.Tile:
    """Planes that rise by `east` and `north` from cell to cell, over 255 and back to 0, plus noise."""
    drawn = np.random.default_rng(seed).integers(0, noise + 1, SHAPE)
    rows, columns = np.indices(SHAPE[1:])
    return (drawn + east * columns + north * rows).astype(np.uint8)


@settings(max_examples=25)
@given(st.integers(-255, 255), st.integers(-255, 255), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_every_cell_comes_back(east: int, north: int, noise: int, seed: int) -> None:
    tile = sloping(east, north, noise, seed)
    before = tile.copy()
    for pack in (raster.packed, raster.settled):
        assert np.array_equal(raster.unpacked(pack(tile)), tile), pack
        assert np.array_equal(tile, before), f"{pack} changed what it packs"
    assert np.array_equal(raster.unpacked(raster.settled(raster.unpacked(raster.packed(tile)))), tile)


def test_each_plane_alone_comes_back() -> None:
    for plane in range(raster.PLANES):
        for row, column in ((0, 0), (0, 127), (127, 0), (127, 127), (5, 77)):
            tile = np.zeros(SHAPE, np.uint8)
            tile[plane, row, column] = 200
            assert np.array_equal(raster.unpacked(raster.settled(tile)), tile), (plane, row, column)


def test_which_form_it_is_in_is_known() -> None:
    tile = sloping(1, 0, 3, 0)
    assert raster.is_settled(raster.settled(tile))
    assert not raster.is_settled(raster.packed(tile))
    assert not raster.is_settled(tile)


@pytest.mark.parametrize("pack", [raster.packed, raster.settled])
def test_a_packed_tile_is_read_only(pack: Callable[[raster.Tile], bytes]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        raster.unpacked(pack(sloping(1, 1, 0, 0)))[0, 0, 0] = 1
