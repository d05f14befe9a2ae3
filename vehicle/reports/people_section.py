"""Section of the report about people: who had control, from when to when, and each hand-over with what was open."""

from collections.abc import Sequence
from html import escape

from vehicle.contracts import people
from vehicle.contracts.ledger_types import Observed
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.html_parts import clock_s, heads_of, moment, section, table, time_head

Rows = Sequence[tuple[float, Observed]]
"""When, in seconds from the zero of the facts, and what."""


def people_of(facts: JobFacts) -> str:
    """Return the section; "" for a record of a program that kept no names."""
    rows = _rows(facts.acts)
    if not rows:
        return ""
    say = facts.words
    control = [(t_s, row) for t_s, row in rows if row.kind == people.CONTROL]
    if control:
        lines = [
            _control(facts, t_s, row, _until_s(facts, control, number)) for number, (t_s, row) in enumerate(control)
        ]
        heads = [time_head(facts), *heads_of(facts, "people", "who", "how", "station", "length")]
        found = table(say("people.title"), heads, lines, say("people.note"))
    else:
        found = section(say("people.title"), f"<p>{say('people.none')}</p>")
    return "\n".join([found, *_hand_overs(facts, rows)])


def _rows(acts: Sequence[RecordedAct]) -> Rows:
    return [(one.t_s, one.act) for one in acts if isinstance(one.act, Observed) and one.act.kind in people.KINDS]


def _until_s(facts: JobFacts, control: Rows, number: int) -> float | None:
    """Return when control changed again, or when that run ended; None if nobody knows."""
    begun_s = control[number][0]
    ends_s = [end_s for end_s in facts.run_ends_s if end_s >= begun_s]
    if number + 1 < len(control):
        ends_s.append(control[number + 1][0])
    return min(ends_s, default=None)


def _control(facts: JobFacts, t_s: float, row: Observed, until_s: float | None) -> list[str]:
    ends = row.station_id == 0  # nobody has control from here on
    length = "-" if ends or until_s is None else clock_s(until_s - t_s)
    return [moment(facts, t_s), escape(row.by), escape(row.text), "-" if ends else str(row.station_id), length]


def _hand_overs(facts: JobFacts, rows: Rows) -> list[str]:
    """Return a list for each offer: what was open, who signed when, and what came of it."""
    offers = [place for place, (_, row) in enumerate(rows) if row.kind == people.OFFER]
    ends = [*offers[1:], len(rows)]  # one too many where nobody offered anything
    return [
        _hand_over(facts, rows[place:end], number)
        for number, (place, end) in enumerate(zip(offers, ends, strict=False), start=1)
    ]


def _hand_over(facts: JobFacts, rows: Rows, number: int) -> str:
    say = facts.words
    items, lines = list[str](), list[str]()
    marks = {people.said_of(row.text)[0] for _, row in rows if row.kind == people.ITEM}
    for t_s, row in rows:
        mark, words = people.said_of(row.text)
        values = {"when": moment(facts, t_s), "who": escape(row.by), "mark": escape(mark), "words": escape(words)}
        if row.kind == people.ITEM:
            items.append(f"<li>{escape(words)}</li>")
        elif row.kind in (people.OFFER, people.READ, people.SIGN):
            lines.append(f"<li>{say(f'people.{row.kind}', **values)}</li>")
        elif row.kind == people.ENDED:
            lines.append(f"<li>{say('people.hand_over_ended', **values | {'words': escape(row.text)})}</li>")
            break
        elif row.kind == people.CONTROL and any(row.text.endswith(f"list {one}") for one in marks):
            lines.append(f"<li>{say('people.hand_over_control', **values | {'words': escape(row.text)})}</li>")
            break
    title = say("people.hand_over", number=number)
    return f"<h3>{title}</h3><ol>{''.join(items)}</ol><ul>{''.join(lines)}</ul>"
