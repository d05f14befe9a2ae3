"""A swath that people leave out: what is recorded of it, what is refused, and what a restart reads of it."""

import math

import msgspec
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.observation_adapters import (
    TEXT_BYTES,
    decode_observation,
    encode_observation,
    observation_fault,
)
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests import builders
from tests.control.checks.test_room import observation
from tests.operator_link.small_plan import YAW_RAD, small_plan
from vehicle.contracts import skipped
from vehicle.contracts.ledger_types import Claim, Observed, Order
from vehicle.contracts.plan import Plan
from vehicle.control.checks import room
from vehicle.control.checks_state import ChecksState
from vehicle.control.state import LedgerState, WireState
from vehicle.records.records import decoded, encoded, first_check

PLAN = small_plan()
WET = skipped.text_of(PLAN.plan_hash, "wet", "water in the ruts")


def told(text: str = WET, number: float = 1.0, sequence: int = 1, **rest: object) -> Observation:
    return observation(ObservationKind.SKIP_SWATH, number, text=text, sequence=sequence, **rest)


def step(
    state: ChecksState, *seen: Observation, plan: Plan | None = PLAN
) -> tuple[ChecksState, tuple[Order | Observed, ...]]:
    def claimed(_: tuple[float, float]) -> Claim | None:
        return None

    return room.step(
        state, seen, WireState(), LedgerState(), claimed, config=builders.config(), datum=builders.DATUM,
        session_id=77, now_ns=5, plan=plan,
    )  # fmt: skip


def test_a_skip_is_recorded_with_the_ground_of_its_swath() -> None:
    state, rows = step(ChecksState(), told())
    assert state.results[0].result is ObservationVerdict.RECORDED
    (row,) = rows
    assert isinstance(row, Observed)
    assert (row.kind, row.value, row.by, row.plan_hash) == ("skip_swath", 1.0, "leader", PLAN.plan_hash)
    ring = shapely.Polygon(row.ring_m)
    assert ring.exterior.is_ccw
    assert ring.area == pytest.approx(6.0 * PLAN.machine.tool_width_m)
    # the tool is ahead of the tracks, from whose place the swath is told
    start_m = 3.0 + PLAN.machine.tool_ahead_m
    middle = shapely.Point((start_m + 3.0) * math.cos(YAW_RAD), (start_m + 3.0) * math.sin(YAW_RAD))
    assert ring.centroid.distance(middle) < 1e-9
    (skip,) = state.skips
    assert skip.why == "swath 1: too wet: water in the ruts (leader)"
    assert skip == skipped.skip_of(row)


@pytest.mark.parametrize(
    ("seen", "plan", "why"),
    [
        (told("wet: words"), PLAN, "REASON of the list"),
        (told(skipped.text_of("0123456789", "wet", "words")), PLAN, "another plan is held now"),
        (told(skipped.text_of(PLAN.plan_hash, "tired", "words")), PLAN, "REASON of the list"),
        (told(skipped.text_of(PLAN.plan_hash, "wet", " ")), PLAN, "REASON of the list"),
        (told("too wet"), PLAN, "REASON of the list"),
        (told(number=2.0), PLAN, "swaths 1 to 1"),
        (told(who=" "), PLAN, "names who says it"),
        (told(), None, "no plan is held"),
    ],
)
def test_what_names_no_swath_or_no_reason_is_refused(seen: Observation, plan: Plan | None, why: str) -> None:
    state, rows = step(ChecksState(), seen, plan=plan)
    assert state.results[0].result is ObservationVerdict.REFUSED
    assert why in state.results[0].text
    assert len(state.results[0].text.encode()) <= TEXT_BYTES
    assert (rows, state.skips) == ((), ())


def test_a_swath_that_is_told_anew_counts_once_and_one_that_is_taken_back_not_at_all() -> None:
    again = skipped.text_of(PLAN.plan_hash, "explosive", "fuse seen")
    state, first = step(ChecksState(), told())
    state, second = step(state, told(again, sequence=2))
    assert [skip.reason for skip in state.skips] == ["explosive"]
    back = skipped.text_of(PLAN.plan_hash, skipped.AGAIN, "dry now")
    state, third = step(state, told(back, sequence=3))
    assert state.skips == ()
    assert len((*first, *second, *third)) == 3  # the record keeps all that was said


def test_a_repeated_frame_is_recorded_once() -> None:
    state, _ = step(ChecksState(), told())
    state, rows = step(state, told())
    assert rows == ()
    assert len(state.skips) == 1


def test_the_record_of_a_skip_survives_a_restart_and_needs_no_plan() -> None:
    state, rows = step(ChecksState(), told())
    (row,) = rows
    assert isinstance(row, Observed)
    frame, _ = encoded(row, first_check())
    assert skipped.skips_of([decoded(1, frame[5:-16])]) == state.skips


def test_an_observation_without_ground_is_written_as_before() -> None:
    _, rows = step(ChecksState(), observation(ObservationKind.NOTE, text="fuel 60 l"))
    content = msgspec.json.encode(rows[0])
    assert b"ring_m" not in content
    assert b"plan_hash" not in content


def test_a_skip_moves_nothing_and_changes_no_check() -> None:
    state, _ = step(room.all_made(), told())
    bare = msgspec.structs.replace(state, skips=(), answers=(), results=())
    assert bare == step(room.all_made())[0]


@given(st.text(max_size=12), st.integers(1, 65535))
def test_it_travels_whole_over_the_wire(words: str, number: int) -> None:
    seen = told(skipped.text_of(PLAN.plan_hash, "other", words), float(number))
    if observation_fault(seen):
        return
    (frame,) = FrameParser().feed(encode_observation(seen))
    assert decode_observation(frame) == seen


@pytest.mark.parametrize("number", [0.0, 1.5, 65536.0])
def test_no_swath_has_such_a_number(number: float) -> None:
    assert observation_fault(told(number=number)).startswith("value:")
