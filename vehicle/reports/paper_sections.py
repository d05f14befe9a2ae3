"""Sections of the report about people and evidence: the task, visits, uncertainty, the rule, versions, signatures."""

from html import escape
from typing import Final

import numpy as np

from vehicle.config.task import rows as task_rows
from vehicle.reports.about import job_values
from vehicle.reports.envelope import ENVELOPE
from vehicle.reports.facts import JobFacts, ReportKind
from vehicle.reports.html_parts import NOT_STATED, note, section, stated, table
from vehicle.reports.imported import needed
from vehicle.reports.minimum_data import minimum_data

WARNING: Final = (
    "Worked by machine only. Ground shown as processed was worked by the tool with rotor speed, depth, ground "
    "speed and "
    "position measured and proven. Processed: not for feet. It is not cleared, and nobody may walk on it: "
    "releasing land is "
    "a decision of people under the national standard, after follow-up."
)
TASK_NAMES: Final = {"task_id": "task", "cell_m": "cell of the record [m]", "run": "runs"}
LEFT_OUT: Final = ("statement", "classification")
SIGNERS: Final = {
    ReportKind.DAILY: ("operator", "team leader", "quality officer"),
    ReportKind.COMPLETION: (
        "team leader",
        "quality officer",
        "responsible person of the organisation",
        "national authority",
    ),
}


def warning() -> str:
    """Return the fixed warning that is on every report."""
    return f"<p class='statement'><b>{WARNING}</b></p>"


def task(facts: JobFacts) -> str:
    """Return the task section: what people stated, then what the record shows."""
    known = [
        [escape(TASK_NAMES.get(name, name.replace("_", " "))), stated(value)]
        for name, value in job_values(facts).items()
        if name not in LEFT_OUT
    ]
    known += [["remark", escape(remark)] for remark in facts.remarks]
    parts = []
    if facts.task is None:
        parts.append(
            section("Task as people stated it", note("No task file was given: what people know is not stated."))
        )
    else:
        said = [
            [escape(key.replace("_", " ").replace(".", ", ")), NOT_STATED if value == "not stated" else escape(value)]
            for key, value in task_rows(facts.task)
        ]
        parts.append(table("Task as people stated it", ["field", "stated"], said))
    parts.append(table("Task as the record has it", ["field", "value"], known))
    return "\n".join(parts)


def minimum(facts: JobFacts) -> str:
    """Return the table of minimum data with their places in IMSMA Core."""
    rows = [[escape(row.group), escape(row.name), stated(row.value), escape(row.core)] for row in minimum_data(facts)]
    told = (
        "Names after the public draft of the mine-action minimum data and IMAS 05.10, restated; the last column "
        "is where an "
        "information manager puts the value in IMSMA Core, whose layers each programme names itself. <b>No "
        "conformity is claimed.</b>"
    )
    return table("Annex: mine-action minimum data", ["group", "field", "this task", "IMSMA Core"], rows, told)


def visits(facts: JobFacts) -> str:
    """Return the section on quality assurance visits and their nonconformities."""
    if not facts.visits:
        return section(
            "Visits and nonconformities", "<p>No visit was stated for this report (<code>--visits FILE</code>).</p>"
        )
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
    parts = [table("Visits and nonconformities", ["date", "by", "inspected", "activity", "result"], rows)]
    faults = [
        [
            escape(row.number), row.severity, escape(row.text), escape(row.measures), row.due.isoformat(),
            row.closed.isoformat() if row.closed else "<b>open</b>",
        ]
        for visit in facts.visits
        for row in visit.nonconformity
    ]  # fmt: skip
    if faults:
        parts.append(
            table("Nonconformities", ["no.", "severity", "what", "measures", "due", "closed"], faults, level=3)
        )
    else:
        parts.append("<p>No nonconformity was stated.</p>")
    return "\n".join(parts)


def follow_up(facts: JobFacts) -> str:
    """Return follow-up as stated by others, and documents of the authority: imported, never derived."""
    role = facts.task.role if facts.task is not None else None
    wanted = "; ".join(" or ".join(layer.value for layer in row) for row in needed(role))
    told = (
        f"Layers that follow from what the machine is used for ({escape((role or 'not stated').replace('_', ' '))}): "
        f"{escape(wanted)}. A task order or national standard may ask for more. What follows here is imported as it is."
    )
    if not facts.follow_ups and not facts.releases:
        return section("Follow-up by others, release", note(told) + "<p>None was imported.</p>")
    rows = [
        [row.layer.value, escape(row.team), escape(row.who), escape(row.when), escape(row.method), escape(row.result)]
        for row in facts.follow_ups
    ]
    papers = [
        [escape(row.number), escape(row.date), escape(row.authority), escape(row.person), row.category.value,
         f"<code>{escape(row.document_hash)}</code>"]
        for row in facts.releases
    ]  # fmt: skip
    heads = ["number", "date", "authority", "signed by", "category", "document, BLAKE2b"]
    return table("Follow-up by others, release", ["layer", "team", "who", "when", "method", "result"], rows, told) + (
        table("Documents of the authority", heads, papers, "Borders are in the exports.", level=3) if papers else ""
    )


