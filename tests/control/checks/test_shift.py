"""The acts of a shift: what is recorded, what blocks START, when a shift begins and ends, and what a restart keeps."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink.observation_adapters import TEXT_BYTES, VALUE_BOUNDS
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests.control.checks.test_room import observation, step
from vehicle.contracts import shift_day, shift_state
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.shift_day import ShiftMark
from vehicle.contracts.shift_state import SHIFT_US, ShiftAct, ShiftNow, ShiftState
from vehicle.contracts.shift_table import (
    BLOCKS_START,
    CLOSING_CHECK,
    ESTOP_MOVING,
    HAND_OVER,
    ITEM_OF,
    MINUTES_MAX,
    PARKING_VISIT,
    RING,
    SHIFT_ITEMS,
    STROP,
    TEST_STRIP,
    ShiftPart,
    ShiftStop,
    fault_of,
    said_of,
    text_of,
)
from vehicle.control.checks_state import ChecksState

MORNING_US = 1_790_000_000_000_000
MIN_US = 60_000_000
USED = ChecksState(shift=ShiftState(used=True))


def act(item: str, at_min: float, *, done: bool = True, words: str = "", minutes: float = 0.0) -> ShiftAct:
    return ShiftAct(
        item=item,
        done=done,
        minutes=minutes,
        who="first person",
        words=words,
        utc_us=MORNING_US + round(at_min * MIN_US),
    )


def through(*acts: ShiftAct) -> ShiftState:
    state = ShiftState(used=True)
    for one in acts:
        state = shift_state.told(state, one, ShiftNow(utc_us=one.utc_us, t_ns=None))
    return state


def missing_at(state: ShiftState, at_min: float) -> tuple[str, ...]:
    return shift_state.missing(state, ShiftNow(utc_us=MORNING_US + round(at_min * MIN_US), t_ns=None))


def shift_observation(text: str, *, done: bool = True, **rest: object) -> Observation:
    kind = ObservationKind.SHIFT_DONE if done else ObservationKind.SHIFT_NOT_DONE
    return msgspec.structs.replace(observation(kind), text=text, time_utc_us=MORNING_US, **rest)


OPENED = [act(name, 1.0) for name in BLOCKS_START]


# --- the table -------------------------------------------------------------------------------------------------------
def test_three_items_block_start_and_the_standing_trial_blocks_arm() -> None:
    assert set(BLOCKS_START) == {STROP, RING, ESTOP_MOVING}
    assert [item.name for item in SHIFT_ITEMS if item.blocks is ShiftStop.ARM] == ["estop-standing"]


def test_the_minutes_are_those_of_the_working_day() -> None:
    planned = {part: sum(item.planned_min for item in SHIFT_ITEMS if item.part is part) for part in ShiftPart}
    assert (planned[ShiftPart.OPENING], planned[ShiftPart.CLOSING]) == (85, 65)


def test_names_are_apart_and_leave_room_for_words() -> None:
    assert len(ITEM_OF) == len(SHIFT_ITEMS)
    for item in SHIFT_ITEMS:
        assert " " not in item.name
        assert len(text_of(item.name, "").encode()) <= TEXT_BYTES - 30
    for kind in (ObservationKind.SHIFT_DONE, ObservationKind.SHIFT_NOT_DONE):
        assert VALUE_BOUNDS[kind] == (0.0, MINUTES_MAX)


@given(st.sampled_from(SHIFT_ITEMS), st.text(alphabet="ab c", max_size=30))
def test_an_item_and_its_words_come_back_from_the_text(item: object, words: str) -> None:
    name = getattr(item, "name")  # noqa: B009
    assert said_of(text_of(name, words.strip())) == (ITEM_OF[name], words.strip())


# --- what is recorded ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "why"),
    [
        (shift_observation("coffee"), "no item"),
        (shift_observation(""), "no item"),
        (shift_observation(STROP, who=" "), "who"),
        (shift_observation(HAND_OVER), "who takes over"),
        (shift_observation("sign-in"), "the role"),
        (shift_observation("wash", done=False), "why it was not done"),
        (msgspec.structs.replace(shift_observation(STROP), time_utc_us=None), "says when"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_why(told: Observation, why: str) -> None:
    state, found = step(USED, told)
    (result,) = state.results
    assert result.result is ObservationVerdict.REFUSED
    assert why in result.text
    assert len(result.text.encode()) <= TEXT_BYTES
    assert (found, state.shift.acts) == ((), ())


def test_an_act_is_recorded_once_as_a_line_and_in_the_shift() -> None:
    told = shift_observation(f"{HAND_OVER} second person", value=9.5)
    state, found = step(USED, told, told)
    (line,) = found
    assert isinstance(line, Observed)
    assert (line.kind, line.value, line.by, line.text) == ("shift_done", 9.5, "leader", "hand-over second person")
    (one,) = state.shift.acts
    assert (one.item, one.words, one.minutes, one.done) == (HAND_OVER, "second person", 9.5, True)
    assert shift_state.act_of(line) == one
    assert [result.result for result in state.results] == [ObservationVerdict.RECORDED] * 2


# --- what blocks -----------------------------------------------------------------------------------------------------
def test_start_waits_for_all_three_and_a_failed_trial_blocks_again() -> None:
    state = USED
    for number, name in enumerate(BLOCKS_START, start=1):
        assert name in step(state)[0].shift.missing
        state, _ = step(state, shift_observation(name, sequence=number))
    assert state.shift.missing == ()
    state, _ = step(state, shift_observation(f"{ESTOP_MOVING} engine ran on", done=False, sequence=9))
    assert state.shift.missing == (ESTOP_MOVING,)


def test_without_shifts_nothing_blocks() -> None:
    assert step(ChecksState())[0].shift.missing == ()


def test_the_closing_check_ends_a_shift_and_the_wash_still_belongs_to_it() -> None:
    state = through(*OPENED, act(CLOSING_CHECK, 400), act("wash", 420, done=False, words="no water"))
    assert state.closed
    assert missing_at(state, 421) == BLOCKS_START
    assert len(state.acts) == 5
    next_day = shift_state.told(state, act("site-brief", 1440), ShiftNow(utc_us=MORNING_US + 1440 * MIN_US, t_ns=None))
    assert (next_day.closed, len(next_day.acts)) == (False, 1)


def test_after_14_hours_everything_is_asked_anew() -> None:
    state = through(*OPENED)
    assert missing_at(state, 1.0 + SHIFT_US / MIN_US) == ()
    assert missing_at(state, 1.1 + SHIFT_US / MIN_US) == BLOCKS_START


@pytest.mark.parametrize(
    ("utc_us", "t_ns", "over"),
    [
        (None, None, True),
        (None, 5, False),
        (None, 5 + 1_000 * (SHIFT_US + 1), True),
        (MORNING_US, 5 + 1_000 * (SHIFT_US + 1), True),
        (MORNING_US + SHIFT_US + 1, 6, True),
        (MORNING_US, 6, False),
        (MORNING_US - 599_000_000, None, False),
        (MORNING_US - 601_000_000, None, True),
        (MORNING_US - 601_000_000, 6, False),
    ],
)
def test_a_shift_whose_age_nobody_knows_is_over(utc_us: int | None, t_ns: int | None, over: bool) -> None:
    state = shift_state.told(ShiftState(), act(STROP, 0), ShiftNow(utc_us=None, t_ns=5))
    assert shift_state.is_over(state, ShiftNow(utc_us=utc_us, t_ns=t_ns)) is over


def test_a_shift_that_begins_in_the_future_was_told_with_a_wrong_clock() -> None:
    """After a restart nobody knows its age; one of a day ahead was good for a day and a half."""
    state = through(*(act(name, 1440) for name in BLOCKS_START))
    assert missing_at(state, 0) == BLOCKS_START
    assert shift_state.begins_later(state, ShiftNow(utc_us=MORNING_US, t_ns=None))
    assert not shift_state.begins_later(state, ShiftNow(utc_us=MORNING_US + 1430 * MIN_US, t_ns=None))
    text = shift_state.due_text(BLOCKS_START, clock_wrong=True)
    assert "wrong clock" in text
    assert len(text) <= 40


# --- any order, any restart ------------------------------------------------------------------------------------------
ACTS = st.lists(
    st.tuples(st.sampled_from([item.name for item in SHIFT_ITEMS]), st.booleans(), st.integers(0, 600)), max_size=40
)


def as_acts(drawn: list[tuple[str, bool, int]]) -> list[ShiftAct]:
    """At times that only go on."""
    found, at_min = [], 0
    for name, done, apart_min in drawn:
        at_min += apart_min // 10
        found.append(act(name, at_min, done=done, words="x", minutes=apart_min / 100))
    return found


def as_line(one: ShiftAct) -> Observed:
    return Observed(
        kind="shift_done" if one.done else "shift_not_done", value=one.minutes, sigma=None, place_m=None, by=one.who,
        text=text_of(one.item, one.words), station_id=9, t_ns=0, utc_us=one.utc_us,
    )  # fmt: skip


@given(ACTS, st.integers(0, 40))
def test_a_restart_anywhere_changes_nothing(drawn: list[tuple[str, bool, int]], at: int) -> None:
    acts = as_acts(drawn)
    whole = through(*acts)
    again = shift_state.restored([as_line(one) for one in acts[:at]], used=True)
    for one in acts[at:]:
        again = shift_state.told(again, one, ShiftNow(utc_us=one.utc_us, t_ns=None))
    assert again == whole


@given(ACTS)
def test_start_is_free_only_if_each_blocking_item_was_last_told_done_in_this_shift(
    drawn: list[tuple[str, bool, int]],
) -> None:
    acts = as_acts(drawn)
    state = through(*acts)
    now_us = acts[-1].utc_us if acts else MORNING_US
    free = not shift_state.missing(state, ShiftNow(utc_us=now_us, t_ns=None))
    newest = {name: [one.done for one in state.acts if one.item == name][-1:] for name in BLOCKS_START}
    assert free == (not state.closed and all(last == [True] for last in newest.values()))
    if free:
        assert now_us - state.acts[0].utc_us <= SHIFT_US
        assert CLOSING_CHECK not in [one.item for one in state.acts]


@given(ACTS)
def test_every_act_is_in_one_shift_and_every_item_has_one_row(drawn: list[tuple[str, bool, int]]) -> None:
    acts = as_acts(drawn)
    shifts = shift_state.shifts_of([as_line(one) for one in acts])
    assert [one for shift in shifts for one in shift.acts] == acts
    for shift in shifts:
        now_us = shift.acts[-1].utc_us
        rows = shift_day.day_of(shift.acts, now_us)
        assert [row.item for row in rows] == list(SHIFT_ITEMS)
        assert sum(row.times for row in rows) == len(shift.acts)
        assert sum(row.used_min for row in rows) == pytest.approx(sum(one.minutes for one in shift.acts))
        blocks = shift_day.blocks_of(shift.acts)
        assert all(block.until_us is not None for block in blocks[:-1])
        assert all(block.length_min(now_us) >= 0.0 for block in blocks)


# --- the day ---------------------------------------------------------------------------------------------------------
def marks(acts: list[ShiftAct], at_min: float) -> dict[str, ShiftMark]:
    rows = shift_day.day_of(tuple(acts), MORNING_US + round(at_min * MIN_US))
    return {row.item.name: row.mark for row in rows}


def test_the_opening_is_due_in_order_and_nothing_of_the_closing() -> None:
    due = [name for name, mark in marks([], 0).items() if mark is ShiftMark.DUE]
    assert due == [item.name for item in SHIFT_ITEMS if item.part is ShiftPart.OPENING]


def test_the_ring_is_asked_before_each_block_and_50_minutes_are_the_longest() -> None:
    day = [act(item.name, 60) for item in SHIFT_ITEMS if item.part is ShiftPart.OPENING and item.name != TEST_STRIP]
    assert marks(day, 70)[RING] is ShiftMark.DONE
    day.append(act(TEST_STRIP, 85))
    assert marks(day, 85)[RING] is ShiftMark.DUE
    day.append(act(RING, 86))
    assert marks(day, 136)[HAND_OVER] is ShiftMark.LATER
    assert marks(day, 137)[HAND_OVER] is ShiftMark.DUE
    day.append(act(HAND_OVER, 150, words="B", minutes=10))
    assert marks(day, 151)[RING] is ShiftMark.DUE
    (block,) = shift_day.blocks_of(tuple(day))
    assert block.length_min(0) == pytest.approx(54.0)
    assert block.too_long(0)
    assert marks(day, 205)[PARKING_VISIT] is ShiftMark.LATER
    assert marks(day, 207)[PARKING_VISIT] is ShiftMark.DUE


def test_a_ring_told_once_still_counts_the_block() -> None:
    day = (act(RING, 10), act(PARKING_VISIT, 130, minutes=30))
    (block,) = shift_day.blocks_of(day)
    assert block.length_min(0) == pytest.approx(90.0)


def test_rings_told_again_do_not_cut_a_block_and_the_one_after_the_test_strip_begins_it() -> None:
    day = [act(RING, 53), act(RING, 60), act(TEST_STRIP, 85), act(RING, 86), act(RING, 100), act(RING, 120)]
    (block,) = shift_day.blocks_of(tuple(day))
    assert (block.from_us - MORNING_US) / MIN_US == 86
    assert marks(day, 137)[HAND_OVER] is ShiftMark.DUE
    assert marks(day[:2], 104)[HAND_OVER] is ShiftMark.DUE, "without a test strip the first one counts"


def test_the_closing_is_due_once_the_machine_drove_in() -> None:
    day = [*OPENED, act("drive-in", 420)]
    due = [name for name, mark in marks(day, 421).items() if mark is ShiftMark.DUE]
    assert due == [item.name for item in SHIFT_ITEMS if item.part is ShiftPart.CLOSING and item.name != "drive-in"]


def test_every_fault_fits_the_answer() -> None:
    for item in SHIFT_ITEMS:
        for done in (True, False):
            assert len(fault_of(item.name, "", done=done).encode()) <= TEXT_BYTES
            assert len(fault_of(item.name, "A", done=done).encode()) <= TEXT_BYTES
