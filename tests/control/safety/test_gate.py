"""The gate as a whole on the bench: promises that an operator can name."""

import msgspec

from firmware_bridge.types import ControllerFlag, EngineMode, FixType, OperatorEdge, ToolMode
from tests.control.safety.rig import Rig
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Mode
from vehicle.contracts.stop_codes import StopReason

E = OperatorEdge


def test_manual_drive_follows_the_stick() -> None:
    rig = Rig().to_manual()
    rig.controls = {"drive": 0.1, "hold_to_run": True}
    rig.send(drive=0.0)
    command = rig.send()
    assert rig.report.driving
    assert command.track_left_mps == command.track_right_mps
    assert abs(command.track_left_mps - 0.1 * rig.config.machine.tracks.transit_speed_mps) < 1e-9
    assert not command.brake


def test_link_silence_stops_within_t_stop_and_never_resumes() -> None:
    rig = Rig().to_manual()
    rig.controls = {"drive": 0.1, "hold_to_run": True}
    rig.send(drive=0.0)
    rig.send()
    lives = []
    for _ in range(60):
        command = rig.step()
        if command.track_left_mps != 0.0:
            lives.append((rig.report.operator_age_s, command.valid_for_ms))
    assert max(age * 1000 + life for age, life in lives) <= 490.0, "and a step of the controller"
    assert rig.mode is Mode.HOLD
    rig.run(50)
    assert rig.mode is Mode.HOLD
    assert rig.command.track_left_mps == 0.0


def test_mission_spins_up_lowers_and_works() -> None:
    rig = Rig().to_auto(MissionPhase.SPIN_UP)
    rig.auto_flail = FlailRequest(rotor_speed_radps=rig.rotor_radps, tool_mode=ToolMode.HEIGHT, tool_value_m=0.3)
    assert rig.send().rotor_speed_radps == rig.rotor_radps
    assert not rig.report.driving
    rig.status = {"rotor_speed_radps": rig.rotor_radps}
    rig.phase = MissionPhase.LOWER
    rig.auto_flail = FlailRequest(rotor_speed_radps=rig.rotor_radps, tool_mode=ToolMode.DEPTH, tool_value_m=0.17)
    rig.send()
    assert rig.mode is Mode.AUTO_WORK
    assert rig.command.tool_mode is ToolMode.DEPTH
    assert not rig.report.driving
    rig.phase = MissionPhase.WORK
    rig.send()
    assert rig.report.driving
    rig.status = {"rotor_speed_radps": rig.rotor_radps * 0.89}
    rig.send()
    assert not rig.report.driving
    assert rig.command.tool_mode is ToolMode.HOLD


def test_float_makes_a_mission_wait_but_not_a_hand() -> None:
    rig = Rig().to_work()
    assert rig.report.driving
    rig.estimate = {"fix": FixType.RTK_FLOAT, "position_proven": False}
    command = rig.send()
    assert rig.mode is Mode.WAIT
    assert (command.track_left_mps, command.rotor_speed_radps) == (0.0, rig.rotor_radps)
    assert command.tool_mode is ToolMode.HOLD
    assert command.engine is EngineMode.WORK
    assert rig.report.reasons[0] == "position_float"
    hand = Rig().to_manual()
    hand.estimate = {"fix": FixType.RTK_FLOAT}
    hand.run(20)
    assert hand.mode is Mode.MANUAL


def test_any_stick_ends_a_mission() -> None:
    rig = Rig().to_work()
    rig.send(turn=0.2)
    assert rig.mode is Mode.STOPPING
    assert "mission_left" in rig.report.reasons


def test_moves_only_with_the_tool_up_and_backs_off_only_backward() -> None:
    rig = Rig().to_auto()
    rig.auto = DriveRequest(speed_mps=0.5)
    assert rig.send().track_left_mps == 0.5
    rig.status = {"tool_height_m": 0.05}
    assert rig.send().track_left_mps == 0.0
    rig.phase = MissionPhase.BACK_OFF
    assert rig.send().track_left_mps == 0.0
    rig.auto = DriveRequest(speed_mps=-0.2)
    assert rig.send().track_left_mps == -0.2


def test_estop_button_needs_the_machine_then_a_reset() -> None:
    rig = Rig().to_manual()
    rig.status = {"flags": ControllerFlag.ESTOP_CHAIN_OPEN}
    command = rig.send()
    assert rig.mode is Mode.ESTOP
    assert command.kill
    rig.run(5)
    rig.press(E.RESET)
    assert rig.mode is Mode.ESTOP
    rig.status = {}
    rig.run(5)
    assert rig.mode is Mode.ESTOP
    rig.press(E.RESET)
    assert rig.mode is Mode.DISARMED
    assert not rig.command.kill


