"""Row 108: what the tracks stand on, against an independent geometry library."""

import math
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from tests import builders
from tests.control.ledger import driving
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.messages import DriveRequest
from vehicle.control.ground import support
from vehicle.control.state import LedgerState

pytestmark = pytest.mark.long

CONFIG = builders.config()
TRACKS = CONFIG.machine.tracks
REST = DriveRequest()
FIELD = ((-20.0, -15.0), (20.0, -18.0), (24.0, 16.0), (3.0, 5.0), (-18.0, 17.0))
ISLAND = ((6.0, -8.0), (12.0, -7.0), (11.0, -1.0))
"""Safe ground inside the work area."""
UNPROVEN = edges_of((FIELD, ISLAND))
GROUND = Polygon(FIELD, [ISLAND])


def swept_strip(length_m: float = 12.0, yaw_rad: float = 0.4) -> LedgerState:
    """What the tool has swept from the origin on."""
    return driving.drive(driving.straight(length_m, yaw_rad), CONFIG)


STRIP = swept_strip()


def both_tracks(east: float, north: float, yaw: float, inset: float) -> Polygon:
    half, outer, inner = TRACKS.length_m / 2 - inset, TRACKS.outer_width_m / 2 - inset, TRACKS.gauge_m - 0.75
    pair = box(-half, inner, half, outer).union(box(-half, -outer, half, -inner))
    return translate(rotate(pair, yaw, origin=(0, 0), use_radians=True), east, north)


def looked(east: float, north: float, yaw: float, drive: DriveRequest = REST, ledger: LedgerState = STRIP) -> bool:
    known = support.step(None, ledger, UNPROVEN, builders.estimate(east, north, yaw), drive, CONFIG, 10)
    assert isinstance(known, bool)
    return known


@given(east=st.floats(-26, 28), north=st.floats(-22, 20), yaw=st.floats(-3.1, 3.1))
def test_on_ground_that_nobody_swept_it_is_what_shapely_says(east: float, north: float, yaw: float) -> None:
    supported = looked(east, north, yaw, ledger=LedgerState())
    if not both_tracks(east, north, yaw, 0.0).intersects(GROUND):
        assert supported
    if supported:  # between two samples of 0.25 m a corner of the field may hide
        under = both_tracks(east, north, yaw, 0.0).intersection(GROUND)
        assert under.area < 0.5 * support.SPACING_M * TRACKS.outer_width_m
    if both_tracks(east, north, yaw, 0.0).within(GROUND):
        assert not supported


@given(along=st.floats(-4, 16), cross=st.floats(-1.5, 1.5), turn=st.floats(-0.4, 0.4))
def test_in_the_strip_that_the_tool_has_swept_the_tracks_bear(along: float, cross: float, turn: float) -> None:
    axis = LineString([(0.0, 0.0), (12.0 * math.cos(0.4), 12.0 * math.sin(0.4))])
    half_m = CONFIG.machine.tool.width_m / 2.0
    inside = axis.buffer(half_m, cap_style="flat").intersection(Point(0, 0).buffer(11.8))
    outside = axis.buffer(half_m + support.NEAR_M + 0.08, cap_style="flat").buffer(0.2)
    east, north = (along * math.cos(0.4) - cross * math.sin(0.4), along * math.sin(0.4) + cross * math.cos(0.4))
    tracks = both_tracks(east, north, 0.4 + turn, 0.0)
    supported = looked(east, north, 0.4 + turn)
    if tracks.within(inside.difference(Point(0, 0).buffer(0.1))):
        assert supported
    samples = MultiPoint(support.samples_m(builders.estimate(east, north, 0.4 + turn), REST, CONFIG))
    if not samples.difference(outside).intersection(GROUND).is_empty:
        assert not supported


def test_samples_lie_under_both_tracks_and_no_further_apart_than_said() -> None:
    places = support.samples_m(builders.estimate(2.0, -1.0, 0.7), REST, CONFIG)
    tracks = both_tracks(2.0, -1.0, 0.7, 0.0)
    assert all(tracks.distance(Point(place)) < 1e-9 for place in places)
    assert tracks.buffer(-1e-9).within(MultiPoint(places).buffer(0.8 * support.SPACING_M))
    assert MultiPoint(places).convex_hull.area == pytest.approx(tracks.convex_hull.area)


@pytest.mark.parametrize(("length_m", "along"), [(2.5, 10), (2.51, 11), (1.0, 4), (0.26, 2), (0.2, 1)])
def test_the_places_of_a_track_are_its_rims_from_end_to_end_evenly(length_m: float, along: int) -> None:
    tracks = TRACKS.model_copy(update={"length_m": length_m, "outer_width_m": 2.1, "gauge_m": 1.6})
    config = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tracks": tracks})})
    places = support.samples_m(builders.estimate(0.0, 0.0, 0.0), REST, config)
    expected = [(x, y) for y in (-1.05, -0.55, 0.55, 1.05) for x in np.linspace(-length_m / 2, length_m / 2, along + 1)]
    assert places == pytest.approx(np.array(expected), abs=1e-12)


