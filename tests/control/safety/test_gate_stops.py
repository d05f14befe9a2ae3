"""Stops and the ways out of them, each as an operator would live it."""

import pytest

from firmware_bridge.types import ControllerFlag, ControllerState, EngineMode, OperatorEdge, ToolMode
from tests.control.safety.gate_inputs import configured
from tests.control.safety.rig import Rig, driving
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety.masks import mask

E = OperatorEdge
TILTED = {"roll_rad": 0.6}


def seen_late() -> Rig:
    """Driving; what the operator has seen is three ticks old."""
    rig = driving()
    rig.delay_ticks = 3
    rig.step()
    rig.step()
    rig.run(3)
    return rig


def shocked(rig: Rig) -> None:
    """The controller reports a detonation in one tick."""
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.send()
    rig.status = {}


# --- stop reasons and their recovery --------------------------------------------------------------------------------
def test_a_stop_keeps_its_reason_until_the_reset() -> None:
    rig = driving()
    rig.send(E.STOP)
    rig.controls = {}
    rig.run(100)
    assert rig.mode is Mode.HOLD
    assert rig.report.reasons == ("operator_stop",)
    assert rig.state.shown == mask(StopReason.OPERATOR_STOP)
    assert rig.reset() is Mode.READY
    assert rig.report.reasons == ()
    assert rig.report.stop_reason == ""
    assert (rig.report.recovery, rig.report.text) == ("", "")


def test_after_a_stop_the_way_through_disarm_needs_the_reset_too() -> None:
    rig = driving().stop()
    rig.press(E.DISARM)
    assert rig.mode is Mode.DISARMED
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED
    rig.reset()
    rig.press(E.ARM)
    assert rig.mode is Mode.READY


def test_row_104_tilt_stops_and_only_recovery_drives_on_the_way_it_came() -> None:
    rig = driving()
    rig.estimate = TILTED
    rig.run(24)
    assert rig.mode is Mode.MANUAL
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    rig.controls = {}
    rig.run(60)
    rig.reset()
    assert rig.mode is Mode.READY
    rig.press(E.ARM)
    assert rig.mode is Mode.READY
    rig.press(E.RECOVERY)
    assert rig.mode is Mode.RECOVERY
    rig.run(151, hold_to_run=True)
    rig.controls = {"hold_to_run": True, "drive": -1.0, "rotor_request": True, "tool_mode": ToolMode.DEPTH}
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-0.1)
    assert rig.report.speed_cap_mps == 0.1
    assert rig.command.rotor_speed_radps == 0.0
    assert rig.command.tool_mode is ToolMode.HOLD


def test_in_recovery_a_new_reason_stops_although_it_would_be_tolerated_at_its_start() -> None:
    rig = driving()
    rig.estimate = TILTED
    rig.run(30)
    rig.to_recovery()
    rig.estimate = TILTED | {"imu_age_s": 0.5}
    rig.send(hold_to_run=True)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "tilt_unknown"
    assert rig.state.accepted == 0
    rig.to_recovery()
    assert rig.state.accepted == mask(StopReason.SLOPE, StopReason.TILT_UNKNOWN)


def test_an_unused_recovery_is_given_up_and_one_that_stood_warns_anew() -> None:
    rig = driving()
    rig.config = configured("safety", arm_unused_s=6.0)
    rig.estimate = TILTED
    rig.run(30)
    rig.to_recovery()
    assert not rig.send(hold_to_run=True).horn
    rig.run(250)
    assert not rig.command.horn
    assert rig.send(hold_to_run=True).horn
    rig.run(150)
    began = rig.tick - 150
    while rig.mode is Mode.RECOVERY:
        rig.send()
        assert rig.tick - began <= 302
    assert rig.tick - began == 301
    assert rig.report.stop_reason == "arm_unused"