def test_a_stranger_can_stop_but_not_drive() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    other = rig.frame(station_id=2, sequence=5, drive=1.0, hold_to_run=True)
    mine = rig.frame()
    assert rig.step(mine, other).track_left_mps == 0.0
    assert rig.mode is Mode.MANUAL
    rig.step(rig.frame(), rig.frame(station_id=2, sequence=6, edges=E.STOP))
    assert rig.mode is Mode.STOPPING


def test_frames_of_another_session_change_nothing_but_a_count() -> None:
    rig = Rig().to_disarmed()
    count = rig.state.foreign_count
    rig.step(rig.frame(session_id=8, edges=E.ESTOP))
    assert rig.mode is Mode.DISARMED
    assert rig.state.foreign_count == count + 1


def test_horn_before_the_first_motion() -> None:
    rig = Rig().to_manual(warned=False)
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = 0.1
    for _ in range(146):
        rig.send()
        assert rig.command.horn
        assert not rig.report.driving
    rig.run(5)
    assert rig.report.driving
    assert not rig.command.horn


def test_a_reset_reaches_the_latches_of_the_controller() -> None:
    rig = Rig().to_manual()
    rig.send(E.ESTOP)
    assert rig.mode is Mode.ESTOP
    rig.run(5)
    rig.press(E.RESET)
    assert rig.command.kill
    assert not rig.command.reset
    rig.press(E.RELEASE_ESTOP)
    rig.press(E.RESET, drive=0.1)
    assert not rig.command.reset
    rig.run(5)
    rig.press(E.RESET)
    assert rig.mode is Mode.DISARMED
    assert rig.command.reset
    rig.run(1)
    assert not rig.command.reset


def test_a_reset_in_a_driving_mode_is_not_passed_on() -> None:
    rig = Rig().to_manual()
    rig.press(E.RESET)
    assert rig.mode is Mode.MANUAL
    assert not rig.command.reset


def test_the_report_numbers_its_reasons_for_the_wire() -> None:
    rig = Rig().to_manual()
    assert (rig.report.worst_reason, rig.report.reason_bits) == (255, 0)
    rig.estimate = {"fix": FixType.RTK_FLOAT}
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.send()
    assert rig.report.worst_reason == StopReason.DETONATION
    assert rig.report.reason_bits == 1 << StopReason.DETONATION | 1 << StopReason.POSITION_FLOAT
    rig.run(2, battery_ratio=0.1)
    assert rig.report.reasons[-1] == "console_battery_low"
    assert rig.report.reason_bits < 1 << 64
    assert rig.report.reason_bits_high == 1 << StopReason.CONSOLE_BATTERY_LOW - 64


def test_the_wire_has_two_words_of_reasons_and_each_counts_from_its_own_zero() -> None:
    rig = Rig().to_manual()
    rig.controls, rig.wire = {"drive": 0.5}, {"overrun": 2}
    rig.run(30)
    assert rig.report.reasons == ("ticks_late", "sticks_moved")
    assert rig.report.reason_bits == 1 << 63
    assert rig.report.reason_bits_high == 1
    rig.status = {"flags": ControllerFlag.ESTOP_CHAIN_OPEN}
    rig.send()
    assert rig.report.reasons[0] == "estop_machine"
    assert rig.report.reason_bits == 1 << 63 | 1


def test_the_text_of_a_console_estop_stays_until_it_is_released() -> None:
    rig = Rig().to_manual()
    rig.send(E.ESTOP)
    rig.run(60)
    rig.press(E.RESET)
    assert rig.mode is Mode.ESTOP
    assert rig.report.reasons == ("estop_console",)
    rig.run(60)
    rig.press(E.RELEASE_ESTOP)
    rig.run(60)
    rig.press(E.RESET)
    assert rig.mode is Mode.DISARMED
    assert rig.report.reasons == ()


def test_an_acknowledged_drift_begins_its_sums_anew() -> None:
    rig = Rig().to_disarmed()
    drifted = msgspec.structs.replace(rig.state.monitor.drift, back_m=0.5)
    rig.state = msgspec.structs.replace(rig.state, monitor=msgspec.structs.replace(rig.state.monitor, drift=drifted))
    rig.run(60)
    assert "position_drift" in rig.report.reasons
    rig.press(E.RESET)
    assert "position_drift" in rig.report.reasons
    rig.run(60)
    rig.press(E.ACKNOWLEDGE)
    rig.run(60)
    assert rig.state.monitor.drift.back_m < 0.1, "the first one is for the sums"
    rig.press(E.ACKNOWLEDGE)
    rig.run(2)
    assert "position_drift" not in rig.report.reasons


def test_a_command_carries_the_newest_stamp_of_the_controllers_clock_and_the_wish_for_a_new_fix() -> None:
    rig = Rig().to_manual()
    rig.wire = {"controller_time_ms": 4_294_967_295}
    rig.send()
    assert (rig.command.controller_time_ms, rig.command.gnss_restart) == (4_294_967_295, False)
    rig.requests = {"gnss_restart": True}
    rig.send()
    assert rig.command.gnss_restart
