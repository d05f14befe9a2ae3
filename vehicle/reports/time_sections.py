"""Sections of the report about time: hours, stops, link, checks made and due, hammers, finds, the log and its annex."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from vehicle.contracts.detonation import BY_PEOPLE, SHOCK
from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed, Revoke
from vehicle.contracts.messages import Event
from vehicle.contracts.people import KINDS as PEOPLE_KINDS
from vehicle.contracts.shift_state import KINDS as SHIFT_KINDS
from vehicle.contracts.skipped import SKIP_KIND
from vehicle.contracts.units import NS_PER_S
from vehicle.reports.due import due_after
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.html_parts import (
    bars,
    clock_s,
    counted,
    heads_of,
    moment,
    note,
    place,
    section,
    table,
    time_head,
)
from vehicle.reports.palette import marked
from vehicle.reports.rounding import parts_of
from vehicle.reports.seen import reading_names, seen_of
from vehicle.reports.story import PAUSE, STOP, UNKNOWN_REASON, Stop, hours_of, link_loss, stops_of, waits_of
from vehicle.reports.words import area, grouped

LINK_REASONS: Final = ("link_lost", "link_flapping")
LOG_MAX: Final = 400
"""Largest number of log lines on the page; the recording holds all of them."""
MODES_A_LINE: Final = 2
ANNEX: Final = ("mode", "reason", "stop")
"""Kinds of events that occur hundreds of times in a mission: stops have a table, the others are in an annex."""
SEEN: Final = ("find", BY_PEOPLE, SHOCK, "note", SKIP_KIND)
"""Kinds of observations without a measured value."""


def hours(facts: JobFacts) -> str:
    """Return the section on time by activity; the rows add up to the recording."""
    if facts.samples is None:
        return _phases(facts)
    say = facts.words
    stops = _stops(facts)
    measured_s = [row.t_s for row in facts.acts if _is_measured(row)]
    split = hours_of(facts.samples, stops, measured_s, facts.unread_s)
    total_s = sum(split.values())
    rows = _shares(facts, [(_activity(facts, name), time_s) for name, time_s in split.items()])
    loss = link_loss(facts.samples)
    by_link = [stop for stop in stops if stop.reason in LINK_REASONS]
    link = say(
        "hours.link",
        total=f"{loss.total_s:.1f}",
        count=loss.count,
        longest=f"{loss.longest_s:.1f}",
        stops=len(by_link),
        standing=clock_s(sum(stop.end_s - stop.start_s for stop in by_link)),
    )
    told = say("hours.note", total=clock_s(total_s))
    heads = [*heads_of(facts, "hours", "activity", "time"), ""]
    return table(say("hours.title"), heads, bars(rows), told) + f"<p>{link}</p>"


def _is_measured(row: RecordedAct) -> bool:
    """What a person measured or saw; an act of the shift is told when it is over, wherever the machine stands then."""
    return isinstance(row.act, Observed) and row.act.kind not in (*SHIFT_KINDS, *PEOPLE_KINDS)


def _stops(facts: JobFacts) -> list[Stop]:
    newest_s = max((event.t_ns / NS_PER_S for event in facts.events), default=0.0)
    return stops_of(facts.events, facts.run_ends_s or (max(facts.time_s, newest_s),), facts.event_runs)


def _activity(facts: JobFacts, name: str) -> str:
    if name.startswith(STOP):
        return facts.words("hours.stop", reason=_reason(facts, name.removeprefix(STOP)))
    return facts.words(f"activity.{name}")


def _reason(facts: JobFacts, reason: str) -> str:
    """A stop's reason as its name in the table of reasons, as written in the journal."""
    return facts.words("stops.unknown") if reason == UNKNOWN_REASON else escape(reason.replace("_", " "))


