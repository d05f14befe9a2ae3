"""Stops by the link, the console and whoever holds it, each as an operator would live it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.types import ControllerState, OperatorEdge
from tests import builders
from tests.control.safety.rig import Rig, driving
from vehicle.contracts.messages import Mode
from vehicle.control.safety import checks

E = OperatorEdge


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


def test_row_1_a_fast_machine_before_160_ms() -> None:
    rig = driving(drive=0.3)
    rig.run(100)
    rig.status = {}
    speed = 0.3 * rig.config.machine.tracks.transit_speed_mps
    assert speed > 0.31
    for _ in range(6):
        rig.step()
    assert rig.mode is Mode.MANUAL
    rig.step()
    assert rig.mode is Mode.STOPPING


@pytest.mark.parametrize("drive", [1.0, -1.0])
def test_every_driving_command_ends_inside_t_stop_and_the_late_link_slows_first(drive: float) -> None:
    rig = driving(drive=drive)
    rig.status, rig.gnss = {"track_left_mps": 0.0, "track_right_mps": 0.0}, {"speed_mps": 0.0}
    for _ in range(30):
        command = rig.step()
        age_ms = rig.report.operator_age_s * 1000
        speed = abs(rig.report.drive_speed_mps)
        if rig.report.driving:
            assert age_ms + command.valid_for_ms + 10 <= (500 if speed <= 0.3 else 200) + 1e-6
            assert command.valid_for_ms >= 40
            assert speed <= 0.3 or age_ms <= 150
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
def test_rows_21_22_23_the_console_itself(changes: dict[str, Any], ticks: int, reason: str) -> None:
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


def test_sticks_moved_before_the_hold_drive_nothing_and_the_operator_is_told_to_centre_them() -> None:
    rig = driving()
    rig.run(30, hold_to_run=False)
    assert "sticks_moved" in rig.report.reasons
    rig.run(50)
    assert not rig.report.driving
    assert rig.mode is Mode.MANUAL
    assert rig.report.worst_reason == 63
    assert "Centre them" in rig.report.text
    rig.run(2, drive=0.0)
    rig.run(40)
    assert rig.report.driving
    assert "sticks_moved" not in rig.report.reasons


# --- the controller's line --------------------------------------------------------------------------------------------
def on_a_line(line_ms: int, **controls: object) -> Rig:
    """Driving over a line that takes so much of each lease."""
    rig = Rig()
    rig.line_ms = line_ms
    rig.to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls.update({"drive": 0.1} | controls)
    rig.run(60)
    return rig


@pytest.mark.parametrize(("line_ms", "life_ms"), [(0, 150), (40, 150), (120, 180), (200, 260)])
def test_a_slow_line_is_granted_its_time_and_drives(line_ms: int, life_ms: int) -> None:
    rig = on_a_line(line_ms)
    assert rig.mode is Mode.MANUAL
    assert rig.report.driving
    assert rig.command.valid_for_ms == life_ms
    assert rig.report.reasons == ()


def test_a_line_beyond_the_bound_arms_nothing_and_says_so() -> None:
    rig = Rig()
    rig.line_ms = 201
    rig.run(60)
    rig.press(E.TAKE)
    rig.run(10)
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED
    assert rig.report.reasons == ("line_delay",)
    rig.line_ms = 200
    rig.run(10)
    rig.press(E.ARM)
    assert rig.mode is Mode.READY


def test_a_line_that_slows_beyond_the_bound_in_motion_stops_and_stays_stopped() -> None:
    rig = on_a_line(100)
    rig.line_ms = 230
    rig.run(1)
    assert rig.mode is Mode.MANUAL, "one answer alone may be a damaged one"
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "line_delay"
    rig.line_ms = 0
    rig.run(100)
    assert rig.mode is Mode.HOLD


def test_an_answer_to_a_command_that_nobody_remembers_is_beyond_the_bound_too() -> None:
    rig = driving()
    rig.status = {"command_sequence": (rig.state.sequence - 40) & 0xFFFFFFFF}
    rig.run(2)
    assert rig.mode is Mode.STOPPING
    assert "line_delay" in rig.report.reasons


def test_a_slow_line_keeps_a_fast_machine_slow_and_stops_nothing() -> None:
    rig = on_a_line(41, drive=1.0)
    assert rig.report.speed_cap_mps == 0.3
    assert rig.report.drive_speed_mps == pytest.approx(0.3)
    assert rig.mode is Mode.MANUAL
    assert on_a_line(40, drive=1.0).report.drive_speed_mps > 0.3


def test_set_points_are_held_against_what_the_answered_command_should_have_brought_about() -> None:
    """On a line of eight ticks each way the newest command is not the one that is answered."""
    rig = on_a_line(0)
    answers = []
    for tick in range(120):
        rig.controls["drive"] = 0.25 if tick % 60 < 30 else -0.25
        sequence = rig.state.sequence
        rig.send()
        left, right = rig._applied
        answers.append({"command_sequence": sequence, "applied_left_mps": left, "applied_right_mps": right})
        rig.status = answers[max(0, len(answers) - 9)]
        assert "setpoint_mismatch" not in rig.report.reasons, tick


@pytest.mark.parametrize("drive", [0.1, 0.02, 0.0])
@pytest.mark.parametrize("state", [ControllerState.SAFE, ControllerState.BOOT])
def test_the_controllers_own_stop_is_a_stop_at_any_set_point(drive: float, state: ControllerState) -> None:
    rig = driving()
    rig.controls["drive"] = drive
    rig.run(40)
    rig.status = {"state": state}
    rig.send()
    assert rig.mode in (Mode.STOPPING, Mode.HOLD)
    assert rig.report.stop_reason == "controller_stopped"
    assert rig.command.brake
    rig.status = {}
    rig.controls["drive"] = 0.0
    rig.run(50)
    rig.controls["drive"] = 0.1
    rig.run(50)
    assert rig.mode is Mode.HOLD, "centre and push leads nowhere"
    assert not rig.report.driving


def rested_after_reset() -> Rig:
    """READY after a stop and its RESET."""
    rig = driving().stop()
    assert rig.reset() is Mode.READY
    return rig


@pytest.mark.parametrize(("act", "mode"), [(E.ARM, Mode.MANUAL), (E.RECOVERY, Mode.RECOVERY)])
@pytest.mark.parametrize("state", [ControllerState.SAFE, ControllerState.BOOT])
def test_nothing_is_armed_while_the_controller_still_shows_the_reset_and_no_stop_comes_of_it(
    act: E, mode: Mode, state: ControllerState
) -> None:
    rig = rested_after_reset()
    rig.status = {"state": state}
    rig.press(act)
    rig.run(20)
    assert rig.mode is Mode.READY
    rig.status = {}
    rig.run(20)
    assert rig.mode is Mode.READY, "an act counts when it is made, or not at all"
    rig.press(act)
    assert rig.mode is mode


@pytest.mark.parametrize(("act", "mode"), [
    (E.STOP, Mode.DISARMED), (E.DISARM, Mode.DISARMED), (E.RELEASE, Mode.DISARMED), (E.ESTOP, Mode.ESTOP),
])  # fmt: skip
def test_what_leads_away_from_motion_waits_for_no_controller(act: E, mode: Mode) -> None:
    rig = rested_after_reset()
    rig.status = {"state": ControllerState.SAFE}
    rig.press(act)
    assert rig.mode is mode


def test_a_controller_that_shows_a_stop_does_not_keep_anybody_from_getting_ready() -> None:
    rig = Rig().to_disarmed()
    rig.status = {"state": ControllerState.SAFE}
    rig.press(E.ARM)
    assert rig.mode is Mode.READY


@pytest.mark.parametrize(("answered", "mode"), [(-1, Mode.READY), (0, Mode.READY), (1, Mode.MANUAL)])
def test_nothing_is_armed_before_an_answer_to_what_was_said_after_the_reset(answered: int, mode: Mode) -> None:
    """On a slow line the newest status may still be from before the reset."""
    rig = rested_after_reset()
    rig.run(25)
    rig.status = {"command_sequence": rig.state.reset_sequence + answered}
    rig.send(E.ARM)
    assert rig.mode is mode


@pytest.mark.parametrize(("reset", "answered", "follows"), [
    (0, 0, True), (0, 2**31 + 7, True), (9, 9, False), (9, 10, True), (9, 8, False), (9, 8 + 2**31, True),
    (9, 9 + 2**31, False), (2**32 - 1, 0, True), (1, 2**32 - 1, False), (0, None, False),
])  # fmt: skip
def test_an_answer_follows_the_reset_also_over_the_wrap_of_the_count(
    reset: int, answered: int | None, follows: bool
) -> None:
    told = None if answered is None else builders.status(command_sequence=answered)
    assert checks.follows(reset, told) is follows


@given(
    ages=st.lists(st.integers(1, 26), min_size=5, max_size=40),
    line_ms=st.integers(0, 255),
    drive=st.sampled_from([0.02, 0.1, 0.3, 1.0]),
)
@settings(max_examples=25)
@pytest.mark.long
def test_no_driving_lease_is_shorter_than_two_ticks_and_the_line(ages: list[int], line_ms: int, drive: float) -> None:
    rig = Rig()
    rig.line_ms = min(line_ms, 60)
    rig.to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = drive
    rig.line_ms = line_ms
    for age in ages:
        rig.delay_ticks = age
        command = rig.send() if age % 3 else rig.step()
        if command.track_left_mps or command.track_right_mps or command.rotor_speed_radps:
            assert command.valid_for_ms >= 40 + min(rig.state.monitor.line_ms, 200)
            assert command.valid_for_ms + 10 + rig.report.operator_age_s * 1000 <= 500
