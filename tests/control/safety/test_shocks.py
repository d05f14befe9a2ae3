"""Two shocks: what a small one lets a mission do, and what no large one ever does; the wait after a detonation."""

import math
from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerFlag, OperatorEdge
from tests.builders import config as memat
from tests.builders import status
from tests.control.safety.gate_inputs import configured
from tests.control.safety.rig import Rig, frame, unwaited
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.detonation import LARGE_SHOCK
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import interlocks, masks, shocks
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.modes import Class
from vehicle.control.shock import Shock, weighed
from vehicle.control.state import GateState

E, R = OperatorEdge, StopReason
SMALL_G, LARGE_G = 8.0, 30.0
TOOL = configured("tool", shock_small_g=SMALL_G, shock_large_g=LARGE_G).machine.tool
AT_WORK: dict[str, Any] = {"depth_m": 0.15, "rotor_speed_radps": TOOL.rotor_speed_radps}
CONTACT = ControllerFlag.SHOCK
AP = {"flags": CONTACT, "shock_peak_g": 12.0}
AT = {"flags": CONTACT, "shock_peak_g": 60.0}
WAIT_S = 4.0
WAIT_TICKS = 200


def measured(wait_s: float = 0.0) -> VehicleConfig:
    """A machine whose two thresholds are known."""
    return unwaited(configured("tool", shock_small_g=SMALL_G, shock_large_g=LARGE_G), wait_s)


def at_work(wait_s: float = 0.0, config: VehicleConfig | None = None) -> Rig:
    rig = Rig(config or measured(wait_s)).to_work()
    rig.status |= {"depth_m": 0.15}
    rig.run(2)
    assert rig.mode is Mode.AUTO_WORK, rig.report.reasons
    return rig


def goes_off(rig: Rig, shock: dict[str, Any], ticks: int = 10) -> None:
    """For a while, as its contact is stretched; then it is over."""
    before = rig.status
    rig.status = before | shock
    rig.run(ticks)
    rig.status = before


def runs_down(rig: Rig) -> None:
    """A rotor that was told to stop shows it; else its sensor stands."""
    rig.status |= {"rotor_speed_radps": 0.85 * TOOL.rotor_speed_radps}


def waits(wait_s: float = 0.0) -> Rig:
    """A mission that waits for a word on a small shock."""
    rig = at_work(wait_s)
    goes_off(rig, AP)
    assert rig.mode is Mode.WAIT, rig.report.reasons
    return rig


def say_good(rig: Rig, station: int = 1) -> None:
    """In this tick *AP, picture good* of this station is on the record."""
    rig.requests = {"picture_good": (station,), "observers": (station,)}
    rig.send(hold_to_run=True)
    rig.requests = {}


def go_on(rig: Rig) -> Mode:
    rig.run(25, hold_to_run=True)
    rig.send(E.MISSION_START, hold_to_run=True)
    return rig.mode


# --- how heavy a shock is --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({}, Shock.NONE),
        ({"shock_peak_g": 7.9}, Shock.NONE),
        ({"shock_peak_g": 8.0}, Shock.SMALL),
        ({"shock_peak_g": 29.9}, Shock.SMALL),
        ({"shock_peak_g": 30.0}, Shock.LARGE),
        ({"shock_peak_g": math.inf}, Shock.LARGE),
        ({"shock_peak_g": math.nan}, Shock.NONE),
        ({"flags": CONTACT, "shock_peak_g": 8.0}, Shock.SMALL),
        ({"flags": CONTACT, "shock_peak_g": 29.9}, Shock.SMALL),
        ({"flags": CONTACT, "shock_peak_g": 30.0}, Shock.LARGE),
        ({"flags": CONTACT, "shock_peak_g": 7.9}, Shock.LARGE),
        ({"flags": CONTACT, "shock_peak_g": 0.0}, Shock.LARGE),
        ({"flags": CONTACT, "shock_peak_g": -9.0}, Shock.LARGE),
        ({"flags": CONTACT, "shock_peak_g": math.nan}, Shock.LARGE),
        ({"flags": CONTACT, "shock_peak_g": math.inf}, Shock.LARGE),
        ({**AP, "depth_m": 0.0}, Shock.LARGE),
        ({**AP, "depth_m": 0.001}, Shock.SMALL),
        ({**AP, "depth_m": math.nan}, Shock.LARGE),
        ({**AP, "rotor_speed_radps": 0.1 * TOOL.rotor_speed_radps}, Shock.LARGE),
        ({**AP, "rotor_speed_radps": 0.1001 * TOOL.rotor_speed_radps}, Shock.SMALL),
        ({**AP, "rotor_speed_radps": math.nan}, Shock.LARGE),
    ],
)
def test_small_is_only_what_was_measured_between_the_thresholds_under_hammers_that_strike(
    changes: dict[str, Any], weight: Shock
) -> None:
    assert weighed(status(**(AT_WORK | changes)), TOOL) is weight