def uncertainty(facts: JobFacts) -> str:
    """Return how accurately the tool's position was known while it worked, and which silent errors the checks bound."""
    mission, parts = facts.config.mission, []
    samples = facts.samples
    if samples is not None and samples.is_work.any():
        sigma_m = samples.sigma_m[samples.is_work]
        proven = samples.proven[samples.is_work]
        parts.append(
            f"<p>Place of the tool's middle while it worked, 1 sigma: median {np.median(sigma_m) * 100.0:.1f} cm, "
            "95 % below "
            f"{np.quantile(sigma_m, 0.95) * 100.0:.1f} cm, most {sigma_m.max() * 100.0:.1f} cm. Position proven "
            "(RTK fixed, "
            f"fresh, believed) in {100.0 * proven.mean():.2f} % of the work. Strips are drawn in by "
            f"{mission.k_sigma:g} sigma "
            "and by what the checks of the machine leave open.</p>"
        )
    else:
        parts.append(note("No recording was read: the uncertainty while working is not shown."))
    rows = [[escape(error), escape(size), escape(by)] for error, size, by in ENVELOPE]
    told = (
        "Errors that no sensor shows are bounded by checks that people make. After these checks nothing false "
        "stays on record, "
        "for errors of the sizes below; nothing is promised beyond them, nor for what nobody checks. As "
        "published with the "
        "software (docs/SAFETY.md, Envelope of silent errors), with the number of simulated missions behind each row."
    )
    parts.append(table("Published envelope", ["error", "promised for", "bounded by"], rows, told, level=3))
    return section("Uncertainty", "\n".join(parts))


def rule(facts: JobFacts) -> str:
    """Return the section on what counts as processed."""
    mission = facts.config.mission
    return section(
        "What counts as processed",
        f"<p>A cell of {facts.cell_m * 100.0:g} cm counts only if all of it lay under the tool while, in every 20 "
        "ms of its "
        f"passage, the rotor was measured at {mission.rotor_at_speed_ratio:.0%} of its working speed or more, the "
        "depth less "
        f"{mission.k_depth:g} sigma of its mean reached {mission.required_depth_m * 100.0:.1f} cm, the ground "
        "speed left no "
        "unstruck ground between blows, and the position was RTK fixed. Strips are drawn in by "
        f"{mission.k_sigma:g} sigma of the position on all sides. Later knowledge withdraws credit by a record in the "
        "journal, never by a change.</p>",
    )


def runs(facts: JobFacts) -> str:
    """Return the runs and days of this report; the last column adds up to the processed area."""
    if not facts.runs:
        return ""
    rows = [
        [
            escape(row.name), row.start_utc[:10], row.start_utc[11:19], row.end_utc[11:19] or "not known",
            escape(row.time_source), f"{row.processed_m2:,.2f}", escape(row.note or "whole"),
        ]
        for row in facts.runs
    ]  # fmt: skip
    total_m2 = sum(row.processed_m2 for row in facts.runs)
    told = (
        "Processed by run: what was on record after it and not before it, less what it withdrew. Together "
        f"{total_m2:,.2f} m²"
    )
    before_m2 = facts.found.processed_m2 - total_m2
    told += f", and {before_m2:,.2f} m² of runs before these." if before_m2 > 0.005 else ", the processed area."
    heads = ["run", "day", "from UTC", "to UTC", "time by", "processed [m²]", "recording"]
    return table("Runs and days", heads, rows, told)


def versions(facts: JobFacts) -> str:
    """Return versions, and hashes of all files from which this report was made."""
    rows = [
        ["program", escape(facts.software or "not known")],
        ["plan", f"<code>{escape(facts.plan.plan_hash)}</code>"],
    ]
    rows.append(["site", f"<code>{escape(facts.plan.site_hash)}</code>"])
    rows += [
        [f"configuration, {escape(row.name)}", f"<code>{escape(row.config_hash)}</code>"]
        for row in facts.runs
        if row.config_hash
    ]
    rows += [[escape(row.name), f"{row.size_bytes:,} bytes, SHA-256 <code>{row.sha256}</code>"] for row in facts.files]
    return table("Versions and hashes", ["what", "which"], rows)


def signatures(facts: JobFacts) -> str:
    """Return the empty field for a statement, and the lines for signatures."""
    cells = "".join(
        f"<div class='signer'><div class='line'></div>{signer}<br><span class='soft'>name, date</span></div>"
        for signer in SIGNERS[facts.kind]
    )
    empty = (
        "<p>Statement of the responsible person on residual risk and on what follows. The software states "
        "nothing here.</p>"
        "<div class='empty'></div>"
    )
    return section("Responsible person", empty) + section("Signatures", f"<div class='signers'>{cells}</div>")