EIGHTHS = st.integers(-280, 280).map(lambda eighths: eighths / 8)
"""Places [m] whose products are exact, so that one on an edge is told from one beside it."""


@given(
    st.lists(st.tuples(EIGHTHS, EIGHTHS), min_size=3, max_size=9),
    st.lists(st.tuples(EIGHTHS, EIGHTHS), min_size=1, max_size=6),
    st.sampled_from([(0.0, 0.0), (900.0, 0.0), (0.0, 900.0), (-900.0, 400.0)]),
)
def test_inside_is_even_odd_wherever_the_field_lies(
    ring: list[tuple[float, float]], places: list[tuple[float, float]], shift: tuple[float, float]
) -> None:
    corners, looked_at = np.add(ring, shift), np.add(places, shift)
    edges = edges_of((tuple(map(tuple, corners)),))
    found = support.inside(edges, looked_at)
    for (east, north), inside in zip(looked_at, found, strict=True):
        crossings = 0
        for east0, north0, east1, north1 in edges:
            if (north0 > north) != (north1 > north):
                steps = Fraction(north - north0) / Fraction(north1 - north0)
                crossings += int(Fraction(east0) + steps * Fraction(east1 - east0) > Fraction(east))
        assert bool(inside) is (crossings % 2 == 1)


def test_a_place_on_an_edge_has_not_got_it_to_its_east_and_one_a_hair_beside_it_has() -> None:
    square = edges_of((((0.0, 0.0), (1.0, 0.0), (1.0, 0.125), (0.0, 0.125)),))
    places = np.array([(0.0, 0.0625), (2.0**-20, 0.0625), (1.0, 0.0625), (1.0 - 2.0**-20, 0.0625), (-1.0, 0.0625)])
    assert support.inside(square, places).tolist() == [True, True, False, True, False]
    assert support.inside(square[::-1, [2, 3, 0, 1]], places).tolist() == [True, True, False, True, False]


def test_the_ray_goes_to_the_east() -> None:
    north_leading = np.array([(0.0, 0.0, 0.0, 1.0)])
    places = np.array([(-1.0, 0.5), (1.0, 0.5), (-1.0, 1.5)])
    assert support.inside(north_leading, places).tolist() == [True, False, False]
    assert support.inside(north_leading[:, [2, 3, 0, 1]], places).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("speed_mps", "way_m"),
    [(0.9, 0.27 + 0.81 / 1.6), (-0.9, -0.27 - 0.81 / 1.6), (0.28, 0.14 + 0.0784 / 1.6), (0.0, 0.0)],
)
def test_the_place_looked_at_is_where_a_stop_ends(speed_mps: float, way_m: float) -> None:
    here = support.samples_m(builders.estimate(0.0, 0.0, 0.7), REST, CONFIG)
    there = support.samples_m(builders.estimate(0.0, 0.0, 0.7), DriveRequest(speed_mps=speed_mps), CONFIG)
    moved = np.array([math.cos(0.7), math.sin(0.7)]) * way_m
    assert np.allclose(there - here, moved)


def test_a_pivot_looks_where_the_tracks_turn_to() -> None:
    turning = DriveRequest(yaw_rate_radps=0.5)
    there = support.samples_m(builders.estimate(1.0, 2.0, 0.7), turning, CONFIG)
    assert np.allclose(there, support.samples_m(builders.estimate(1.0, 2.0, 0.85), REST, CONFIG))


def test_five_times_a_second_and_at_once_where_nothing_is_known() -> None:
    outside, inside = builders.estimate(-40.0, 0.0, 0.3), builders.estimate(-5.0, -5.0, 0.3)
    for tick in range(1, 10):
        assert support.step(False, LedgerState(), UNPROVEN, outside, REST, CONFIG, tick) is False
        assert support.step(True, LedgerState(), UNPROVEN, inside, REST, CONFIG, tick) is True
        assert support.step(None, LedgerState(), UNPROVEN, inside, REST, CONFIG, tick) is False
    for drive, tick in ((REST, 20), (DriveRequest(speed_mps=0.9), 10), (DriveRequest(yaw_rate_radps=-0.2), 10)):
        assert support.step(False, LedgerState(), UNPROVEN, outside, drive, CONFIG, tick) is True
        assert support.step(True, LedgerState(), UNPROVEN, inside, drive, CONFIG, tick) is False
    assert support.step(True, LedgerState(), UNPROVEN, inside, DriveRequest(speed_mps=0.28), CONFIG, 10) is True


