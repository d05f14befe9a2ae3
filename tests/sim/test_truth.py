"""The independent truth against shapes whose area is known."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from sim.truth import GroundTruth
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

CELL_M = 0.05
HALF_M = 0.85


def _truth(**limits: float) -> GroundTruth:
    return GroundTruth(cell_m=CELL_M, rotor_min_radps=50.0, depth_min_m=0.15, **limits)


def _observe(truth: GroundTruth, east_m: float, north_m: float, yaw_rad: float, **readings: Any) -> None:
    reading: dict[str, Any] = {"rotor_speed_radps": 60.0, "depth_m": 0.2, "ground_speed_mps": 0.25} | readings
    left = (east_m - HALF_M * math.sin(yaw_rad), north_m + HALF_M * math.cos(yaw_rad))
    right = (east_m + HALF_M * math.sin(yaw_rad), north_m - HALF_M * math.cos(yaw_rad))
    truth.observe(left, right, **reading)


def _line(truth: GroundTruth, length_m: float, yaw_rad: float, step_m: float = 0.005, **readings: float) -> None:
    for n in range(round(length_m / abs(step_m)) + 1):
        _observe(truth, 0.013 + n * step_m * math.cos(yaw_rad), n * step_m * math.sin(yaw_rad), yaw_rad, **readings)


@pytest.mark.parametrize("yaw_rad", [0.31, 0.79, -2.2])
@pytest.mark.parametrize("step_m", [0.005, -0.005, 0.0005])
def test_a_straight_pass_is_a_rectangle_of_whole_cells(yaw_rad: float, step_m: float) -> None:
    truth = _truth()
    _line(truth, 4.0, yaw_rad, step_m)
    rectangle_m2 = 4.0 * 2 * HALF_M
    # A cell across the border is lost: on average half its extent along each side.
    border_m2 = (4.0 + 2 * HALF_M) * CELL_M * (abs(math.cos(yaw_rad)) + abs(math.sin(yaw_rad)))
    assert truth.processed_m2() == pytest.approx(rectangle_m2 - border_m2, abs=0.06)


def test_looking_at_the_truth_in_between_changes_nothing() -> None:
    looked, left_alone = _truth(), _truth()
    for n in range(600):
        for truth in (looked, left_alone):
            _observe(truth, n * 0.0031, n * 0.0042, 0.927)
        if n % 37 == 0:
            looked.processed_m2()
    assert looked.processed_m2() == left_alone.processed_m2() > 2.0


@pytest.mark.parametrize(
    "reading", [{"rotor_speed_radps": 49.9}, {"depth_m": 0.149}, {"rotor_speed_radps": math.nan}, {"depth_m": math.nan}]
)
def test_a_pass_without_rotor_or_depth_is_nothing(reading: dict[str, float]) -> None:
    truth = _truth()
    _line(truth, 3.0, 0.4, **reading)
    assert truth.processed_m2() == 0.0


def test_too_fast_is_nothing_where_a_limit_is_given() -> None:
    truth, free = _truth(speed_max_mps=0.2), _truth()
    _line(truth, 2.0, 0.4)
    _line(free, 2.0, 0.4)
    assert (truth.processed_m2(), free.processed_m2() > 2.0) == (0.0, True)


def test_a_dip_of_the_depth_cuts_the_strip() -> None:
    whole, cut = _truth(), _truth()
    for n in range(800):
        _observe(whole, n * 0.005 * math.cos(0.4), n * 0.005 * math.sin(0.4), 0.4)
        depth_m = 0.1 if 300 <= n < 400 else 0.2
        _observe(cut, n * 0.005 * math.cos(0.4), n * 0.005 * math.sin(0.4), 0.4, depth_m=depth_m)
    lost_m2 = whole.processed_m2() - cut.processed_m2()
    assert 0.5 * 2 * HALF_M < lost_m2 < (0.5 + 2.5 * CELL_M) * 2 * HALF_M


def test_a_pivot_about_the_tools_own_middle_sweeps_two_sectors() -> None:
    truth = _truth()
    for n in range(200):
        _observe(truth, 1.3, -0.7, 0.1 + n * 0.005)
    sectors_m2 = 2 * 0.5 * HALF_M**2 * 199 * 0.005
    assert truth.processed_m2() == pytest.approx(sectors_m2, abs=0.25)
    assert truth.processed_m2() < sectors_m2


def test_credit_outside_the_truth_is_counted() -> None:
    truth = _truth()
    _line(truth, 4.0, 0.31)
    column, row, cells = truth.cells()
    rows, columns = np.nonzero(cells)
    claimed = {(column + int(c), row + int(r)) for r, c in zip(rows, columns, strict=True)}
    assert truth.false_credit_m2(_ledger(claimed)) == 0.0
    outside = {(column + 400, row + 3), (column - 5, row - 300), (column + 1, row)} - claimed
    assert len(outside) >= 2
    assert truth.false_credit_m2(_ledger(claimed | outside)) == pytest.approx(len(outside) * CELL_M**2)


def test_credit_where_nothing_was_ever_done_is_all_false() -> None:
    assert _truth().false_credit_m2(_ledger({(3, 4), (-900, 17)})) == pytest.approx(2 * CELL_M**2)


def _ledger(claimed: set[tuple[int, int]]) -> LedgerState:
    fresh: dict[tuple[int, int], raster.Tile] = {}
    for column, row in claimed:
        key = (column // raster.TILE, row // raster.TILE)
        tile = fresh.setdefault(key, np.zeros((2, raster.TILE, raster.TILE), np.uint8))
        tile[0, row % raster.TILE, column % raster.TILE] = raster.CREDITED
    blocks, warm = raster.stored({}, (), fresh)
    return msgspec.structs.replace(LedgerState(), tiles=blocks, warm=warm)


def test_ground_that_no_hammer_strikes_is_not_processed() -> None:
    whole, bare = _truth(), _truth()
    for n in range(801):
        _observe(whole, n * 0.005, 0.0, 0.0)
        _observe(bare, n * 0.005, 0.0, 0.0, bare=((0.25, 0.275), (0.9, 1.0)) if n > 400 else ())
    lost_m2 = whole.processed_m2() - bare.processed_m2()
    stripes_m2 = 2.0 * 2 * HALF_M * (0.025 + 0.1)
    assert stripes_m2 < lost_m2 < stripes_m2 + 2.0 * 4 * CELL_M


def test_where_a_hammer_breaks_off_the_others_leave_no_gap() -> None:
    """In every step a little more is bare: what is lost is a wedge."""
    whole, bare = _truth(), _truth()
    for n in range(801):
        _observe(whole, n * 0.005, 0.0, 0.0)
        _observe(bare, n * 0.005, 0.0, 0.0, bare=((0.0, n * 1e-4),))
    wedge_m2 = 0.5 * 4.0 * 2 * HALF_M * 0.08
    assert wedge_m2 / 2.0 < whole.processed_m2() - bare.processed_m2() < wedge_m2 + 4.0 * CELL_M
