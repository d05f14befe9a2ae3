"""What contradicts itself, or lacks what its proof needs, is refused in one line or costs the credit."""

import pytest
from msgspec.structs import replace

from firmware_bridge.types import Observation
from tests.control.checks.test_measured import BASE, DEPTH, HAMMERS, NOW_S, TOLD, made, tell
from vehicle.control.checks import contradictions, measured, room

DEEPEST_M = 0.25 + contradictions.DEEPER_M


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (replace(TOLD[BASE], sigma=None), "sigma"),
        (replace(TOLD[BASE], text=" "), "which control point"),
        (replace(TOLD[BASE], who=" "), measured.NAMELESS),
        (replace(TOLD[DEPTH], who=""), measured.NAMELESS),
        (replace(TOLD[HAMMERS], who=""), measured.NAMELESS),
        (replace(TOLD[DEPTH], text="armed truck"), "arm, strip or behind"),
        (replace(TOLD[DEPTH], text="stripes"), "arm, strip or behind"),
        (replace(TOLD[DEPTH], text="strip, edge of the road"), ""),
        (replace(TOLD[DEPTH], value=DEEPEST_M + 0.001), "deeper"),
        (replace(TOLD[DEPTH], value=DEEPEST_M), ""),
        (replace(TOLD[HAMMERS], text="missing 3"), "some are missing"),
        (replace(TOLD[HAMMERS], text="one lost"), "some are missing"),
        (replace(TOLD[HAMMERS], text="none missing"), ""),
        (replace(TOLD[HAMMERS], value=39.5), ""),
        (replace(TOLD[HAMMERS], value=40.5), "whole number"),
    ],
)
def test_one_reason_for_each(told: Observation, says: str) -> None:
    state, found, refused = tell(room.all_made(), made(told, NOW_S))
    assert says in refused
    assert bool(refused) is bool(says)
    assert bool(found) is not bool(says)
    if told.value == 39.5:
        assert state.margin.withhold, "39.5 are not 40"


def test_a_failed_check_needs_nothing_to_be_heard() -> None:
    bare = replace(TOLD[BASE], value=0.3, sigma=None, who="", text="", time_utc_us=None)
    state, found, refused = tell(room.all_made(), bare)
    assert (refused, state.base_failed, [order.good for order in found]) == ("", True, [False])


def test_more_tracks_than_missing_hammers_take_the_whole_width() -> None:
    _, found, _ = tell(room.all_made(), made(replace(TOLD[HAMMERS], value=39.0, text="missing 3 17"), NOW_S))
    (lost,) = [order for order in found if not order.good]
    assert (lost.across_m, "text names more" in lost.reason) == (None, True)


def test_a_mark_under_the_machine_is_held_against_its_place_though_it_proves_no_base() -> None:
    state, found, refused = tell(replace(room.all_made(), base_open=False), replace(TOLD[BASE], text="machine on B"))
    assert (refused, state.base_open) == ("", False)
    assert [(order.good, order.recorded) for order in found] == [(True, False)]