def _phases(facts: JobFacts) -> str:
    """Return time by phase of the mission, used if no recording was read."""
    say = facts.words
    phases = sorted(facts.phase_s.items(), key=lambda row: -row[1])
    rows = _shares(
        facts,
        [
            (say(f"phase.{name}") if f"phase.{name}" in say else escape(name.replace("_", " ")), time_s)
            for name, time_s in phases
        ],
    )
    heads = [*heads_of(facts, "hours", "activity", "time"), ""]
    return table(say("hours.title"), heads, bars(rows), say("hours.phases_note")) if rows else ""


def _shares(facts: JobFacts, rows: Sequence[tuple[str, float]]) -> list[tuple[str, float, str]]:
    """Return (name, time [s], time and share as text); the texts add up to the whole time, and to 100 %."""
    times_s = [time_s for _, time_s in rows]
    total_s = sum(times_s)
    shares = parts_of([100.0 * time_s / (total_s or 1.0) for time_s in times_s], 100.0 if total_s else 0.0, 1)
    shown_s = parts_of(times_s, total_s, 0)
    return [
        (name, time_s, facts.words("hours.share", time=clock_s(told_s), share=f"{share:.1f}"))
        for (name, time_s), told_s, share in zip(rows, shown_s, shares, strict=True)
    ]


def stops(facts: JobFacts) -> str:
    """Return every stop with reason and duration, and sums by reason."""
    found, say = _stops(facts), facts.words
    if not found:
        return section(say("stops.title"), f"<p>{say('stops.none')}</p>{_waits(facts)}")
    rows = []
    for stop in found:
        stood = clock_s(stop.end_s - stop.start_s)
        length = stood if stop.until_s is not None else say("stops.not_again", stood=stood)
        rows.append(
            [
                f"E{stop.number}", moment(facts, stop.start_s), _reason(facts, stop.reason), length,
                escape(stop.text), place(facts, (stop.east_m, stop.north_m)),
            ]
        )  # fmt: skip
    counts = Counter(_reason(facts, stop.reason) for stop in found)
    told = say("stops.note", count=len(found), reasons=counted(facts, counts.most_common()))
    number, reason, stood, text, where = heads_of(facts, "stops", "number", "reason", "stood", "text", "place")
    heads = [number, time_head(facts), reason, stood, text, where]
    return table(say("stops.title"), heads, rows, told) + _waits(facts)


def _waits(facts: JobFacts) -> str:
    """Return how often the mission waited, by cause, and how many of the WAITs became a stop; "" without any."""
    found = waits_of(facts.events, facts.event_runs)
    if not found:
        return ""
    causes = Counter("PAUSE" if wait.cause == PAUSE else _reason(facts, wait.cause) for wait in found)
    stopped = sum(wait.went_on is False for wait in found)
    told = facts.words("stops.waits", count=len(found), causes=counted(facts, causes.most_common()), stops=stopped)
    return f"<p>{told}</p>"


def checks(facts: JobFacts) -> str:
    """Return measurements by people with their results, then the checks that are due."""
    say = facts.words
    names = reading_names(facts)
    rows = _check_rows(facts, names)
    parts = []
    if rows:
        heads = [time_head(facts), *heads_of(facts, "checks", "what", "value", "by", "outcome", "place")]
        parts.append(table(say("checks.title"), heads, rows, say("checks.note")))
    else:
        parts.append(section(say("checks.title"), f"<p>{say('checks.none')}</p>"))
    lines = "".join(f"<li>{line}</li>" for line in due(facts))
    parts.append(f"<h3>{say('checks.due')}</h3><ul>{lines}</ul>")
    return "\n".join(parts)


