"""Stops and the ways out of them, each as an operator would live it."""

import pytest

from firmware_bridge.types import ControllerFlag, ControllerState, EngineMode, FixType, OperatorEdge, ToolMode
from tests.safety.moments import configured
from tests.safety.rig import Rig
from vehicle.messages import DriveRequest, FlailRequest, MissionPhase, Mode
from vehicle.safety.masks import mask
from vehicle.safety.reasons import StopReason

E = OperatorEdge
TILTED = {"roll_rad": 0.6}


def driving(drive: float = 0.1) -> Rig:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls = {"hold_to_run": True, "drive": drive}
    rig.run(40)
    assert rig.report.driving
    return rig


# --- link -----------------------------------------------------------------------------------------------------------
def test_rows_1_5_silence_stops_a_slow_machine_before_450_ms() -> None:
    rig = driving()
    for _ in range(21):
        rig.step()
        assert rig.mode is Mode.MANUAL, rig.report.operator_age_s
    assert rig.report.operator_age_s == pytest.approx(0.44)
    rig.step()
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "link_lost"
    assert rig.report.recovery == "N"
    assert "RESET" in rig.report.text


def test_row_1_a_fast_machine_before_200_ms() -> None:
    rig = driving(drive=0.3)
    rig.run(100)
    rig.status = {}
    speed = 0.3 * rig.config.machine.tracks.transit_speed_mps
    assert speed > 0.31
    for _ in range(8):
        rig.step()
    assert rig.mode is Mode.MANUAL
    rig.step()
    assert rig.mode is Mode.STOPPING


def test_every_driving_command_ends_inside_t_stop_and_the_late_link_slows_first() -> None:
    rig = driving(drive=1.0)
    rig.status = {"track_left_mps": 0.0, "track_right_mps": 0.0}
    for _ in range(30):
        command = rig.step()
        age_ms = rig.report.operator_age_s * 1000
        speed = abs(rig.report.drive_speed_mps)
        if rig.report.driving:
            assert age_ms + command.valid_for_ms <= (450 if speed <= 0.3 else 200) + 1e-6
            assert speed <= 0.3 or age_ms < 200
            if age_ms >= 200:
                assert speed == pytest.approx(0.27)
                assert "link_slow" in rig.report.reasons
        else:
            assert command.valid_for_ms == 150


def test_row_3_a_flapping_link_stops_within_two_seconds() -> None:
    rig = driving()
    ticks = 0
    while rig.mode is Mode.MANUAL:
        ticks += 1
        rig.send() if ticks % 25 < 10 else rig.step()
        assert ticks <= 100
    assert rig.report.stop_reason == "link_flapping"


def test_row_4_a_dead_downlink_stops_because_the_echo_stands_still() -> None:
    rig = driving()
    echo = rig.tick
    ticks = 0
    while rig.mode is Mode.MANUAL:
        rig.send(echo_tick=echo)
        ticks += 1
    assert ticks <= 23
    assert rig.report.stop_reason == "link_lost"


@pytest.mark.parametrize(
    ("delay_ticks", "mode"), [(7, Mode.MANUAL), (12, Mode.MANUAL), (22, Mode.MANUAL), (23, Mode.STOPPING)]
)
def test_row_6_constant_delay_slows_and_then_stops(delay_ticks: int, mode: Mode) -> None:
    rig = driving()
    for delay in range(1, delay_ticks + 1):
        rig.delay_ticks = delay
        rig.send()
    rig.run(3)
    assert rig.mode is mode or (mode is Mode.STOPPING and rig.mode is Mode.HOLD)
    assert ("link_slow" in rig.report.reasons) is (delay_ticks >= 10 and mode is Mode.MANUAL)
    assert ("link_ageing" in rig.report.reasons) is (delay_ticks >= 8 and mode is Mode.MANUAL)


def test_row_7_a_burst_of_old_frames_moves_nothing() -> None:
    rig = driving()
    queue = []
    for _ in range(40):
        queue.append(rig.frame(drive=1.0))
        rig.step()
    assert rig.mode in (Mode.STOPPING, Mode.HOLD)
    rig.step(*queue)
    rig.run(30)
    assert rig.mode is Mode.HOLD


def test_rows_76_80_a_tick_that_comes_too_late_stops() -> None:
    rig = driving()
    rig.wire = {"overrun": True}
    rig.tick += 4
    rig.send()
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "loop_stall"


def test_row_17_release_stops_and_frees() -> None:
    rig = driving()
    rig.send(E.RELEASE)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "lease_released"
    assert rig.state.holder == 0
    assert rig.state.frame is None


# --- console --------------------------------------------------------------------------------------------------------
def test_row_16_a_frozen_console_stops_within_300_ms() -> None:
    rig = driving()
    count = rig.sequence
    ticks = 0
    while rig.mode is Mode.MANUAL:
        rig.send(sample_count=count)
        ticks += 1
    assert ticks <= 16
    assert rig.report.stop_reason == "console_frozen"


