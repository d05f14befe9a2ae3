"""Sections of the report about time: hours, stops, link, checks made and due, hammers, finds, the log and its annex."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Final

from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed, Revoke
from vehicle.contracts.messages import Event
from vehicle.contracts.units import NS_PER_S
from vehicle.reports.due import due_after
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.html_parts import bars, clock_s, moment, note, place, section, table
from vehicle.reports.seen import seen_of
from vehicle.reports.story import STOP, hours_of, link_loss, stops_of

PHASE_TEXT: Final = {
    "work": "working the ground",
    "move": "moving, tool up",
    "lower": "lowering the tool",
    "raise": "raising the tool",
    "spin_up": "spinning up",
    "back_off": "backing off for re-entry",
    "paused": "paused",
    "idle": "waiting for the operator",
    "done": "finished, disarming",
}
LINK_REASONS: Final = ("link_lost", "link_flapping")
LOG_MAX: Final = 400
"""Largest number of log lines on the page; the recording holds all of them."""
ANNEX: Final = ("mode", "reason", "stop")
"""Kinds of events that occur hundreds of times in a mission: stops have a table, the others are in an annex."""
KIND_TEXT: Final = {
    "depth_check": "depth, rod and straight edge",
    "benchmark_check": "base, on a control point",
    "hammer_count": "hammers counted",
    "detonation_class": "detonation, class",
    "find": "find",
    "note": "note",
}
UNITS: Final = {"depth_check": "m", "benchmark_check": "m off", "hammer_count": "hammers", "find": "objects"}


def hours(facts: JobFacts) -> str:
    """Return the section on time by activity; the rows add up to the recording."""
    if facts.samples is None:
        return _phases(facts)
    stops = stops_of(facts.events, facts.time_s)
    split = hours_of(facts.samples, stops, [row.t_s for row in facts.acts if isinstance(row.act, Observed)])
    total_s = sum(split.values())
    rows = [(escape(name.replace("_", " ")), time_s, _share(time_s, total_s)) for name, time_s in split.items()]
    loss = link_loss(facts.samples)
    by_link = [stop for stop in stops if stop.reason in LINK_REASONS]
    told = (
        f"The rows add up to the recording, {clock_s(total_s)} h. A stop counts from the stop until the operator "
        "had armed "
        "again. Weather, refuelling and repair are not told apart by any sensor: they are in waiting and stops."
    )
    link = (
        f"<p><b>Link loss in all: {loss.total_s:.1f} s</b>, {loss.count} times, the longest {loss.longest_s:.1f} s: an "
        f"armed vehicle had no frame of its operator younger than 0.45 s. Stops for the link's sake: {len(by_link)}, "
        f"standing {clock_s(sum((stop.until_s or facts.time_s) - stop.start_s for stop in by_link))} h.</p>"
    )
    return table("Hours", ["activity", "time [h]", ""], bars(rows), told) + link


def _phases(facts: JobFacts) -> str:
    """Return time by phase of the mission, used if no recording was read."""
    total_s = sum(facts.phase_s.values())
    phases = sorted(facts.phase_s.items(), key=lambda row: -row[1])
    rows = [(escape(PHASE_TEXT.get(name, name)), time_s, _share(time_s, total_s)) for name, time_s in phases]
    told = "By the phases of the mission: no recording was read, stops and link are not told apart."
    return table("Hours", ["activity", "time [h]", ""], bars(rows), told) if rows else ""


def _share(time_s: float, total_s: float) -> str:
    return f"{clock_s(time_s)}, {100.0 * time_s / (total_s or 1.0):.1f} %"


def stops(facts: JobFacts) -> str:
    """Return every stop with reason and duration, and sums by reason."""
    found = stops_of(facts.events, facts.time_s)
    if not found:
        return section("Stops", "<p>None on record.</p>")
    rows = []
    for stop in found:
        length = clock_s(stop.until_s - stop.start_s) if stop.until_s is not None else "did not drive again"
        rows.append(
            [
                f"E{stop.number}", moment(facts, stop.start_s), escape(stop.reason.replace("_", " ")), length,
                escape(stop.text), place(facts, (stop.east_m, stop.north_m)),
            ]
        )  # fmt: skip
    counts = Counter(stop.reason for stop in found)
    told = ", ".join(f"{escape(reason.replace('_', ' '))} {count}x" for reason, count in counts.most_common())
    heads = [
        "no.",
        "UTC" if facts.zero_us is not None else "time",
        "reason",
        "stood [h]",
        "what was known, and how it is left",
        "place (lat, lon)",
    ]
    return table("Stops", heads, rows, f"{len(found)} stops: {told}. Numbers are those on the map.")


def checks(facts: JobFacts) -> str:
    """Return measurements by people with their results, then the checks that are due."""
    rows = [row for acts in [facts.acts] for act in acts if (row := _check_row(facts, act)) is not None]
    parts = []
    if rows:
        heads = [
            "UTC" if facts.zero_us is not None else "time",
            "what",
            "value",
            "by",
            "what came of it",
            "place (lat, lon)",
        ]
        parts.append(table("Checks made", heads, rows, "As the journal has them, in their order."))
    else:
        parts.append(section("Checks made", "<p>None on record.</p>"))
    parts.append("<h3>Checks due</h3><ul>" + "".join(f"<li>{line}</li>" for line in due(facts)) + "</ul>")
    return "\n".join(parts)


def _check_row(facts: JobFacts, row: RecordedAct) -> list[str] | None:
    act, when = row.act, moment(facts, row.t_s)
    if isinstance(act, Observed):
        if act.kind in {"find", "detonation_class", "note"}:
            return None
        sigma = f" ± {act.sigma:.3f}" if act.sigma is not None else ""
        value = (
            f"{act.value:.3f}{sigma} {UNITS.get(act.kind, '')}"
            if act.kind != "hammer_count"
            else f"{act.value:g} hammers"
        )
        where = place(facts, act.place_m) if act.place_m is not None else "-"
        return [when, escape(KIND_TEXT.get(act.kind, act.kind)), value, escape(act.by), escape(act.text), where]
    if isinstance(act, Confirm):
        told = "good" if act.closing else "good from here on; nothing before it is closed"
        return [when, escape(act.kind), "-", escape(act.by), f"<b>{told}</b>", "-"]
    told = f"strokes {act.since_number} to {act.until_number}"
    what = f"found {act.bias_m:.3f} m shallower" if act.bias_m > 0.0 else "withdrawn"
    return [when, "record", "-", escape(act.by), f"<b>{what}</b>: {escape(act.reason)} ({told})", "-"]


def due(facts: JobFacts) -> list[str]:
    """Return what must still be measured according to the record and this configuration."""
    found, mission, tool = [], facts.config.mission, facts.config.machine.tool
    acts = [row.act for row in facts.acts]
    open_now = facts.due if facts.due is not None else due_after(acts)
    if facts.provisional_m2 > 0.0:
        found.append(
            f"<b>Closing check of the base</b>: {facts.provisional_m2:,.1f} m² are provisional until it is good."
        )
    if Knowledge.BASE in open_now:
        found.append(f"<b>Opening check of the base</b>: {_since(acts, Knowledge.BASE)}.")
    if Knowledge.DEPTH in open_now:
        found.append(
            f"<b>Depth reading</b>: {_since(acts, Knowledge.DEPTH)}. The record claims 2 cm less until one is good; it "
            f"is due at the start of a shift, every {mission.depth_check_m2:,.0f} m² and every "
            f"{mission.depth_check_h:g} h with the tool down."
        )
    if tool.hammer_count > 0:
        counts = [act.value for act in acts if isinstance(act, Observed) and act.kind == "hammer_count"]
        if Knowledge.HAMMERS in open_now:
            found.append(f"<b>Hammer count</b>: {_since(acts, Knowledge.HAMMERS)}.")
        elif counts and counts[-1] < tool.hammer_count:
            found.append(f"<b>Hammers</b>: {counts[-1]:g} of {tool.hammer_count} at the newest count.")
    return found or ["None by the record. Checks of the next shift begin anew."]


def _since(acts: Sequence[Observed | Confirm | Revoke], kind: Knowledge) -> str:
    """Return why a check is due, as far as the record shows."""
    known = any(isinstance(act, Confirm) and act.kind == kind.value and act.by for act in acts)
    return "the newest good one no longer holds" if known else "none is on record that was good"


def hammers(facts: JobFacts) -> str:
    """Return the counts of hammers, and which hammers were missing."""
    counts = [(row, row.act) for row in facts.acts if isinstance(row.act, Observed) and row.act.kind == "hammer_count"]
    if not counts:
        return section("Hammers by position", "<p>No count on record.</p>")
    rows = [
        [moment(facts, row.t_s), f"{act.value:g}", escape(act.text) or "none named", escape(act.by)]
        for row, act in counts
    ]
    told = "Positions as tracks across the tool, 1 at the far right. Replaced hammers are not recorded by any sensor."
    heads = ["UTC" if facts.zero_us is not None else "time", "counted [hammers]", "missing at", "by"]
    return table("Hammers by position", heads, rows, told)


def finds(facts: JobFacts) -> str:
    """Return detonations, finds and notes of people; those with a recorded position are F1.. as on the map."""
    rows, names = [], {seen.act: f" {seen.name}" for seen in seen_of(facts)}
    for number, row in enumerate(facts.acts):
        act = row.act
        if isinstance(act, Observed) and act.kind in {"find", "detonation_class", "note"}:
            where = place(facts, act.place_m) if act.place_m is not None else "-"
            what = KIND_TEXT[act.kind] + names.get(number, "")
            rows.append([moment(facts, row.t_s), what, f"{act.value:g}", escape(act.text), escape(act.by), where])
    if not rows:
        return section("Detonations, finds, notes", "<p>None on record.</p>")
    heads = ["UTC" if facts.zero_us is not None else "time", "what", "class, number", "text", "by", "place (lat, lon)"]
    return table(
        "Detonations, finds, notes", heads, rows, "Condition and model are those that people wrote into the text."
    )


def log(facts: JobFacts) -> str:
    """Return the events other than stops and mode changes."""
    lines = [event for event in facts.events if event.kind not in ANNEX and event.kind != "record"]
    rows = [_line(facts, event) for event in lines[:LOG_MAX]]
    told = "Stops and checks have tables of their own; changes of mode are in the annex."
    if len(lines) > len(rows):
        told += f" {len(lines) - len(rows)} further lines are in the recording."
    heads = ["UTC" if facts.zero_us is not None else "time", "what happened", "place (lat, lon)"]
    return table("Log", heads, rows, told) if rows else section("Log", "<p>Nothing beside stops and checks.</p>")


def _line(facts: JobFacts, event: Event) -> list[str]:
    where = "" if event.east_m is None or event.north_m is None else place(facts, (event.east_m, event.north_m))
    return [moment(facts, event.t_ns / NS_PER_S), escape(event.text), where]


def annex_modes(facts: JobFacts) -> str:
    """Return all mode changes, and counts of the reasons shown to the operator."""
    modes = [event for event in facts.events if event.kind == "mode"]
    counts = Counter(event.text.removeprefix("reason: ") for event in facts.events if event.kind == "reason")
    told = ", ".join(f"{escape(text.replace('_', ' '))} {count}x" for text, count in counts.most_common())
    reasons = note(f"Reasons shown to the operator: {told}.") if told else ""
    rows = [[moment(facts, event.t_ns / NS_PER_S), escape(event.text)] for event in modes[:LOG_MAX]]
    if not rows:
        return ""
    more = f"{len(modes) - len(rows)} further changes are in the recording." if len(modes) > len(rows) else ""
    heads = ["UTC" if facts.zero_us is not None else "time", "mode"]
    return table("Annex: changes of mode", heads, rows, more) + reasons


def stop_total_s(split: dict[str, float]) -> float:
    """Return the total time [s] of all stops."""
    return sum(time_s for name, time_s in split.items() if name.startswith(STOP))


def withdrawn(facts: JobFacts) -> list[RecordedAct]:
    """Return what the journal withdrew."""
    return [row for row in facts.acts if isinstance(row.act, Revoke)]