@pytest.mark.parametrize(
    ("speed_mps", "yaw_rate_radps", "ticks"),
    [
        (0.3, 0.05, 20), (-0.3, -0.05, 20), (0.0, 0.0, 20), (0.3001, 0.0, 10), (-0.3001, 0.0, 10), (0.0, 0.0501, 10),
        (0.0, -0.0501, 10), (0.9, 0.5, 10),
    ],
)  # fmt: skip
def test_half_as_often_in_a_swath_up_to_its_very_speed(speed_mps: float, yaw_rate_radps: float, ticks: int) -> None:
    assert support.period_ticks(DriveRequest(speed_mps=speed_mps, yaw_rate_radps=yaw_rate_radps)) == ticks


def test_what_the_page_of_limits_says() -> None:
    assert (support.REACTION_S, support.NEAR_M, support.SPACING_M) == (0.1, 0.1, 0.25)


@pytest.mark.parametrize(("over_m", "supported"), [(0.0, True), (0.04, True), (0.25, False)])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_tracks_rim_may_stand_a_hand_beyond_what_was_swept(over_m: float, side: float, supported: bool) -> None:
    cross_m = side * (CONFIG.machine.tool.width_m / 2.0 + over_m - TRACKS.outer_width_m / 2.0)
    east_m = 6.0 * math.cos(0.4) - cross_m * math.sin(0.4)
    north_m = 6.0 * math.sin(0.4) + cross_m * math.cos(0.4)
    assert looked(east_m, north_m, 0.4) is supported


def test_swept_ground_is_looked_for_all_round() -> None:
    half = 0.1 / math.sqrt(2.0)
    ring = [(0.1, 0), (half, half), (0, 0.1), (-half, half), (-0.1, 0), (-half, -half), (0, -0.1), (half, -half)]
    assert np.array(support.ASIDE_M) == pytest.approx(np.array(ring), abs=1e-12)


def test_without_a_position_nobody_knows_and_without_unproven_ground_all_bears() -> None:
    lost = msgspec.structs.replace(builders.estimate(-5.0, -5.0, 0.3), valid=False)
    assert support.step(True, LedgerState(), UNPROVEN, lost, REST, CONFIG, 10) is None
    nothing = np.zeros((0, 4))
    assert support.step(False, LedgerState(), nothing, builders.estimate(0.0, 0.0, 0.3), REST, CONFIG, 10) is True


def test_no_track_stands_near_a_crater_whatever_was_swept_or_safe() -> None:
    nothing = np.zeros((0, 4))
    half_m = TRACKS.outer_width_m / 2.0
    for beside_m, radius_m, bears in (
        (0.0, 1.5, False),
        (half_m + 1.49, 1.5, False),
        (half_m + 1.51, 1.5, True),
        (half_m + 1.51, 1.6, False),
    ):
        ledger = LedgerState(craters_m=((50.0, 0.0, 1.5), (0.0, beside_m, radius_m)))
        for unproven in (nothing, UNPROVEN + 200.0):
            found = support.step(not bears, ledger, unproven, builders.estimate(0.0, 0.0, 0.0), REST, CONFIG, 20)
            assert found is bears, beside_m


@pytest.mark.parametrize("drive", [DriveRequest(speed_mps=math.nan), DriveRequest(yaw_rate_radps=math.nan)])
def test_without_a_speed_the_ground_stood_on_counts(drive: DriveRequest) -> None:
    assert not looked(-5.0, -5.0, 0.3, drive)
    assert looked(-40.0, 0.0, 0.3, drive)


def test_after_missed_slots_the_ground_is_looked_at_at_once() -> None:
    outside, inside = builders.estimate(-40.0, 0.0, 0.3), builders.estimate(-5.0, -5.0, 0.3)
    for tick in range(1, 10):
        assert support.step(False, LedgerState(), UNPROVEN, outside, REST, CONFIG, tick, late=True) is True
        assert support.step(True, LedgerState(), UNPROVEN, inside, REST, CONFIG, tick, late=True) is False


def test_no_place_within_a_crater_bears_and_one_on_its_rim_does() -> None:
    nothing = np.zeros((0, 4))
    ledger = msgspec.structs.replace(LedgerState(), craters_m=((3.0, -4.0, 2.0), (-50.0, 60.0, 1.0)))
    for place, bears in (((5.0, -4.0), True), ((4.99, -4.0), False), ((3.0, -6.0), True), ((3.0, -5.99), False),
                         ((-3.0, 4.0), True), ((-50.0, 60.9), False), ((0.0, 0.0), True)):  # fmt: skip
        places_m = np.array([(100.0, 100.0), place])
        assert support.cratered(ledger.craters_m, places_m) is not bears
        assert support.bears(ledger, nothing, places_m, 0.05) is bears
