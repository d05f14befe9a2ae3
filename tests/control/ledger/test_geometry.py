"""The shape of a stroke: crab, roll, sway, turns, and a sigma that grows for a moment."""

import math
from typing import Any

import msgspec
import pytest

from tests import builders
from tests.control.ledger.driving import (
    Tick,
    along_cross,
    beside,
    block,
    cells,
    changed,
    drive,
    straight,
    tool_ends,
    truth_of,
)
from tests.marks import some
from vehicle.contracts.messages import Margin
from vehicle.contracts.units import TICK_S
from vehicle.control.ground import raster
from vehicle.control.ledger.rule import rule, tool_line

CONFIG = builders.config()
K_SIGMA = CONFIG.mission.k_sigma
CELL_M = CONFIG.mission.cell_m
WIDTH_M = CONFIG.machine.tool.width_m
YAW_RAD = 0.37


def _crabbing(length_m: float, crab_rad: float, **rest: Any) -> list[Tick]:
    """Moves along `YAW_RAD`, points `crab_rad` to the left of it."""
    return changed(straight(length_m, YAW_RAD, **rest), lambda _: True, yaw_rad=YAW_RAD + crab_rad)


@pytest.mark.parametrize("crab_rad", [-0.3, -0.06, 0.06, 0.3])
def test_a_crabbing_tool_is_credited_over_its_width_across_the_course(crab_rad: float) -> None:
    state = drive(_crabbing(4.0, crab_rad, sigma_m=0.005), CONFIG)
    half_m = WIDTH_M / 2.0 * math.cos(crab_rad) - K_SIGMA * 0.005 - 0.5 * CELL_M * 1.3
    inner = block((0.0, 0.0), YAW_RAD, (0.6, 3.4), (-half_m, half_m), CELL_M)
    assert inner <= cells(state, raster.CREDITED)


@pytest.mark.parametrize("crab_rad", [-0.35, 0.35])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_k_sigma_counts_across_the_course_of_a_crabbing_tool(crab_rad: float, side: float) -> None:
    off_m = side * 0.9999 * K_SIGMA * 0.03
    error = {"error_east_m": -off_m * math.sin(YAW_RAD), "error_north_m": off_m * math.cos(YAW_RAD)}
    truth = truth_of(CONFIG)
    state = drive(changed(_crabbing(6.0, crab_rad, sigma_m=0.03), lambda _: True, **error), CONFIG, truth=truth)
    assert state.credited_m2 > 6.0
    assert truth.false_credit_m2(state) == 0.0


@pytest.mark.parametrize("first", range(300, 318, 3))
def test_the_margin_is_that_of_the_worst_sigma_in_reach(first: int) -> None:
    """For three ticks sigma is six times as large: the strip narrows there, whatever the phase of the strokes."""
    wide = straight(4.0, YAW_RAD, sigma_m=0.005)
    narrow = changed(wide, lambda n: first <= n < first + 3, sigma_m=0.03)
    at_m = (first + 1) * 0.28 * TICK_S
    edge_m = WIDTH_M / 2.0 - K_SIGMA * 0.03
    for ticks, bare in ((wide, False), (narrow, True)):
        credited = cells(drive(ticks, CONFIG), raster.CREDITED)
        edge = [c for c in credited if abs(along_cross(c, CELL_M, (0.0, 0.0), YAW_RAD)[0] - at_m) < 0.02]
        assert edge
        beyond = [c for c in edge if abs(along_cross(c, CELL_M, (0.0, 0.0), YAW_RAD)[1]) > edge_m]
        assert bool(beyond) is not bare


@pytest.mark.parametrize("first", range(300, 318, 3))
def test_depth_is_the_least_in_reach_whatever_the_phase(first: int) -> None:
    ticks = changed(straight(4.0, YAW_RAD), lambda n: n == first, depth_m=0.17)
    state = drive(ticks, CONFIG)
    at_m = first * 0.28 * TICK_S
    reach_m = K_SIGMA * 0.01
    seen = 0
    for column, row, tile in raster.each(state.tiles):
        for c, r in cells(state, raster.CREDITED):
            along_m, _ = along_cross((c, r), CELL_M, (0.0, 0.0), YAW_RAD)
            inside = column <= c < column + raster.TILE and row <= r < row + raster.TILE
            if inside and abs(along_m - at_m) <= reach_m:
                assert tile[1, r - row, c - column] == 17
                seen += 1
    assert seen > 40


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("first", range(300, 318, 3))
def test_ground_that_a_swerve_left_out_is_not_claimed(side: float, first: int) -> None:
    """The tool strays 6 cm and is back within 9 cm of way: less than the distance of two strokes."""
    ticks = straight(4.0, YAW_RAD, sigma_m=0.002)
    for n in range(16):
        off_m = side * 0.06 * math.sin(math.pi * n / 15.0)
        old = ticks[first + n]
        east_m, north_m = beside((old.east_m, old.north_m), YAW_RAD, off_m)
        ticks[first + n] = msgspec.structs.replace(old, east_m=east_m, north_m=north_m)
    truth = truth_of(CONFIG)
    state = drive(ticks, CONFIG, truth=truth)
    assert state.credited_m2 > 5.0
    assert truth.false_credit_m2(state) == 0.0


