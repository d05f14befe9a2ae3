"""The depth histogram is of processed ground and adds up to it; a slice shows what the record proves, and readings."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.control.ledger import jobs
from vehicle.control.ground import raster
from vehicle.reports import gaps
from vehicle.reports.charts import LABEL_SHARE, label_places
from vehicle.reports.depths import Reading, Slice, processed_by_depth_m2, proven_depth_m, slices_of

WORKED = jobs.worked()


@settings(max_examples=15)
@given(
    centre=st.tuples(st.floats(-1.0, 9.0, allow_subnormal=False), st.floats(-2.0, 4.0, allow_subnormal=False)),
    radii=st.lists(st.floats(0.3, 4.0, allow_subnormal=False), min_size=4, max_size=9),
    hole=st.floats(0.05, 0.25, allow_subnormal=False),
)
def test_the_histogram_adds_up_to_the_processed_area(centre, radii, hole) -> None:
    angles = [2.0 * math.pi * n / len(radii) for n in range(len(radii))]
    area = shapely.Polygon(
        [(centre[0] + r * math.cos(a), centre[1] + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    )
    keep_out = shapely.Point(centre).buffer(hole, quad_segs=2)
    found = gaps.find(area, keep_out, jobs.plan(), WORKED, jobs.CONFIG)
    areas_m2 = processed_by_depth_m2(area.difference(keep_out), WORKED, jobs.CONFIG.mission.cell_m)
    assert areas_m2.sum() == pytest.approx(found.processed_m2, abs=1e-6)
    assert set(np.flatnonzero(areas_m2)) <= {16, 19}


def test_ground_outside_the_work_area_is_no_part_of_it() -> None:
    """The old histogram was of all credited cells, more than the processed area."""
    facts = jobs.done_job()
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    assert processed_by_depth_m2(asked, WORKED, facts.cell_m).sum() < facts.ledger.credited_m2 - 5.0


def test_proven_depth_is_that_of_the_cell_and_nan_where_nothing_is_claimed() -> None:
    cell_m, places = jobs.CONFIG.mission.cell_m, []
    for column, row, tile in raster.each(WORKED.tiles):
        places += [((column + c + 0.5) * cell_m, (row + r + 0.5) * cell_m) for r, c in ((3, 5), (60, 70), (120, 1))]
        expected = [
            tile[raster.DEPTH][r, c] / 100.0 if tile[0][r, c] & raster.CREDITED else math.nan
            for r, c in ((3, 5), (60, 70), (120, 1))
        ]
        assert proven_depth_m(WORKED, np.array(places[-3:]), cell_m) == pytest.approx(expected, nan_ok=True)


def test_a_slice_goes_through_each_reading_and_shows_it_beside() -> None:
    area = jobs.slanted(6.0, 2.4, 0.4, 0.8)
    at = (3.0 * math.cos(jobs.YAW_RAD), 3.0 * math.sin(jobs.YAW_RAD))
    reading = Reading(number=1, east_m=at[0], north_m=at[1], depth_m=0.2, sigma_m=0.01, by="x", where="arm")
    cuts = slices_of(area, WORKED, jobs.CONFIG.mission.cell_m, jobs.YAW_RAD, (reading,))
    own = next(cut for cut in cuts if cut.reading == 1)
    ((across_m, row),) = own.readings
    assert row is reading
    unit = np.subtract(own.end_m, own.start_m) / math.dist(own.start_m, own.end_m)
    assert np.add(own.start_m, unit * across_m) == pytest.approx(at, abs=1e-6)
    assert math.dist(own.start_m, own.end_m) == pytest.approx(2.4, abs=1e-6)
    assert abs(float(unit @ [math.cos(jobs.YAW_RAD), math.sin(jobs.YAW_RAD)])) < 1e-9
    assert {0.16, 0.19} >= set(np.round(own.depth_m[np.isfinite(own.depth_m)], 2).tolist())
    assert not next(cut for cut in cuts if cut.share == 0.25).readings


def test_a_reading_off_the_work_area_is_in_no_slice() -> None:
    """A test strip is read outside: a slice through it would show ground that it says nothing of."""
    area = jobs.slanted(6.0, 2.4, 0.4, 0.8)
    unit, left = (
        np.array([math.cos(jobs.YAW_RAD), math.sin(jobs.YAW_RAD)]),
        np.array([-math.sin(jobs.YAW_RAD), math.cos(jobs.YAW_RAD)]),
    )
    off = unit * 3.0 + left * 8.0
    reading = Reading(number=1, east_m=off[0], north_m=off[1], depth_m=0.2, sigma_m=0.01, by="x", where="strip")
    cuts = slices_of(area, WORKED, jobs.CONFIG.mission.cell_m, jobs.YAW_RAD, (reading,))
    assert len(cuts) == 3
    assert not [cut for cut in cuts if cut.reading is not None or cut.readings]


@example([(0.0, 0.125), (0.5, 0.25), (0.25, 0.125)])
@given(st.lists(st.tuples(st.floats(0.0, 7.0), st.floats(0.1, 0.3)), max_size=12))
def test_the_names_of_near_readings_stand_apart(places) -> None:
    """Two names overlap only where more than four readings lie at one place."""
    rows = tuple(
        (across, Reading(number=n, east_m=0.0, north_m=0.0, depth_m=depth, sigma_m=None, by="", where=""))
        for n, (across, depth) in enumerate(places, start=1)
    )
    cut = Slice(start_m=(0, 0), end_m=(7, 0), across_m=np.zeros(1), depth_m=np.zeros(1), readings=rows)
    beside = label_places(cut, 7.0)
    for first, (across, _) in enumerate(rows):
        near = [n for n, (other, _) in enumerate(rows) if abs(other - across) < LABEL_SHARE * 7.0]
        if len(near) == 2:
            assert beside[near[0]] != beside[near[1]] or first not in near
