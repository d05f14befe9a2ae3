"""What a mission does next, from what the vehicle reports and the plan that it has; the words are the page's. Pure."""

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
"""What a segment begins with."""
AFTER: Final = {
    MissionPhase.SPIN_UP: "lower",
    MissionPhase.LOWER: "work",
    MissionPhase.BACK_OFF: "spin_up",
    MissionPhase.WORK: "raise",
}
"""What follows within a swath."""


class NextStep(NamedTuple):
    """`name`: of a text of the page, `next.NAME`, None where nobody knows. `left_m`: until then, None likewise."""

    name: str | None = None
    left_m: float | None = None


UNKNOWN: Final = NextStep()
END_M: Final = 0.05
"""So near to its end a swath is over: the machine stops within a centimetre of it, and reports in centimetres."""


def kind_of(site: dict[str, Any], number: int, count: int) -> SegmentKind | None:
    """Of a segment of the site's plan: what the file does not list is a turn; None where it is not of this plan."""
    listed = site.get("swaths")
    if listed is None or not 0 <= number < count:
        return None
    found = next((one["kind"] for one in listed if one["n"] == number), SegmentKind.TURN.value)
    return SegmentKind(found) if found in set(SegmentKind) else None


def next_step(frame: VehicleFrame, length_m: float | None, site: dict[str, Any] | None) -> NextStep:
    """The step after this one, and how far away it is; nothing while no mission is under way."""
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
    """After RAISE: at the end of a swath the next segment, within it the way back for a new beginning."""
    if length_m is None or not math.isfinite(frame.along_m):
        return None
    if length_m - frame.along_m > END_M:
        return "back_off"
    return _following(plan, frame.segment_seq, frame.segment_count)


def _following(plan: dict[str, Any], number: int, count: int) -> str | None:
    """What the next segment begins with."""
    if number + 1 == count:
        return "done"
    kind = kind_of(plan, number + 1, count)
    return None if kind is None else FIRST[kind]


def _left_m(frame: VehicleFrame, length_m: float | None, phase: MissionPhase, kind: SegmentKind | None) -> float | None:
    """Way to the end of a line that is being driven; a turn and a tool that moves have none."""
    drives = phase is MissionPhase.WORK or (phase is MissionPhase.MOVE and kind is not SegmentKind.TURN)
    if not drives or length_m is None or length_m <= 0.0 or not math.isfinite(frame.along_m):
        return None
    return max(0.0, length_m - frame.along_m)
