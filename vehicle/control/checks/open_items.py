"""What is open when control is handed over, in the vehicle's words: a list that people read to each other. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from vehicle.contracts.detonation import BY_PEOPLE, SHOCK
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import MissionPhase, RotorState
from vehicle.contracts.shift_state import ShiftState, due_text
from vehicle.contracts.stop_reasons import names
from vehicle.control.checks_state import ChecksState
from vehicle.control.state import GateState, MissionState, WireState

ITEMS_MAX: Final = 60
MARKS: Final = (BY_PEOPLE, "find", SHOCK)
FUEL: Final = "fuel"
"""A note that begins with this word tells how much there is; it counts where the controller does not."""
DAY_US: Final = 16 * 3600 * 1_000_000
"""Marks and notes about fuel of this time are of this day."""
SEEN_MAX: Final = 30
"""Marks and notes about fuel that are held, the newest; the record holds all."""
_US_PER_MIN: Final = 60_000_000
_DUE: Final = (
    ("base", "check of the base is due"),
    ("check", "daily or full check of the machine is due"),
    ("depth", "depth reading is due"),
    ("hammers", "hammer count is due"),
    ("depth_contradicts", "depth and tool height contradict each other"),
)


def open_items(
    checks: ChecksState, gate: GateState, mission: MissionState, wire: WireState, utc_us: int | None
) -> tuple[str, ...]:
    """Return the list: stops, checks, marks, skipped ground, shift, fuel, work; never empty.

    `utc_us`: now, None where the receiver does not know it; then marks and notes of earlier days are in it too.
    """
    seen = [row for row in checks.seen if utc_us is None or row.utc_us is None or utc_us - row.utc_us <= DAY_US]
    found = [
        *_stops(gate),
        *_checks(checks),
        *(_mark(one) for one in seen if one.kind in MARKS),
        *(f"skipped: {one.why}" for one in checks.skips),
        *_shift(checks.shift),
        _fuel(seen, wire),
        _work(mission),
    ]
    if len(found) <= ITEMS_MAX:
        return tuple(found)
    return (*found[: ITEMS_MAX - 1], f"and {len(found) - ITEMS_MAX + 1} more: look at the record")


def seen_with(seen: tuple[Observed, ...], row: Observed) -> tuple[Observed, ...]:
    """Return the marks and notes about fuel with one more row of the record."""
    fuel = row.kind == "note" and row.text.lower().startswith(FUEL)
    return (*seen, row)[-SEEN_MAX:] if fuel or row.kind in MARKS else seen


def seen_in(records: Iterable[object]) -> tuple[Observed, ...]:
    """Return the marks and notes about fuel of a record, the newest, for a program that starts again."""
    seen: tuple[Observed, ...] = ()
    for record in records:
        if isinstance(record, Observed):
            seen = seen_with(seen, record)
    return seen


def _stops(gate: GateState) -> list[str]:
    found = []
    if gate.estop_latched:
        found.append("an emergency stop by radio is not released")
    if gate.reset_due:
        found.append(f"RESET is due after: {_words(gate.shown) or 'a stop'}")
    if gate.latched:
        found.append(f"not acknowledged: {_words(gate.latched)}")
    if gate.rotor is not RotorState.OFF:
        found.append("the rotor is not measured at rest")
    return found


def _words(mask: int) -> str:
    return ", ".join(name.replace("_", " ") for name in names(mask))


def _checks(checks: ChecksState) -> list[str]:
    found = [text for name, text in _DUE if getattr(checks.due, name)]
    if checks.margin.withheld:
        found.append(f"nothing is credited, no mission starts: {checks.margin.withheld}")
    return found


def _mark(row: Observed) -> str:
    whats = {BY_PEOPLE: f"detonation, class {row.value:.0f}", "find": f"find, {row.value:.0f}"}
    what = whats.get(row.kind, row.kind)
    place = f" at {row.place_m[0]:.1f} m east, {row.place_m[1]:.1f} m north" if row.place_m is not None else ""
    text = f": {row.text}" if row.text else ""
    return f"{what}{place}{text} ({row.by}{_clock(row.utc_us)})"


def _shift(shift: ShiftState) -> list[str]:
    found = [due_text(shift.missing, clock_wrong=shift.clock_wrong)] if shift.missing else []
    newest = {act.item: act for act in shift.acts}
    found += [f"shift, {act.item} not done: {act.words} ({act.who})" for act in newest.values() if not act.done]
    return found


def _fuel(seen: Sequence[Observed], wire: WireState) -> str:
    ratio = wire.status.fuel_ratio if wire.status is not None else math.nan
    if math.isfinite(ratio):
        return f"fuel: {100.0 * ratio:.0f} % of the tank"
    told = next((row for row in reversed(seen) if row.kind == "note"), None)
    if told is None:
        return "fuel: nobody told how much there is"
    return f"{told.text} ({told.by}{_clock(told.utc_us)})"


def _work(mission: MissionState) -> str:
    plan = mission.plan
    if plan is None:
        return "work: no plan is held"
    if mission.phase is MissionPhase.DONE:
        return f"work: plan {plan.plan_hash[:8]} is driven to its end"
    blocked = f"; it waits: {mission.blocked}" if mission.blocked else ""
    return f"work: plan {plan.plan_hash[:8]}, segment {mission.index + 1} of {len(plan.segments)} is next{blocked}"


def _clock(utc_us: int | None) -> str:
    """Hours and minutes in UTC, after a comma."""
    if utc_us is None:
        return ""
    minutes = utc_us // _US_PER_MIN % 1440
    return f", {minutes // 60:02d}:{minutes % 60:02d} UTC"