def test_rows_18_111_a_deflected_stick_at_the_start_moves_nothing() -> None:
    rig = Rig()
    rig.controls = {"drive": 0.7}
    rig.run(150)
    rig.send(E.TAKE)
    rig.run(50)
    assert rig.state.holder == 0
    rig = Rig().to_disarmed()
    rig.controls = {"drive": 0.7}
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED


def test_row_20_a_hold_that_is_stuck_arms_nothing() -> None:
    rig = Rig().to_disarmed()
    rig.controls = {"hold_to_run": True}
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED


def test_hold_pressed_with_a_deflected_stick_moves_nothing_until_it_was_centred() -> None:
    rig = Rig().to_manual()
    rig.controls = {"drive": 0.3}
    rig.run(3)
    rig.controls = {"drive": 0.3, "hold_to_run": True}
    rig.run(20)
    assert not rig.report.driving
    rig.send(drive=0.0)
    rig.run(2)
    assert rig.report.driving
    rig.send(hold_to_run=False)
    assert not rig.report.driving
    assert rig.mode is Mode.MANUAL
    rig.run(3)
    assert not rig.report.driving


def test_row_19_three_impossible_sticks_within_a_second_stop() -> None:
    rig = driving()
    rig.step(rig.frame(drive=float("nan")))
    rig.send()
    rig.step(rig.frame(turn=2.0))
    rig.send()
    assert rig.mode is Mode.MANUAL
    rig.step(rig.frame(drive=float("inf")))
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "stick_fault"


@pytest.mark.parametrize(
    ("changes", "ticks", "reason"),
    [
        ({"battery_ratio": 0.04}, 1, "console_battery_empty"),
        ({"tilt_rad": 1.2}, 100, "console_tilted"),
        ({"video_age_ms": 600}, 1, "video_stale"),
    ],
)
def test_rows_21_22_23_the_console_itself(changes: dict[str, object], ticks: int, reason: str) -> None:
    rig = driving()
    if ticks > 1:
        rig.run(ticks - 1, **changes)
        assert rig.mode is Mode.MANUAL
        assert "console_tilting" in rig.report.reasons
    rig.send(**changes)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == reason


def test_row_25_a_clone_stops_revokes_and_locks_out_until_acknowledged() -> None:
    rig = driving()
    rig.step(rig.frame(sequence=3, sample_count=3))
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "duplicate_station"
    assert rig.state.holder == 0
    rig.controls = {}
    rig.run(60)
    rig.press(E.TAKE)
    rig.run(2)
    assert rig.state.holder == 0
    rig.run(260)
    rig.press(E.TAKE)
    rig.run(2)
    assert rig.state.holder == 1
    assert rig.reset() is Mode.HOLD
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.READY


def test_row_28_a_take_over_while_moving_is_refused() -> None:
    rig = driving()
    for number in range(30):
        rig.step(rig.frame(), rig.frame(station_id=2, edges=E.TAKE if number % 2 else E.NONE))
    assert rig.state.holder == 1
    assert rig.report.driving


def test_row_29_after_the_holder_vanished_another_takes_at_a_stand_and_needs_its_own_neutral() -> None:
    rig = driving()
    for _ in range(60):
        rig.step()
    assert rig.mode is Mode.HOLD
    rig.station, rig.controls = 2, {}
    rig.press(E.TAKE)
    assert rig.state.holder == 2
    assert not rig.report.neutral_seen
    assert rig.state.frame is None
    rig.run(30)
    assert rig.report.lease_holder == 2
    assert rig.reset() is Mode.READY


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


def test_an_acknowledgement_older_than_the_reason_does_nothing() -> None:
    rig = driving()
    rig.delay_ticks = 3
    rig.step()
    rig.step()
    rig.run(3)
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.send()
    rig.status = {}
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.latched == mask(StopReason.DETONATION)
    rig.send()
    rig.send()
    rig.send(E.ACKNOWLEDGE)
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
    rig.status = {"state": ControllerState.ESTOP}
    rig.run(2)
    assert rig.reset() is Mode.ESTOP
    rig.status = {}
    rig.run(2)
    assert rig.reset() is Mode.DISARMED


def test_row_15_a_stop_that_does_not_end_is_an_estop_after_the_brakes_had_their_second() -> None:
    rig = driving()
    rig.status = {"track_left_mps": 0.5, "track_right_mps": 0.5}
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
    for _ in range(10):
        rig.step(rig.frame(), status_fresh=False)
    assert rig.mode is Mode.MANUAL
    rig.step(rig.frame(), status_fresh=False)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "controller_lost"
    rig.controls = {}
    rig.run(60)
    assert rig.reset() is Mode.READY


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
def test_row_117_attention_is_asked_for_every_minute_with_five_seconds_of_grace() -> None:
    rig = Rig().to_work()
    rig.run(3240)
    assert rig.mode is Mode.AUTO_WORK
    rig.send(E.ATTENTION)
    began = rig.tick
    while rig.mode is Mode.AUTO_WORK:
        rig.send()
        assert rig.tick - began <= 3251
    assert rig.tick - began == 3251
    assert rig.report.stop_reason == "attention"


