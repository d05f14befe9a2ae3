"""Facts of the job for every output file: one set of names for report, exports and tables."""

from typing import Final

from vehicle.reports.facts import STATEMENT, JobFacts
from vehicle.reports.products import NOTE_OF_OTHERS, NOTES

CONFIDENTIAL: Final = "confidential"
"""Marking of every file with a coordinate: places of unprocessed hazards concern only the people of the task."""


def job_values(facts: JobFacts) -> dict[str, str]:
    """Return the facts of a job as text, by the names that every export uses; "" for a fact that nobody stated."""
    found, machine = facts.found, facts.plan.machine
    return {
        "statement": STATEMENT,
        "classification": CONFIDENTIAL,
        "simulated": "yes" if facts.simulated else "no",
        "site": facts.site.name,
        "task_id": facts.task_id,
        "run": facts.run,
        "organisation": facts.organisation,
        "operator": facts.operator,
        "method": f"mechanical ground processing ({facts.config.machine.tool.kind}), {machine.name}",
        "start_utc": facts.start_utc,
        "end_utc": facts.end_utc,
        "time_source": facts.time_source,
        "machine": machine.name,
        "status": facts.status,
        "required_depth_m": f"{facts.config.mission.required_depth_m:.3f}",
        "area_m2": f"{found.area_m2:.4f}",
        "processed_m2": f"{found.processed_m2:.4f}",
        "missed_m2": f"{found.missed_m2:.4f}",
        "to_do_m2": f"{found.to_do_m2:.4f}",
        "untreatable_m2": f"{found.listed_m2:.4f}",
        "not_in_task_m2": f"{found.not_in_task_m2:.4f}",
        "processed_below_depth_m2": f"{found.below_depth_m2:.4f}",
        "provisional_m2": f"{found.provisional_m2:.4f}",
        "withdrawn_m2": f"{found.withdrawn_m2:.4f}",
        "time_s": f"{facts.time_s:.1f}",
        "plan_hash": facts.plan.plan_hash,
        "site_hash": facts.plan.site_hash,
        "cell_m": f"{facts.cell_m:g}",
        "k_sigma": f"{facts.config.mission.k_sigma:g}",
    }


def tags(facts: JobFacts, layer: str) -> dict[str, str]:
    """Return the facts of the job that each feature carries, so that features stay distinct when files are merged."""
    return {
        "site": facts.site.name,
        "site_hash": facts.plan.site_hash,
        "plan_hash": facts.plan.plan_hash,
        "run": facts.run,
        "simulated": "yes" if facts.simulated else "no",
        "note": NOTES.get(layer, NOTE_OF_OTHERS),
    }


PUBLIC_NAMES: Final = (
    "statement", "simulated", "organisation", "task_id", "start_utc", "end_utc", "machine", "status", "area_m2",
    "required_depth_m", "processed_m2", "missed_m2", "to_do_m2", "untreatable_m2", "not_in_task_m2",
    "processed_below_depth_m2", "provisional_m2", "withdrawn_m2",
)  # fmt: skip


def public_values(facts: JobFacts) -> dict[str, str]:
    """Return the figures that may be published: without coordinates and without names of people or sites."""
    values = job_values(facts)
    return {"classification": "public"} | {name: values[name] for name in PUBLIC_NAMES}
