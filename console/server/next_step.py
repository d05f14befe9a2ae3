"""The next step of a mission, from the vehicle's reports and its plan, as a text key of the page. Pure."""

import math
from typing import Any, Final, NamedTuple

from firmware_bridge.types import VehicleFrame
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.plan import SegmentKind

_PHASES: Final = tuple(MissionPhase)
FIRST: Final = {
    SegmentKind.SWATH: "spin_up",
    SegmentKind.TRANSIT: "move",
    SegmentKind.TURN: "turn",
    SegmentKind.REVERSE: "reverse",
}
"""First step of each kind of segment."""
AFTER: Final = {
    MissionPhase.SPIN_UP: "lower",
    MissionPhase.LOWER: "work",
    MissionPhase.BACK_OFF: "spin_up",
    MissionPhase.WORK: "raise",
}
"""The step that follows each step within a swath."""


class NextStep(NamedTuple):
    """`name`: of the page's text `next.NAME`, None if unknown. `left_m`: distance until then, None if unknown."""

    name: str | None = None
    left_m: float | None = None


UNKNOWN: Final = NextStep()
END_M: Final = 0.05
"""At this distance from its end a swath is finished: the machine stops within 1 cm and reports in centimetres."""


def kind_of(site: dict[str, Any], number: int, count: int) -> SegmentKind | None:
    """Return the kind of a segment of the site's plan: a turn if it is not listed; None if it is not of this plan."""
    listed = site.get("swaths")
    if listed is None or not 0 <= number < count:
        return None
    found = next((one["kind"] for one in listed if one["n"] == number), SegmentKind.TURN.value)
    return SegmentKind(found) if found in set(SegmentKind) else None


def next_step(frame: VehicleFrame, length_m: float | None, site: dict[str, Any] | None) -> NextStep:
    """Return the next step and the distance to it; empty while no mission is in progress."""
    if not 0 <= frame.phase < len(_PHASES):
        return UNKNOWN
    phase, plan = _PHASES[frame.phase], site or {}
    if phase in (MissionPhase.IDLE, MissionPhase.PAUSED):
        return UNKNOWN
    if phase is MissionPhase.DONE:
        return NextStep("done")
    number, count = frame.segment_seq, frame.segment_count
    kind = kind_of(plan, number, count)
    left_m = _left_m(frame, length_m, phase, kind)
    if phase in AFTER:
        return NextStep(AFTER[phase], left_m)
    if phase is MissionPhase.RAISE:
        return NextStep(_raised(frame, length_m, plan))
    return NextStep(_following(plan, number, count), left_m)


def _raised(frame: VehicleFrame, length_m: float | None, plan: dict[str, Any]) -> str | None:
    """Return the step after RAISE: at the end of a swath the next segment, within it the way back to start again."""
    if length_m is None or not math.isfinite(frame.along_m):
        return None
    if length_m - frame.along_m > END_M:
        return "back_off"
    return _following(plan, frame.segment_seq, frame.segment_count)


def _following(plan: dict[str, Any], number: int, count: int) -> str | None:
    """Return the first step of the next segment."""
    if number + 1 == count:
        return "done"
    kind = kind_of(plan, number + 1, count)
    return None if kind is None else FIRST[kind]


def _left_m(frame: VehicleFrame, length_m: float | None, phase: MissionPhase, kind: SegmentKind | None) -> float | None:
    """Return the distance to the end of the line being driven; None in a turn and while the tool moves."""
    drives = phase is MissionPhase.WORK or (phase is MissionPhase.MOVE and kind is not SegmentKind.TURN)
    if not drives or length_m is None or length_m <= 0.0 or not math.isfinite(frame.along_m):
        return None
    return max(0.0, length_m - frame.along_m)
