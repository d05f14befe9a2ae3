"""The report of a task: one HTML file without scripts that a quality officer can read, print, file and sign."""

import base64
from html import escape
from pathlib import Path

import shapely

from vehicle.contracts.units import missed_text
from vehicle.reports import ground_sections as ground
from vehicle.reports import paper_sections as papers
from vehicle.reports import survey_sections as field
from vehicle.reports import time_sections as times
from vehicle.reports.facts import JobFacts, ReportKind
from vehicle.reports.html_parts import picture
from vehicle.reports.products import Feature, features
from vehicle.reports.report_style import STYLE

KIND_TEXT = {ReportKind.DAILY: "Daily report", ReportKind.COMPLETION: "Completion report"}


def write_report(path: Path, facts: JobFacts, map_path: Path) -> None:
    """Write the page with the map embedded; `map_path` is the PNG that `draw_map` wrote."""
    path.write_text(report_page(facts, map_path.read_bytes()), encoding="utf-8")


def report_page(facts: JobFacts, map_png: bytes, products: tuple[Feature, ...] | None = None) -> str:
    """Return the page as HTML; `products`: the features of the exports, if they already exist."""
    rows = tuple(features(facts)) if products is None else products
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    outside = shapely.union_all([row.geometry for row in rows if row.layer == "swept_outside"])
    chart = picture(base64.b64encode(map_png).decode("ascii"), "map of processed ground", "map")
    parts = [
        _head(facts),
        papers.warning(),
        _verdict(facts),
        _warnings(facts),
        ground.balance(facts, outside.area),
        papers.runs(facts),
        f"<div class='mappage'><h2>Map</h2>{chart}</div>",
        papers.task(facts),
        times.hours(facts),
        times.stops(facts),
        times.checks(facts),
        times.hammers(facts),
        times.finds(facts),
        ground.depths(facts, asked),
        ground.not_processed(facts),
        ground.outside(facts, outside),
        field.lots(rows),
        papers.follow_up(facts),
        papers.visits(facts),
        field.survey(facts),
        papers.uncertainty(facts),
        papers.rule(facts),
        times.log(facts),
        papers.signatures(facts),
        papers.versions(facts),
        papers.minimum(facts),
        field.swath_order(facts),
        times.annex_modes(facts),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _head(facts: JobFacts) -> str:
    title = f"{KIND_TEXT[facts.kind]}: {escape(facts.site.name or 'unnamed site')}"
    running = escape(f"{facts.site.name or 'unnamed site'}, task {facts.task_id or 'not stated'}")
    simulated = "<p class='simulated'>SIMULATED: no machine worked this ground</p>" if facts.simulated else ""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>"
        f"<p class='running'>{running}{', SIMULATED' if facts.simulated else ''}</p>"
        "<p class='confidential'>CONFIDENTIAL: shows where hazards may lie</p>"
        f"{simulated}<h1>{title}</h1><p class='soft'>{escape(facts.plan.machine.name)}, plan "
        f"{escape(facts.plan.plan_hash)}, {escape(facts.start_utc or 'time not known')} to "
        f"{escape(facts.end_utc or 'not known')} (UTC by {escape(facts.time_source or 'nobody')})</p>"
    )


def _verdict(facts: JobFacts) -> str:
    return _missed_told(facts) + _provisional(facts)


def _provisional(facts: JobFacts) -> str:
    """Return the note that ground is provisional, if a closing check of the base is missing."""
    if facts.provisional_m2 == 0.0:
        return ""
    return (
        f"<p class='open'><b>{facts.provisional_m2:,.1f} m² of the processed ground are provisional</b>: no closing "
        "check of the base stands at their end, or no opening check at their beginning. Ground on record outside the "
        "work area is counted in.</p>"
    )


def _missed_told(facts: JobFacts) -> str:
    found = facts.found
    if found.missed_m2 > 0.0:
        area, beyond = escape(missed_text(found.missed_m2)), ""
        if found.not_in_task_m2 > 0.0:
            beyond = f" {found.not_in_task_m2:,.1f} m² more are not in this task: nothing is said of them."
        return (
            f"<p class='open'><b>{area} m² of the work area were missed</b> and are listed below with "
            f"the reason. The task is not complete.{beyond}</p>"
        )
    task = facts.plan.task
    if found.not_in_task_m2 > 0.0 or (task is not None and task.survey is not None):
        share = f", which works {task.share:.0%} of the work area" if task is not None else ""
        return (
            f"<p class='done'><b>No ground of this task was missed.</b> It is a survey{share}: "
            f"{found.processed_m2:,.1f} m² are processed, {found.listed_m2:,.1f} m² listed with a reason. "
            f"<b>{found.not_in_task_m2:,.1f} m² are not in this task: nothing is said of them.</b></p>"
        )
    return (
        f"<p class='done'><b>No ground was missed.</b> Every square metre of the work area is processed "
        f"({found.processed_m2:,.1f} m²) or listed with a reason ({found.listed_m2:,.1f} m²).</p>"
    )


def _warnings(facts: JobFacts) -> str:
    """Return what was left out, assumed or changed in reading the site file, because it changes the worked ground."""
    if not facts.warnings:
        return ""
    rows = "".join(f"<li>{escape(line)}</li>" for line in facts.warnings)
    return f"<h2>Read from the site file otherwise than drawn, or assumed</h2><ul class='warnings'>{rows}</ul>"
