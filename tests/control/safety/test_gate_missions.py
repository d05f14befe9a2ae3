"""Missions and armed idleness: how they end, and what starts none."""

import pytest

from firmware_bridge.types import FixType, OperatorEdge, ToolMode
from tests.control.safety.gate_inputs import configured
from tests.control.safety.rig import Rig, driving
from vehicle.config.vehicle import SafetyConfig
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Mode, RotorState
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety.masks import mask

E = OperatorEdge


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


def _working_by_stick(rig: Rig) -> Rig:
    """The rotor at its speed, the tool in the ground, the sticks driving."""
    rig.to_manual()
    rig.controls = {"hold_to_run": True, "rotor_request": True, "drive": 0.3}
    rig.run(200)
    rig.status = {"rotor_speed_radps": rig.rotor_radps, "depth_m": 0.1, "tool_height_m": -0.1}
    rig.run(2)
    assert rig.mode is Mode.MANUAL
    return rig


def test_row_57_a_sagging_rotor_stops_the_machine_by_stick_too_after_three_seconds() -> None:
    rig = _working_by_stick(Rig())
    rig.status |= {"rotor_speed_radps": 0.85 * rig.rotor_radps}
    rig.run(149)
    assert rig.mode is Mode.MANUAL
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "rotor_sag"


def test_row_57_a_rotor_that_spins_up_or_is_lifted_out_by_stick_is_no_sag() -> None:
    rig = _working_by_stick(Rig())
    rig.status |= {"rotor_speed_radps": 0.85 * rig.rotor_radps}
    rig.run(100)
    rig.controls |= {"tool_mode": ToolMode.HEIGHT, "tool_value_m": 0.3}
    rig.run(100)
    assert rig.mode is Mode.MANUAL, "the operator lifts it out"
    rig.controls |= {"tool_mode": ToolMode.HOLD, "rotor_request": False}
    rig.run(2)
    rig.controls |= {"rotor_request": True}
    rig.run(300)
    assert rig.mode is Mode.MANUAL, "and switches it on again: it spins up"


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


def test_without_a_plan_no_mission_starts() -> None:
    rig = Rig().to_manual()
    rig.requests = {"has_mission": False}
    rig.press(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.MANUAL
    rig.requests = {}
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
        assert rig.mode is (Mode.AUTO_MOVE if free else Mode.MANUAL)


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


UNUSED_5_S = configured("safety", arm_unused_s=5.0)


def test_armed_and_unused_is_given_up_after_a_minute_and_at_the_latest_after_five() -> None:
    assert Rig().config.safety.arm_unused_s == 60.0
    with pytest.raises(ValueError, match="arm_unused_s"):
        SafetyConfig(arm_unused_s=300.1)


def test_armed_and_unused_is_given_up_after_the_time_of_the_configuration() -> None:
    rig = Rig(UNUSED_5_S).to_manual()
    began = rig.state.used_tick
    while rig.mode is Mode.MANUAL and rig.tick - began < 300:
        rig.send()
    assert rig.tick - began == 251
    assert rig.report.stop_reason == "arm_unused"
    rig = Rig(UNUSED_5_S).to_ready()
    began = rig.state.used_tick
    while rig.mode is Mode.READY and rig.tick - began < 300:
        rig.send()
    assert rig.tick - began == 251
    assert rig.mode is Mode.DISARMED


def test_the_second_arm_begins_the_time_anew() -> None:
    rig = Rig(UNUSED_5_S).to_ready()
    rig.run(200)
    rig.press(E.ARM)
    rig.run(60)
    assert rig.mode is Mode.MANUAL


@pytest.mark.parametrize(("released", "warns"), [(249, False), (250, True)])
def test_after_five_seconds_with_hold_released_the_horn_sounds_before_anything_moves(
    released: int, warns: bool
) -> None:
    rig = Rig().to_manual()
    rig.run(1, hold_to_run=True)
    rig.run(released)
    assert rig.mode is Mode.MANUAL
    assert not rig.command.horn, "nothing is warned of while nobody presses"
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.send()
    assert rig.command.horn is warns
    rig.controls["drive"] = 0.1
    for _ in range(149):
        assert (rig.command.rotor_speed_radps > 0.0, rig.report.driving) == (
            not warns,
            False if warns else rig.report.driving,
        )
        rig.send()
    assert rig.command.horn is warns
    rig.send()
    assert not rig.command.horn
    assert rig.report.driving
    assert rig.command.rotor_speed_radps > 0.0


def test_a_mission_that_runs_for_minutes_is_not_warned_of_again() -> None:
    rig = Rig().to_work()
    rig.run(600)
    assert (rig.mode, rig.command.horn) == (Mode.AUTO_WORK, False)


def test_tool_in_hand() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "tool_mode": ToolMode.DEPTH, "tool_value_m": 0.1, "rotor_request": True}
    rig.send()
    assert (rig.command.tool_mode, rig.command.tool_value_m) == (ToolMode.DEPTH, 0.1)
    assert rig.command.rotor_speed_radps == rig.rotor_radps
    rig.send(hold_to_run=False)
    assert rig.command.tool_mode is ToolMode.HOLD
    assert rig.command.rotor_speed_radps == 0.0


def test_a_rotor_told_to_creep_is_a_rotor_told_to_turn() -> None:
    rig = Rig().to_auto(MissionPhase.MOVE)
    rig.auto_flail = FlailRequest(rotor_speed_radps=0.5)
    rig.send()
    assert rig.command.rotor_speed_radps == 0.5
    assert rig.state.monitor.rotor_on
    assert rig.report.rotor is RotorState.SPIN_UP


@pytest.mark.parametrize("phase", [MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE])
def test_a_mission_that_rests_turns_no_rotor(phase: MissionPhase) -> None:
    rig = Rig().to_auto(MissionPhase.SPIN_UP)
    rig.auto, rig.auto_flail = DriveRequest(), FlailRequest(rotor_speed_radps=rig.rotor_radps)
    assert rig.send().rotor_speed_radps == rig.rotor_radps
    rig.phase = phase
    assert rig.send().rotor_speed_radps == 0.0
    assert rig.mode is Mode.AUTO_MOVE


def test_back_off_takes_the_power_off_the_rotor() -> None:
    rig = Rig().to_auto(MissionPhase.BACK_OFF)
    rig.auto, rig.auto_flail = DriveRequest(speed_mps=-0.1), FlailRequest(rotor_speed_radps=rig.rotor_radps)
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-0.1)
    assert rig.command.rotor_speed_radps == 0.0
