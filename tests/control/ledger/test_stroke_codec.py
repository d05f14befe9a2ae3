"""The one codec of a stroke: what control makes comes back as it was, and is never more than what was driven."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, Tick, cells, straight, versions
from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.units import TICK_S
from vehicle.control.ground import raster
from vehicle.control.ledger import grid, strokes
from vehicle.control.state import LedgerState
from vehicle.records.records import decoded, encoded, first_check, found_at

CONFIG = builders.config()
CELL_M = CONFIG.mission.cell_m

METRES = st.floats(-2_000.0, 2_000.0)
SIDES = st.tuples(st.floats(-1.5, 1.5), st.floats(0.002, 3.0))
BANDS = st.builds(
    lambda along, across, flags, depth: LedgerBand(
        rear_m=along[0],
        front_m=along[0] + along[1],
        right_m=across[0],
        left_m=across[0] + across[1],
        flags=flags,
        depth_cm=depth,
    ),
    SIDES,
    SIDES,
    st.integers(0, 255),
    st.integers(0, 255),
)
STROKES = st.builds(
    lambda number, t_ns, east, north, yaw, slope, bands: LedgerStroke(
        number=number,
        t_ns=t_ns,
        east_m=east,
        north_m=north,
        forward_east=math.cos(yaw),
        forward_north=math.sin(yaw),
        slope=slope,
        bands=tuple(bands),
    ),
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**62),
    METRES,
    METRES,
    st.floats(-math.pi, math.pi),
    st.floats(-3.0, 3.0),
    st.lists(BANDS, max_size=3),
)


def corners(stroke: LedgerStroke, band: LedgerBand) -> Polygon:
    """A band on the ground, by its own rotation matrix."""
    forward = np.array([stroke.forward_east, stroke.forward_north])
    left = np.array([-forward[1], forward[0]])
    right = ((band.rear_m, band.right_m), (band.front_m, band.right_m))
    sides = (*right, (band.front_m, band.left_m), (band.rear_m, band.left_m))
    return Polygon([a_m * forward + (w_m + stroke.slope * a_m) * left for a_m, w_m in sides])


def placed(stroke: LedgerStroke, band: LedgerBand, origin_m: tuple[float, float]) -> Polygon:
    """The same counted from a place, so that doubles far from the datum do not blur what is compared."""
    ground = corners(stroke, band)
    east_m, north_m = stroke.east_m - origin_m[0], stroke.north_m - origin_m[1]
    return Polygon([(x + east_m, y + north_m) for x, y in ground.exterior.coords])


@given(stroke=STROKES)
def test_what_lies_on_the_grid_comes_back_as_it_was(stroke: LedgerStroke) -> None:
    stroke = grid.drawn_in(stroke)
    assert stroke_codec.unpacked(stroke_codec.packed(stroke)) == stroke
    assert grid.drawn_in(msgspec.structs.replace(stroke, bands=())).east_m == stroke.east_m


@given(stroke=STROKES)
def test_the_grid_only_takes_ground_away(stroke: LedgerStroke) -> None:
    found = grid.drawn_in(stroke)
    assert found.number == stroke.number
    assert 0 <= found.t_ns - stroke.t_ns < 1_000_000
    exact = list(stroke.bands)
    for band in found.bands:
        while (band.flags, band.depth_cm) != (exact[0].flags, exact[0].depth_cm):
            exact.pop(0)
        here = (stroke.east_m, stroke.north_m)
        beyond = placed(found, band, here).difference(
            placed(stroke, exact.pop(0), here).buffer(1e-9, join_style="mitre")
        )
        assert beyond.area < 1e-9


def test_a_band_that_is_drawn_outwards_is_found() -> None:
    """The check above can fail: a band to the nearest millimetre is larger than what was driven."""
    band = LedgerBand(rear_m=0.0, front_m=0.2, right_m=-0.85004, left_m=0.85006, flags=3)
    stroke = LedgerStroke(
        number=1, t_ns=0, east_m=0.0, north_m=0.0, forward_east=1.0, forward_north=0.0, slope=0.0, bands=(band,)
    )
    nearest = stroke_codec.from_grid(stroke_codec.on_grid(stroke))
    exact = corners(stroke, band)
    assert corners(nearest, nearest.bands[0]).difference(exact).area > 1e-6
    inner = grid.drawn_in(stroke)
    assert corners(inner, inner.bands[0]).difference(exact).area == 0.0


def swaying(yaw_rad: float, radius_m: float, sigma_m: float, crab_rad: float, count: int) -> list[Tick]:
    """Along an arc, crabbing."""
    step_m = 0.28 * TICK_S
    ticks, east_m, north_m, course_rad = [], 3.0, -7.0, yaw_rad
    for _ in range(count):
        east_m, north_m = east_m + step_m * math.cos(course_rad), north_m + step_m * math.sin(course_rad)
        course_rad += step_m / radius_m
        ticks.append(Tick(east_m=east_m, north_m=north_m, yaw_rad=course_rad - crab_rad, sigma_m=sigma_m))
    return ticks


DRIVES = st.builds(
    swaying,
    st.floats(-math.pi, math.pi),
    st.one_of(st.floats(4.0, 60.0), st.floats(-60.0, -4.0)),
    st.floats(0.001, 0.02),
    st.floats(-0.15, 0.15),
    st.just(300),
)


def both(ticks: list[Tick], patch: pytest.MonkeyPatch) -> tuple[LedgerState, LedgerState]:
    """The masks with strokes on the grid, and with exact ones that reach back as far."""
    *_, on_it = versions(ticks, CONFIG, LedgerState(), ORIGIN_NS)
    with patch.context() as exact:
        exact.setattr(strokes, "drawn_in", lambda stroke: stroke)
        *_, off_it = versions(ticks, CONFIG, LedgerState(), ORIGIN_NS)
    return on_it, off_it


@settings(max_examples=8, deadline=None)
@given(ticks=DRIVES)
def test_masks_of_rounded_strokes_are_a_part_of_the_exact_ones(ticks: list[Tick]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        on_it, off_it = both(ticks, patch)
    for flag in (raster.SWEPT, raster.CREDITED):
        assert cells(on_it, flag) <= cells(off_it, flag)
    assert cells(on_it, raster.CREDITED) <= cells(on_it, raster.SWEPT)
    for column, row, tile in raster.each(on_it.tiles):
        exact = raster.find(off_it.tiles, (column // raster.TILE, row // raster.TILE))
        assert (tile[raster.DEPTH] <= exact[raster.DEPTH]).all()


@settings(max_examples=8, deadline=None)
@given(ticks=DRIVES)
def test_no_cell_falls_between_two_strokes(ticks: list[Tick]) -> None:
    """What is lost lies along the sides: of the ground well inside them nothing is."""
    with pytest.MonkeyPatch.context() as patch:
        on_it, off_it = both(ticks, patch)
    lost = cells(off_it, raster.CREDITED) - cells(on_it, raster.CREDITED)
    inside = CONFIG.machine.tool.width_m / 2.0 - 4.0 * ticks[0].sigma_m - 2.0 * CELL_M
    way = [(tick.east_m, tick.north_m, tick.yaw_rad) for tick in ticks[60:-60:5]]
    for column, row in lost:
        east_m, north_m = (column + 0.5) * CELL_M, (row + 0.5) * CELL_M
        for tool_east_m, tool_north_m, yaw_rad in way:
            ahead_m = (east_m - tool_east_m) * math.cos(yaw_rad) + (north_m - tool_north_m) * math.sin(yaw_rad)
            left_m = (north_m - tool_north_m) * math.cos(yaw_rad) - (east_m - tool_east_m) * math.sin(yaw_rad)
            assert not (abs(ahead_m) < 0.05 and abs(left_m) < inside)


def test_the_grid_takes_less_than_a_ten_thousandth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of bands, so that the raster does not blur it: measured 0.006 % of credited and of swept ground."""
    whole, kept = [0.0, 0.0], [0.0, 0.0]
    drawn = grid.drawn_in

    def measured(stroke: LedgerStroke) -> LedgerStroke:
        found = drawn(stroke)
        for sums, one in ((whole, stroke), (kept, found)):
            for band in one.bands:
                place = 0 if band.flags & raster.SWEPT else 1
                sums[place] += band.left_m - band.right_m
        return found

    monkeypatch.setattr(strokes, "drawn_in", measured)
    for yaw_rad in np.linspace(-3.1, 3.1, 12).tolist():
        *_, _ = versions(straight(6.0, yaw_rad, sigma_m=0.005), CONFIG, LedgerState(), ORIGIN_NS)
    lost = [1.0 - some / all_ for some, all_ in zip(kept, whole, strict=True)]
    assert all(0.0 < share < 0.0001 for share in lost), lost