def _check_rows(facts: JobFacts, names: Mapping[int, str]) -> list[list[str]]:
    """Return the lines of the checks; what a measurement led to stands in its own line.

    `names`: index of a depth reading's act -> its name on the map.
    """
    rows: list[list[str]] = []
    led_s: float | None = None
    for number, row in enumerate(facts.acts):
        act, when, say = row.act, moment(facts, row.t_s), facts.words
        if isinstance(act, Observed):
            led_s = None
            if act.kind in (*SEEN, *SHIFT_KINDS, *PEOPLE_KINDS):
                continue
            where = place(facts, act.place_m) if act.place_m is not None else "-"
            what = f"{_observed(facts, act.kind)} {names.get(number, '')}".strip()
            rows.append([when, what, _measured(facts, act), escape(act.by), escape(act.text) or "-", where])
            led_s = row.t_s
            continue
        outcome = _outcome(facts, row)
        if led_s == row.t_s:
            told = rows[-1][4]
            rows[-1][3:5] = [escape(act.by), outcome if told == "-" else f"{told}; {outcome}"]
            continue
        kind = say("checks.record")
        if isinstance(act, Confirm):
            kind = say(f"confirmed.{act.kind}") if f"confirmed.{act.kind}" in say else escape(act.kind)
        rows.append([when, kind, "-", escape(act.by), outcome, "-"])
    return rows


def _outcome(facts: JobFacts, row: RecordedAct) -> str:
    """Return what a confirmation or a withdrawal did to the record."""
    act, say = row.act, facts.words
    assert not isinstance(act, Observed), "a measurement changes nothing by itself"
    if isinstance(act, Confirm):
        outcome = "counted" if act.kind == Knowledge.HAMMERS.value else "good"
        return f"<b>{say(f'checks.{outcome}' if act.closing else f'checks.{outcome}_open')}</b>"
    kind = "shallower" if act.bias_m > 0.0 else "withdrawn"
    told = {"bias": f"{act.bias_m:.3f}"} if act.bias_m > 0.0 else {}
    if row.withdrawn_m2 is not None:
        kind, told = f"{kind}_area", told | {"area": area(row.withdrawn_m2)}
    strokes = say("checks.strokes", first=act.since_number, last=act.until_number)
    return say("checks.outcome", what=say(f"checks.{kind}", **told), reason=escape(act.reason), strokes=strokes)


def _observed(facts: JobFacts, kind: str) -> str:
    key = f"observed.{kind}"
    return facts.words(key) if key in facts.words else escape(kind)


def _measured(facts: JobFacts, act: Observed) -> str:
    key = f"unit.{act.kind}"
    sigma = f" ± {act.sigma:.3f}" if act.sigma is not None else ""
    value = f"{act.value:g}" if act.kind == "hammer_count" else f"{act.value:.3f}{sigma}"
    return facts.words(key if key in facts.words else "unit.other", value=value)


def due(facts: JobFacts) -> list[str]:
    """Return what must still be measured according to the record and this configuration."""
    found, mission, tool, say = list[str](), facts.config.mission, facts.config.machine.tool, facts.words
    acts = [row.act for row in facts.acts]
    open_now = facts.due if facts.due is not None else due_after(acts)
    if facts.provisional_m2 > 0.0:
        kind = "open_for_good" if facts.open_for_good else "due_close" if facts.ledger.shaken is None else "due_shaken"
        found.append(say(f"checks.{kind}", area=grouped(facts.provisional_m2, 1)))
    if Knowledge.BASE in open_now:
        found.append(say("checks.due_base", why=_since(facts, acts, Knowledge.BASE)))
    if Knowledge.DEPTH in open_now:
        why = _since(facts, acts, Knowledge.DEPTH)
        area, time = grouped(mission.depth_check_m2), f"{mission.depth_check_h:g}"
        found.append(say("checks.due_depth", why=why, area=area, time=time))
    if tool.hammer_count > 0:
        counts = [act.value for act in acts if isinstance(act, Observed) and act.kind == "hammer_count"]
        if Knowledge.HAMMERS in open_now:
            found.append(say("checks.due_hammers", why=_since(facts, acts, Knowledge.HAMMERS)))
        elif counts and counts[-1] < tool.hammer_count:
            found.append(say("checks.hammers_left", count=f"{counts[-1]:g}", all=tool.hammer_count))
    return found or [say("checks.nothing_due")]


def _since(facts: JobFacts, acts: Sequence[Observed | Confirm | Revoke], kind: Knowledge) -> str:
    """Return why a check is due, as far as the record shows."""
    known = any(isinstance(act, Confirm) and act.kind == kind.value and act.by for act in acts)
    return facts.words("checks.stale" if known else "checks.never")