def test_row_68_an_engine_fault_shuts_down_at_a_stand_and_after_the_reset_a_retreat_is_possible() -> None:
    rig = driving()
    rig.status = {"flags": ControllerFlag.OIL_PRESSURE_LOW}
    rig.run(24)
    assert rig.mode is Mode.MANUAL
    command = rig.send()
    assert rig.mode is Mode.FAULT
    assert command.engine is EngineMode.IDLE
    assert not command.kill
    rig.controls = {}
    rig.run(40)
    assert rig.command.engine is EngineMode.SHUTDOWN
    assert rig.mode is Mode.FAULT
    rig.to_recovery()
    assert rig.command.engine is EngineMode.WORK
    rig.send(E.STOP)
    rig.send()
    assert rig.mode is Mode.FAULT


def test_a_reset_too_early_for_the_rotor_does_not_strand_the_machine() -> None:
    rig = driving()
    turning = {"rotor_speed_radps": 0.25 * rig.rotor_radps}
    rig.controls, rig.status = {"hold_to_run": True, "rotor_request": True}, turning
    rig.run(30)
    rig.status = turning | {"flags": ControllerFlag.OIL_PRESSURE_LOW}
    rig.run(26)
    assert rig.reset() is Mode.FAULT
    rig.status = {"flags": ControllerFlag.OIL_PRESSURE_LOW}
    rig.run(10)
    assert rig.reset() is Mode.DISARMED
    rig.run(30)
    rig.to_recovery()


def test_the_horn_warns_of_what_is_armed_and_of_nothing_else() -> None:
    rig = Rig().to_ready()
    assert not rig.send().horn
    rig.press(E.ARM)
    assert rig.send().horn
    assert not rig.send(E.STOP).horn


OIL_LOW = {"flags": ControllerFlag.OIL_PRESSURE_LOW}


def test_what_was_accepted_may_come_and_go_in_recovery() -> None:
    rig = driving()
    rig.estimate = TILTED
    rig.run(30)
    rig.to_recovery()
    for belief in ({}, TILTED, {}, TILTED):
        rig.estimate = belief
        rig.run(30, hold_to_run=True)
        assert rig.mode is Mode.RECOVERY
        assert ("slope" in rig.report.reasons) is (belief == TILTED)


def test_recovery_begins_with_what_is_in_force_then() -> None:
    rig = Rig().to_ready()
    rig.estimate = TILTED
    rig.run(30)
    assert (rig.mode, rig.state.accepted) == (Mode.READY, 0)
    rig.press(E.RECOVERY)
    assert rig.state.accepted == mask(StopReason.SLOPE)
    rig.run(30, hold_to_run=True)
    assert rig.mode is Mode.RECOVERY


def test_what_was_accepted_may_come_back_on_the_way_to_recovery() -> None:
    rig = driving()
    rig.status = OIL_LOW
    rig.run(30)
    rig.controls = {}
    rig.run(40)
    assert rig.reset() is Mode.DISARMED
    rig.status = {}
    rig.press(E.ACKNOWLEDGE)
    rig.press(E.ARM)
    rig.status = OIL_LOW
    rig.run(30)
    assert (rig.mode, rig.state.latched) == (Mode.READY, mask(StopReason.OIL_PRESSURE_LOW))


def test_by_stick_a_fault_that_was_accepted_once_is_a_fault_again() -> None:
    rig = driving()
    rig.status = OIL_LOW
    rig.run(30)
    rig.controls = {}
    rig.run(40)
    assert rig.reset() is Mode.DISARMED
    rig.status = {}
    rig.press(E.ACKNOWLEDGE)
    rig.press(E.ARM)
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL
    rig.status = OIL_LOW
    rig.run(30)
    assert rig.mode is Mode.FAULT


def test_an_acknowledgement_by_a_station_that_saw_the_reason_counts() -> None:
    rig = driving()
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.send()
    assert rig.state.latch_tick == rig.tick
    rig.status = {}
    rig.controls = {}
    rig.send()
    assert rig.state.latched == mask(StopReason.DETONATION)
    assert rig.state.latch_tick == rig.tick - 1
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == 0


