"""A sagging rotor slows the tracks at once, and never so late that credit is already lost."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from vehicle.contracts.messages import MissionPhase, Task, ToolMode
from vehicle.control.flail import governor
from vehicle.control.state import FlailState, WireState

CONFIG = builders.config()
NOMINAL = CONFIG.machine.tool.rotor_speed_radps
AT_SPEED = CONFIG.mission.rotor_at_speed_ratio
WORK = Task(phase=MissionPhase.WORK, rotor_on=True, tool_down=True)


FULL_POWER_W = CONFIG.machine.tool.rotor_power_w * CONFIG.machine.tool.rotor_efficiency_ratio


def state_after(
    rotor_ratio: float, depth_m: float = 0.25, led: float = 1.0, load: float = 0.5, ticks: int = 1, speed: float = 1.0
) -> FlailState:
    radps = rotor_ratio * NOMINAL
    torque = load * FULL_POWER_W / radps if radps > 0.0 else 0.0
    belt = CONFIG.machine.tracks.working_speed_mps * speed
    status = builders.status(
        rotor_speed_radps=radps, rotor_torque_nm=torque, depth_m=depth_m, track_left_mps=belt, track_right_mps=belt
    )
    wire = WireState(status=status)
    state = FlailState(led_ratio=led)
    for _ in range(ticks):
        state = governor.step(state, wire, WORK, CONFIG)
    return state


def ratio(rotor_ratio: float, depth_m: float = 0.25) -> float:
    return state_after(rotor_ratio, depth_m).speed_ratio


@given(st.floats(0.0, 1.2), st.floats(0.0, 1.2))
def test_less_rotor_never_allows_more_speed(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert ratio(low) <= ratio(high)


def test_it_stands_before_credit_is_withheld_and_runs_free_at_full_speed() -> None:
    assert ratio(AT_SPEED) == 0.0
    assert 0.0 < ratio(AT_SPEED + 0.03) < 1.0
    assert ratio(1.0) == 1.0


@given(st.floats(0.0, 2.0), st.floats(0.1, 1.0))
def test_load_leads_the_speed_and_never_out_of_bounds(load: float, led: float) -> None:
    after = state_after(1.0, led=led, load=load, ticks=10).led_ratio
    assert governor.SPEED_RATIO_MIN <= after <= 1.0
    if load > governor.LOAD_WISH_RATIO:
        assert after <= led
    else:
        assert after >= led


def test_a_machine_that_stands_teaches_the_governor_nothing() -> None:
    assert state_after(1.0, led=0.4, load=0.1, ticks=50, speed=0.0).led_ratio == 0.4
    assert state_after(1.0, led=0.4, load=0.1, ticks=50, speed=1.0).led_ratio > 0.4


@pytest.mark.parametrize(
    ("dead", "led", "speed"),
    [
        ({"rotor_torque_nm": math.nan}, governor.SPEED_RATIO_MIN, governor.SPEED_RATIO_MIN),
        ({"rotor_speed_radps": math.nan}, governor.SPEED_RATIO_MIN, 0.0),
        ({"depth_m": math.nan}, 1.0, 0.2),
        ({"depth_sigma_m": math.nan}, 1.0, 0.2),
    ],
)
def test_an_unknown_reading_is_the_slow_one(dead: dict[str, float], led: float, speed: float) -> None:
    belt = CONFIG.machine.tracks.working_speed_mps
    readings = {"rotor_speed_radps": NOMINAL, "depth_m": 0.25, "track_left_mps": belt, "track_right_mps": belt}
    status = builders.status(**(readings | dead))
    after = governor.step(FlailState(led_ratio=1.0), WireState(status=status), WORK, CONFIG)
    assert (after.led_ratio, after.speed_ratio) == (led, speed)


def test_lowering_waits_for_the_rotor() -> None:
    lower = Task(phase=MissionPhase.LOWER, rotor_on=True, tool_down=True)
    free = builders.status(rotor_speed_radps=NOMINAL, depth_m=0.05)
    sagging = builders.status(rotor_speed_radps=AT_SPEED * NOMINAL, depth_m=0.05)
    assert governor.request(lower, free, CONFIG, 0.2, 0.3).tool_value_m > 0.05
    assert governor.request(lower, sagging, CONFIG, 0.2, 0.3).tool_value_m == 0.05
    deep = builders.status(rotor_speed_radps=NOMINAL, depth_m=0.199)
    assert governor.request(lower, deep, CONFIG, 0.2, 0.3).tool_value_m == 0.2


def test_a_rising_tool_slows() -> None:
    assert ratio(1.0, depth_m=CONFIG.mission.required_depth_m) < ratio(
        1.0, depth_m=CONFIG.mission.required_depth_m + 0.05
    )


def test_requests_by_phase() -> None:
    idle = governor.request(Task(phase=MissionPhase.PAUSED), None, CONFIG, 0.17, 0.3)
    assert (idle.tool_mode, idle.rotor_speed_radps) == (ToolMode.HOLD, 0.0)
    work = governor.request(WORK, None, CONFIG, 0.17, 0.3)
    assert (work.tool_mode, work.tool_value_m, work.rotor_speed_radps) == (ToolMode.DEPTH, 0.17, NOMINAL)
    move = governor.request(Task(phase=MissionPhase.MOVE), None, CONFIG, 0.17, 0.3)
    assert (move.tool_mode, move.tool_value_m, move.rotor_speed_radps) == (ToolMode.HEIGHT, 0.3, 0.0)
