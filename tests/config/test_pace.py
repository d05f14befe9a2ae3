"""The pace of a machine: its figures are those that drive, and its closed forms what driving by them takes."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.config.mission import MissionConfig
from vehicle.config.pace import DRIVING, load_speed_mps, pace_of, working_depth_m
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.pace import Pace, line_s, lines_s, turn_s, turns_s
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.plan_times import ready_s, times_of, whole_s
from vehicle.control.drive import follower
from vehicle.control.flail import governor
from vehicle.control.mission import job, task

MEMAT = load_machine("memat")
MISSION = MissionConfig(required_depth_m=0.15)
PACE = pace_of(MEMAT, MISSION, 1.5, 0.007)
SHAPE = footprint(MEMAT, MISSION, depth_sigma_m=0.007)
STEP_S = 0.001


def test_the_figures_are_those_of_the_rooms_that_drive() -> None:
    config = VehicleConfig(vehicle_id="m", machine=MEMAT, mission=MISSION)
    assert DRIVING.follower_approach_1ps == follower.APPROACH_GAIN_PER_S
    assert DRIVING.follower_creep_mps == follower.SPEED_MIN_MPS
    assert DRIVING.follower_pivot_1ps == follower.PIVOT_GAIN_PER_S
    assert DRIVING.job_done_m == job.ALONG_DONE_M
    assert DRIVING.job_turn_done_rad == job.PIVOT_DONE_RAD
    assert DRIVING.job_depth_reached_m == job.DEPTH_REACHED_M
    assert DRIVING.job_tool_up_m == job.TOOL_UP_TOLERANCE_M
    assert DRIVING.task_depth_sigmas == task.DEPTH_READING_SIGMAS
    assert DRIVING.task_uneven_m == task.UNEVEN_M
    assert task.height_wish_m(config) == min(DRIVING.task_height_m, MEMAT.tool.height_max_m)
    assert task.depth_wish_m(config, None, 0.0) == working_depth_m(MEMAT.tool, MISSION)
    assert DRIVING.governor_lower_step_m == governor.LOWER_STEP_M
    assert DRIVING.governor_load_ratio == governor.LOAD_WISH_RATIO


def driven_s(length_m: float, speed_mps: float, pace: Pace) -> float:
    """The follower's law in small steps, from standstill to where a segment counts as done."""
    left_m, speed, time_s = length_m, 0.0, 0.0
    while left_m > pace.done_m:
        slowed = min(math.sqrt(2.0 * pace.brake_mps2 * left_m), pace.approach_1ps * left_m)
        wanted = min(speed_mps, max(pace.creep_mps, slowed))
        speed = min(wanted, speed + pace.accel_mps2 * STEP_S)
        left_m -= speed * STEP_S
        time_s += STEP_S
    return time_s


@pytest.mark.parametrize("length_m", [0.2, 0.8, 1.4, 4.0, 15.0, 60.0])
@pytest.mark.parametrize("speed_mps", [0.1, 0.28, 0.9, 1.11, 2.8])
def test_a_line_takes_what_the_followers_law_takes(length_m: float, speed_mps: float) -> None:
    assert line_s(length_m, speed_mps, PACE) == pytest.approx(driven_s(length_m, speed_mps, PACE), rel=0.03, abs=0.15)


def turned_s(angle_rad: float, rate_radps: float, pace: Pace) -> float:
    """The follower's law of a pivot in small steps."""
    left_rad, time_s = angle_rad, 0.0
    while left_rad > pace.turn_done_rad:
        left_rad -= pace.turn_share * min(rate_radps, pace.turn_approach_1ps * left_rad) * STEP_S
        time_s += STEP_S
    return time_s + pace.turn_lag_s


@pytest.mark.parametrize("angle_deg", [0.3, 5.0, 20.0, 90.0, 180.0])
def test_a_pivot_takes_what_the_followers_law_takes(angle_deg: float) -> None:
    angle_rad, rate = math.radians(angle_deg), SHAPE.pivot_rate_radps
    assert turn_s(-angle_rad, rate, PACE) == pytest.approx(turned_s(angle_rad, rate, PACE), abs=0.01)