@pytest.mark.parametrize("unset", [{"shock_small_g": None}, {"shock_large_g": None}], ids=["small", "large"])
def test_without_both_thresholds_the_contact_alone_counts_and_every_shock_is_large(unset: dict[str, Any]) -> None:
    for tool in (memat().machine.tool, TOOL.model_copy(update=unset)):
        assert weighed(status(**(AT_WORK | AP)), tool) is Shock.LARGE
        assert weighed(status(**(AT_WORK | {"shock_peak_g": 60.0})), tool) is Shock.NONE


def test_a_tool_without_a_rotor_has_no_small_shock() -> None:
    blade = TOOL.model_copy(update={"rotor_speed_rpm": 0.0})
    assert weighed(status(**(AT_WORK | AP)), blade) is Shock.LARGE


def test_a_slow_rotor_strikes_too() -> None:
    slow = TOOL.model_copy(update={"rotor_speed_rpm": 60.0})
    assert weighed(status(**(AT_WORK | AP | {"rotor_speed_radps": 5.0})), slow) is Shock.SMALL


def test_the_record_has_the_weight_as_a_number() -> None:
    assert {weight.name: int(weight) for weight in Shock} == {"NONE": 0, "SMALL": 1, "LARGE": 2}
    assert float(Shock.LARGE) == LARGE_SHOCK


# --- a small one -----------------------------------------------------------------------------------------------------
def test_a_small_shock_makes_a_mission_wait_and_one_word_and_one_start_go_on() -> None:
    rig = waits()
    assert rig.report.reasons == ("shock_small",)
    assert (rig.command.brake, rig.state.reset_due) == (True, False)
    rig.run(60)
    assert go_on(rig) is Mode.WAIT, "nobody has said what it was"
    say_good(rig)
    assert rig.state.latched == 0
    assert go_on(rig) is Mode.AUTO_MOVE


def test_no_other_word_and_no_other_act_lets_it_go_on() -> None:
    rig = waits()
    rig.run(60)
    for requests, edge in (
        ({"observers": (1,)}, E.NONE),
        ({"picture_good": (2,)}, E.NONE),
        ({}, E.ACKNOWLEDGE),
        ({}, E.ATTENTION),
        ({}, E.RESET),
    ):
        rig.requests = requests
        rig.press(edge, hold_to_run=True)
        rig.requests = {}
        assert rig.state.latched == masks.SHOCK_SMALL, (requests, edge)
    assert go_on(rig) is Mode.WAIT


def test_twenty_seconds_without_a_word_are_a_stop_that_is_acknowledged() -> None:
    rig = waits()
    while rig.mode is Mode.WAIT:
        rig.send()
    assert rig.mode is Mode.STOPPING
    assert set(rig.report.reasons) >= {"shock_small", "mission_left"}
    runs_down(rig)
    rig.run(60)
    assert rig.reset() is Mode.READY
    rig.press(E.ARM)
    assert rig.mode is Mode.READY, "what it was is still unsaid"
    rig.press(E.ACKNOWLEDGE)
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL


def test_a_word_before_the_shock_was_over_for_a_second_is_that_of_nobody_who_looked() -> None:
    rig = at_work()
    goes_off(rig, AP, 1)
    told = rig.state.latch_tick
    while rig.tick < told + 49:
        rig.send()
    say_good(rig)
    assert rig.tick == told + 50
    assert rig.state.latched == masks.SHOCK_SMALL
    say_good(rig)
    assert rig.state.latched == 0


def test_a_word_counts_only_from_a_screen_that_showed_the_shock() -> None:
    state = GateState(mode=Mode.WAIT, holder=1, latch_tick=500)
    said = msgspec.structs.replace(Rig()._requests(), picture_good=(1,))
    for echo_tick, counts in ((499, False), (500, True), (501, True)):
        heard = AcceptedFrames(frame=frame(echo_tick=echo_tick), stations={})
        assert shocks.looked_at(state, heard, said) is counts
    heard = AcceptedFrames(frame=frame(echo_tick=501), stations={})
    assert not shocks.looked_at(state, AcceptedFrames(frame=None, stations={}), said)
    assert not shocks.looked_at(msgspec.structs.replace(state, holder=2), heard, said)
    assert {m for m in Mode if shocks.looked_at(msgspec.structs.replace(state, mode=m), heard, said)} == {Mode.WAIT}


def test_the_word_is_of_no_use_where_the_shock_is_not_over() -> None:
    rig = at_work()
    rig.status |= AP
    rig.run(80)
    assert rig.mode is Mode.WAIT
    say_good(rig)
    assert rig.state.latched == masks.SHOCK_SMALL


