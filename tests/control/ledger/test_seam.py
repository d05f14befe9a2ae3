"""Two passes side by side: the overlap of the design closes the seam, two centimetres less do not."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import beside, block, cells, drive, straight
from tests.marks import examples
from vehicle.control.ground import raster

CONFIG = builders.config()
CELL_M = CONFIG.mission.cell_m
WIDTH_M = CONFIG.machine.tool.width_m
LENGTH_M = 2.5


def _overlap_m(yaw_rad: float, sigma_m: float, error_m: float) -> float:
    """What the credit rule will withhold on both sides of a seam."""
    extent_m = CELL_M * (abs(math.cos(yaw_rad)) + abs(math.sin(yaw_rad)))
    return 2.0 * (CONFIG.mission.k_sigma * sigma_m + error_m) + extent_m


def _gaps(
    yaw_rad: float, start_m: tuple[float, float], sigma_m: float, overlap_m: float, error_m: float, back: bool
) -> int:
    """Cells of the seam that neither pass credits; both passes stray from each other by `error_m`."""
    pitch_m = WIDTH_M - overlap_m
    first = straight(LENGTH_M, yaw_rad, beside(start_m, yaw_rad, -error_m), sigma_m=sigma_m)
    second_yaw_rad = yaw_rad + math.pi if back else yaw_rad
    second_start_m = beside(start_m, yaw_rad, pitch_m + error_m, LENGTH_M if back else 0.0)
    second = straight(LENGTH_M, second_yaw_rad, second_start_m, sigma_m=sigma_m)
    state = drive(second, CONFIG, drive(first, CONFIG), start_ns=10**12)
    credited = cells(state, raster.CREDITED)
    along_m, left_m = (0.3, LENGTH_M - 0.3), (0.0, pitch_m)
    seam = block(start_m, yaw_rad, along_m, left_m, CELL_M)
    assert len(seam) > 500
    return len(seam - credited)


@pytest.mark.long
@settings(max_examples=examples(30), deadline=None)
@given(
    yaw_rad=st.floats(-3.1, 3.1),
    east_m=st.floats(-20.0, 20.0),
    north_m=st.floats(-20.0, 20.0),
    sigma_m=st.floats(0.005, 0.03),
    error_m=st.floats(0.0, 0.08),
    back=st.booleans(),
)
def test_the_overlap_of_the_design_leaves_no_gap(
    yaw_rad: float, east_m: float, north_m: float, sigma_m: float, error_m: float, back: bool
) -> None:
    # The formula has no slack of its own: the grid of strokes takes a quarter of a millimetre at most, of both sides.
    overlap_m = _overlap_m(yaw_rad, sigma_m, error_m) + 0.25e-3
    assert _gaps(yaw_rad, (east_m, north_m), sigma_m, overlap_m, error_m, back) == 0


@pytest.mark.long
@settings(max_examples=examples(15), deadline=None)
@given(
    # Between these the rows of cells lie closer than 2 cm across the seam (the widest at tan = 1/3: 5 cm / sqrt 10).
    yaw_rad=st.floats(0.2, 0.4),
    sigma_m=st.floats(0.005, 0.03),
    error_m=st.floats(0.0, 0.08),
    back=st.booleans(),
)
def test_two_centimetres_less_do_leave_a_gap(yaw_rad: float, sigma_m: float, error_m: float, back: bool) -> None:
    overlap_m = _overlap_m(yaw_rad, sigma_m, error_m) - 0.02
    assert _gaps(yaw_rad, (1.234, 2.345), sigma_m, overlap_m, error_m, back) > 0


def test_a_swath_is_taken_up_again_without_a_gap_after_a_break() -> None:
    """Backed off by more than what lags and what the start is trimmed by, the second run joins the first."""
    yaw_rad, sigma_m = 0.61, 0.02
    reach_m = 2.0 * CONFIG.mission.k_sigma * sigma_m + 0.07 + 0.04
    first = straight(3.0, yaw_rad, sigma_m=sigma_m)
    again = straight(3.0, yaw_rad, beside((0.0, 0.0), yaw_rad, 0.0, 3.0 - reach_m), sigma_m=sigma_m)
    seam = block((0.0, 0.0), yaw_rad, (2.0, 4.0), (-0.6, 0.6), CELL_M)
    joined = drive(again, CONFIG, drive(first, CONFIG), start_ns=10**12)
    assert seam <= cells(joined, raster.CREDITED)
    short = straight(3.0, yaw_rad, beside((0.0, 0.0), yaw_rad, 0.0, 3.0 - reach_m + 0.12), sigma_m=sigma_m)
    torn = drive(short, CONFIG, drive(first, CONFIG), start_ns=10**12)
    assert not seam <= cells(torn, raster.CREDITED)
