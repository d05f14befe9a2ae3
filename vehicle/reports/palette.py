"""Colours and marks of the printed map: ground, figures beside it and legend; colours by the table of all maps."""

from typing import Any, Final

from vehicle.contracts.messages import Event
from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.gaps import GapReason
from vehicle.reports.palette_leaf import PALETTE

PAPER, INK, SOFT = "#ffffff", "#1c2733", "#5d6b7a"
_GROUND: Final = PALETTE.report.ground
GROUND, SAFE, KEEP_OUT = _GROUND["to_do"], _GROUND["safe"], _GROUND["keep_out"]
PROCESSED, PASSED, WAY = _GROUND["processed"], _GROUND["passed"], "#12324f"
LISTED: Final[dict[str, Any]] = {"facecolor": "none", "edgecolor": KEEP_OUT, "linewidth": 0.7, "hatch": "xxxx"}
"""Ground that the plan lists as not workable by the machine: outlined and crossed, whatever lies below."""
KEPT_OUT: Final[dict[str, Any]] = {"facecolor": KEEP_OUT, "edgecolor": PAPER, "linewidth": 0.0, "hatch": "xxxx"}

GAP_COLOURS: Final = {reason: PALETTE.report.gaps[reason.value] for reason in GapReason}
LISTED_TEXT: Final = {
    UntreatableReason.KEEP_OUT_CLEARANCE: "keep-out clearance",
    UntreatableReason.KEEP_OUT_CREDIT_MARGIN: "credit margin at keep-out",
    UntreatableReason.NO_APPROACH: "no approach",
    UntreatableReason.NARROWER_THAN_MACHINE: "narrower than the machine",
    UntreatableReason.SLOPE: "too steep",
    UntreatableReason.PLANNING_TIME: "not planned in time",
    UntreatableReason.OUTSIDE_FENCE: "outside the fence",
    UntreatableReason.NOT_IN_TASK: "between the swaths of a survey",
}
MARKS: Final = {"stop": ("X", "#c0182b"), "detonation": ("*", "#f4d03f"), "find": ("D", "#8e44ad")}
"""Events and observations that are drawn where they happened; all others stand in the report."""

STOPPED: Final = ("-> STOPPING", "-> ESTOP", "-> FAULT")
"""Ends of the mode changes that are stops."""
DONE: Final = "mission: done"
"""The event of `vehicle/control/events.py`; the operator then disarms: the end of the job, not a stop in it."""
BEGUN: Final = ("-> READY", "MANUAL -> AUTO_MOVE", "MANUAL -> AUTO_WORK", "AUTO_MOVE -> AUTO_WORK")
"""Ends of the mode changes after it that begin another drive."""


def mark_of(event: Event, *, stops_told: bool = True) -> str | None:
    """Name of an event's mark on the map; None for what is not drawn.

    `stops_told`: stops have events of their own, so that the change of mode beside each is none.
    """
    if event.kind == "mode":
        return "stop" if not stops_told and event.text.endswith(STOPPED) else None
    return event.kind if event.kind in MARKS else None


def marked(events: tuple[Event, ...]) -> list[tuple[int, str, Event]]:
    """(number, mark, event) of the events that map and report number alike, in order of time; disarming is none.

    `events`: of one run or of several, each whole and one after another.
    """
    told = any(event.kind == "stop" for event in events)
    found, done = [], None
    for event in events:
        mark = mark_of(event, stops_told=told)
        if event.text == DONE:
            done = event
        elif done is not None and _begun_again(event, done):
            done = None
        if mark == "stop" and done is not None and event.tick >= done.tick:
            done = None  # the disarming: what follows is of another drive
        elif mark is not None and event.east_m is not None:
            found.append((mark, event))
    return [(number, mark, event) for number, (mark, event) in enumerate(found, start=1)]


def _begun_again(event: Event, done: Event) -> bool:
    """After a mission was done: another one is driven, the machine was armed anew, or the event is of another run."""
    if event.tick < done.tick:
        return True
    return event.kind == "mode" and event.text.endswith(BEGUN)
