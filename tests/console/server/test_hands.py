"""The slot of a page's hands: once, the newest only, never an old one."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.client.readings import NO_PICTURE, wire_video_age_ms
from console.server.drive_frames import PageReading, Verdict
from console.server.hands import AGE_MAX_MS, PICTURE_GONE_MS, Slot, for_vehicle, held, neutral
from console.server.page_clock import PageClock
from firmware_bridge.types import ToolMode
from tests.console.server.support import reading


class Told:
    def __init__(self) -> None:
        self.rows: list[tuple[int, Verdict]] = []

    def __call__(self, one: PageReading, verdict: Verdict) -> None:
        self.rows.append((one.number, verdict))


def test_a_reading_goes_out_once() -> None:
    slot = Slot(Told())
    slot.put(reading(1, page_ms=0.0), 5.0)
    assert slot.take(5.0) == reading(1, page_ms=0.0)
    assert slot.take(5.0) is None


def test_the_same_reading_again_is_none() -> None:
    told = Told()
    slot = Slot(told)
    slot.put(reading(1), 5.0)
    assert slot.take(5.0) is not None
    slot.put(reading(1), 6.0)
    slot.put(reading(0), 6.0)
    assert slot.take(6.0) is None
    assert told.rows == [(1, Verdict.NOT_NEWEST), (0, Verdict.NOT_NEWEST)]


def test_there_is_one_slot_and_no_queue() -> None:
    told = Told()
    slot = Slot(told)
    for number in range(1, 6):
        slot.put(reading(number, page_ms=number * 20.0), 200.0)
    taken = slot.take(200.0)
    assert taken is not None
    assert taken.number == 5
    assert slot.take(200.0) is None
    assert told.rows == [(number, Verdict.NOT_NEWEST) for number in range(1, 5)]


def test_a_page_that_was_frozen_moves_nothing_with_what_it_read_before() -> None:
    """300 ms of readings arrive at once: the newest is young and goes out; where it is old, nothing does."""
    told = Told()
    slot = Slot(told)
    slot.put(reading(1, page_ms=1_000.0), 2_000.0)
    assert slot.take(2_000.0) is not None
    slot.put(reading(2, page_ms=1_020.0), 2_020.0 + AGE_MAX_MS + 1.0)
    assert slot.take(2_020.0 + AGE_MAX_MS + 1.0) is None
    assert told.rows == [(2, Verdict.TOO_OLD)]


def test_a_reading_that_waited_in_the_slot_grows_old_there() -> None:
    slot = Slot(Told())
    slot.put(reading(1, page_ms=0.0), 0.0)
    assert slot.take(AGE_MAX_MS + 1.0) is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**4)), min_size=1, max_size=20))
@settings(max_examples=50)
def test_nothing_is_taken_for_younger_than_the_quickest_frame_shows(sent: list[tuple[int, int]]) -> None:
    """Whatever the page's clock is off by: the age is the delay beyond the smallest delay seen, and never below 0."""
    clock, offset_ms = PageClock(), 123_456
    for count, (page_ms, delay_ms) in enumerate(sent, start=1):
        clock = clock.heard(page_ms, page_ms + offset_ms + delay_ms)
        least = min(delay for _, delay in sent[:count])
        assert clock.age_ms(page_ms, page_ms + offset_ms + delay_ms) == delay_ms - least


def test_without_the_focus_or_a_source_nothing_is_held_and_nothing_asked() -> None:
    asked = {"hold": True, "drive": 0.5, "rotor_request": True, "tool_mode": ToolMode.DEPTH, "tool_value_m": 0.2}
    for changes in ({"focused": False}, {"source": 0}, {"hold": False}):
        one = reading(1, **(asked | changes))
        assert not held(one)
        told = for_vehicle(one, 9, by_sight=True)
        assert (told.number, told.hold, told.rotor_request, told.tool_mode) == (9, False, False, ToolMode.HOLD)
        assert told.drive == 0.5  # the vehicle is not made to believe that the stick is centred
    told = for_vehicle(reading(1, **asked), 9, by_sight=True)
    assert (told.hold, told.drive, told.rotor_request, told.tool_mode) == (True, 0.5, True, ToolMode.DEPTH)


def test_the_picture_has_an_age_only_while_it_is_seen() -> None:
    for by_sight, unseen in ((True, NO_PICTURE), (False, PICTURE_GONE_MS)):
        seen = reading(1, video_age_ms=40, picture=True)
        for one, wanted in (
            (seen, 40),
            (replace(seen, picture=False), unseen),
            (replace(seen, video_age_ms=None), unseen),
            (replace(seen, video_age_ms=None, picture=False), unseen),
        ):
            assert wire_video_age_ms(for_vehicle(one, 1, by_sight=by_sight)) == wanted


def test_before_a_reading_tells_the_pages_clock_everything_is_old() -> None:
    assert PageClock().age_ms(5.0, 5.0) == math.inf
    assert PageClock().heard(5.0, 9.0).age_ms(5.0, 9.0) == 0.0


def test_the_servers_own_reading_is_neutral() -> None:
    told = neutral(3, 50)
    assert (told.hold, told.drive, told.turn, told.rotor_request, told.vehicle_tick) == (False, 0.0, 0.0, False, 50)
