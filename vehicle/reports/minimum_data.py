"""The fields of the mine-action minimum data and IMAS 05.10: name, value in this task, place in IMSMA Core.

The names of the minimum data are those of the public draft (GICHD, "Minimum data requirements", 2018), restated. The
names for IMSMA Core are generic: each programme names its own layers, and its information manager maps them.
**No conformity is claimed.**
"""

from html import escape
from typing import Final

import msgspec

from vehicle.reports.about import job_values
from vehicle.reports.facts import JobFacts

HAZARD_STATUS: Final = ("Active", "Worked On", "Closed")
ACTIVITY_STATUS: Final = ("Planned", "Ongoing", "Completed", "Suspended", "Aborted")
"""Values of IMSMA."""
FIELDS: Final = (
    ("activity", "reference"), ("activity", "organisation"), ("activity", "method"), ("activity", "start"),
    ("activity", "end"), ("activity", "status"), ("hazard", "hazard"), ("product", "released"),
    ("processed", "processed"), ("product", "depth"), ("device", "device"), ("visit", "visit"),
    ("visit", "nonconformity"), ("accident", "accident"),
)  # fmt: skip
"""(group, field) in the order of the draft: activity, land release product, quality assurance visit, accident."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the minimum data as HTML: group, name, value ("" not stated), place in IMSMA Core."""

    group: str
    name: str
    value: str
    core: str


def minimum_data(facts: JobFacts) -> tuple[Field, ...]:
    """Return every field, in the order of the draft."""
    say, values = facts.words, _values(facts)
    return tuple(
        Field(
            group=say(f"minimum.group.{group}"),
            name=say(f"minimum.field.{field}"),
            value=values[field],
            core=say(f"minimum.core.{field}"),
        )
        for group, field in FIELDS
    )


def _values(facts: JobFacts) -> dict[str, str]:
    say, values, task = facts.words, job_values(facts), facts.task
    visits = say("minimum.value.visits", count=len(facts.visits)) if facts.visits else ""
    marks = len(facts.site.benchmarks_m)
    status = f"said.{values['status']}"
    return {
        "reference": say("minimum.value.marks", count=marks) if marks else "",
        "organisation": escape(values["organisation"]),
        "method": escape((task.method if task is not None else "") or values["method"]),
        "start": escape(values["start_utc"]),
        "end": escape(values["end_utc"]),
        "status": say(status) if status in say else escape(values["status"]),
        "hazard": _hazard(facts),
        "released": _released(facts),
        "processed": say("minimum.value.processed", area=values["processed_m2"]),
        "depth": say("minimum.value.depth"),
        "device": _finds(facts),
        "visit": visits,
        "nonconformity": visits,
        "accident": say("minimum.value.accident"),
    }


def _hazard(facts: JobFacts) -> str:
    task = facts.task
    if task is None or not (task.hazard_area or task.hazard_kind):
        return ""
    kind = escape(task.hazard_kind or "") or facts.words("minimum.value.kind_unknown")
    return f"{kind} {escape(task.hazard_area or '')}".strip()


def _released(facts: JobFacts) -> str:
    """Return the imported documents of the authority, by number and category."""
    say = facts.words
    if not facts.releases:
        return say("minimum.value.released")
    papers = (
        say("minimum.value.document", number=escape(row.number), category=say(f"category.{row.category.value}"))
        for row in facts.releases
    )
    return say("minimum.value.documents", documents=", ".join(papers))


def _finds(facts: JobFacts) -> str:
    count = sum(getattr(row.act, "kind", "") in {"find", "detonation_class"} for row in facts.acts)
    return facts.words("minimum.value.finds" if count else "minimum.value.no_finds", count=count)