def test_every_stroke_of_a_drive_fits_its_codec() -> None:
    made = []
    number = 0
    for state in versions(swaying(0.4, 8.0, 0.006, 0.05, 500), CONFIG, LedgerState(), ORIGIN_NS):
        if state.stroke is not None and state.stroke.number != number:
            number = state.stroke.number
            made.append(state.stroke)
    assert len(made) > 20
    sizes = [len(stroke_codec.packed(stroke)) for stroke in made]
    assert sum(sizes) / len(sizes) <= 36.0, sizes
    assert all(stroke_codec.unpacked(stroke_codec.packed(stroke)) == stroke for stroke in made)
    assert [one.number for one, _ in pairwise(made)] == list(range(1, len(made)))


@settings(max_examples=300)
@given(payload=st.binary(max_size=60))
def test_what_is_no_stroke_is_refused_and_nothing_else_happens(payload: bytes) -> None:
    try:
        stroke_codec.unpacked(payload)
    except ValueError:
        return


def test_a_stroke_off_the_grid_is_not_written_as_another_one() -> None:
    stroke = LedgerStroke(
        number=1, t_ns=0, east_m=0.00012, north_m=0.0, forward_east=1.0, forward_north=0.0, slope=0.0, bands=()
    )
    with pytest.raises(ValueError, match="grid"):
        stroke_codec.packed(stroke)
    frame, check = encoded(stroke, first_check())
    found = found_at(frame, 0, first_check())
    assert found is not None
    assert (decoded(found.kind, found.payload), found.end, found.check) == (stroke, len(frame), check)
