"""Colours and marks of the map, the same for the ground, the figures beside it and the legend."""

from typing import Final

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from vehicle.contracts.messages import Event
from vehicle.contracts.plan import UntreatableReason
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import GapReason
from vehicle.reports.layers import depths_cm

PAPER, INK, SOFT = "#ffffff", "#1c2733", "#5d6b7a"
GROUND, SAFE, KEEP_OUT, PASSED, WAY = "#efe6d3", "#e8efe4", "#8b929b", "#f2a03d", "#12324f"
DEPTHS = LinearSegmentedColormap.from_list("depth", ["#c9e4d6", "#7cc0b4", "#3b8f9c", "#235a84", "#182c5a"])

GAP_COLOURS: Final = {
    GapReason.WITHDRAWN: "#101820",
    GapReason.NOT_SWEPT: "#c0182b",
    GapReason.CREDIT_MARGIN: "#e0559a",
    GapReason.BELOW_DEPTH: "#8e44ad",
    GapReason.POSITION_UNPROVEN: "#5b2c8a",
    GapReason.NOT_MEASURED: "#7b1e3a",
    GapReason.ROTOR_SLOW: "#a04000",
    GapReason.TOO_FAST: "#d35400",
}
LISTED_TEXT: Final = {
    UntreatableReason.KEEP_OUT_CLEARANCE: "keep-out clearance",
    UntreatableReason.KEEP_OUT_CREDIT_MARGIN: "credit margin at keep-out",
    UntreatableReason.NO_APPROACH: "no approach",
    UntreatableReason.NARROWER_THAN_MACHINE: "narrower than the machine",
    UntreatableReason.SLOPE: "too steep",
    UntreatableReason.PLANNING_TIME: "not planned in time",
    UntreatableReason.OUTSIDE_FENCE: "outside the fence",
}
MARKS: Final = {"stop": ("X", "#c0182b"), "shock": ("*", "#f4d03f"), "detonation": ("*", "#f4d03f")}
"""Events that are drawn where they happened; all others stand in the report."""

STOPPED: Final = ("-> STOPPING", "-> ESTOP", "-> FAULT")
"""Ends of the mode changes that are stops."""
DONE: Final = "mission: done"
"""The event of `vehicle/control/events.py`; the operator then disarms: the end of the job, not a stop in it."""


def mark_of(event: Event) -> str | None:
    """Name of an event's mark on the map; None for what is not drawn."""
    if event.kind == "mode" and event.text.endswith(STOPPED):
        return "stop"
    return event.kind if event.kind in MARKS else None


def marked(events: tuple[Event, ...]) -> list[tuple[int, str, Event]]:
    """(number, mark, event) of the events that map and report number alike, in order of time; disarming is none."""
    done_tick = next((event.tick for event in events if event.text == DONE), None)
    found = [
        (mark, event)
        for event in events
        if (mark := mark_of(event)) is not None
        and event.east_m is not None
        and not (mark == "stop" and done_tick is not None and event.tick >= done_tick)
    ]
    return [(number, mark, event) for number, (mark, event) in enumerate(found, start=1)]


def depth_range_cm(facts: JobFacts) -> tuple[float, float]:
    """Colour scale: required depth to the deepest whole centimetre with more than a thousandth of the ground."""
    low_cm = facts.config.mission.required_depth_m * 100.0
    counts = depths_cm(facts.ledger)
    deep = np.flatnonzero(counts > counts.sum() / 1000.0)
    return low_cm, max(low_cm + 6.0, float(deep[-1]) if deep.size else 0.0)