def test_a_second_small_shock_before_anybody_spoke_is_a_detonation() -> None:
    rig = waits()
    rig.run(49)
    goes_off(rig, AP, 1)
    assert rig.mode is Mode.WAIT, "still the first: it was over for less than a second"
    rig.run(51)
    goes_off(rig, AP, 1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "detonation"


def test_a_small_shock_after_the_word_waits_anew() -> None:
    rig = waits()
    rig.run(60)
    say_good(rig)
    goes_off(rig, AP, 1)
    assert rig.mode is Mode.WAIT
    assert rig.state.latched == masks.SHOCK_SMALL


def test_whoever_says_that_it_was_more_makes_it_a_detonation() -> None:
    rig = waits()
    rig.run(60)
    rig.requests = {"heavier": True}
    rig.send()
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "detonation"
    assert rig.state.latched & masks.DETONATION


def test_whoever_says_so_after_the_wait_became_a_stop_makes_it_a_detonation_with_its_wait() -> None:
    rig = waits(WAIT_S)
    while rig.mode is Mode.WAIT:
        rig.send()
    rig.controls = {}
    rig.run(60)
    assert rig.mode is Mode.HOLD
    rig.requests = {"heavier": True}
    rig.send()
    rig.requests = {}
    assert rig.report.detonation_left_s == WAIT_S
    rig.press(E.ACKNOWLEDGE)
    assert rig.state.latched == masks.DETONATION
    assert rig.reset() is Mode.HOLD


def test_whoever_says_that_it_was_more_is_heard_while_the_controller_is_silent() -> None:
    rig = waits()
    rig.run(60)
    rig.wire = {"status_t_ns": 0}
    rig.run(2)
    assert "controller_lost" in rig.report.reasons
    rig.requests = {"heavier": True}
    rig.send()
    assert rig.state.latched & masks.DETONATION


def test_what_people_say_of_an_older_detonation_stops_no_mission() -> None:
    rig = at_work()
    rig.requests = {"heavier": True}
    rig.run(5)
    assert rig.mode is Mode.AUTO_WORK


def test_by_stick_a_small_shock_is_a_stop() -> None:
    rig = Rig(measured()).to_manual()
    rig.status = dict(AT_WORK)
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.run(5)
    goes_off(rig, AP, 1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "shock_small"


@pytest.mark.parametrize("shock", [AT, {"flags": CONTACT}, {"flags": CONTACT, "shock_peak_g": math.nan}])
def test_no_large_and_no_unclear_shock_ever_waits(shock: dict[str, Any]) -> None:
    rig = at_work()
    goes_off(rig, shock, 1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "detonation"
    rig = waits()
    goes_off(rig, shock, 1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "detonation"


def test_a_small_shock_in_a_stop_adds_an_acknowledgement_and_nothing_else() -> None:
    rig = at_work().stop()
    rig.status |= AT_WORK
    goes_off(rig, AP, 1)
    rig.run(2)
    assert (rig.mode, rig.state.latched) == (Mode.HOLD, masks.SHOCK_SMALL)
    assert rig.command.brake
    rig.press(E.ACKNOWLEDGE)
    assert rig.state.latched == 0


def test_a_small_shock_together_with_anything_that_stops_is_a_stop() -> None:
    both = masks.SHOCK_SMALL | masks.DETONATION
    for mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT):
        assert interlocks.worst(masks.SHOCK_SMALL, 0, mode) is Class.WAIT
        assert interlocks.worst(both, 0, mode) is Class.STOP
    assert interlocks.worst(masks.SHOCK_SMALL, 0, Mode.MANUAL) is Class.STOP


def test_a_controller_that_restarts_at_work_is_a_detonation_and_one_that_restarts_at_rest_is_none() -> None:
    rig = at_work(WAIT_S)
    rig.wire = {"status_t_ns": 0}
    rig.run(15)
    assert rig.report.detonation_left_s == 0.0
    rig.wire, rig.status = {}, {"boot_count": 2}
    rig.run(1)
    assert {"controller_reset", "detonation"} <= set(rig.report.reasons)
    assert rig.report.detonation_left_s == WAIT_S
    rig = Rig(measured(WAIT_S)).to_manual()
    rig.status = {"boot_count": 2}
    rig.run(1)
    assert "controller_reset" in rig.report.reasons
    assert "detonation" not in rig.report.reasons


# --- the wait after a large one --------------------------------------------------------------------------------------
def detonated() -> Rig:
    rig = at_work(WAIT_S)
    goes_off(rig, AT, 1)
    runs_down(rig)
    rig.controls = {}
    return rig


def test_an_acknowledgement_counts_only_after_the_wait() -> None:
    rig = detonated()
    at = rig.tick
    assert rig.report.detonation_left_s == WAIT_S
    while rig.tick < at + WAIT_TICKS - 1:
        rig.send()
    assert rig.report.detonation_left_s == pytest.approx(0.02)
    assert rig.state.latched == masks.DETONATION
    rig = detonated()
    at = rig.tick
    rig.run(WAIT_TICKS - 2)
    rig.send(E.ACKNOWLEDGE)
    assert (rig.tick - at, rig.state.latched) == (WAIT_TICKS - 1, masks.DETONATION)
    rig = detonated()
    rig.run(WAIT_TICKS - 1)
    rig.send(E.ACKNOWLEDGE)
    assert (rig.state.latched, rig.report.detonation_left_s) == (0, 0.0)


def test_nothing_drives_away_in_the_wait_and_recovery_may_after_it() -> None:
    rig = detonated()
    rig.run(100)
    assert rig.mode is Mode.HOLD
    assert rig.reset() is Mode.HOLD
    rig.run(WAIT_TICKS)
    assert rig.reset() is Mode.READY
    rig.press(E.RECOVERY)
    assert rig.mode is Mode.RECOVERY


def test_a_detonation_on_the_way_back_stops_and_waits_again() -> None:
    rig = detonated()
    rig.run(WAIT_TICKS + 60)
    rig.to_recovery()
    assert rig.state.accepted & masks.DETONATION
    goes_off(rig, AT, 1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.detonation_left_s == WAIT_S


def test_a_contact_that_stays_closed_is_waited_for_once_and_may_be_driven_away_from() -> None:
    rig = at_work(WAIT_S)
    rig.status |= AT
    rig.run(2)
    runs_down(rig)
    rig.run(WAIT_TICKS + 58)
    rig.press(E.ACKNOWLEDGE)
    assert rig.state.latched == masks.DETONATION, "what is in force cannot be acknowledged"
    rig.to_recovery()
    rig.run(20)
    assert rig.mode is Mode.RECOVERY


def test_late_ticks_and_a_clock_that_leaps_shorten_no_wait() -> None:
    newest = shocks.Since(1000, 1000 * TICK_NS)
    large = masks.DETONATION
    assert shocks.left_s(large, newest, 1050, 1050 * TICK_NS, 4.0) == pytest.approx(3.0)
    assert shocks.left_s(large, newest, 1050, 9050 * TICK_NS, 4.0) == pytest.approx(3.0)
    assert shocks.left_s(large, newest, 9050, 1050 * TICK_NS, 4.0) == pytest.approx(3.0)
    assert shocks.left_s(large, newest, 1200, 1200 * TICK_NS, 4.0) == 0.0
    assert shocks.left_s(large, newest, 9000, 9000 * TICK_NS, 4.0) == 0.0
    assert shocks.left_s(masks.SHOCK_SMALL, newest, 1050, 1050 * TICK_NS, 4.0) == 0.0


def test_a_detonation_from_before_a_restart_waits_anew_and_the_start_is_no_stop() -> None:
    rig = Rig(measured(WAIT_S))
    rig.state = msgspec.structs.replace(rig.state, latched=masks.DETONATION, shown=masks.DETONATION, reset_due=True)
    rig.tick = 0
    rig.run(60)
    rig.press(E.TAKE)
    rig.run(2)
    assert rig.mode is Mode.DISARMED
    rig.press(E.ACKNOWLEDGE)
    assert rig.state.latched == masks.DETONATION
    rig.press(E.RESET)
    assert rig.state.reset_due, "no RESET while it waits"
    rig.run(WAIT_TICKS)
    rig.press(E.ACKNOWLEDGE)
    assert rig.state.latched == 0


def test_only_a_detonation_in_its_wait_is_kept_from_hands_and_from_recovery() -> None:
    large, small = masks.DETONATION, masks.SHOCK_SMALL
    assert shocks.unacknowledged(Mode.HOLD, 0.0) == 0
    assert shocks.unacknowledged(Mode.HOLD, 0.02) == large
    assert shocks.unacknowledged(Mode.WAIT, 0.0) == small
    assert shocks.unacknowledged(Mode.WAIT, 1.0) == small | large
    assert {mode: shocks.untolerated(mode, 1.0) for mode in Mode} == {m: 0 if m is Mode.BOOT else large for m in Mode}
    assert {shocks.untolerated(mode, 0.0) for mode in Mode} == {0}


def test_since_is_when_it_came_into_force() -> None:
    state = GateState(active=0, shock_tick=3, shock_t_ns=60)
    assert shocks.since(state, masks.DETONATION, 9, 180) == (9, 180)
    assert shocks.since(state, masks.SHOCK_SMALL, 9, 180) == (3, 60)
    on = msgspec.structs.replace(state, active=masks.DETONATION)
    assert shocks.since(on, masks.DETONATION, 9, 180) == (3, 60)