def hammers(facts: JobFacts) -> str:
    """Return the counts of hammers, and which hammers were missing."""
    say = facts.words
    counts = [(row, row.act) for row in facts.acts if isinstance(row.act, Observed) and row.act.kind == "hammer_count"]
    if not counts:
        return section(say("hammers.title"), f"<p>{say('hammers.none')}</p>")
    rows = [
        [moment(facts, row.t_s), f"{act.value:g}", escape(act.text) or say("hammers.none_named"), escape(act.by)]
        for row, act in counts
    ]
    heads = [time_head(facts), *heads_of(facts, "hammers", "counted", "missing", "by")]
    return table(say("hammers.title"), heads, rows, say("hammers.note"))


def finds(facts: JobFacts) -> str:
    """Return detonations, finds and notes of people; those with a recorded position are F1.. as on the map."""
    say = facts.words
    rows, names = [], {seen.act: f" {seen.name}" for seen in seen_of(facts)}
    for number, row in enumerate(facts.acts):
        act = row.act
        if isinstance(act, Observed) and act.kind in SEEN:
            where = place(facts, act.place_m) if act.place_m is not None else "-"
            what = _observed(facts, act.kind) + names.get(number, "")
            value = "-" if act.kind in ("note", SHOCK) else f"{act.value:g}"
            rows.append([moment(facts, row.t_s), what, value, escape(act.text), escape(act.by), where])
    if not rows:
        return section(say("finds.title"), f"<p>{say('finds.none')}</p>")
    heads = [time_head(facts), *heads_of(facts, "finds", "what", "number", "text", "by", "place")]
    return table(say("finds.title"), heads, rows, say("finds.note"))


def log(facts: JobFacts) -> str:
    """Return the events other than stops and mode changes."""
    say = facts.words
    lines = [event for event in facts.events if event.kind not in ANNEX and event.kind != "record"]
    names = {id(event): f"E{number}" for number, _, event in marked(facts.events)}
    rows = [[names.get(id(event), "-"), *_line(facts, event)] for event in lines[:LOG_MAX]]
    if not rows:
        return section(say("log.title"), f"<p>{say('log.none')}</p>")
    told = say("log.note")
    if len(lines) > len(rows):
        told += f" {say('log.more', count=len(lines) - len(rows))}"
    number, what, where = heads_of(facts, "log", "number", "what", "place")
    return table(say("log.title"), [number, time_head(facts), what, where], rows, told)


def _line(facts: JobFacts, event: Event) -> list[str]:
    where = "" if event.east_m is None or event.north_m is None else place(facts, (event.east_m, event.north_m))
    return [moment(facts, event.t_ns / NS_PER_S), escape(event.text), where]


def annex_modes(facts: JobFacts) -> str:
    """Return all mode changes, and counts of the reasons shown to the operator."""
    say = facts.words
    modes = [event for event in facts.events if event.kind == "mode"]
    counts = Counter(
        escape(event.text.removeprefix("reason: ").replace("_", " "))
        for event in facts.events
        if event.kind == "reason"
    )
    told = say("modes.reasons", reasons=counted(facts, counts.most_common())) if counts else ""
    cells = [[moment(facts, event.t_ns / NS_PER_S), escape(event.text)] for event in modes[:LOG_MAX]]
    if not cells:
        return ""
    more = say("modes.more", count=len(modes) - len(cells)) if len(modes) > len(cells) else ""
    heads = [time_head(facts), *heads_of(facts, "modes", "mode")] * MODES_A_LINE
    cells += [["", ""]] * (-len(cells) % MODES_A_LINE)
    rows = [
        [cell for pair in cells[first : first + MODES_A_LINE] for cell in pair]
        for first in range(0, len(cells), MODES_A_LINE)
    ]
    return table(say("modes.title"), heads, rows, more) + (note(told) if told else "")
