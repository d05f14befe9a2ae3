"""The balance of a work area against exact geometry, and the reason of every gap."""

import math

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import changed, drive, straight
from vehicle.config.footprint import footprint
from vehicle.contracts.plan import Plan, Untreatable, UntreatableReason
from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.gaps import GapReason

CONFIG = builders.config()
CELL_M = CONFIG.mission.cell_m
YAW_RAD = 0.31
NOTHING = shapely.Polygon()


def _plan(*untreatable: shapely.Polygon) -> Plan:
    rows = tuple(
        Untreatable(
            reason=UntreatableReason.KEEP_OUT_CLEARANCE,
            rings_m=tuple(
                tuple(map(tuple, shapely.get_coordinates(ring).tolist())) for ring in (part.exterior, *part.interiors)
            ),
            area_m2=part.area,
        )
        for part in untreatable
    )
    return msgspec.structs.replace(builders.plan((), footprint(CONFIG.machine)), untreatable=rows)


def _credited(state: LedgerState) -> shapely.Geometry:
    boxes = []
    for column, row, tile in raster.each(state.tiles):
        for r, c in np.argwhere(tile[0] & raster.CREDITED).tolist():
            west_m, south_m = (column + c) * CELL_M, (row + r) * CELL_M
            boxes.append(shapely.box(west_m, south_m, west_m + CELL_M, south_m + CELL_M))
    return shapely.union_all(boxes, grid_size=1e-9)


def _slanted(length_m: float, width_m: float, start_m: float = 0.0) -> shapely.Polygon:
    box = shapely.box(start_m, -width_m / 2.0, start_m + length_m, width_m / 2.0)
    return shapely.affinity.rotate(box, YAW_RAD, origin=(0.0, 0.0), use_radians=True)


WORKED = drive(straight(4.0, YAW_RAD), CONFIG)
CREDITED = _credited(WORKED)


@settings(max_examples=10, deadline=None)
@given(
    centre=st.tuples(st.floats(0.0, 4.0, allow_subnormal=False), st.floats(-1.0, 2.0, allow_subnormal=False)),
    radii=st.lists(st.floats(0.2, 1.6, allow_subnormal=False), min_size=5, max_size=11),
    hole=st.floats(0.02, 0.15, allow_subnormal=False),
    listed=st.floats(0.2, 1.0, allow_subnormal=False),
)
def test_missed_ground_is_exactly_what_neither_cells_nor_lists_cover(
    centre: tuple[float, float], radii: list[float], hole: float, listed: float
) -> None:
    angles = [2.0 * math.pi * n / len(radii) for n in range(len(radii))]
    shell = [(centre[0] + r * math.cos(a), centre[1] + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    area = shapely.Polygon(shell)
    keep_out = shapely.Point(centre).buffer(hole, quad_segs=3)
    spared = shapely.Point(centre).buffer(listed, quad_segs=2).difference(keep_out)
    found = gaps.find(area, keep_out, _plan(spared), WORKED, CONFIG)
    asked = area.difference(keep_out)
    missed = asked.difference(spared).difference(CREDITED)
    assert found.missed_m2 + found.rounding_m2 == pytest.approx(missed.area, abs=2e-5)
    assert found.processed_m2 == pytest.approx(asked.intersection(CREDITED).area, abs=2e-5)
    assert found.area_m2 == pytest.approx(
        found.processed_m2 + found.missed_m2 + found.listed_m2 + found.rounding_m2, abs=1e-9
    )
    assert sum(gap.area_m2 for gap in found.gaps) == pytest.approx(found.missed_m2, abs=1e-4)


def test_nothing_is_missed_well_inside_the_strip() -> None:
    found = gaps.find(_slanted(2.0, 1.3, 1.0), NOTHING, _plan(), WORKED, CONFIG)
    assert (found.missed_m2, found.gaps) == (0.0, ())
    assert found.processed_m2 == pytest.approx(2.6)


def test_a_millimetre_beyond_the_credited_cells_is_missed() -> None:
    inside = gaps.find(CREDITED, NOTHING, _plan(), WORKED, CONFIG)
    assert inside.missed_m2 == 0.0
    beyond = gaps.find(CREDITED.buffer(0.001, join_style="mitre"), NOTHING, _plan(), WORKED, CONFIG)
    assert beyond.missed_m2 == pytest.approx(CREDITED.length * 0.001, rel=0.02)
    assert {gap.reason for gap in beyond.gaps} <= {GapReason.CREDIT_MARGIN, GapReason.NOT_SWEPT}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"depth_m": 0.12}, GapReason.BELOW_DEPTH),
        ({"proven": False}, GapReason.POSITION_UNPROVEN),
        ({"fresh": False}, GapReason.NOT_MEASURED),
        ({"rotor_radps": 30.0}, GapReason.ROTOR_SLOW),
        ({"yaw_rate_radps": 0.4}, GapReason.TOO_FAST),
        ({"depth_m": -0.1}, GapReason.NOT_SWEPT),
    ],
)
def test_the_gap_says_why(change: dict[str, object], reason: GapReason) -> None:
    """One metre of the strip goes wrong."""
    ticks = changed(straight(4.0, YAW_RAD), lambda n: 250 <= n < 430, **change)
    state = drive(ticks, CONFIG)
    found = gaps.find(_slanted(3.4, 1.3, 0.3), NOTHING, _plan(), state, CONFIG)
    by_reason: dict[GapReason, float] = {}
    for gap in found.gaps:
        by_reason[gap.reason] = by_reason.get(gap.reason, 0.0) + gap.area_m2
    assert max(by_reason, key=lambda key: by_reason[key]) is reason
    assert 1.0 * 1.3 < found.missed_m2 < 1.45 * 1.3
    assert found.missed_m2 == pytest.approx(sum(by_reason.values()), abs=1e-6)


