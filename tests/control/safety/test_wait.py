"""WAIT: what leads to it, what holds in it, and the only way back to motion."""

from typing import Any

import pytest

from firmware_bridge.types import ControllerFlag, EngineMode, FixType, OperatorEdge, ToolMode
from tests.control.safety.rig import Rig
from vehicle.contracts.messages import FlailRequest, MissionPhase, Mode
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import waiting
from vehicle.control.safety.modes import Class
from vehicle.control.safety.permits import Permit
from vehicle.control.state import GateState

E = OperatorEdge
FLOAT: dict[str, Any] = {"fix": FixType.RTK_FLOAT, "position_proven": False}
WAIT_TICKS, AWAY_TICKS, WARNING_TICKS = 1000, 50, 50


def waits(*, paused: bool = True) -> Rig:
    """A swath whose work waits, standing: after a PAUSE, or since the fix is lost."""
    rig = Rig().to_work()
    if paused:
        rig.press(E.MISSION_PAUSE)
    else:
        rig.estimate = FLOAT
        rig.send()
    assert rig.mode is Mode.WAIT, rig.report.reasons
    return rig


def go_on(rig: Rig) -> Mode:
    """Hold pressed, then one START."""
    rig.run(25, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    return rig.mode


def test_a_pause_holds_the_rotor_at_speed_and_moves_nothing() -> None:
    rig = waits()
    for _ in range(200):
        command = rig.send(drive=0.0)
        assert (command.track_left_mps, command.track_right_mps, command.brake) == (0.0, 0.0, True)
        assert (command.rotor_speed_radps, command.tool_mode) == (rig.rotor_radps, ToolMode.HOLD)
        assert (command.engine, command.beacon, command.horn) == (EngineMode.WORK, True, False)
    assert rig.report.speed_cap_mps == 0.0
    assert (rig.state.reset_due, rig.report.due, rig.state.shown) == (False, False, 0)


def test_a_wait_lasts_twenty_seconds_and_then_is_a_stop() -> None:
    rig = waits()
    assert rig.report.wait_left_s == 20.0
    rig.run(WAIT_TICKS - 1)
    assert rig.mode is Mode.WAIT
    assert rig.report.wait_left_s == pytest.approx(0.02)
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    assert (rig.report.stop_reason, rig.report.wait_left_s) == ("mission_left", 0.0)
    assert rig.state.reset_due


def test_late_ticks_make_no_wait_longer() -> None:
    """40 ms apart: its 20 s are over after half as many ticks."""
    rig = Rig().to_work()
    rig.run(10)
    rig.press(E.MISSION_PAUSE)
    for _ in range(WAIT_TICKS // 2 - 1):
        rig.late_ns += TICK_NS
        rig.send()
    assert rig.mode is Mode.WAIT, rig.report.reasons
    rig.late_ns += TICK_NS
    rig.send()
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "mission_left"


def test_a_start_in_the_last_tick_is_too_late() -> None:
    rig = waits()
    rig.run(WAIT_TICKS - 1, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.STOPPING


def test_a_cause_that_stays_is_told_with_the_stop() -> None:
    rig = waits(paused=False)
    rig.run(WAIT_TICKS)
    assert rig.mode is Mode.STOPPING
    assert set(rig.report.reasons) >= {"position_float", "mission_left"}


def test_it_goes_on_by_start_with_hold_and_warns_for_a_second() -> None:
    rig = waits()
    rig.run(AWAY_TICKS)
    assert go_on(rig) is Mode.AUTO_MOVE
    began = rig.tick
    while rig.tick < began + WARNING_TICKS - 1:
        command = rig.send()
        assert (command.horn, command.brake) == (True, True)
        assert (command.rotor_speed_radps, command.tool_mode) == (rig.rotor_radps, ToolMode.HOLD)
    command = rig.send()
    assert (rig.mode, command.horn, command.brake) == (Mode.AUTO_WORK, False, False)
    assert rig.report.driving


@pytest.mark.parametrize(
    "changes",
    [{"hold_to_run": False}, {"edges": E.NONE}, {"edges": E.ATTENTION}, {"edges": E.ARM}, {"edges": E.RESET}],
    ids=["no hold", "no act", "attention", "arm", "reset"],
)
def test_nothing_but_a_start_with_hold_goes_on(changes: dict[str, Any]) -> None:
    rig = waits()
    rig.run(AWAY_TICKS + 25, hold_to_run=True)
    rig.send(**({"edges": E.MISSION_START, "hold_to_run": True} | changes))
    assert rig.mode is Mode.WAIT
    assert rig.command.brake


def test_a_start_while_the_machine_still_moves_is_none() -> None:
    rig = waits()
    rig.run(AWAY_TICKS)
    rig.status |= {"track_left_mps": 0.1}
    assert go_on(rig) is Mode.WAIT


def test_sticks_end_it_as_a_stop() -> None:
    rig = waits()
    rig.send(turn=0.2)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "mission_left"


def test_after_a_pause_a_start_counts_from_the_first_second_on() -> None:
    rig = Rig().to_work()
    rig.run(30, hold_to_run=True)
    rig.send(E.MISSION_PAUSE, hold_to_run=True)
    rig.run(AWAY_TICKS - 2, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.WAIT, "still the second that every WAIT lasts"
    rig.run(25, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.AUTO_MOVE


def test_the_cause_must_have_been_away_for_a_second() -> None:
    rig = waits(paused=False)
    rig.run(100, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.WAIT
    rig.estimate = {}
    rig.run(AWAY_TICKS - 1, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.WAIT
    assert "position_float" in rig.report.reasons
    rig.run(25, hold_to_run=True)
    assert rig.report.reasons == ()
    rig.send(E.MISSION_START, hold_to_run=True)
    assert rig.mode is Mode.AUTO_MOVE


@pytest.mark.parametrize(("ticks", "told"), [(AWAY_TICKS, True), (AWAY_TICKS + 1, False)])
def test_a_cause_that_is_away_is_told_for_a_second_to_the_tick(ticks: int, told: bool) -> None:
    rig = waits(paused=False)
    rig.run(100)
    rig.estimate = {}
    rig.run(ticks)
    assert ("position_float" in rig.report.reasons) is told


def test_by_stick_no_cause_lingers() -> None:
    rig = Rig().to_manual()
    rig.estimate = FLOAT
    rig.run(50)
    rig.estimate = {}
    rig.run(1)
    assert rig.report.reasons == ()


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ({"estimate": FLOAT}, "position_float"),
        ({"controls": {"video_age_ms": 501}}, "video_stale"),
    ],
    ids=["float", "picture"],
)
def test_short_troubles_of_a_mission_are_waited_for(cause: dict[str, Any], told: str) -> None:
    rig = Rig().to_work()
    for name, value in cause.items():
        setattr(rig, name, value)
    rig.run(1)
    assert rig.mode is Mode.WAIT
    assert rig.report.reasons[0] == told
    rig.estimate, rig.controls = {}, {}
    rig.run(AWAY_TICKS + 1)
    assert go_on(rig) is Mode.AUTO_MOVE


def test_a_machine_without_a_picture_waits_for_none() -> None:
    rig = Rig().to_work()
    rig.run(10, video_age_ms=65535)
    assert rig.mode is Mode.AUTO_WORK


@pytest.mark.parametrize(
    ("worse", "told"),
    [
        ({"estimate": {"gnss_age_s": 1.0}}, "gnss_lost"),
        ({"gnss": {"yaw_rad": None}}, "heading_lost"),
        ({"status": {"flags": ControllerFlag.SHOCK}}, "detonation"),
    ],
    ids=["no GNSS", "heading", "shock"],
)
def test_anything_worse_ends_the_wait(worse: dict[str, Any], told: str) -> None:
    rig = waits()
    for name, value in worse.items():
        setattr(rig, name, getattr(rig, name) | value)
    rig.run(12)
    assert rig.mode in (Mode.STOPPING, Mode.HOLD)
    assert rig.report.stop_reason == told


@pytest.mark.parametrize("edge", [E.STOP, E.DISARM, E.RELEASE])
def test_a_stop_act_is_a_stop_in_a_wait_too(edge: E) -> None:
    rig = waits()
    rig.press(edge)
    assert rig.mode in (Mode.STOPPING, Mode.HOLD)


def test_a_lost_link_ends_it() -> None:
    rig = waits()
    while rig.mode is Mode.WAIT:
        rig.step()
    assert rig.report.stop_reason == "link_lost"


def test_a_pause_in_a_wait_lengthens_nothing() -> None:
    rig = waits()
    began = rig.state.mode_tick
    rig.run(300)
    rig.press(E.MISSION_PAUSE)
    assert rig.state.mode_tick == began
    assert rig.mode is Mode.WAIT


def test_a_pause_by_stick_changes_nothing() -> None:
    rig = Rig().to_manual()
    rig.press(E.MISSION_PAUSE, hold_to_run=True)
    assert rig.mode is Mode.MANUAL


def test_unused_hands_end_no_wait() -> None:
    rig = waits()
    rig.run(500)
    assert rig.mode is Mode.WAIT, "arm_unused is over after 5 s"


def test_a_start_is_a_sign_of_attention() -> None:
    rig = waits()
    rig.run(AWAY_TICKS)
    go_on(rig)
    assert rig.state.attention_tick == rig.tick


def test_a_machine_that_slides_in_a_wait_is_stopped() -> None:
    rig = waits()
    rig.run(round(rig.config.safety.t_brake_s * 50.0))
    rig.status |= {"track_left_mps": 0.25, "track_right_mps": 0.25, "applied_left_mps": 0.25, "applied_right_mps": 0.25}
    for _ in range(15):
        rig.send()
    assert rig.mode is Mode.STOPPING
    assert "moved_while_braked" in rig.report.reasons


def test_a_rotor_that_had_no_power_gets_none_in_a_wait() -> None:
    rig = Rig().to_auto(MissionPhase.SPIN_UP, warned=False)
    rig.auto_flail = FlailRequest(rotor_speed_radps=rig.rotor_radps)
    rig.run(10)
    assert rig.command.rotor_speed_radps == 0.0
    rig.press(E.MISSION_PAUSE)
    for _ in range(200):
        assert rig.send().rotor_speed_radps == 0.0
        assert not rig.command.horn
    assert rig.mode is Mode.WAIT


def test_the_rest_of_a_longer_warning_is_heard_after_the_wait() -> None:
    rig = Rig().to_auto(warned=False)
    began = rig.state.horn_until_tick
    rig.press(E.MISSION_PAUSE)
    rig.run(AWAY_TICKS)
    assert go_on(rig) is Mode.AUTO_MOVE
    assert rig.state.horn_until_tick == max(began, rig.tick + WARNING_TICKS)


def test_a_back_off_that_waits_turns_no_rotor() -> None:
    rig = Rig().to_auto(MissionPhase.BACK_OFF)
    rig.auto_flail = FlailRequest(rotor_speed_radps=rig.rotor_radps)
    rig.press(E.MISSION_PAUSE)
    assert rig.run(10).rotor_speed_radps == 0.0
    assert rig.mode is Mode.WAIT


def test_the_numbers_of_a_wait() -> None:
    assert (waiting.WAIT_S, waiting.SHORTEST_S, waiting.WARNING_S) == (20.0, 1.0, 1.0)
    assert waiting.CREEP_ONSET_TICKS == 10


def test_control_is_not_taken_from_a_machine_that_waits() -> None:
    rig = waits()
    rig.step(rig.frame(), rig.frame(station_id=2, edges=E.TAKE))
    assert rig.state.holder == 1


def test_the_driven_path_goes_on_to_where_it_came_to_a_stand() -> None:
    rig = Rig().to_work()
    length = len(rig.state.driven_path)
    rig.press(E.MISSION_PAUSE)
    rig.estimate = {"east_m": 50.0}
    rig.run(1)
    assert rig.mode is Mode.WAIT
    assert len(rig.state.driven_path) > length


def test_outside_a_wait_nothing_is_waited_for() -> None:
    assert waiting.waited_s(GateState(mode=Mode.MANUAL, mode_tick=5), 900, 900 * TICK_NS) == 0.0


def test_a_wait_ends_by_ticks_or_by_time_whichever_comes_first() -> None:
    """Ticks 40 ms apart made it last 40 s."""
    state = GateState(mode=Mode.WAIT, mode_tick=100, mode_t_ns=7)
    assert not waiting.over(state, 599, 7 + 19_990_000_000)
    assert waiting.over(state, 600, 7 + 20_000_000_000)
    assert waiting.over(state, 1100, 7)
    assert waiting.left_s(state, 600, 7 + 19_000_000_000) == 1.0


CREEP = {"track_left_mps": 0.06, "track_right_mps": 0.06, "applied_left_mps": 0.0, "applied_right_mps": 0.0}


def creeping(rig: Rig, ticks: int) -> None:
    for _ in range(ticks):
        rig.send()


def test_a_machine_that_creeps_in_a_wait_is_stopped_when_the_brakes_have_had_their_time() -> None:
    rig = waits()
    rig.status |= CREEP
    creeping(rig, round(rig.config.safety.t_brake_s * 50.0) + waiting.CREEP_ONSET_TICKS)
    assert rig.mode is Mode.WAIT
    creeping(rig, 1)
    assert (rig.mode, rig.report.stop_reason) == (Mode.STOPPING, "moved_while_braked")
    creeping(rig, 249)
    assert rig.mode is Mode.STOPPING, "a stop has its own time to come to a stand"


@pytest.mark.parametrize(("crept_ticks", "late"), [(9, False), (10, True)])
def test_a_creep_counts_after_ten_ticks_on_end(crept_ticks: int, late: bool) -> None:
    state = GateState(mode=Mode.WAIT, mode_tick=100, stood_tick=600 - crept_ticks)
    assert waiting.creeps_on(state, 600, 500 * TICK_NS, t_brake_s=1.0) is late


def test_a_machine_that_stands_armed_without_hold_warns_nobody() -> None:
    state = GateState(mode=Mode.MANUAL, used_tick=100, horn_until_tick=150)
    assert waiting.horn_until(state, Mode.MANUAL, 1000, 3.0, hold=False) <= 1000
    assert waiting.horn_until(state, Mode.MANUAL, 1000, 3.0, hold=True) == 1150


@pytest.mark.parametrize("warns", [False, True])
def test_a_rotor_that_may_not_turn_does_not_keep_its_power(warns: bool) -> None:
    after = GateState(mode=Mode.AUTO_MOVE if warns else Mode.WAIT, warns=warns)
    assert waiting.held(Permit(rotor=True, drive=True), after, rotor_on=True) == Permit(rotor=True)
    assert waiting.held(Permit(drive=True), after, rotor_on=True) == Permit()
    assert waiting.held(Permit(rotor=True), after, rotor_on=False) == Permit()


def test_a_creep_that_ends_within_the_onset_is_none() -> None:
    rig = waits()
    rig.run(250)
    still = rig.status
    for _ in range(3):
        rig.status = still | CREEP
        creeping(rig, waiting.CREEP_ONSET_TICKS - 1)
        rig.status = still
        rig.run(10)
    assert rig.mode is Mode.WAIT
    rig.status = still | CREEP
    creeping(rig, waiting.CREEP_ONSET_TICKS + 5)
    assert rig.mode is Mode.STOPPING


def test_the_first_second_is_over_at_its_end() -> None:
    state = GateState(mode=Mode.WAIT, mode_tick=100)
    assert waiting.at_least(Class.OK, state, 149) is Class.WAIT
    assert waiting.at_least(Class.OK, state, 150) is Class.OK


def test_a_wait_starts_no_rotor_that_has_no_power() -> None:
    rig = Rig().to_auto()
    rig.press(E.MISSION_PAUSE)
    assert (rig.mode, rig.command.rotor_speed_radps) == (Mode.WAIT, 0.0)
    rig.auto_flail = FlailRequest(rotor_speed_radps=rig.rotor_radps)
    rig.run(200)
    assert (rig.mode, rig.command.horn, rig.command.rotor_speed_radps) == (Mode.WAIT, False, 0.0)


def test_a_mission_that_is_started_with_hold_pressed_for_long_warns_first() -> None:
    rig = Rig().to_manual()
    rig.run(200, hold_to_run=True)
    assert not rig.command.horn
    rig.send(E.MISSION_START, hold_to_run=True)
    rig.phase = MissionPhase.MOVE
    rig.run(148)
    assert (rig.mode, rig.command.horn) == (Mode.AUTO_MOVE, True)
    rig.run(2)
    assert not rig.command.horn
