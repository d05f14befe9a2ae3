"""The follower in closed loop with a kinematic machine: the tool's error decays, forward and in reverse."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.marks import examples
from vehicle.contracts.geometry import along_cross_m, offset_m
from vehicle.contracts.messages import DriveKind, Estimate, MissionPhase, Task
from vehicle.contracts.units import TICK_S, wrap_rad
from vehicle.control.drive import follower

pytestmark = pytest.mark.long

CONFIG = builders.config()
AHEAD_M = CONFIG.machine.tool.ahead_m
YAW_RAD = 0.7
LENGTH_M = 30.0


def drive(
    cross_m: float, skew_rad: float, direction: int, slip_1pm: float = 0.0, creep: float = 0.0, fed_forward: bool = True
) -> list[tuple[float, float]]:
    """(cross-track of the tool, cross-track of the origin) over a 30 m line."""
    body_yaw = YAW_RAD if direction > 0 else wrap_rad(YAW_RAD + math.pi)
    (x, y), yaw = offset_m((0.0, 0.0), YAW_RAD, 0.0, cross_m), wrap_rad(body_yaw + skew_rad)
    errors, speed = [], direction * 0.28
    for _ in range(round(LENGTH_M / 0.28 / TICK_S)):
        tool = offset_m((x, y), yaw, AHEAD_M)
        along, origin_cross = along_cross_m((x, y), (0.0, 0.0), YAW_RAD)
        _, tool_cross = along_cross_m(tool, (0.0, 0.0), YAW_RAD)
        learned = slip_1pm if fed_forward else 0.0
        estimate: Estimate = builders.estimate(
            x, y, yaw, speed_mps=speed, tool_east_m=tool[0], tool_north_m=tool[1], crab_rad=creep,
            slip_curvature_1pm=learned,
        )  # fmt: skip
        task = Task(
            phase=MissionPhase.MOVE, drive=DriveKind.LINE, course_rad=YAW_RAD, length_m=LENGTH_M + 5.0,
            direction=direction, speed_mps=0.28, along_m=along, cross_track_m=tool_cross,
        )  # fmt: skip
        request = follower.step(task, estimate, CONFIG, 1.0)
        speed = request.speed_mps
        yaw = wrap_rad(yaw + (request.yaw_rate_radps - speed * slip_1pm) * TICK_S)
        lateral = abs(speed) * math.tan(creep)
        x += (speed * math.cos(yaw) - lateral * math.sin(yaw)) * TICK_S
        y += (speed * math.sin(yaw) + lateral * math.cos(yaw)) * TICK_S
        errors.append((tool_cross, origin_cross))
    return errors


@settings(max_examples=examples(25), deadline=None)
@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.sampled_from([1, -1]))
def test_error_decays_from_any_start(cross_m: float, skew_rad: float, direction: int) -> None:
    errors = drive(cross_m, skew_rad, direction)
    assert abs(errors[-1][0]) < 0.01
    assert max(abs(tool) for tool, _ in errors) < abs(cross_m) + AHEAD_M * abs(math.sin(skew_rad)) + 0.15


@settings(max_examples=examples(15), deadline=None)
@given(st.floats(-0.05, 0.05), st.floats(-0.03, 0.03), st.sampled_from([1, -1]))
def test_known_slip_and_creep_leave_no_offset_at_the_tool(slip_1pm: float, creep: float, direction: int) -> None:
    errors = drive(0.0, 0.0, direction, slip_1pm, creep)
    settled = [abs(tool) for tool, _ in errors[len(errors) // 2 :]]
    assert max(settled) < 0.01


def test_unknown_slip_would_leave_an_offset() -> None:
    """The check above can fail: without the learned curvature the tool runs centimetres beside its line."""
    errors = drive(0.0, 0.0, 1, slip_1pm=0.07, fed_forward=False)
    assert abs(errors[-1][0]) > 0.05


@settings(max_examples=examples(25), deadline=None)
@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1))
def test_pivot_turns_as_the_plan_says(start_rad: float, turn_rad: float) -> None:
    yaw, turned = start_rad, 0.0
    goal = wrap_rad(start_rad + turn_rad)
    task = Task(phase=MissionPhase.MOVE, drive=DriveKind.PIVOT, yaw_goal_rad=goal, turn_rad=turn_rad)
    for _ in range(3000):
        rate = follower.step(task, builders.estimate(0.0, 0.0, yaw), CONFIG, 1.0).yaw_rate_radps
        yaw, turned = wrap_rad(yaw + rate * TICK_S), turned + rate * TICK_S
    assert abs(turned - turn_rad) < math.radians(0.4)


def test_load_slows_only_the_working_tool() -> None:
    task = Task(phase=MissionPhase.WORK, drive=DriveKind.LINE, length_m=10.0, speed_mps=0.28, tool_down=True)
    moving = Task(phase=MissionPhase.MOVE, drive=DriveKind.LINE, length_m=10.0, speed_mps=0.28, tool_down=False)
    estimate = builders.estimate(speed_mps=0.28)
    assert follower.step(task, estimate, CONFIG, 0.5).speed_mps == 0.14
    assert follower.step(moving, estimate, CONFIG, 0.5).speed_mps == 0.28


def test_the_set_point_never_runs_far_ahead_of_the_machine() -> None:
    task = Task(phase=MissionPhase.MOVE, drive=DriveKind.LINE, length_m=30.0, speed_mps=1.1, direction=-1)
    ahead = follower.ACCEL_HORIZON_S * CONFIG.machine.tracks.accel_mps2
    for speed in (0.0, -0.4, 0.2):
        wanted = follower.step(task, builders.estimate(speed_mps=speed), CONFIG, 1.0).speed_mps
        assert -max(0.0, -speed) - ahead - 1e-9 <= wanted < 0.0
