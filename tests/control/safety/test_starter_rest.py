"""How often the starter may be tried, and what bars it until a hand was at the machine."""

from typing import Any

import pytest
from msgspec.structs import replace

from firmware_bridge.types import ControllerFlag
from tests.control.safety.gate_inputs import TICK, gate_inputs
from tests.control.safety.rig import Rig
from tests.control.safety.starter_rig import (
    ASKED,
    CRANK_TICKS,
    CRANKING,
    HELD_TICKS,
    OFF,
    PAUSE_TICKS,
    REST_TICKS,
    STANDS,
    WARNING,
    WARNING_TICKS,
    E,
    asked,
    at,
    disarmed,
    hold,
    with_starter,
)
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import masks, starting
from vehicle.control.safety.measurements import measure
from vehicle.control.safety.modes import Starter


def tried(rig: Rig) -> Rig:
    """One try that starts nothing, and its RESET."""
    asked(rig)
    hold(rig, HELD_TICKS + WARNING_TICKS + CRANK_TICKS + 1)
    assert rig.state.start is OFF
    rig.reset()
    assert not rig.state.reset_due
    return rig


def can_ask(rig: Rig) -> bool:
    rig.press(E.ENGINE_START)
    return rig.state.start is ASKED


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_after_three_tries_the_starter_rests_ten_times_as_long_and_they_count_anew(tries: int) -> None:
    rest = REST_TICKS if tries < 3 else PAUSE_TICKS
    for spare, rests in ((0, False), (1, True)):
        rig = disarmed()
        ended = rig.tick + 26 - rest + spare  # `press` waits for half a second
        rig.state = replace(rig.state, start_tries=tries, crank_tick=ended, crank_t_ns=ended * TICK_NS)
        assert can_ask(rig) is not rests
        if not rests:
            hold(rig, HELD_TICKS + WARNING_TICKS + 2)
            assert (rig.state.start, rig.state.start_tries) == (CRANKING, tries + 1 if tries < 3 else 1)


@pytest.mark.parametrize(("rested_ticks", "tries"), [(PAUSE_TICKS - 1, 3), (PAUSE_TICKS, 1), (PAUSE_TICKS + 1, 1)])
def test_tries_count_anew_once_the_starter_has_rested_for_the_whole_pause(rested_ticks: int, tries: int) -> None:
    state: dict[str, Any] = {"start": WARNING, "start_tries": 2, "crank_tick": TICK - rested_ticks}
    state["crank_t_ns"] = state["crank_tick"] * TICK_NS
    now = gate_inputs(config=with_starter(), state=state)
    assert starting.followed(now, CRANKING, Starter.ABLE).start_tries == tries


def test_the_end_of_a_crank_is_kept_by_tick_and_by_clock() -> None:
    late_ns = TICK * TICK_NS + 7
    now = gate_inputs(config=with_starter(), state={"start": CRANKING, "start_tries": 2}, now_ns=late_ns)
    ended = starting.followed(now, OFF, Starter.OVER)
    assert (ended.crank_tick, ended.crank_t_ns, ended.start_tries) == (TICK, late_ns, 2)
    assert (ended.start, ended.start_tick, ended.start_t_ns) == (OFF, TICK, late_ns)


def test_without_a_status_no_engine_is_started() -> None:
    now = gate_inputs(config=with_starter(), status_=None, state={"start": CRANKING})
    _, silent = measure(now, 0)
    assert silent.status is None
    assert starting.starter(now, silent, 0, able=True) is Starter.UNABLE


@pytest.mark.release
def test_the_starter_rests_between_tries_and_after_three() -> None:
    rig = disarmed()
    for count in (1, 2, 3):
        tried(rig)
        assert rig.state.start_tries == count
        ended = rig.state.crank_tick
        rest = REST_TICKS if count < 3 else PAUSE_TICKS
        rig.run(ended + rest - rig.tick - 28)
        assert not can_ask(rig), count
        if count == 3:
            break
        rig.run(30)
    rig.run(30)
    assert can_ask(rig)
    hold(rig, HELD_TICKS + WARNING_TICKS + 2)
    assert (rig.state.start, rig.state.start_tries) == (CRANKING, 1), "they count anew"