def test_who_saw_the_very_tick_that_raised_it_has_seen_it() -> None:
    rig = driving()
    shocked(rig)
    seen = rig.frame(E.ACKNOWLEDGE)
    assert seen.echo_tick == rig.state.latch_tick
    rig.step(seen)
    assert rig.state.latched == 0


def test_an_acknowledgement_older_than_the_reason_does_nothing() -> None:
    rig = seen_late()
    shocked(rig)
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == mask(StopReason.DETONATION)
    rig.send()
    rig.send()
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == 0


def test_who_saw_the_first_shock_does_not_acknowledge_a_second_one() -> None:
    rig = seen_late()
    for _ in range(2):
        shocked(rig)
        for _ in range(6):
            rig.send()
    shocked(rig)
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == mask(StopReason.DETONATION)
    for _ in range(3):
        rig.send()
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == 0


def test_news_that_need_no_acknowledgement_hold_none_up() -> None:
    rig = seen_late()
    shocked(rig)
    rig.run(6)
    assert "video_late" not in rig.report.reasons
    rig.send(video_age_ms=350)
    assert "video_late" in rig.report.reasons
    rig.send(E.ACKNOWLEDGE, video_age_ms=350)
    assert rig.state.latched == 0


def test_a_reason_in_force_cannot_be_acknowledged_and_a_latch_blocks_the_reset() -> None:
    rig = driving()
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.send()
    rig.controls = {}
    rig.run(60)
    rig.press(E.ACKNOWLEDGE)
    rig.status = {}
    rig.run(2)
    assert "detonation" in rig.report.reasons
    assert rig.report.recovery == "P"
    # a detonation is one of those that RECOVERY tolerates: it resets, but does not arm
    rig.reset()
    rig.press(E.ARM)
    assert rig.mode is Mode.READY
    rig.press(E.ACKNOWLEDGE)
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL


def test_row_69_fire_acts_in_one_tick_and_needs_a_hand_at_the_machine() -> None:
    rig = driving()
    rig.status = {"flags": ControllerFlag.FIRE}
    command = rig.send()
    assert rig.mode is Mode.ESTOP
    assert (command.kill, command.suppression, command.engine) == (True, True, EngineMode.SHUTDOWN)
    rig.status = {}
    rig.controls = {}
    rig.run(60)
    assert not rig.command.suppression
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.ESTOP
    rig.status = {"flags": ControllerFlag.ESTOP_CHAIN_OPEN}
    rig.run(2)
    assert rig.state.latched & mask(StopReason.FIRE), "pressed is not yet released"
    rig.status = {"state": ControllerState.ESTOP}
    rig.run(2)
    assert rig.reset() is Mode.ESTOP
    assert rig.state.latched & mask(StopReason.FIRE)
    rig.status = {}
    rig.run(2)
    assert not rig.state.latched
    assert rig.reset() is Mode.DISARMED


@pytest.mark.parametrize("left_mps", [0.5, -0.5])
def test_row_15_a_stop_that_does_not_end_is_an_estop_after_the_brakes_had_their_second(left_mps: float) -> None:
    """Straight on or on the spot, where the body's own speed is none."""
    rig = driving()
    rig.status = {"track_left_mps": left_mps, "track_right_mps": 0.5}
    rig.send(E.STOP)
    began = rig.tick
    while rig.mode is not Mode.ESTOP:
        rig.send()
        assert rig.tick - began <= 252
    assert rig.tick - began == 251
    assert rig.report.stop_reason == "runaway"
    rig.status = {}
    rig.controls = {}
    rig.run(30)
    assert rig.reset() is Mode.ESTOP
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.DISARMED


def test_a_stop_waits_for_a_measured_stand() -> None:
    rig = driving()
    rig.status = {"track_left_mps": 0.1}
    rig.send(E.STOP)
    for _ in range(400):
        rig.step(rig.frame(), status_fresh=False)
    assert rig.mode is Mode.STOPPING
    rig.controls, rig.status = {}, {}
    rig.run(2)
    assert rig.mode is Mode.HOLD


