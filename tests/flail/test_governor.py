"""A sagging rotor slows the tracks at once, and never so late that credit is already lost."""

from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from vehicle.flail import governor
from vehicle.messages import MissionPhase, Task, ToolMode
from vehicle.state import FlailState, WireState

CONFIG = builders.config()
NOMINAL = CONFIG.machine.tool.rotor_speed_radps
AT_SPEED = CONFIG.mission.rotor_at_speed_ratio
WORK = Task(phase=MissionPhase.WORK, rotor_on=True, tool_down=True)


def ratio(rotor_ratio: float, depth_m: float = 0.2, before: float = 1.0) -> float:
    wire = WireState(status=builders.status(rotor_speed_radps=rotor_ratio * NOMINAL, depth_m=depth_m))
    return governor.step(FlailState(speed_ratio=before), wire, WORK, CONFIG).speed_ratio


@given(st.floats(0.0, 1.2), st.floats(0.0, 1.2))
def test_less_rotor_never_allows_more_speed(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert ratio(low) <= ratio(high)


def test_it_stands_before_credit_is_withheld_and_runs_free_at_full_speed() -> None:
    assert ratio(AT_SPEED) == 0.0
    assert 0.0 < ratio(AT_SPEED + 0.03) < 1.0
    assert ratio(1.0) == 1.0


@given(st.floats(0.0, 1.0), st.floats(0.9, 1.1))
def test_it_falls_at_once_and_recovers_slowly(before: float, rotor_ratio: float) -> None:
    after = ratio(rotor_ratio, before=before)
    assert after <= before + governor.RECOVER_PER_TICK + 1e-12


def test_a_rising_tool_slows() -> None:
    assert ratio(1.0, depth_m=CONFIG.mission.required_depth_m) < ratio(
        1.0, depth_m=CONFIG.mission.required_depth_m + 0.05
    )


def test_requests_by_phase() -> None:
    idle = governor.request(Task(phase=MissionPhase.PAUSED), CONFIG, 0.17, 0.3)
    assert (idle.tool_mode, idle.rotor_speed_radps) == (ToolMode.HOLD, 0.0)
    work = governor.request(WORK, CONFIG, 0.17, 0.3)
    assert (work.tool_mode, work.tool_value_m, work.rotor_speed_radps) == (ToolMode.DEPTH, 0.17, NOMINAL)
    move = governor.request(Task(phase=MissionPhase.MOVE), CONFIG, 0.17, 0.3)
    assert (move.tool_mode, move.tool_value_m, move.rotor_speed_radps) == (ToolMode.HEIGHT, 0.3, 0.0)