@pytest.mark.long
def test_ground_never_visited_is_one_gap_of_its_whole_area() -> None:
    area = _slanted(20.0, 17.0)
    found = gaps.find(area, NOTHING, _plan(), LedgerState(), CONFIG)
    assert [gap.reason for gap in found.gaps] == [GapReason.NOT_SWEPT]
    assert found.missed_m2 == pytest.approx(340.0, abs=1e-4)
    assert found.gaps[0].area_m2 == pytest.approx(340.0, abs=1e-3)


def test_rows_are_geojson_in_degrees() -> None:
    found = gaps.find(_slanted(2.0, 2.0, 10.0), NOTHING, _plan(), WORKED, CONFIG)
    (row,) = gaps.rows(found.gaps, builders.DATUM)
    assert (row["reason"], row["polygon"]["type"]) == ("not_swept", "Polygon")
    assert row["area_m2"] == pytest.approx(4.0, abs=1e-4)
    lon_deg, lat_deg = row["polygon"]["coordinates"][0][0]
    assert builders.DATUM.enu_from_geodetic(lat_deg, lon_deg, builders.DATUM.alt_m)[:2] == pytest.approx(
        found.gaps[0].rings_m[0][0], abs=2e-4
    )


@pytest.mark.parametrize("turn_rad", [0.0, 0.4, 1.1])
def test_a_polygon_becomes_all_its_cells(turn_rad: float) -> None:
    hole = shapely.box(3.0, 3.0, 9.1, 5.2)
    shape = shapely.affinity.rotate(shapely.box(-1.02, 0.53, 14.31, 9.07).difference(hole), turn_rad, use_radians=True)
    total_m2, cells = 0.0, 0
    for tile in rasterise.area_tiles(shape, CELL_M):
        total_m2 += tile.inside.sum() * CELL_M**2 + sum(area for _, _, area in tile.border)
        cells += int(tile.inside.sum())
        for row, column, area_m2 in tile.border:
            assert not tile.inside[row, column]
            assert 0.0 < area_m2 <= CELL_M**2 + 1e-12
    assert total_m2 == pytest.approx(shape.area, rel=1e-9)
    assert cells * CELL_M**2 > 0.97 * shape.area


def test_ground_between_the_strips_of_a_survey_is_a_line_of_its_own() -> None:
    area = _slanted(2.0, 3.0, 1.0)
    plan = _plan(area)
    whole = gaps.find(area, NOTHING, plan, WORKED, CONFIG)
    beyond = msgspec.structs.replace(
        plan,
        untreatable=(msgspec.structs.replace(plan.untreatable[0], reason=UntreatableReason.NOT_IN_TASK),),
    )
    found = gaps.find(area, NOTHING, beyond, WORKED, CONFIG)
    assert whole.not_in_task_m2 == 0.0
    assert found.listed_m2 == pytest.approx(0.0, abs=1e-9)
    assert found.not_in_task_m2 == pytest.approx(whole.listed_m2, abs=1e-6)
    assert found.not_in_task_m2 > 1.0
    both = gaps.find(area, NOTHING, msgspec.structs.replace(plan, untreatable=plan.untreatable + beyond.untreatable),
                     WORKED, CONFIG)  # fmt: skip
    assert (both.not_in_task_m2, both.listed_m2) == (0.0, pytest.approx(whole.listed_m2))


@settings(max_examples=8, deadline=None)
@given(lengths=st.tuples(st.floats(2.0, 9.0, allow_subnormal=False), st.floats(2.0, 9.0, allow_subnormal=False)))
@example((6.3, 4.1))
def test_where_nothing_was_worked_nothing_is_processed(lengths: tuple[float, float]) -> None:
    """The areas are differences of large ones: what is left over by rounding must not pass for ground."""
    area, post = _slanted(*lengths), _slanted(0.5, 0.5, 0.3)
    ring = shapely.difference(post.buffer(0.3, join_style="mitre"), post)
    found = gaps.find(area, post, _plan(ring), LedgerState(), CONFIG)
    assert (found.processed_m2, found.provisional_m2, found.swept_not_credited_m2) == (0.0, 0.0, 0.0)
    assert gaps.find(area, post, _plan(), LedgerState(), CONFIG).listed_m2 == 0.0
