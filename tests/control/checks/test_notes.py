"""Acts that a note tells of: their own words alone, and nothing that only begins like them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.server.planning.measuring import MACHINE_CHECKS
from tests import builders
from tests.control.checks.test_machine_check import PARKED, note, said
from vehicle.contracts import by_machine
from vehicle.control.checks import judge, machine_check, measured, notes, room, seen
from vehicle.control.checks_state import ChecksState, MachineCheck

KNOWN = machine_check.stored(room.all_made().calibration, PARKED)
IN_BAY = replace(room.all_made(KNOWN), machine=MachineCheck(now=PARKED))
NO_BAY = replace(room.all_made(), machine=MachineCheck(now=PARKED))
acts = st.sampled_from(sorted(notes.ACTS))


@pytest.mark.parametrize("text", ["bay swept, gate closed", "bayonet found at the fence", "bay 2", "the bay"])
def test_a_note_about_the_bay_stores_no_bay(text: str) -> None:
    after, orders, why = said(NO_BAY, text)
    assert (after, orders, why) == (NO_BAY, (), "")


@pytest.mark.parametrize(
    "text",
    ["daily check not made: no time", "daily checks", "daily check, not made", "no daily check", "daily  checkup"],
)
def test_a_note_that_no_daily_check_was_made_is_none(text: str) -> None:
    assert said(IN_BAY, text) == (IN_BAY, (), "")


@pytest.mark.parametrize("text", ["daily check", " Daily Check ", "DAILY  CHECK: in the rain", "daily check:"])
def test_the_words_of_an_act_are_it_whatever_their_case_and_with_more_words_behind_a_colon(text: str) -> None:
    _, (order,), why = said(IN_BAY, text)
    assert (why, order.good) == ("", True)


@pytest.mark.parametrize("text", [*MACHINE_CHECKS.values()])
def test_what_the_page_sends_is_an_act(text: str) -> None:
    assert notes.act_of(text) in notes.ACTS


@given(acts, st.text(st.characters(exclude_characters=":"), max_size=30).filter(str.strip))
def test_no_text_with_more_words_is_an_act_unless_they_stand_behind_a_colon(act: str, more: str) -> None:
    for text in (f"{act}{more}", f"{act} {more}", f"{more}{act}", f"{more} {act}", f"{act}{more}: {act}"):
        assert notes.act_of(text) not in notes.ACTS
    assert notes.act_of(f"{act}: {more}") == act


def test_a_bay_is_stored_by_somebody_after_a_full_check_and_once() -> None:
    nameless = replace(note("bay", 1), who=" ")
    against = seen.Seen(config=builders.config(), claim=None, swept_m2=0.0)
    assert judge.judged(NO_BAY, nameless, against) == (NO_BAY, (), measured.NAMELESS)
    due = replace(NO_BAY, calibration_due=True)
    assert said(due, "bay")[2].startswith("the full check is due")
    after, _, why = said(NO_BAY, "bay")
    assert (why, after.calibration.bay) == ("", KNOWN.bay)
    assert said(after, "bay")[2].startswith("a bay is stored")


@given(st.lists(st.floats(0.0, 0.045), min_size=1, max_size=12))
def test_a_stored_bay_does_not_follow_what_is_off_a_little_more_each_day(steps_m: list[float]) -> None:
    state, east_m = IN_BAY, PARKED.east_m
    for step_m in steps_m:
        east_m += step_m
        now = MachineCheck(now=replace(PARKED, east_m=east_m))
        state, found, _ = said(replace(state, machine=now), "daily check")
        assert found
        assert getattr(found[0], "good", None) is (math.dist((east_m,), (PARKED.east_m,)) <= machine_check.DAILY_M)
        state = said(state, "bay")[0]
    assert state.calibration.bay == KNOWN.bay


@pytest.mark.parametrize(
    ("text", "itself"),
    [
        ("machine on point 1", True),
        ("Machine", True),
        ("machine: B", True),
        ("machinery shed, peg 2", False),
        ("", False),
    ],
)
def test_the_machine_itself_is_named_by_a_whole_word(text: str, itself: bool) -> None:
    assert by_machine.of_machine(text) is itself


def test_notes_that_make_checks_due_may_go_on() -> None:
    assert said(IN_BAY, "antenna bumped by a branch")[0].calibration_due
    assert not said(IN_BAY, "Soil is wet now")[0].depth_known
    assert said(ChecksState(), "fuel 40 l")[1:] == ((), "")


@pytest.mark.parametrize(("text", "itself"), [("machine on point 1", True), ("machinery shed, north corner", False)])
def test_a_pole_at_the_machinery_shed_moves_no_machine(text: str, *, itself: bool) -> None:
    """The tick, the room and the page read the same words in the same way."""
    assert by_machine.of_machine(text) is itself
    assert by_machine.of_machine(f"  {text.upper()}") is itself
