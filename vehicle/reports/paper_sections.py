"""Sections of the report about people and evidence: the task, visits, uncertainty, the rule, versions, signatures."""

import re
from html import escape
from typing import Final

import numpy as np
import shapely

from vehicle.config.task import NOT_STATED
from vehicle.config.task import rows as task_rows
from vehicle.reports.about import job_values
from vehicle.reports.envelope import ENVELOPE_ROWS
from vehicle.reports.facts import JobFacts, ReportKind, RunLine
from vehicle.reports.html_parts import heads_of, not_stated, note, section, stated, table
from vehicle.reports.imported import FollowUp, Release, needed
from vehicle.reports.importing import area_of
from vehicle.reports.minimum_data import minimum_data
from vehicle.reports.rounding import parts_of
from vehicle.reports.words import area, grouped, percent

LEFT_OUT: Final = ("statement", "classification")
SAID: Final = ("simulated", "status")
"""Values that are words defined by this program."""
SIGNERS: Final = {
    ReportKind.DAILY: ("operator", "team_leader", "quality_officer"),
    ReportKind.COMPLETION: ("team_leader", "quality_officer", "responsible", "authority"),
}
_NUMBERED: Final = re.compile(r"\.(\d+)(?=\.)")
"""`team.2.name`: the second member of the team."""


def warning(facts: JobFacts) -> str:
    """Return the fixed warning that is on every report."""
    return f"<p class='statement'><b>{facts.words('warn.machine_only')}</b></p>"


def task(facts: JobFacts) -> str:
    """Return the task section: what people stated, then what the record shows."""
    say = facts.words
    known = [[say(f"value.{name}"), _value(facts, name, text)] for name, text in job_values(facts).items()
             if name not in LEFT_OUT]  # fmt: skip
    parts = []
    if facts.task is None:
        parts.append(section(say("task.stated_title"), note(say("task.no_file"))))
    else:
        said = [
            [_field(facts, key), not_stated(facts) if text == NOT_STATED else _said(facts, key, text)]
            for key, text in task_rows(facts.task)
        ]
        parts.append(table(say("task.stated_title"), heads_of(facts, "task", "field", "stated"), said))
    parts.append(table(say("task.record_title"), heads_of(facts, "task", "field", "value"), known))
    return "\n".join(parts)


def _value(facts: JobFacts, name: str, text: str) -> str:
    """Return a value of the record; words defined by this program are translated."""
    if name in SAID and f"said.{text}" in facts.words:
        return facts.words(f"said.{text}")
    return stated(facts, text)


def _said(facts: JobFacts, key: str, text: str) -> str:
    """What people stated; a role by its name, a switch as yes or no."""
    if key == "shift":
        return facts.words("said.yes" if text == "true" else "said.no")
    return facts.words(f"role.{text}") if key == "role" else escape(text)


def _field(facts: JobFacts, key: str) -> str:
    """Return the name of a field of the task file; that of `team.2.name` ends with the number."""
    number = _NUMBERED.search(key)
    name = facts.words(f"task_file.{_NUMBERED.sub('', key)}")
    return f"{name} {number[1]}" if number is not None else name


def minimum(facts: JobFacts) -> str:
    """Return the table of minimum data with their places in IMSMA Core."""
    say = facts.words
    rows = [[row.group, row.name, row.value or not_stated(facts), row.core] for row in minimum_data(facts)]
    heads = heads_of(facts, "minimum", "group", "field", "value", "core")
    return table(say("minimum.title"), heads, rows, say("minimum.note"))


def visits(facts: JobFacts) -> str:
    """Return the section on quality assurance visits and their nonconformities."""
    say = facts.words
    if not facts.visits:
        return section(say("visits.title"), f"<p>{say('visits.none')}</p>")
    rows = [
        [
            visit.date.isoformat(),
            escape(visit.by),
            escape(visit.inspected),
            escape(visit.activity),
            escape(visit.result),
        ]
        for visit in facts.visits
    ]
    heads = heads_of(facts, "visits", "date", "by", "inspected", "activity", "result")
    parts = [table(say("visits.title"), heads, rows)]
    faults = [
        [
            escape(row.number), say(f"severity.{row.severity}"), escape(row.text), escape(row.measures),
            row.due.isoformat(), row.closed.isoformat() if row.closed else f"<b>{say('visits.open')}</b>",
        ]
        for visit in facts.visits
        for row in visit.nonconformity
    ]  # fmt: skip
    if faults:
        heads = heads_of(facts, "visits", "number", "severity", "what", "measures", "due", "closed")
        parts.append(table(say("visits.faults"), heads, faults, level=3))
    else:
        parts.append(f"<p>{say('visits.no_fault')}</p>")
    return "\n".join(parts)


def follow_up(facts: JobFacts) -> str:
    """Return follow-up as stated by others, and documents of the authority: imported, never derived."""
    say = facts.words
    role = facts.task.role if facts.task is not None else None
    wanted = say("follow_up.between").join(
        say("follow_up.alternative").join(say(f"layer.{layer.value}") for layer in row) for row in needed(role)
    )
    told = say("follow_up.note", role=say(f"role.{role}" if role else "stated.none"), layers=wanted)
    if not facts.follow_ups and not facts.releases:
        return section(say("follow_up.title"), note(told) + f"<p>{say('follow_up.none')}</p>")
    rows = [
        [
            say(f"layer.{row.layer.value}"), say(f"team.{row.team}"), escape(row.who), escape(row.when),
            escape(row.method), escape(row.result), _inside_m2(facts, row),
        ]
        for row in facts.follow_ups
    ]  # fmt: skip
    papers = [
        [escape(row.number), escape(row.date), escape(row.authority), escape(row.person),
         say(f"category.{row.category.value}"), _inside_m2(facts, row), f"<code>{escape(row.document_hash)}</code>"]
        for row in facts.releases
    ]  # fmt: skip
    heads = heads_of(facts, "follow_up", "layer", "team", "who", "when", "method", "result", "area")
    found = (
        table(say("follow_up.title"), heads, rows, told)
        if rows
        else section(say("follow_up.title"), note(told) + f"<p>{say('follow_up.none')}</p>")
    )
    if not papers:
        return found
    heads = heads_of(facts, "follow_up", "number", "date", "authority", "person", "category", "area", "document")
    return found + table(say("follow_up.papers"), heads, papers, say("follow_up.papers_note"), level=3)


