"""The controller's line is slow, becomes slow, or loses one direction: stops stay in time, and none is undone."""

import pytest

from campaign import sim_operator
from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.safety_monitor import KILL_MAX_TICKS
from campaign.sim_operator import Goal
from firmware_bridge.command import ActuatorCommand
from firmware_bridge.types import OperatorEdge
from tests.campaign.scenes import SCENES, copied, slow
from tests.marks import every, some
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S
from vehicle.control.safety import gate
from vehicle.control.safety.lease import LINE_MAX_MS

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
WITHIN = [(0, 0), (4, 0), (0, 4), (4, 4), (8, 0), (0, 9)]
"""Ticks of delay of commands, and of what comes back."""
BEYOND = [(6, 6), (12, 0), (0, 12), (30, 0), (0, 40)]
STOP_MAX_MS, FAST_MAX_MS = 500.0, 200.0


def delayed(drill: FaultScenario, down_ticks: int, up_ticks: int) -> FaultScenario:
    drill.line.down_ticks, drill.line.up_ticks = down_ticks, up_ticks
    return drill


GOALS = {"work": (Goal.MISSION, 0.0, 0.0), "manual": (Goal.MANUAL, 0.25, 0.02), "slow": (Goal.MANUAL, 0.14, 0.0)}


@copied
def under_way(scene: str, down_ticks: int, up_ticks: int) -> FaultScenario:
    """Driving over a line that was slow from the start."""
    drill = delayed(FaultScenario(), down_ticks, up_ticks)
    goal, drive, turn = GOALS[scene]
    drill.drive(goal, drive, turn)
    assert drill.moves(25.0), (drill.mode, drill.reasons)
    return drill


@pytest.mark.parametrize(("down_ticks", "up_ticks"), some(WITHIN[::-1], 2, pytest.mark.release))
@pytest.mark.parametrize("scene", ["work", "manual"])
def test_within_the_bound_it_drives_and_stops_in_time(scene: str, down_ticks: int, up_ticks: int) -> None:
    drill = under_way(scene, down_ticks, up_ticks).run(10.0)
    assert drill.mode in DRIVING, drill.reasons
    assert drill.watch.stops == 0
    drill.radio.up.cut = drill.radio.down.cut = True
    drill.run(2.5)
    assert drill.mode in (Mode.HOLD, Mode.STOPPING)
    assert drill.watch.latency_ms <= STOP_MAX_MS
    assert drill.watch.finish() == ()


def test_a_command_that_was_on_its_way_when_the_stop_came_is_no_restart() -> None:
    drill = delayed(FaultScenario(), 8, 0)
    drill.drive(Goal.MANUAL, 0.0)
    assert drill.until((Mode.MANUAL,), 10.0)
    drill.run(1.0)
    drill.drive(Goal.MANUAL, 0.25).run(2.0)
    assert (drill.mode, drill.watch.setpoint_mps) == (Mode.MANUAL, 0.0)
    drill.hands.pressed, drill.hands.goal = OperatorEdge.STOP, Goal.REST
    assert drill.until((Mode.STOPPING, Mode.HOLD), 0.3)
    assert drill.watch.setpoint_mps == 0.0
    moved = False
    for _ in range(50):
        drill.step()
        moved |= drill.watch.setpoint_mps > 0.0
    assert moved
    assert drill.watch.finish() == ()


@pytest.mark.parametrize(("down_ticks", "up_ticks"), every(2, WITHIN))
def test_a_delay_that_begins_with_the_silence_shortens_the_lease_by_itself(down_ticks: int, up_ticks: int) -> None:
    for scene in ("work", "manual", "slow"):
        drill = SCENES[scene]()
        drill.radio.up.cut = drill.radio.down.cut = True
        for late_ticks in range(25):
            if late_ticks == 4:
                delayed(drill, down_ticks, up_ticks)
            drill.step()
        drill.run(2.0)
        assert drill.watch.latency_ms <= STOP_MAX_MS, scene
        assert drill.watch.finish() == ()


@pytest.mark.parametrize("begins", ["with the silence", "two ticks into it", "before"])
@pytest.mark.parametrize(("down_ticks", "up_ticks"), [(0, 0), (1, 1), (30, 0), (0, 30)])
def test_a_fast_machine_stops_within_200_ms_whatever_the_line_does(down_ticks: int, up_ticks: int, begins: str) -> None:
    drill = SCENES["fast"]()
    if begins == "before":
        delayed(drill, down_ticks, up_ticks)
        drill.step()
    setpoint_mps = drill.watch.setpoint_mps
    drill.radio.up.cut = drill.radio.down.cut = True
    for tick in range(100):
        if (begins, tick) in {("with the silence", 0), ("two ticks into it", 2)}:
            delayed(drill, down_ticks, up_ticks)
        drill.step()
    assert setpoint_mps > 0.3
    assert drill.watch.latency_ms <= FAST_MAX_MS
    assert drill.watch.finish() == ()


def pressed_at_the_machine(down_ticks: int, up_ticks: int) -> FaultScenario:
    """An E-stop at a machine whose line became slow; the vehicle has just learned of it."""
    drill = delayed(SCENES["slow"](), down_ticks, up_ticks).run(1.0)
    FAULTS["estop_at_machine"].inject(drill, 1.0)
    drill.drive(Goal.REST)
    assert drill.until((Mode.ESTOP,), 3.0), drill.reasons
    return drill


