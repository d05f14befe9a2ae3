"""Rows that need a scene of their own, on the full stack."""

import inspect

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from firmware_bridge.types import EngineMode, OperatorEdge
from tests.campaign.scenes import made, manual, work
from tests.marks import some
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_S

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)


def until_reason(drill: FaultScenario, name: str, limit_s: float) -> float:
    """Seconds until the reason is in force; infinity where it is not in time."""
    for tick in range(round(limit_s / TICK_S)):
        drill.step()
        if name in drill.reasons:
            return (tick + 1) * TICK_S
    return float("inf")


def test_row_13_without_a_console_nothing_ever_moves() -> None:
    drill = FaultScenario()
    drill.hands.silent = True
    drill.drive(Goal.MISSION).run(30.0)
    assert drill.mode is Mode.DISARMED
    assert drill.watch.finish() == ()


def test_row_18_111_armed_with_a_deflected_stick_it_stays_where_it_is() -> None:
    drill = FaultScenario()
    drill.hands.stick = 0.4
    drill.drive(Goal.MANUAL, 0.4).run(15.0)
    assert drill.mode not in DRIVING
    drill.hands.stick = None
    assert drill.moves(15.0)


def test_row_20_a_stuck_hold_arms_nothing() -> None:
    drill = FaultScenario()
    drill.hands.hold_stuck = True
    drill.drive(Goal.MANUAL, 0.4).run(15.0)
    assert drill.mode not in DRIVING


def test_row_41_a_controller_of_another_configuration_is_not_armed() -> None:
    drill = FaultScenario()
    drill.world.controller._config_hash = b"\1" * 8
    drill.world.controller.reboot(0)
    drill.drive(Goal.MANUAL, 0.4).run(15.0)
    assert drill.mode is Mode.BOOT
    assert "handshake" in drill.reasons


@pytest.mark.parametrize("watchdog_ms", [0, 201])
def test_row_41_a_controller_without_a_safe_watchdog_is_not_armed(watchdog_ms: int) -> None:
    drill = FaultScenario()
    controller = drill.world.controller
    controller._params = msgspec.structs.replace(controller._params, watchdog_ms=watchdog_ms)
    controller.reboot(0)
    drill.drive(Goal.MANUAL, 0.4).run(15.0)
    assert drill.mode not in (Mode.READY, *DRIVING)
    assert {"handshake", "controller_fault"} <= set(drill.reasons), "as the C reference announces and latches it"


def test_row_56_a_rotor_that_does_not_come_up_ends_the_attempt() -> None:
    drill = FaultScenario()
    drill.world.flail.power_ratio = 0.0
    drill.drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_MOVE,), 10.0)
    here = drill.world.tracks.east_m
    assert until_reason(drill, "rotor_spin_up", 14.0) <= 8.0 + 3.2, "8 s, after 3 s of horn"
    drill.hands.goal = Goal.REST
    drill.run(1.0)
    assert drill.mode is Mode.HOLD
    assert drill.world.controller.outputs.rotor_radps == 0.0
    assert drill.world.tracks.east_m == here
    drill.world.flail.power_ratio = 1.0
    drill.drive(Goal.MISSION)
    assert drill.moves(60.0)
    assert drill.watch.finish() == ()


def test_row_60_a_rotor_that_does_not_stop_is_a_fault_and_then_an_estop() -> None:
    drill = work()
    drill.world.flail.rotor_stuck_radps = 40.0
    drill.hands.goal = Goal.REST
    FAULTS["stop_pressed"].inject(drill, 1.0)
    drill.run(0.3)
    FAULTS["stop_pressed"].heal(drill)
    assert 5.0 < until_reason(drill, "rotor_not_stopping", 8.0) <= 6.5
    assert drill.mode is Mode.FAULT
    drill.run(5.0)
    assert drill.mode in (Mode.ESTOP, Mode.FAULT)
    assert drill.watch.finish() == ()