def test_rows_70_107_sliding_while_braked_stops_with_horn_and_keeps_the_engine() -> None:
    rig = driving().stop()
    rig.status = {"track_left_mps": 0.3, "track_right_mps": 0.3}
    rig.run(9)
    assert rig.mode is Mode.HOLD
    command = rig.send()
    assert rig.mode is Mode.STOPPING
    assert (command.horn, command.brake, command.engine) == (True, True, EngineMode.IDLE)
    assert rig.state.latched == mask(StopReason.MOVED_WHILE_BRAKED)
    rig.send()
    assert not rig.command.horn
    rig.status = {}
    rig.run(30)
    assert rig.mode is Mode.HOLD
    assert rig.reset() is Mode.HOLD
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.READY


def test_row_34_a_lost_controller_stops_and_comes_back_by_reset() -> None:
    rig = driving()
    for _ in range(7):
        rig.step(rig.frame(), status_fresh=False)
    assert rig.mode is Mode.MANUAL
    rig.step(rig.frame(), status_fresh=False)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "controller_lost"
    rig.controls = {}
    rig.run(60)
    assert rig.reset() is Mode.READY


@pytest.mark.parametrize(
    ("cause", "reason", "mode"),
    [
        ({"boot_count": 2}, "controller_reset", Mode.FAULT),
        ({"status_count": 7}, "controller_hung", Mode.ESTOP),
        ({"flags": ControllerFlag.SHOCK}, "detonation", Mode.HOLD),
    ],
)
def test_what_stopped_is_told_until_the_reset_also_after_it_was_acknowledged(
    cause: dict[str, object], reason: str, mode: Mode
) -> None:
    rig = driving()
    rig.status = cause
    rig.run(12)
    rig.controls = {}
    rig.status = {"boot_count": 2} if "boot_count" in cause else {}
    rig.run(60)
    rig.press(E.ACKNOWLEDGE)
    rig.send()
    assert (rig.mode, rig.state.latched, rig.report.stop_reason) == (mode, 0, reason)
    rig.reset()
    assert (rig.mode in (Mode.READY, Mode.DISARMED), rig.report.stop_reason) == (True, "")


def test_row_35_a_reset_of_the_controller_is_a_fault() -> None:
    rig = driving()
    rig.status = {"boot_count": 2}
    rig.send()
    assert rig.mode is Mode.FAULT
    rig.controls = {}
    rig.run(60)
    assert rig.reset() is Mode.FAULT
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.DISARMED


# --- missions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late_ticks", [-1, 0])
def test_an_emergency_stop_is_released_by_who_saw_that_it_was_pressed(late_ticks: int) -> None:
    rig = driving()
    rig.send(E.ESTOP)
    rig.controls = {}
    rig.run(50)
    rig.send(E.ESTOP)
    pressed = rig.tick
    assert rig.state.estop_tick == pressed
    rig.send(E.RELEASE_ESTOP, echo_tick=pressed + late_ticks)
    assert rig.state.estop_latched is (late_ticks < 0)
    assert rig.state.estop_tick == pressed


def test_a_release_that_comes_too_late_presses_nothing() -> None:
    """Of the next holder, over a slower radio, when it has been pressed and released already."""
    rig = driving().stop()
    pressed = rig.tick + 2
    for ticks, own, other in (
        (1, E.NONE, E.NONE),
        (2, E.ESTOP, E.NONE),
        (3, E.RELEASE_ESTOP, E.NONE),
        (4, E.RELEASE, E.NONE),
        (5, E.NONE, E.TAKE),
        (6, E.NONE, E.RELEASE_ESTOP),
    ):
        rig.step(rig.frame(own), rig.frame(other, station_id=2, echo_tick=pressed - 8 + ticks))
        assert rig.state.estop_latched is (ticks == 2)
    assert (rig.state.holder, rig.state.estop_tick) == (2, pressed)
