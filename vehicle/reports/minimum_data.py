"""The fields of the mine-action minimum data and IMAS 05.10: name, value in this task, place in IMSMA Core.

The names of the minimum data are those of the public draft (GICHD, "Minimum data requirements", 2018), restated. The
names for IMSMA Core are generic: each programme names its own layers, and its information manager maps them.
**No conformity is claimed.**
"""

from typing import Final

import msgspec

from vehicle.reports.about import job_values
from vehicle.reports.facts import JobFacts

IN_REPORT, IN_EXPORTS = "in this report", "in the exports"
HAZARD_STATUS: Final = ("Active", "Worked On", "Closed")
ACTIVITY_STATUS: Final = ("Planned", "Ongoing", "Completed", "Suspended", "Aborted")
"""Values of IMSMA."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the minimum data: its group, its name, its value ("" not stated), and its place in IMSMA Core."""

    group: str
    name: str
    value: str
    core: str


def minimum_data(facts: JobFacts) -> tuple[Field, ...]:
    """Return every field in the order of the draft: activity, land release product, quality visit, accident."""
    values, task = job_values(facts), facts.task
    visits = f"{len(facts.visits)} visits, {IN_REPORT}" if facts.visits else ""
    marks = (
        f"{len(facts.site.benchmarks_m)} benchmarks, {IN_REPORT} and {IN_EXPORTS}" if facts.site.benchmarks_m else ""
    )
    status = values["status"]
    method = (task.method if task is not None else "") or values["method"]
    processed = f"{values['processed_m2']} m², {IN_EXPORTS}"
    rows = (
        ("Activity", "Reference point coordinates", marks, "Activity point / Reference point"),
        ("Activity", "Implementing organisation", values["organisation"], "Activity / Organisation"),
        ("Activity", "Operational method", method, "Activity / Method"),
        ("Activity", "Start date", values["start_utc"], "Activity / Start date"),
        ("Activity", "End date", values["end_utc"], "Activity / End date"),
        ("Activity", "Status", status, "Activity / Status"),
        ("Hazardous area", "Identifier and kind (SHA, CHA)", _hazard(facts), "Hazard / ID and type"),
        ("Land release product", "Benchmark and perimeter of released areas, by kind",
         "none: release is a decision of the authority, never of this software", "Land release polygon"),
        ("Processed ground", "Benchmark and perimeter", processed, "Activity polygon"),
        ("Land release product", "Depth of released areas",
         f"none: see processed depth, {IN_REPORT}", "Land release / Depth"),
        ("Device", "Coordinates, category, model, condition, depth of each device found", _finds(facts),
         "Device (related table)"),
        ("Quality assurance visit", "Date, activity inspected, both organisations", visits, "QA / visit"),
        ("Quality assurance visit", "Type and severity of nonconformities, measures", visits, "QA / nonconformity"),
        ("Accident", "Coordinates, date, category", "not recorded by this software", "Accident"),
    )  # fmt: skip
    return tuple(Field(group=a, name=b, value=c, core=d) for a, b, c, d in rows)


def _hazard(facts: JobFacts) -> str:
    task = facts.task
    if task is None or not (task.hazard_area or task.hazard_kind):
        return ""
    return f"{task.hazard_kind or 'kind not stated'} {task.hazard_area or ''}".strip()


def _finds(facts: JobFacts) -> str:
    count = sum(getattr(row.act, "kind", "") in {"find", "detonation_class"} for row in facts.acts)
    return f"{count} on record, {IN_REPORT}" if count else "none on record"
