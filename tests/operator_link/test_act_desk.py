"""Numbered acts before the tick: each rises once at the gate, whatever the radio loses, repeats and reorders."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.console_types import ActWhy
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.firmware_bridge.samples import OPERATOR
from vehicle.contracts.messages import EngineStart, Mode, RotorState
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.state import GateState
from vehicle.operator_link.act_desk import STOPS, ActDesk, Answer
from vehicle.operator_link.act_judge import Heard, Seen, judged

E = OperatorEdge
MS = 1_000_000
SEEN = Seen(tick=100, standing=True, has_plan=True, blocked=False)
CALM = msgspec.structs.replace(
    OPERATOR, station_id=250, echo_tick=98, edges=E.NONE, drive=0.0, turn=0.0, hold_to_run=False
)


def frame(sequence: int, edges: OperatorEdge = E.NONE) -> OperatorFrame:
    return msgspec.structs.replace(CALM, sequence=sequence, edges=edges)


def rises(frames: list[OperatorFrame]) -> list[OperatorEdge]:
    """The edges that the gate counts, by its own rule."""
    before, found = None, []
    for one in frames:
        if before is not None:
            found += list(one.edges & ~before)
        before = one.edges
    return found


def test_an_edge_that_stays_in_the_frames_reaches_the_tick_once() -> None:
    desk = ActDesk()
    told = [desk.let_through(frame(1), 1, 0)]
    for sequence in range(2, 10):
        told.append(desk.let_through(frame(sequence, E.ARM), 2, 0))
        desk.judge(GateState(), GateState(mode=Mode.READY), SEEN)
    assert rises(told) == [E.ARM]
    assert told[-1].edges == E.NONE


def test_the_same_act_again_rises_again_even_where_no_frame_between_arrived() -> None:
    desk = ActDesk()
    told = [desk.let_through(frame(1), 1, 0), desk.let_through(frame(2, E.ARM), 2, 0)]
    desk.judge(GateState(), GateState(mode=Mode.READY), SEEN)
    told += [desk.let_through(frame(3, E.ARM), 3, 0), desk.let_through(frame(4, E.ARM), 3, 0)]
    assert rises(told) == [E.ARM, E.ARM]


def test_stops_are_never_held_back() -> None:
    desk = ActDesk()
    assert desk.let_through(frame(1, E.STOP | E.DISARM), 2, 0).edges == E.STOP
    desk.let_through(frame(2, E.STOP), 2, 0)
    desk.judge(GateState(), GateState(), SEEN)
    assert desk.let_through(frame(3, E.STOP), 2, 0).edges == E.STOP
    assert desk.let_through(frame(2, E.STOP | E.ARM), 2, 0).edges == E.STOP
    assert desk.let_through(frame(9, E.ESTOP | E.ARM), 1, 0).edges == E.ESTOP


def test_what_is_not_numbered_passes_as_it_is() -> None:
    desk = ActDesk()
    assert desk.let_through(frame(1, E.ARM), 0, 0).edges == E.ARM
    assert desk.answer(250) == Answer()


def test_what_is_held_pressed_at_the_beginning_waits_for_a_frame_without() -> None:
    """The gate takes what a station holds pressed when it first appears for no act."""
    desk = ActDesk()
    told = [desk.let_through(frame(1, E.TAKE), 2, 0), desk.let_through(frame(2, E.TAKE), 2, 0)]
    assert [one.edges for one in told] == [E.NONE, E.TAKE]
    again = desk.let_through(frame(3, E.TAKE), 3, 5_000 * MS)
    assert again.edges == E.NONE


def test_a_new_session_begins_anew() -> None:
    desk = ActDesk()
    desk.let_through(frame(1), 500, 0)
    desk.forget(250)
    desk.let_through(frame(2), 1, 0)
    assert desk.let_through(frame(3, E.TAKE), 2, 0).edges == E.TAKE


@pytest.mark.parametrize(
    ("edge", "shown", "expected"),
    [
        (E.ACKNOWLEDGE, 89, "changed_meanwhile"),
        (E.ACKNOWLEDGE, 90, ""),
        (E.RELEASE_ESTOP, 94, "changed_meanwhile"),
        (E.RELEASE_ESTOP, 95, ""),
        (E.ARM, 49, "too_late"),
        (E.ARM, 50, ""),
        (E.ARM, 0, ""),
        (E.STOP, 1, ""),
        (E.DISARM, 1, ""),
    ],
)
def test_an_act_counts_for_what_its_console_was_shown(edge: OperatorEdge, shown: int, expected: str) -> None:
    """Its readings may echo newer ticks: they say how young the sticks are, not what was on the screen."""
    desk = ActDesk()
    desk.follow(GateState(latch_tick=90, estop_tick=95), 100)
    desk.let_through(frame(1), 1, 0)
    passed = desk.let_through(frame(2, edge), 2, 0, shown)
    assert desk.answer(250).why.key == expected
    assert passed.edges == (E.NONE if expected else edge)


@given(st.integers(0, 2**32), st.floats(0.0, 0.9), st.integers(1, 12))
def test_every_act_rises_once_on_any_radio(seed: int, loss: float, acts: int) -> None:
    """As our console sends: an edge stays until it is answered, beats that answer are lost like frames."""
    draw, desk, told, known = random.Random(seed), ActDesk(), [], 1
    sequence = newest = 0
    late: list[tuple[OperatorFrame, int]] = []
    for number in range(2, 2 + acts):
        for _ in range(400):
            sequence += 1
            sent = (frame(sequence, E.ARM if known < number else E.NONE), max(known, number))
            arrived = [sent] if draw.random() >= loss else []
            if late and draw.random() < 0.3:
                arrived.append(late.pop())
            if draw.random() < 0.2:
                late.append(sent)
            for one, its in arrived:
                passed = desk.let_through(one, its, sequence * 20 * MS)
                if one.sequence > newest:
                    newest = one.sequence
                    told.append(passed)
                else:
                    assert passed.edges & ~STOPS == E.NONE
            if desk.waits:
                desk.judge(GateState(), GateState(mode=Mode.READY), SEEN)
            if draw.random() >= loss:
                known = max(known, desk.answer(250).number)
            if known == number:
                break
        assert known == number
    assert rises([frame(0), *told]) == [E.ARM] * acts


# --- the judge -------------------------------------------------------------------------------------------------------
HELD = GateState(holder=250, mode=Mode.MANUAL, act_tick=0, neutral_seen=True)


def why(
    edge: OperatorEdge, before: GateState, after: GateState, sent: OperatorFrame = CALM, **seen: object
) -> tuple[str, int | None]:
    told = msgspec.structs.replace(SEEN, **seen)
    heard = Heard(250, sent, before, after, told)
    found = judged(edge, heard)
    return found.why.key, found.reason


def gate(mode: Mode, **what: object) -> GateState:
    return msgspec.structs.replace(HELD, mode=mode, **what)


FAULTED = gate(Mode.FAULT, reset_due=True)
LATCHED = gate(Mode.ESTOP, estop_latched=True)
SLOPE, HOT = int(StopReason.SLOPE), int(StopReason.HOT)


@pytest.mark.parametrize(
    ("edge", "before", "after", "expected"),
    [
        (E.ARM, gate(Mode.DISARMED), gate(Mode.READY), ""),
        (E.ARM, gate(Mode.READY), gate(Mode.MANUAL), ""),
        (E.ARM, gate(Mode.HOLD), gate(Mode.HOLD), "reset_first"),
        (E.ARM, gate(Mode.DISARMED, reset_due=True), gate(Mode.DISARMED, reset_due=True), "reset_first"),
        (E.ARM, gate(Mode.MANUAL), gate(Mode.MANUAL), "wrong_mode"),
        (E.ARM, gate(Mode.DISARMED, holder=7), gate(Mode.DISARMED, holder=7), "held_by_other"),
        (E.ARM, gate(Mode.DISARMED, holder=0), gate(Mode.DISARMED, holder=0), "take_first"),
        (E.ARM, gate(Mode.DISARMED, act_tick=80), gate(Mode.DISARMED), "too_soon"),
        (E.ARM, gate(Mode.DISARMED), gate(Mode.DISARMED, active=1 << SLOPE), "reason"),
        (E.ARM, gate(Mode.DISARMED), gate(Mode.DISARMED), "not_now"),
        (E.RESET, gate(Mode.HOLD, reset_due=True), gate(Mode.READY), ""),
        (E.RESET, gate(Mode.DISARMED), gate(Mode.DISARMED), "nothing_due"),
        (E.RESET, gate(Mode.ESTOP, reset_due=True, estop_latched=True), gate(Mode.ESTOP), "nothing"),
        (E.RESET, FAULTED, msgspec.structs.replace(FAULTED, rotor=RotorState.SPIN_DOWN), "rotor_turns"),
        (E.TAKE, gate(Mode.DISARMED, holder=0), gate(Mode.DISARMED), ""),
        (E.TAKE, gate(Mode.DISARMED, holder=7), gate(Mode.DISARMED, holder=7), "held_by_other"),
        (E.MISSION_START, gate(Mode.MANUAL), gate(Mode.AUTO_MOVE), ""),
        (E.MISSION_START, gate(Mode.MANUAL), gate(Mode.MANUAL), "hold_not_pressed"),
        (E.MISSION_START, gate(Mode.READY), gate(Mode.READY), "wrong_mode"),
        (E.MISSION_PAUSE, gate(Mode.AUTO_WORK), gate(Mode.STOPPING), ""),
        (E.MISSION_PAUSE, gate(Mode.AUTO_WORK), gate(Mode.WAIT), ""),
        (E.MISSION_START, gate(Mode.WAIT), gate(Mode.AUTO_WORK), ""),
        (E.MISSION_START, gate(Mode.WAIT, act_tick=80), gate(Mode.WAIT), "too_soon"),
        (E.MISSION_START, gate(Mode.WAIT), gate(Mode.WAIT), "hold_not_pressed"),
        (E.STOP, gate(Mode.WAIT), gate(Mode.STOPPING), ""),
        (E.STOP, gate(Mode.AUTO_WORK), gate(Mode.WAIT), "not_now"),
        (E.DISARM, gate(Mode.WAIT), gate(Mode.STOPPING), ""),
        (E.RECOVERY, gate(Mode.READY), gate(Mode.RECOVERY), ""),
        (E.RECOVERY, gate(Mode.HOLD), gate(Mode.HOLD), "wrong_mode"),
        (E.DISARM, gate(Mode.MANUAL), gate(Mode.STOPPING), ""),
        (E.DISARM, gate(Mode.FAULT), gate(Mode.FAULT), "wrong_mode"),
        (E.RELEASE, gate(Mode.DISARMED), gate(Mode.DISARMED, holder=0), ""),
        (E.STOP, gate(Mode.MANUAL, holder=7), gate(Mode.STOPPING, holder=7), ""),
        (E.ESTOP, gate(Mode.MANUAL, holder=7), gate(Mode.ESTOP, holder=7, estop_latched=True), ""),
        (E.ATTENTION, gate(Mode.AUTO_WORK), gate(Mode.AUTO_WORK, attention_tick=100), ""),
        (E.ATTENTION, gate(Mode.AUTO_WORK, holder=7), gate(Mode.AUTO_WORK, holder=7), "held_by_other"),
        (E.ACKNOWLEDGE, gate(Mode.HOLD, latched=6), gate(Mode.HOLD, latched=2), ""),
        (E.ACKNOWLEDGE, gate(Mode.HOLD), gate(Mode.HOLD), "nothing_due"),
        (E.ACKNOWLEDGE, gate(Mode.HOLD, latched=6, latch_tick=99), gate(Mode.HOLD, latched=6), "changed_meanwhile"),
        (E.ACKNOWLEDGE, gate(Mode.HOLD, latched=1 << SLOPE), gate(Mode.HOLD, latched=1 << SLOPE), "reason"),
        (E.ENGINE_START, gate(Mode.DISARMED), gate(Mode.DISARMED, start=EngineStart.ASKED), ""),
        (E.ENGINE_START, gate(Mode.DISARMED, start=EngineStart.HELD), gate(Mode.DISARMED), "wrong_mode"),
        (E.ENGINE_START, gate(Mode.MANUAL), gate(Mode.MANUAL), "wrong_mode"),
        (E.ENGINE_START, gate(Mode.HOLD), gate(Mode.HOLD), "reset_first"),
        (E.ENGINE_START, gate(Mode.DISARMED, reset_due=True), gate(Mode.DISARMED, reset_due=True), "reset_first"),
        (E.ENGINE_START, gate(Mode.DISARMED, act_tick=80), gate(Mode.DISARMED), "too_soon"),
        (E.ENGINE_START, gate(Mode.DISARMED, holder=7), gate(Mode.DISARMED, holder=7), "held_by_other"),
        (E.ENGINE_START, gate(Mode.DISARMED), gate(Mode.DISARMED), "not_now"),
        (E.RELEASE_ESTOP, gate(Mode.ESTOP, estop_latched=True), gate(Mode.ESTOP), ""),
        (E.RELEASE_ESTOP, gate(Mode.ESTOP), gate(Mode.ESTOP), "nothing_due"),
        (E.RELEASE_ESTOP, gate(Mode.ESTOP, estop_latched=True, estop_tick=99), LATCHED, "changed_meanwhile"),
    ],
)  # fmt: skip
def test_what_became_of_an_act_is_said(edge: OperatorEdge, before: GateState, after: GateState, expected: str) -> None:
    if expected == "nothing":  # an e-stop that is not released
        after = msgspec.structs.replace(after, reset_due=True, estop_latched=True)
        expected = "release_first"
    assert why(edge, before, after)[0] == expected


def test_hands_are_named_before_anything_that_nobody_can_do_something_about() -> None:
    before = gate(Mode.DISARMED)
    bent = msgspec.structs.replace(CALM, turn=-0.06)
    held = msgspec.structs.replace(CALM, hold_to_run=True)
    after = gate(Mode.DISARMED, active=1 << SLOPE)
    assert why(E.ARM, before, after, bent)[0] == "not_neutral"
    assert why(E.ARM, before, after, held)[0] == "hold_pressed"
    assert why(E.ARM, before, after, standing=False)[0] == "not_standing"
    assert why(E.ARM, before, after, standing=None) == ("reason", SLOPE)


def test_a_start_names_plan_place_and_what_limits() -> None:
    before, held = gate(Mode.MANUAL), msgspec.structs.replace(CALM, hold_to_run=True)
    assert why(E.MISSION_START, before, before, held, has_plan=False)[0] == "nothing_to_start"
    assert why(E.MISSION_START, before, gate(Mode.AUTO_MOVE), held, blocked=True)[0] == "start_blocked"
    assert why(E.MISSION_START, before, before, held, shift_due=True, blocked=True)[0] == "shift_due"
    assert why(E.MISSION_START, before, before, held, shift_due=True, has_plan=False)[0] == "nothing_to_start"
    assert why(E.MISSION_START, before, gate(Mode.MANUAL, active=1 << HOT), held) == ("reason", HOT)


def test_a_start_in_a_wait_names_the_hand_and_then_the_cause() -> None:
    before, held = gate(Mode.WAIT), msgspec.structs.replace(CALM, hold_to_run=True)
    bent = msgspec.structs.replace(held, drive=0.06)
    floats = gate(Mode.WAIT, active=1 << StopReason.POSITION_FLOAT)
    assert why(E.MISSION_START, before, floats, bent)[0] == "not_neutral"
    assert why(E.MISSION_START, before, floats, held, standing=False)[0] == "not_standing"
    assert why(E.MISSION_START, before, floats, held) == ("reason", StopReason.POSITION_FLOAT)
    assert why(E.MISSION_START, before, before, held) == ("wait_moment", None)
    assert why(E.MISSION_START, gate(Mode.MANUAL), gate(Mode.MANUAL), held) == ("not_now", None)


def test_what_stands_against_an_engine_start_is_named_in_the_order_of_its_cure() -> None:
    before, due = gate(Mode.DISARMED), gate(Mode.DISARMED, reset_due=True)
    held = msgspec.structs.replace(CALM, hold_to_run=True)
    steep = gate(Mode.DISARMED, active=1 << SLOPE)
    for never in (ActWhy.NO_STARTER, ActWhy.START_BARRED):
        assert why(E.ENGINE_START, gate(Mode.MANUAL), steep, held, starter=never)[0] == never.key
    rests = ActWhy.STARTER_RESTS
    assert why(E.ENGINE_START, before, steep, held, starter=rests)[0] == "hold_pressed"
    assert why(E.ENGINE_START, due, due, starter=rests)[0] == "reset_first"
    assert why(E.ENGINE_START, before, steep, starter=rests) == ("reason", SLOPE)
    assert why(E.ENGINE_START, before, before, starter=rests) == ("starter_rests", None)


def test_a_frame_that_came_too_late_says_so() -> None:
    old = msgspec.structs.replace(CALM, echo_tick=77)
    assert why(E.ARM, gate(Mode.DISARMED), gate(Mode.DISARMED), old)[0] == "too_late"
    assert why(E.STOP, gate(Mode.MANUAL), gate(Mode.STOPPING), old)[0] == ""


def test_of_two_acts_of_one_frame_each_is_answered() -> None:
    desk = ActDesk()
    desk.let_through(frame(1), 1, 0)
    desk.let_through(frame(2, E.RELEASE | E.DISARM), 3, 0)
    desk.judge(gate(Mode.FAULT), gate(Mode.FAULT, holder=0), SEEN)
    assert desk.answer(250) == Answer(number=3, refused=E.DISARM, why=ActWhy.WRONG_MODE)