@pytest.mark.parametrize("heals_after_ticks", [0, 3, 50])
def test_the_kill_of_an_estop_comes_100_ms_and_the_delay_of_the_line_later(heals_after_ticks: int) -> None:
    drill = pressed_at_the_machine(9, 19)
    for tick in range(50):
        if tick == heals_after_ticks:
            delayed(drill, 0, 0)
        drill.step()
        if drill.world.controller.killed:
            break
    assert tick <= 9, "the first command with the kill is not overtaken and waits for no other"
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("down_ticks", [0, 9])
def test_a_kill_that_never_comes_is_told_whatever_the_delay(down_ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    build = ActuatorCommand
    monkeypatch.setattr(gate, "ActuatorCommand", lambda **fields: build(**(fields | {"kill": False})))
    drill = pressed_at_the_machine(down_ticks, 19)
    told_ticks = [tick for tick in range(30) if not drill.watch.breaches and drill.step() is None]
    assert [breach.name for breach in drill.watch.breaches] == ["estop_without_kill"]
    assert len(told_ticks) == KILL_MAX_TICKS + 1 + down_ticks


@pytest.mark.parametrize(("down_ticks", "up_ticks"), some(BEYOND, 3, pytest.mark.release))
def test_beyond_the_bound_it_does_not_arm_and_says_so(down_ticks: int, up_ticks: int) -> None:
    drill = delayed(FaultScenario(), down_ticks, up_ticks).drive(Goal.MANUAL, 0.25)
    for _ in range(round(12.0 / TICK_S)):
        drill.step()
        assert drill.mode not in DRIVING
    assert "line_delay" in drill.reasons or drill.mode is Mode.BOOT
    delayed(drill, 0, 0)
    assert drill.moves(30.0), drill.reasons
    assert drill.watch.finish() == ()


@pytest.mark.parametrize(("down_ticks", "up_ticks"), BEYOND[::2])
@pytest.mark.parametrize("scene", ["work", "slow"])
def test_beyond_the_bound_in_motion_it_stops_and_what_stopped_is_told(
    scene: str, down_ticks: int, up_ticks: int
) -> None:
    drill = delayed(SCENES[scene](), down_ticks, up_ticks)
    for _ in range(60):
        drill.step()
        if drill.mode not in DRIVING:
            drill.hands.goal = Goal.REST
    assert drill.mode not in DRIVING, (drill.mode, drill.reasons)
    assert set(drill.reasons) & {"line_delay", "controller_stopped", "controller_lost"}
    drill.drive(Goal.MANUAL, 0.25)
    delayed(drill, 0, 0)
    drill.attended = True
    assert drill.moves(60.0), (drill.mode, drill.reasons)
    assert drill.watch.finish() == ()


@pytest.mark.parametrize(
    "minutes", [pytest.param(2, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.release)]
)
@pytest.mark.parametrize("scene", some(["manual", "work"], 1, pytest.mark.release))
def test_at_80_ms_of_line_delay_and_a_clean_radio_no_stop_in_minutes(scene: str, minutes: int) -> None:
    drill = under_way(scene, 4, 4)
    for _ in range(minutes * 60 * 50):
        drill.step()
        if drill.hands.goal is Goal.MISSION and drill.mode not in DRIVING and drill.state.mission.phase == "done":
            return
        assert drill.mode in DRIVING, (drill.mode, drill.reasons, drill.time_s)
    assert drill.watch.stops == 0
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("cut_ticks", every(2, [5, 7, 8, 9, 15]))
@pytest.mark.parametrize("speed", [0.04, 0.14])
def test_a_wire_that_breaks_and_heals_below_10_cm_a_second_is_a_stop_if_the_controller_stopped(
    cut_ticks: int, speed: float
) -> None:
    drill = slow()
    drill.drive(Goal.MANUAL, speed, 0.0).run(3.0)
    drill.hands.forgets |= OperatorEdge.RESET
    drill.line.down_cut = True
    lapsed = False
    for _ in range(cut_ticks):
        drill.step()
        lapsed = lapsed or drill.world.controller.lease_expired
    drill.line.down_cut = False
    drill.run(0.3)
    lapsed = lapsed or drill.world.controller.lease_expired
    assert (drill.mode in DRIVING) is not lapsed, (drill.mode, drill.reasons)
    if lapsed:
        assert "controller_stopped" in drill.reasons or "controller_lost" in drill.reasons
        drill.drive(Goal.MANUAL, 0.0).run(2.0)
        drill.drive(Goal.MANUAL, speed).run(3.0)
        assert drill.watch.setpoint_mps == 0.0, "centre and push is no reset"
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("pause_frames", every(3, [1, 3, 5, 7, 9, 11, 13]))
@pytest.mark.parametrize(("down_ticks", "up_ticks"), [(0, 0), (2, 2), (4, 4), (8, 0), (0, 9)])
def test_the_answer_to_a_reset_is_no_new_stop_however_soon_it_is_armed(
    down_ticks: int, up_ticks: int, pause_frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller shows a reset for half a second as it shows its own stop, and a slow line shows that later."""
    drill = under_way("slow", down_ticks, up_ticks)
    drill.hands.pressed = OperatorEdge.STOP
    drill.drive(Goal.REST).run(1.0)
    drill.hands.pressed = OperatorEdge.NONE
    drill.run(1.0)
    stops = drill.watch.stops
    monkeypatch.setattr(sim_operator, "PAUSE_FRAMES", pause_frames)
    drill.drive(Goal.MANUAL, 0.14)
    assert drill.moves(12.0), (drill.mode, drill.reasons)
    assert drill.watch.stops == stops
    assert drill.watch.finish() == ()


def test_the_bound_is_the_one_that_the_manual_states() -> None:
    assert LINE_MAX_MS == 200