@given(st.lists(st.floats(0.0, 2000.0), min_size=1), st.floats(0.04, 3.0), st.sampled_from([PACE, None]))
def test_many_lines_and_pivots_take_what_each_takes(values: list[float], rate: float, pace: Pace | None) -> None:
    many = np.array(values)
    assert lines_s(many, rate, pace) == pytest.approx([line_s(value, rate, pace) for value in values])
    assert turns_s(many, rate, pace) == pytest.approx([turn_s(value, rate, pace) for value in values])


@given(st.floats(0.0, 500.0), st.floats(0.0, 500.0), st.floats(0.04, 3.0))
def test_a_longer_way_takes_no_less_and_a_stop_on_it_more(one_m: float, more_m: float, speed_mps: float) -> None:
    whole = line_s(one_m + more_m, speed_mps, PACE)
    assert whole >= line_s(one_m, speed_mps, PACE) - 1e-9
    assert whole >= (one_m + more_m - PACE.done_m) / speed_mps - 1e-9
    if min(one_m, more_m) > 2.0 * PACE.done_m:
        assert line_s(one_m, speed_mps, PACE) + line_s(more_m, speed_mps, PACE) >= whole - PACE.done_m / speed_mps


def test_the_working_speed_is_what_soil_and_depth_let_through() -> None:
    tool = MEMAT.tool
    # 0.9 x 0.6 x 170 kW / (1.5 MJ/m3 x 1.7 m x 0.2 m)
    assert load_speed_mps(tool, 0.2, 1.5) == pytest.approx(0.18)
    assert load_speed_mps(tool, 0.2, 3.0) == pytest.approx(0.09)
    assert pace_of(MEMAT, MISSION, 0.5).sweep_speed_mps == MEMAT.tracks.working_speed_mps
    assert math.isinf(load_speed_mps(tool.model_copy(update={"rotor_speed_rpm": 0.0}), 0.2, 1.5))


def segment(kind: SegmentKind, length_m: float, turn_rad: float = 0.0) -> Segment:
    speeds = {SegmentKind.SWATH: 0.28, SegmentKind.TRANSIT: 1.11, SegmentKind.REVERSE: 0.9, SegmentKind.TURN: 0.0}
    return Segment(
        seq=0, kind=kind, tool_down=kind is SegmentKind.SWATH, points_m=((0.0, 0.0), (length_m, 0.0)),
        yaw_start_rad=0.0, yaw_end_rad=turn_rad, speed_mps=speeds[kind], turn_rad=turn_rad,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "wait_s"),
    [
        ([], 5.4),  # 0.9 of the spin-up from standstill
        ([segment(SegmentKind.TRANSIT, 100.0), segment(SegmentKind.TURN, 0.0, 1.57)], 0.0),  # ahead in the turn
        ([segment(SegmentKind.TRANSIT, 100.0), segment(SegmentKind.TURN, 0.0, 0.0836)], 1.9),  # too short a turn
        ([segment(SegmentKind.TRANSIT, 200.0)], 0.0),  # the last metres of a long way are enough
        ([segment(SegmentKind.SWATH, 5.0)], 0.0),  # it runs on
        ([segment(SegmentKind.SWATH, 5.0), segment(SegmentKind.TRANSIT, 1.0)], 0.0),  # and on, over a short lift
    ],
)
def test_the_rotor_spins_up_on_the_move_before_a_swath(before: list[Segment], wait_s: float) -> None:
    last = times_of([*before, segment(SegmentKind.SWATH, 10.0)], SHAPE)[-1]
    assert last.before_s - PACE.lower_s == pytest.approx(wait_s, abs=0.3)
    assert last.after_s == PACE.raise_s


def test_without_a_pace_it_is_the_peers_cost_model() -> None:
    plain = msgspec.structs.replace(SHAPE, pace=None)
    path = [segment(SegmentKind.TURN, 0.0, 1.0), segment(SegmentKind.TRANSIT, 11.1), segment(SegmentKind.SWATH, 28.0)]
    assert whole_s(path, plain) == pytest.approx(1.0 / SHAPE.pivot_rate_radps + 10.0 + 100.0)
    assert ready_s(plain) == 0.0
