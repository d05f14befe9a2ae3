"""What of the work area is processed: cells whose middle lies in it, whatever was worked beside it."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from console.client.ground_mirror import RECORD
from console.server.ground import GroundMirror
from console.server.inside_area import EDGES_A_LOOK, TILES_A_LOOK, Inside, InsideArea, areas_of, grid_inside, mask_of
from tests.console.server.support import header
from tests.console.server.tiles import CELL_M, Tiles, known, packed, swept
from vehicle.control.ground import raster, support
from vehicle.operator_link.ground_codec import packed_record

DONE = raster.SWEPT | raster.CREDITED
Ring = list[list[float]]


def square(west: float, south: float, east: float, north: float) -> Ring:
    return [[west, south], [east, south], [east, north], [west, north]]


def site(*areas: list[Ring], role: str = "work_area") -> dict[str, Any]:
    return {"hash": "p", "areas": [{"role": role, "name": "", "rings": rings} for rings in areas]}


def look(where: dict[str, Any], tiles: Tiles) -> Inside | None:
    return InsideArea().look(where, known(tiles))


def test_only_ground_within_the_area_counts() -> None:
    tiles = swept((1.0, 1.0, 5.0, 2.0), flags=DONE)  # 4 m2, of which the half lies in the area
    found = look(site([square(3.0, 0.0, 6.0, 6.0)]), tiles)
    assert found == pytest.approx((2.0, 0.0, 0.0))


def test_each_class_by_itself_and_holes_are_left_out() -> None:
    tiles = swept((0.0, 0.0, 4.0, 1.0), flags=DONE)
    tiles[0, 0] |= swept((0.0, 1.0, 4.0, 2.0))[0, 0]
    tiles[0, 0] |= swept((0.0, 2.0, 4.0, 3.0), flags=raster.SWEPT | raster.BELOW)[0, 0]
    found = look(site([square(0.0, 0.0, 6.0, 6.0), square(0.0, 0.0, 1.0, 6.0)]), tiles)
    assert found == pytest.approx((3.0, 3.0, 3.0))


def test_two_areas_that_overlap_count_once() -> None:
    tiles = swept((0.0, 0.0, 2.0, 2.0), flags=DONE)
    assert look(site([square(0, 0, 2, 2)], [square(1, 0, 2, 2)]), tiles) == pytest.approx((4.0, 0.0, 0.0))


def test_unknown_while_site_or_record_or_count_are_not_whole() -> None:
    area = site([square(0.0, 0.0, 100.0, 100.0)])
    assert InsideArea().look(None, known()) is None
    assert InsideArea().look({"hash": None}, known()) is None
    assert InsideArea().look(site([square(0, 0, 1, 1)], role="keep_out"), known()) is None
    assert InsideArea().look(area, GroundMirror()) is None
    tile = swept((0.0, 0.0, 1.0, 1.0), flags=DONE)[0, 0]
    mirror, inside = known({(x, 0): tile for x in range(2 * TILES_A_LOOK + 1)}), InsideArea()
    looks = [inside.look(area, mirror) for _ in range(4)]
    assert looks[:2] == [None, None]
    assert looks[2] == looks[3] == pytest.approx((2 * TILES_A_LOOK + 1.0, 0.0, 0.0))


def test_what_was_withdrawn_and_another_site_are_counted_anew() -> None:
    area, inside, mirror = site([square(0, 0, 6, 6)]), InsideArea(), known(swept((0, 0, 2, 2), flags=DONE))
    assert inside.look(area, mirror) == pytest.approx((4.0, 0.0, 0.0))
    mirror.fetched(RECORD, packed_record(header(), packed(swept((0, 0, 2, 2)))))
    assert inside.look(area, mirror) == pytest.approx((0.0, 4.0, 0.0))
    assert inside.look(site([square(0, 0, 1, 2)]), mirror) == pytest.approx((0.0, 2.0, 0.0))


@pytest.mark.long
@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(-7.0, 14.0), st.floats(-7.0, 14.0)), min_size=3, max_size=6), st.integers(-1, 1))
def test_a_cell_counts_by_its_middle(corners: list[tuple[float, float]], column: int) -> None:
    polygon = shapely.Polygon(corners)
    areas = areas_of(site([[list(one) for one in corners]]))
    found = mask_of(areas, (column, 0), CELL_M)
    for row, at in ((3, 5), (64, 64), (127, 0), (20, 100)):
        middle = shapely.Point((column * raster.TILE + at + 0.5) * CELL_M, (row + 0.5) * CELL_M)
        if polygon.is_valid and polygon.boundary.distance(middle) > 1e-9:
            assert found[row, at] == polygon.contains(middle)


def test_the_mask_is_that_of_every_cell() -> None:
    found = mask_of(areas_of(site([square(0.0, 0.0, 3.2, 1.6)])), (0, 0), CELL_M)
    assert np.count_nonzero(found) == 64 * 32
    assert found[:32, :64].all()


def round_border(corners: int) -> Ring:
    """Round the middle of the tile from 0 to 6.4 m."""
    turns = (math.tau * n / corners for n in range(corners))
    return [[3.2 + 3.0 * math.cos(turn), 3.2 + 3.0 * math.sin(turn)] for turn in turns]


ON_GRID = st.integers(-4, 12).map(lambda number: number * CELL_M / 2.0)
CORNER = st.tuples(ON_GRID, ON_GRID) | st.tuples(st.floats(-1.0, 1.5), st.floats(-1.0, 1.5))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CORNER, CORNER), max_size=12), st.integers(1, 9), st.integers(1, 9))
def test_row_by_row_is_what_each_place_by_itself_says(edges: list[Any], columns: int, rows: int) -> None:
    """To the bit, whatever the edges: places on them and on their ends, level edges, edges of no length, open rings."""
    edges_m = np.array(edges, float).reshape(-1, 4)
    east_m, north_m = ((np.arange(count, dtype=np.float64) + 0.5) * CELL_M for count in (columns, rows))
    places_m = np.stack([grid.ravel() for grid in np.meshgrid(east_m, north_m)], axis=1)
    single = support.inside(edges_m, places_m).reshape(rows, columns)
    assert np.array_equal(grid_inside(edges_m, east_m, north_m), single)


def test_a_tile_needs_no_table_of_cells_by_edges() -> None:
    """A real border of 1,264 corners: 16,384 cells times its edges held the loop of the hands for 0.17 s a tile."""
    areas = areas_of(site([round_border(1264)]))
    tracemalloc.start()
    try:
        found = mask_of(areas, (0, 0), CELL_M)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.count_nonzero(found) * CELL_M**2 == pytest.approx(math.pi * 3.0**2, rel=1e-2)
    assert peak_bytes < 16 * found.size + 1000 * 1264


def test_of_a_border_with_very_many_corners_one_tile_is_laid_over_it_a_look() -> None:
    area, inside = site([round_border(EDGES_A_LOOK)]), InsideArea()
    mirror = known({(x, 0): swept((3.0, 3.0, 4.0, 4.0), flags=DONE)[0, 0] for x in range(3)})
    looks = [inside.look(area, mirror) for _ in range(3)]
    assert looks[:2] == [None, None]
    assert looks[2] == pytest.approx((1.0, 0.0, 0.0))


def test_an_empty_record_after_one_with_ground_is_known_whole() -> None:
    """Nothing of it is left to count, whatever number of changes there were before."""
    area, inside, mirror = site([square(0, 0, 6, 6)]), InsideArea(), known(swept((0, 0, 2, 2), flags=DONE))
    assert inside.look(area, mirror) == pytest.approx((4.0, 0.0, 0.0))
    mirror.fetched(RECORD, packed_record(header(), packed({})))
    assert inside.look(area, mirror) == Inside(0.0, 0.0, 0.0)
