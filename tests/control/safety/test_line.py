"""What the controller's line takes of a lease, measured from answers by the controller's clock alone."""

from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerStatus
from tests.builders import status
from tests.control.safety.gate_inputs import BEATS, gate_inputs
from vehicle.control.safety.measurements import measure
from vehicle.control.safety.monitor_state import answered, remember
from vehicle.control.state import GateState, MonitorState

SEQUENCE = 500
SENT = tuple((1000 + 20 * n, 0.01 * n, -0.01 * n) for n in range(24))
"""The newest, of sequence 500, is the last; the tick adds one more before it looks."""


def heard(told: ControllerStatus, counts: bool = True, **kept: Any) -> MonitorState:
    monitor = msgspec.structs.replace(MonitorState(beats_ns=BEATS, sent=SENT, stamp_ms=1480), **kept)
    now = gate_inputs(status_=told, monitor=monitor, state={"sequence": SEQUENCE}, wire={"status_counts": counts})
    return remember(now, told, 0)


@pytest.mark.parametrize(("back", "time_ms", "age_ms", "taken_ms"), [
    (0, 1480, 0, 0), (0, 1520, 0, 40), (0, 1520, 15, 25), (1, 1480, 0, 20), (5, 1600, 10, 210), (0, 1470, 0, 0),
    (0, 1479 + 2**31, 0, 255), (0, 1480 + 2**31, 0, 0),
    (0, 1480 + 254, 0, 254), (0, 1480 + 255, 0, 255), (0, 1480 + 9_000, 0, 255), (23, 1480, 0, 255),
])  # fmt: skip
def test_how_old_the_stamp_was_when_its_command_arrived(back: int, time_ms: int, age_ms: int, taken_ms: int) -> None:
    told = status(command_sequence=SEQUENCE - back, time_ms=time_ms, command_age_ms=age_ms)
    assert heard(told).line_heard_ms == taken_ms


def test_over_the_wrap_of_both_counters() -> None:
    told = status(command_sequence=SEQUENCE, time_ms=10)
    assert heard(told, stamp_ms=2**32 - 20).line_heard_ms == 30
    now = gate_inputs(monitor=MonitorState(beats_ns=BEATS, sent=SENT), state={"sequence": 2**32 + 3})
    assert answered(now.state, SENT, status(command_sequence=3)) == SENT[-1]
    assert answered(GateState(sequence=2), SENT, status(command_sequence=2**32 - 1)) == SENT[-4]
    assert answered(GateState(sequence=2), SENT, status(command_sequence=2 + 2**31)) is None


def test_what_is_not_remembered_any_more_is_lost_and_before_enough_was_sent_it_is_nothing() -> None:
    assert heard(status(command_sequence=SEQUENCE - 24, time_ms=1480)).line_heard_ms == 255
    assert heard(status(command_sequence=SEQUENCE + 1, time_ms=1480)).line_heard_ms == 255
    short = SENT[:22]
    assert heard(status(command_sequence=1, time_ms=1480), sent=short, line_heard_ms=7).line_heard_ms == 7
    assert heard(status(command_sequence=1, time_ms=1480), sent=SENT[:23], line_heard_ms=7).line_heard_ms == 255


def test_a_status_that_repeats_or_answers_nothing_or_is_missing_tells_nothing() -> None:
    told = status(command_sequence=SEQUENCE, time_ms=1500)
    assert heard(told).line_heard_ms == 20
    assert heard(told, counts=False, line_heard_ms=9).line_heard_ms == 9
    never = status(command_sequence=SEQUENCE, time_ms=1500, command_age_ms=65_535)
    assert heard(never, line_heard_ms=9).line_heard_ms == 9
    now = gate_inputs(monitor=MonitorState(beats_ns=BEATS, line_heard_ms=9, line_ms=30))
    assert remember(now, None, 0).line_heard_ms == 9
    assert remember(now, None, 0).line_ms == 29


def test_two_slow_answers_in_a_row_count() -> None:
    slow = status(command_sequence=SEQUENCE, time_ms=1580)
    assert heard(slow, line_heard_ms=20, line_ms=20).line_ms == 20
    assert heard(slow, line_heard_ms=90, line_ms=20).line_ms == 90
    assert heard(slow, line_heard_ms=255, line_ms=20).line_ms == 100


def test_what_was_sent_is_kept_with_its_stamp_for_as_many_ticks_as_are_remembered() -> None:
    new = heard(status(command_sequence=SEQUENCE, time_ms=1500))
    assert len(new.sent) == 24
    assert new.sent[:-1] == SENT[1:]
    assert new.sent[-1] == (1480, *new.expected_mps)
    now = gate_inputs(wire={"controller_time_ms": 77}, monitor=MonitorState())
    assert remember(now, None, 0).sent == (), "nothing was sent before the first tick"
    assert remember(now, None, 0).stamp_ms == 77


def test_a_set_point_is_held_against_the_command_that_is_answered() -> None:
    monitor = MonitorState(beats_ns=BEATS, sent=((0, 0.0, 0.0), (0, 0.5, 0.5)), expected_mps=(0.5, 0.5))
    for sequence, applied, mismatch in (
        (SEQUENCE - 2, 0.0, False),
        (SEQUENCE - 2, 0.5, True),
        (SEQUENCE - 1, 0.5, False),
    ):
        told = status(command_sequence=sequence, applied_left_mps=applied, applied_right_mps=applied)
        now = gate_inputs(status_=told, monitor=monitor, state={"sequence": SEQUENCE, "set_mps": (0.5, 0.5)})
        assert measure(now, 0)[1].mismatch is mismatch, (sequence, applied)