@pytest.mark.parametrize("late", ["ticks", "clock"])
def test_the_starter_has_rested_by_ticks_and_by_the_clock(late: str) -> None:
    for spare, rests in ((0, False), (1, True)):
        rig = disarmed()
        pressed = rig.tick + 26  # `press` waits for half a second
        rested, short = pressed - REST_TICKS - 500, pressed - REST_TICKS + spare
        by_ticks, by_clock = (short, rested) if late == "ticks" else (rested, short)
        rig.state = replace(rig.state, crank_tick=by_ticks, crank_t_ns=by_clock * TICK_NS)
        assert can_ask(rig) is not rests


def test_after_a_start_of_the_program_the_starter_rests_too() -> None:
    rig = Rig(with_starter())
    rig.status = dict(STANDS)
    rig.to_disarmed()
    assert rig.tick < REST_TICKS - 30
    assert not can_ask(rig)


def test_without_a_reset_there_is_no_other_try() -> None:
    rig = at(CRANKING)
    rig.run(1)
    rig.run(REST_TICKS + 5)
    assert not can_ask(rig)
    rig.reset()
    assert can_ask(rig)


# --- never after -----------------------------------------------------------------------------------------------------
BARRED = {
    "estop_machine", "fire", "roll_over", "runaway", "rotor_unrequested", "rotor_stuck_on", "rotor_not_stopping",
    "hydraulic_pressure_lost", "moved_while_braked", "track_stuck",
}  # fmt: skip


def test_what_bars_a_start() -> None:
    assert {reason.name.lower() for reason in StopReason if masks.START_BAR_MASK >> reason & 1} == BARRED


@pytest.mark.parametrize(
    "reason", [StopReason.FIRE, StopReason.RUNAWAY, StopReason.TRACK_STUCK, StopReason.ENGINE_STALL, None]
)
def test_only_a_hand_at_the_machine_ends_a_bar(reason: StopReason | None) -> None:
    state = disarmed().state
    bits = 0 if reason is None else 1 << reason
    bars = reason is not None and reason is not StopReason.ENGINE_STALL
    assert starting.barred_after(state, bits, chain_reset=False) is bars
    barred = replace(state, start_barred=True)
    assert starting.barred_after(barred, bits, chain_reset=False)
    assert starting.barred_after(barred, bits, chain_reset=True) is bars


def test_after_a_rotor_that_turned_unasked_no_console_starts_the_engine() -> None:
    """Acknowledged and reset, but nobody was at the machine; then somebody was."""
    rig = disarmed()
    rig.status |= {"rotor_speed_radps": 10.0}
    rig.run(12)
    assert rig.mode is Mode.ESTOP
    rig.status |= {"rotor_speed_radps": 0.0}
    rig.run(2)
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.DISARMED
    rig.run(REST_TICKS)
    assert not can_ask(rig)
    rig.status |= {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.ESTOP_CHAIN_OPEN}
    rig.run(5)
    rig.status |= {"flags": ControllerFlag.BRAKE_ON}
    rig.run(5)
    assert rig.reset() is Mode.DISARMED
    rig.run(30)
    assert can_ask(rig)


def test_a_controller_that_has_not_answered_the_newest_reset_starts_nothing() -> None:
    for answered, step in ((0, OFF), (1, ASKED)):
        rig = disarmed()
        rig.run(25)
        rig.state = replace(rig.state, reset_sequence=rig.state.sequence - answered)
        rig.send(E.ENGINE_START)
        assert rig.state.start is step, rig.report.reasons


@pytest.mark.parametrize("speed_mps", [0.3, 0.1])
def test_a_runaway_that_the_machine_itself_finds_bars_it(speed_mps: float) -> None:
    """Also one so slow that nothing but the time of the brakes tells."""
    rig = Rig(with_starter()).to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls = {"hold_to_run": True, "drive": 0.1}
    rig.run(40)
    rig.controls = {}
    rig.status = {"track_left_mps": speed_mps, "track_right_mps": speed_mps}
    rig.gnss = {"speed_mps": speed_mps}
    rig.send(E.STOP)
    while rig.mode is Mode.STOPPING:
        rig.send()
    assert rig.mode is Mode.ESTOP
    assert rig.state.start_barred, rig.report.reasons
