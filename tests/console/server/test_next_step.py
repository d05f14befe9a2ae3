"""What a mission does next is what the vehicle's own job does; what nobody tells is unknown."""

import json
import math
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.server.next_step import END_M, UNKNOWN, NextStep, next_step
from tests import builders
from tests.console.server.support import frame
from vehicle.config.vehicle import footprint
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.control.mission import job
from vehicle.control.state import MissionState
from vehicle.operator_link.site_file import site_file
from vehicle.operator_link.station_frame import PHASE_NUMBER

LENGTH_M = 12.0
DRIVEN = {SegmentKind.TRANSIT: "move", SegmentKind.TURN: "turn", SegmentKind.REVERSE: "reverse"}


def plan_of(kinds: list[SegmentKind]) -> Plan:
    swath = builders.swath(0, LENGTH_M, 0.0)
    segments = tuple(replace(swath, seq=number, kind=kind) for number, kind in enumerate(kinds))
    return builders.plan(segments, footprint(builders.config().machine))


def shown(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(site_file(plan, builders.DATUM, {})))
    return found


def done_by_the_job(plan: Plan, index: int, phase: MissionPhase, *, started: bool) -> str:
    """What the vehicle does once this phase is over, in the page's words."""
    before = MissionState(plan=plan, phase=phase, index=index, work_started=started)
    after = job._next_phase(before, 0)
    if after.phase is not MissionPhase.MOVE:
        return after.phase.value
    return DRIVEN[plan.segments[after.index].kind]


SWATH_PHASES = [MissionPhase.SPIN_UP, MissionPhase.LOWER, MissionPhase.WORK, MissionPhase.RAISE, MissionPhase.BACK_OFF]


@pytest.mark.long
@given(st.lists(st.sampled_from(list(SegmentKind)), min_size=1, max_size=6), st.data())
def test_it_says_what_the_vehicle_does(kinds: list[SegmentKind], data: st.DataObject) -> None:
    plan = plan_of(kinds)
    index = data.draw(st.integers(0, len(kinds) - 1))
    swath = kinds[index] is SegmentKind.SWATH
    phase = data.draw(st.sampled_from(SWATH_PHASES)) if swath else MissionPhase.MOVE
    # within a swath, or at its end: only there the tool is raised for good
    started = swath and data.draw(st.booleans())
    along_m = data.draw(st.floats(0.0, LENGTH_M - 0.1)) if started else LENGTH_M
    told = frame(phase=PHASE_NUMBER[phase], segment_seq=index, segment_count=len(kinds), along_m=along_m)
    assert next_step(told, LENGTH_M, shown(plan)).name == done_by_the_job(plan, index, phase, started=started)


def told_at(phase: MissionPhase, **changes: Any) -> Any:
    return frame(**({"phase": PHASE_NUMBER[phase], "segment_seq": 0, "segment_count": 2} | changes))


SITE = shown(plan_of([SegmentKind.SWATH, SegmentKind.TURN]))


def test_the_way_to_the_end_of_a_line_that_is_driven() -> None:
    assert next_step(told_at(MissionPhase.WORK, along_m=3.5), LENGTH_M, SITE) == NextStep("raise", 8.5)
    assert next_step(told_at(MissionPhase.WORK, along_m=LENGTH_M + 1.0), LENGTH_M, SITE) == NextStep("raise", 0.0)
    for phase in (MissionPhase.SPIN_UP, MissionPhase.LOWER, MissionPhase.RAISE):
        assert next_step(told_at(phase, along_m=3.5), LENGTH_M, SITE).left_m is None
    turning = told_at(MissionPhase.MOVE, segment_seq=1, along_m=0.0)
    assert next_step(turning, 0.0, SITE) == NextStep("done", None)


@pytest.mark.parametrize(("beyond_m", "name"), [(-0.01, "turn"), (0.01, "back_off")])
def test_a_tool_that_is_raised_within_a_swath_goes_back(beyond_m: float, name: str) -> None:
    along_m = LENGTH_M - END_M - beyond_m
    assert next_step(told_at(MissionPhase.RAISE, along_m=along_m), LENGTH_M, SITE).name == name


def test_what_is_not_known_is_not_guessed() -> None:
    for phase in (MissionPhase.IDLE, MissionPhase.PAUSED):
        assert next_step(told_at(phase), LENGTH_M, SITE) == UNKNOWN
    assert next_step(frame(phase=99), LENGTH_M, SITE) == UNKNOWN
    assert next_step(told_at(MissionPhase.MOVE), LENGTH_M, None).name is None
    assert next_step(told_at(MissionPhase.MOVE, segment_count=0), LENGTH_M, {"swaths": []}).name is None
    assert next_step(told_at(MissionPhase.RAISE, along_m=3.0), None, SITE).name is None
    assert next_step(told_at(MissionPhase.RAISE, along_m=math.nan), LENGTH_M, SITE).name is None
    assert next_step(told_at(MissionPhase.WORK, along_m=math.nan), LENGTH_M, SITE).left_m is None
    assert next_step(told_at(MissionPhase.WORK, along_m=1.0), None, SITE).left_m is None
    later = {"swaths": [{"n": 0, "kind": "swath"}, {"n": 1, "kind": "of a later version"}]}
    assert next_step(told_at(MissionPhase.RAISE, along_m=LENGTH_M), LENGTH_M, later).name is None