def test_another_stations_attention_is_not_the_holders() -> None:
    rig = Rig().to_work()
    other = rig.frame(station_id=2)
    rig.step(rig.frame(), other)
    tick = rig.state.attention_tick
    rig.step(rig.frame(), rig.frame(station_id=2, edges=E.ATTENTION))
    assert rig.state.attention_tick == tick


def test_a_mission_that_has_ended_is_left_after_a_tenth_of_a_second() -> None:
    rig = Rig().to_work()
    rig.phase = MissionPhase.DONE
    rig.run(4)
    assert rig.mode is Mode.AUTO_MOVE
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "mission_left"


def test_row_57_a_sagging_rotor_stops_the_tracks_at_once_and_the_mission_after_three_seconds() -> None:
    rig = Rig().to_work()
    rig.status = {"rotor_speed_radps": 0.85 * rig.rotor_radps}
    rig.send()
    assert rig.mode is Mode.AUTO_WORK
    assert not rig.report.driving
    rig.run(148)
    assert rig.mode is Mode.AUTO_WORK
    rig.send()
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "rotor_sag"


def test_a_mission_starts_only_with_nothing_in_force() -> None:
    rig = Rig().to_manual()
    rig.estimate = {"fix": FixType.RTK_FLOAT}
    rig.press(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.MANUAL
    rig.estimate = {}
    rig.press(E.MISSION_START)
    assert rig.mode is Mode.MANUAL
    rig.press(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.AUTO_MOVE


def test_a_station_without_the_extension_drives_slowly_and_starts_nothing() -> None:
    for bench, free in ((False, False), (True, True)):
        rig = Rig(configured("safety", bench=bench)).to_manual()
        rig.controls = {"native": False, "hold_to_run": True}
        rig.send()
        rig.controls |= {"drive": 1.0, "rotor_request": True}
        rig.run(2)
        assert rig.report.speed_cap_mps == 0.5
        assert (rig.command.rotor_speed_radps > 0.0) is free
        rig.controls = {"native": False, "hold_to_run": True}
        rig.run(30)
        rig.press(E.MISSION_START)
        assert (rig.mode is Mode.AUTO_MOVE) is free


def test_row_46_nav_reasons_are_told_as_the_stop_only_in_a_mission() -> None:
    rig = Rig().to_auto()
    rig.gnss = {"yaw_rad": None}
    rig.run(10)
    assert rig.report.stop_reason == "heading_lost"
    assert rig.state.shown == mask(StopReason.HEADING_LOST)
    hand = driving()
    hand.gnss = {"yaw_rad": None}
    hand.run(12)
    hand.send(E.STOP)
    assert hand.state.shown == mask(StopReason.OPERATOR_STOP)


def test_armed_and_unused_is_given_up_after_five_seconds() -> None:
    rig = Rig().to_manual()
    began = rig.state.used_tick
    while rig.mode is Mode.MANUAL:
        rig.send()
    assert rig.tick - began == 251
    assert rig.report.stop_reason == "arm_unused"
    rig = Rig().to_ready()
    began = rig.state.used_tick
    while rig.mode is Mode.READY:
        rig.send()
    assert rig.tick - began == 251
    assert rig.mode is Mode.DISARMED


def test_the_second_arm_begins_the_five_seconds_anew() -> None:
    rig = Rig().to_ready()
    rig.run(200)
    rig.press(E.ARM)
    rig.run(60)
    assert rig.mode is Mode.MANUAL


def test_tool_in_hand() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "tool_mode": ToolMode.DEPTH, "tool_value_m": 0.1, "rotor_request": True}
    rig.send()
    assert (rig.command.tool_mode, rig.command.tool_value_m) == (ToolMode.DEPTH, 0.1)
    assert rig.command.rotor_speed_radps == rig.rotor_radps
    rig.send(hold_to_run=False)
    assert rig.command.tool_mode is ToolMode.HOLD
    assert rig.command.rotor_speed_radps == 0.0


def test_back_off_takes_the_power_off_the_rotor() -> None:
    rig = Rig().to_auto(MissionPhase.BACK_OFF)
    rig.auto, rig.auto_flail = DriveRequest(speed_mps=-0.1), FlailRequest(rotor_speed_radps=rig.rotor_radps)
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-0.1)
    assert rig.command.rotor_speed_radps == 0.0