def test_rows_70_107_sliding_in_hold_brakes_sounds_the_horn_and_keeps_the_engine() -> None:
    drill = manual()
    drill.hands.goal, drill.hands.pressed = Goal.REST, OperatorEdge.STOP
    drill.run(3.0)
    drill.hands.pressed = OperatorEdge.NONE
    assert drill.mode is Mode.HOLD
    FAULTS["slides_braked"].inject(drill, 0.4)
    taken_s = min(until_reason(drill, "moved_while_braked", 1.0), 9.0)
    assert taken_s <= 0.6
    drill.run(0.4)
    assert drill.mode in (Mode.STOPPING, Mode.HOLD)
    assert drill.world.controller.outputs.horn
    assert drill.world.engine.mode is EngineMode.IDLE
    assert drill.world.engine.running
    FAULTS["slides_braked"].heal(drill)
    drill.run(2.0)
    drill.attended = True
    drill.drive(Goal.MANUAL, 0.3)
    assert drill.moves(30.0)
    assert drill.watch.finish() == ()


def test_row_71_a_track_that_runs_on_its_own_is_told_and_stopped() -> None:
    drill = manual()
    drill.world.tracks.stuck_left_mps = 0.3
    drill.hands.goal, drill.hands.pressed = Goal.REST, OperatorEdge.STOP
    assert until_reason(drill, "track_stuck", 3.0) <= 1.5
    drill.hands.pressed = OperatorEdge.NONE
    drill.run(8.0)
    assert drill.world.tracks.standing, "the brakes hold what the valve does not"
    assert drill.watch.finish() == ()


def test_row_117_without_a_sign_of_attention_a_mission_ends() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=2))
    drill.drive(Goal.MISSION)
    drill.hands.forgets = OperatorEdge.ATTENTION
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    assert until_reason(drill, "attention_asked", 90.0) < 90.0
    assert until_reason(drill, "attention_late", 11.0) == pytest.approx(10.0)
    drill.run(1.0)
    for _ in range(420):
        drill.step()
        assert abs(drill.state.gate.set_mps[0]) <= 0.08, "in a curve one belt is a little faster"
    drill.hands.forgets |= OperatorEdge.MISSION_START | OperatorEdge.RESET
    assert until_reason(drill, "attention", 1.0) == pytest.approx(0.6)
    assert drill.mode is Mode.WAIT
    drill.run(0.5)
    assert drill.world.tracks.standing
    drill.run(19.4)
    assert drill.mode is Mode.WAIT
    drill.run(0.3)
    assert drill.mode in (Mode.STOPPING, Mode.HOLD), "40 s after the question"
    assert drill.watch.finish() == ()


def test_row_117_an_operator_who_answers_is_not_slowed() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=2))
    drill.drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    asked = 0
    for _ in range(round(100.0 / TICK_S)):
        before = drill.reasons
        drill.step()
        asked += "attention_asked" in drill.reasons and "attention_asked" not in before
        assert "attention_late" not in drill.reasons
    assert 1 <= asked <= 5
    assert drill.mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK)
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("slip", some([0.94, 0.5, 0.7], 1, pytest.mark.release))
def test_row_106_tracks_that_dig_credit_no_ground_that_the_tool_did_not_reach(slip: float) -> None:
    drill = work(2)
    FAULTS["tracks_dig"].inject(drill, slip)
    for _ in range(200):
        drill.step()
        assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0, drill.time_s
        if drill.mode not in DRIVING:
            break
    drill.run(1.0)
    assert drill.watch.finish() == ()


def test_a_copy_goes_on_as_the_scene_itself() -> None:
    """Also through a fault and a restart, which reach for everything that a drill is made of."""
    itself, copied = made(inspect.unwrap(work), 1), work()
    assert repr(inspect.unwrap(work)(1).state) == repr(copied.state)
    for drill in (copied, work()):
        before = itself.ticks
        FAULTS["process_killed"].inject(drill, 1.0)
        drill.run(1.0)
        FAULTS["process_killed"].heal(drill)
        drill.run(1.0)
        assert itself.ticks == before
    fresh = inspect.unwrap(work)(1)
    FAULTS["process_killed"].inject(fresh, 1.0)
    fresh.run(1.0)
    FAULTS["process_killed"].heal(fresh)
    fresh.run(1.0)
    assert repr(fresh.state) == repr(copied.state) == repr(drill.state)