def _inside_m2(facts: JobFacts, row: FollowUp | Release) -> str:
    """Return the part of the work area that others' polygons cover [m²]."""
    return area(shapely.intersection(area_of(row.polygons_deg, facts.plan.datum), facts.site.work_area).area)


def uncertainty(facts: JobFacts) -> str:
    """Return how accurately the tool's position was known while it worked, and which silent errors the checks bound."""
    say, parts = facts.words, []
    samples = facts.samples
    if samples is not None and samples.is_work.any():
        sigma_cm = samples.sigma_m[samples.is_work] * 100.0
        told = say(
            "uncertainty.place",
            median=f"{np.median(sigma_cm):.1f}",
            most_95=f"{np.quantile(sigma_cm, 0.95):.1f}",
            most=f"{sigma_cm.max():.1f}",
            share=f"{100.0 * samples.proven[samples.is_work].mean():.2f}",
            k=f"{facts.config.mission.k_sigma:g}",
        )
        parts.append(f"<p>{told}</p>")
    else:
        parts.append(note(say("uncertainty.no_recording")))
    rows = [[say(f"envelope.{name}.{part}") for part in ("error", "size", "by")] for name in ENVELOPE_ROWS]
    heads = heads_of(facts, "uncertainty", "error", "size", "by")
    parts.append(table(say("uncertainty.envelope"), heads, rows, say("uncertainty.note"), level=3))
    return section(say("uncertainty.title"), "\n".join(parts))


def rule(facts: JobFacts) -> str:
    """Return the section on what counts as processed."""
    mission, say = facts.config.mission, facts.words
    told = say(
        "rule.text",
        cell=f"{facts.cell_m * 100.0:g}",
        rotor=percent(mission.rotor_at_speed_ratio),
        k_depth=f"{mission.k_depth:g}",
        depth=f"{mission.required_depth_m * 100.0:.1f}",
        k=f"{mission.k_sigma:g}",
    )
    return section(say("rule.title"), f"<p>{told}</p>")


def runs(facts: JobFacts) -> str:
    """Return the runs and days of this report; the last column adds up to the processed area."""
    say = facts.words
    if not facts.runs:
        return ""
    total_m2 = sum(row.processed_m2 for row in facts.runs)
    before_m2 = facts.found.processed_m2 - total_m2
    processed_m2 = parts_of([row.processed_m2 for row in facts.runs], total_m2, 2)
    rows = [
        [
            escape(row.name), row.start_utc[:10] or "-", row.start_utc[11:19] or "-", _run_end(facts, row),
            escape(row.time_source), grouped(shown_m2, 2), escape(row.note) or say("runs.whole"),
        ]
        for row, shown_m2 in zip(facts.runs, processed_m2, strict=True)
    ]  # fmt: skip
    told = say("runs.note", total=grouped(total_m2, 2))
    if before_m2 > 0.005:
        told = say("runs.note_before", total=grouped(total_m2, 2), before=grouped(before_m2, 2))
    heads = heads_of(facts, "runs", "run", "day", "start", "end", "source", "area", "recording")
    return table(say("runs.title"), heads, rows, told)


def _run_end(facts: JobFacts, row: RunLine) -> str:
    """Return when a run ended; with the day, where that is another one than that of its start."""
    time = row.end_utc[11:19]
    if not time:
        return facts.words("runs.unknown")
    return time if row.end_utc[:10] == row.start_utc[:10] else f"{row.end_utc[:10]} {time}"


def versions(facts: JobFacts) -> str:
    """Return versions, and hashes of all files from which this report was made."""
    say = facts.words
    rows = [
        [say("versions.program"), escape(facts.software) or say("versions.unknown")],
        [say("versions.plan"), f"<code>{escape(facts.plan.plan_hash)}</code>"],
        [say("versions.site"), f"<code>{escape(facts.plan.site_hash)}</code>"],
    ]
    rows += [
        [say("versions.configuration", run=escape(row.name)), f"<code>{escape(row.config_hash)}</code>"]
        for row in facts.runs
        if row.config_hash
    ]
    rows += [
        [escape(row.name), say("versions.file", bytes=grouped(row.size_bytes), hash=f"<code>{row.sha256}</code>")]
        for row in facts.files
    ]
    return table(say("versions.title"), heads_of(facts, "versions", "what", "which"), rows)


def signatures(facts: JobFacts) -> str:
    """Return the empty field for a statement, and the lines for signatures."""
    say = facts.words
    cells = "".join(
        f"<div class='signer'><div class='line'></div>{say(f'signatures.{signer}')}<br>"
        f"<span class='soft'>{say('signatures.name_date')}</span></div>"
        for signer in SIGNERS[facts.kind]
    )
    empty = f"<p>{say('person.text')}</p><div class='empty'></div>"
    signed = f"<div class='signers'>{cells}</div>"
    return section(say("person.title"), empty) + section(say("signatures.title"), signed)
