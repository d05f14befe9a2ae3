"""How far unproven ground is from each track: as the vehicle judges ground, and unknown where anything of it is."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.client.ground_mirror import RECORD
from console.server.ground import GroundMirror
from console.server.near_ground import REACH_M, SPACING_M, UNKNOWN, NearGround, Stand, bares, edges_of
from tests.console.server.support import header
from tests.console.server.tiles import CELL_M, known, packed, swept
from vehicle.control.ground import raster, support
from vehicle.control.state import LedgerState
from vehicle.operator_link.ground_codec import packed_record

HALF_M, LENGTH_M = 1.0, 2.4
MACHINE = {"track_outer_width_m": 2 * HALF_M, "track_length_m": LENGTH_M}
NORTH = math.pi / 2
Ring = list[list[float]]


def square(west: float, south: float, east: float, north: float) -> Ring:
    return [[west, south], [east, south], [east, north], [west, north]]


def site(*rings: Ring, **changes: Any) -> dict[str, Any]:
    return {"unproven": list(rings), "machine": MACHINE} | changes


def look(where: dict[str, Any] | None, stand: Stand | None, mirror: GroundMirror | None = None) -> Any:
    return NearGround().look(where, mirror or known(), stand)


@pytest.mark.parametrize("yaw_rad", [0.0, NORTH, math.pi, -NORTH, 0.7])
def test_left_is_left_whichever_way_the_machine_points(yaw_rad: float) -> None:
    ahead, left = np.array((math.cos(yaw_rad), math.sin(yaw_rad))), np.array((-math.sin(yaw_rad), math.cos(yaw_rad)))
    corners = [1.7 * left - 9 * ahead, 1.7 * left + 9 * ahead, 9 * left + 9 * ahead, 9 * left - 9 * ahead]
    found = look(site([list(map(float, one)) for one in corners]), Stand(0.0, 0.0, yaw_rad))
    assert found.left_m == pytest.approx(0.7, abs=SPACING_M)
    assert found.right_m == REACH_M


def test_ground_under_a_track_is_no_distance_away() -> None:
    found = look(site(square(-3, -0.9, -0.2, 0.9)), Stand(0.0, 0.0, NORTH))
    assert (found.left_m, found.right_m) == (0.0, REACH_M)  # what lies on its left is no matter of the right one


def test_what_the_tool_has_swept_since_is_proven() -> None:
    everywhere = site(square(0, 0, 6.4, 6.4))
    stand = Stand(3.2, 3.2, NORTH)
    assert look(everywhere, stand) == (0.0, 0.0)
    mirror = known(swept((2.0, 0.0, 4.4, 6.4)))  # a strip of 2.4 m round a machine of 2.0 m
    found = look(everywhere, stand, mirror)
    for side_m in found:
        assert side_m == pytest.approx(0.2 + support.NEAR_M, abs=SPACING_M)


def test_where_all_ground_bears_nothing_is_near() -> None:
    assert look(site(), Stand(0.0, 0.0, 0.0)) == (REACH_M, REACH_M)
    assert look(site(square(50, 50, 60, 60)), Stand(0.0, 0.0, 0.0)) == (REACH_M, REACH_M)


def test_unknown_stays_unknown() -> None:
    here, stand = site(square(-3, -3, 3, 3)), Stand(0.0, 0.0, 0.0)
    assert look(here, None) == UNKNOWN
    assert look(None, stand) == UNKNOWN
    assert look({"hash": None}, stand) == UNKNOWN
    assert look({key: value for key, value in here.items() if key != "unproven"}, stand) == UNKNOWN
    assert look(here, stand, GroundMirror()) == UNKNOWN


def test_it_is_looked_at_anew_where_place_ground_or_site_change() -> None:
    near, mirror, everywhere = NearGround(), known(), site(square(0, 0, 6.4, 6.4))
    assert near.look(everywhere, mirror, Stand(3.2, 3.2, NORTH)) == (0.0, 0.0)
    assert near.look(everywhere, mirror, Stand(30.0, 3.2, NORTH)) == (REACH_M, REACH_M)
    assert near.look(everywhere, mirror, Stand(3.2, 3.2, NORTH)) == (0.0, 0.0)
    mirror.fetched(RECORD, packed_record(header(), packed(swept((0.0, 0.0, 6.4, 6.4)))))
    left_m = near.look(everywhere, mirror, Stand(3.2, 3.2, NORTH)).left_m
    assert left_m is not None
    assert left_m > 0.5
    assert near.look(site(), mirror, Stand(3.2, 3.2, NORTH)) == (REACH_M, REACH_M)


COORDINATE = st.floats(0.0, 6.4)
BOXES = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE), max_size=4)


def boxes_of(drawn: list[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    return [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in drawn]


@pytest.mark.long
@settings(max_examples=60)
@given(BOXES, BOXES, st.lists(st.tuples(st.floats(-1.0, 8.0), st.floats(-1.0, 8.0)), min_size=1, max_size=12))
def test_each_place_is_judged_as_the_vehicle_judges_it(rings: Any, worked: Any, places: Any) -> None:
    tiles = swept(*boxes_of(worked))
    edges_m = edges_of(site(*(square(*one) for one in boxes_of(rings))))
    assert edges_m is not None
    blocks = raster.replaced({}, (0, 0), tiles[0, 0], warm=False)
    found = bares(edges_m, known(tiles), np.array(places))
    judged = [not support.bears(LedgerState(tiles=blocks), edges_m, np.array([one]), CELL_M) for one in places]
    assert found.tolist() == judged


def test_an_empty_record_after_one_with_swept_ground_is_looked_at_anew() -> None:
    """Where the machine stands has not changed, nor the number of changes; what was swept there is gone."""
    everywhere, stand, near = site(square(0, 0, 6.4, 6.4)), Stand(3.2, 3.2, NORTH), NearGround()
    mirror = known(swept((0.0, 0.0, 6.4, 6.4)))
    assert near.look(everywhere, mirror, stand) != (0.0, 0.0)
    mirror.fetched(RECORD, packed_record(header(), packed({})))
    assert near.look(everywhere, mirror, stand) == (0.0, 0.0)