@pytest.mark.long
@pytest.mark.parametrize(
    "radius_m",
    some([0.4, 2.5, -2.5, 1.1, -0.4], 3, pytest.mark.release),
)
def test_turning_with_the_tool_down_claims_nothing_that_it_did_not_pass(radius_m: float) -> None:
    """Inside a turn tighter than half its width one end of the tool runs backwards."""
    step_rad = 0.15 * TICK_S / radius_m
    ticks = [
        Tick(
            east_m=3.0 + radius_m * math.sin(0.3 + n * step_rad),
            north_m=-1.0 - radius_m * math.cos(0.3 + n * step_rad),
            yaw_rad=0.3 + n * step_rad,
            sigma_m=0.002,
            speed_mps=0.15,
            yaw_rate_radps=step_rad / TICK_S,
        )
        for n in range(1500)
    ]
    truth = truth_of(CONFIG)
    state = drive(ticks, CONFIG, truth=truth)
    assert truth.false_credit_m2(state) == 0.0
    assert (state.credited_m2 > 2.0) is (abs(radius_m) > WIDTH_M / 2.0)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_ends_are_trimmed_for_the_heading_too(side: float) -> None:
    """A heading that is off by k sigma moves the ends of the tool along the course, here by 3 cm."""
    heading_sigma_rad = 0.009
    truth = truth_of(CONFIG)
    ticks = straight(
        4.0, YAW_RAD, sigma_m=0.001, sigma_yaw_rad=heading_sigma_rad, error_yaw_rad=side * K_SIGMA * heading_sigma_rad
    )
    ticks = changed(ticks, lambda n: not 150 < n < 550, rotor_radps=20.0)
    state = drive(ticks, CONFIG, truth=truth)
    assert state.credited_m2 > 2.0
    assert truth.false_credit_m2(state) == 0.0


def test_a_full_circle_is_credited_all_round() -> None:
    """Where a run began, long ago, may lie ahead of the tool by now: it is no bound for what is worked here."""
    radius_m, count = 3.0, 3400
    step_rad = 0.28 * TICK_S / radius_m
    ticks = [
        Tick(
            east_m=radius_m * math.sin(n * step_rad),
            north_m=-radius_m * math.cos(n * step_rad),
            yaw_rad=n * step_rad,
            sigma_m=0.002,
            yaw_rate_radps=step_rad / TICK_S,
        )
        for n in range(count)
    ]
    credited_m2 = drive(ticks, CONFIG).credited_m2
    band_m = WIDTH_M - 2.0 * K_SIGMA * 0.002 - 1.3 * CELL_M
    assert credited_m2 > 0.98 * band_m * radius_m * count * step_rad


def test_a_pivot_on_the_spot_claims_nothing() -> None:
    ticks = [
        Tick(east_m=1.0, north_m=2.0, yaw_rad=0.2 + n * 0.004, speed_mps=0.0, yaw_rate_radps=0.2) for n in range(900)
    ]
    state = drive(ticks, CONFIG)
    assert (state.credited_m2, state.swept_m2) == (0.0, 0.0)


@pytest.mark.parametrize(("roll_rad", "pitch_rad"), [(0.2, -0.3), (-0.15, 0.25)])
def test_the_tool_line_is_the_tool_seen_from_above(roll_rad: float, pitch_rad: float) -> None:
    tick = Tick(east_m=1.3, north_m=-2.7, yaw_rad=0.9, roll_rad=roll_rad, pitch_rad=pitch_rad)
    estimate = builders.estimate(
        yaw_rad=0.9, roll_rad=roll_rad, pitch_rad=pitch_rad, tool_east_m=1.3, tool_north_m=-2.7
    )
    line = tool_line(rule(CONFIG), estimate, 0.2, Margin())
    (left_east_m, left_north_m), (right_east_m, right_north_m) = tool_ends(tick, WIDTH_M / 2.0)
    assert line.east_m + line.half_east_m == pytest.approx(left_east_m)
    assert line.north_m + line.half_north_m == pytest.approx(left_north_m)
    assert line.east_m - line.half_east_m == pytest.approx(right_east_m)
    assert line.north_m - line.half_north_m == pytest.approx(right_north_m)
