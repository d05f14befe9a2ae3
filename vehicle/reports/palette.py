"""Colours and marks of the printed map, its side column and its legend; colours come from the table of all maps."""

from typing import Any, Final

from vehicle.contracts.messages import Event
from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.gaps import GapReason
from vehicle.reports.palette_leaf import PALETTE
from vehicle.reports.words import ENGLISH, words_of

PAPER, INK, SOFT = "#ffffff", "#1c2733", "#5d6b7a"
_GROUND: Final = PALETTE.report.ground
GROUND, SAFE, KEEP_OUT = _GROUND["to_do"], _GROUND["safe"], _GROUND["keep_out"]
PROCESSED, PASSED, WAY = _GROUND["processed"], _GROUND["passed"], "#12324f"
PROVISIONAL: Final = _GROUND["provisional"]
"""Of the stripes on processed ground that no closing check confirms yet."""
LISTED: Final[dict[str, Any]] = {"facecolor": "none", "edgecolor": KEEP_OUT, "linewidth": 0.7, "hatch": "xxxx"}
"""Look of ground that the plan lists as not workable: outlined and hatched, above everything else."""
KEPT_OUT: Final[dict[str, Any]] = {"facecolor": KEEP_OUT, "edgecolor": PAPER, "linewidth": 0.0, "hatch": "xxxx"}

GAP_COLOURS: Final = {reason: PALETTE.report.gaps.get(reason.value, GROUND) for reason in GapReason}
"""What is still to do looks like ground that is still to do on every map, and has no colour of its own."""
LISTED_TEXT: Final = {reason: words_of(ENGLISH)(f"listed.{reason.value}") for reason in UntreatableReason}
"""English texts for exports; map and report take them from their catalogue."""
MARKS: Final = {"stop": ("X", "#c0182b"), "detonation": ("*", "#f4d03f"), "find": ("D", "#8e44ad")}
"""Events and observations that are drawn on the map; all others are only in the report."""

STOPPED: Final = ("-> STOPPING", "-> ESTOP", "-> FAULT")
"""Text endings of the mode changes that are stops."""
DONE: Final = "mission: done"
"""The event of a finished mission (`vehicle/control/events.py`). The operator then disarms, which is no stop."""
BEGUN: Final = ("-> READY", "MANUAL -> AUTO_MOVE", "MANUAL -> AUTO_WORK", "AUTO_MOVE -> AUTO_WORK")
"""Text endings of mode changes that begin another drive after that."""


def mark_of(event: Event, *, stops_told: bool = True) -> str | None:
    """Return the name of an event's mark on the map; None if it is not drawn.

    `stops_told`: stops have their own events, so the mode change beside each of them is not drawn.
    """
    if event.kind == "mode":
        return "stop" if not stops_told and event.text.endswith(STOPPED) else None
    return event.kind if event.kind in MARKS else None


def marked(events: tuple[Event, ...]) -> list[tuple[int, str, Event]]:
    """Return (number, mark, event) with the numbers used in map and report, in order of time, without disarming.

    `events`: of one run, or of several complete runs one after another.
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
            done = None  # the disarming: later events belong to another drive
        elif mark is not None and event.east_m is not None:
            found.append((mark, event))
    return [(number, mark, event) for number, (mark, event) in enumerate(found, start=1)]


def _begun_again(event: Event, done: Event) -> bool:
    """Whether work began again after a mission was done: another mission, a new arming, or another run."""
    if event.tick < done.tick:
        return True
    return event.kind == "mode" and event.text.endswith(BEGUN)
