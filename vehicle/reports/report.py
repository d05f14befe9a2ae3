"""The report of a task: one HTML file without scripts that a quality officer can read, print, file and sign."""

import base64
from html import escape
from pathlib import Path
from typing import Final

import shapely

from vehicle.reports import ground_sections as ground
from vehicle.reports import paper_sections as papers
from vehicle.reports import people_section, shift_section
from vehicle.reports import survey_sections as field
from vehicle.reports import time_sections as times
from vehicle.reports.facts import JobFacts
from vehicle.reports.html_parts import picture, shortened
from vehicle.reports.products import Feature, features
from vehicle.reports.report_style import style
from vehicle.reports.reserved import people_said
from vehicle.reports.words import ENGLISH, area, grouped, percent

RUNNING_MAX: Final = 40
"""Letters of a name in the line at the foot of each page."""


def write_report(path: Path, facts: JobFacts, map_path: Path) -> None:
    """Write the page with the map embedded; `map_path` is the PNG that `draw_map` wrote."""
    path.write_text(report_page(facts, map_path.read_bytes()), encoding="utf-8")


def report_page(facts: JobFacts, map_png: bytes, products: tuple[Feature, ...] | None = None) -> str:
    """Return the page as HTML; `products`: the features of the exports, if they already exist."""
    say = facts.words
    rows = tuple(features(facts)) if products is None else products
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    outside = shapely.union_all([row.geometry for row in rows if row.layer == "swept_outside"])
    chart = picture(base64.b64encode(map_png).decode("ascii"), say.text("map.alt"), "map")
    parts = [
        _head(facts),
        papers.warning(facts),
        _verdict(facts),
        _remarks(facts),
        _warnings(facts),
        ground.balance(facts, outside.area),
        papers.runs(facts),
        f"<div class='mappage'><h2>{say('map.title')}</h2>{chart}</div>",
        papers.task(facts),
        times.hours(facts),
        shift_section.shifts(facts),
        people_section.people_of(facts),
        times.stops(facts),
        times.checks(facts),
        times.hammers(facts),
        times.finds(facts),
        ground.depths(facts, asked),
        ground.not_processed(facts),
        ground.outside(facts, outside),
        field.lots(facts, rows),
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
    say = facts.words
    site = escape(facts.site.name) or say.text("head.unnamed")
    short = {
        "site": escape(shortened(facts.site.name, RUNNING_MAX)) or site,
        "task": escape(shortened(facts.task_id, RUNNING_MAX)) or say.text("stated.none"),
    }
    running = say.text("head.running", **short)
    simulated = f"<p class='simulated'>{say('warn.simulated')}</p>" if facts.simulated else ""
    title = say.text("head.title", kind=say.text(f"kind.{facts.kind.value}"), site=site)
    line = say(
        "head.line",
        machine=escape(facts.plan.machine.name),
        plan=escape(facts.plan.plan_hash),
        start=escape(facts.start_utc) or say("head.start_unknown"),
        end=escape(facts.end_utc) or say("head.end_unknown"),
        source=escape(facts.time_source) or say("head.nobody"),
    )
    return (
        f"<!doctype html><html lang='{say.language}'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{style(say)}</style></head><body>"
        f"<p class='running'>{running}{', ' + say.text('warn.simulated_short') if facts.simulated else ''}</p>"
        f"<p class='confidential'>{say('warn.confidential')}</p>"
        f"{simulated}<h1>{title}</h1><p class='soft'>{line}</p>{_language(facts)}"
    )


def _language(facts: JobFacts) -> str:
    """Return, for a page in another language, how much of it is English, and that the rest is not reviewed."""
    say = facts.words
    if say.language == ENGLISH:
        return ""
    count, total, unreviewed = say.counts()
    said = say(
        "warn.language", name=say.text("language.name"), count=count, total=total, unreviewed=unreviewed,
        example=grouped(1234.5, 1),
    )  # fmt: skip
    return f"<p class='note'>{said}</p>"


def _verdict(facts: JobFacts) -> str:
    return _missed_told(facts) + _provisional(facts)


def _provisional(facts: JobFacts) -> str:
    """Return the note that ground is provisional, if a closing check of the base is missing."""
    if facts.provisional_m2 == 0.0:
        return ""
    inside_m2 = facts.found.provisional_m2
    outside_m2 = max(0.0, facts.provisional_m2 - inside_m2)
    told = facts.words("warn.provisional", area=escape(area(inside_m2)), outside=escape(area(outside_m2)))
    return f"<p class='open'>{told}</p>"


def _missed_told(facts: JobFacts) -> str:
    found, say, task = facts.found, facts.words, facts.plan.task
    beyond = say("warn.beyond", area=grouped(found.not_in_task_m2, 1))
    if found.missed_m2 > 0.0 or found.to_do_m2 > 0.0:
        told = " ".join(
            say(f"warn.{name}", area=escape(ground.balance_texts(found)[name]))
            for name, value_m2 in (("missed", found.missed_m2), ("to_do", found.to_do_m2))
            if value_m2 > 0.0
        )
        return f"<p class='open'>{told}{f' {beyond}' if found.not_in_task_m2 > 0.0 else ''}</p>"
    values = {"processed": grouped(found.processed_m2, 1), "listed": grouped(found.listed_m2, 1)}
    if found.not_in_task_m2 > 0.0 or (task is not None and task.survey is not None):
        if task is None:
            told = say("verdict.survey", **values)
        else:
            told = say("verdict.survey_share", share=percent(task.share), **values)
        return f"<p class='done'>{told} {beyond}</p>"
    return f"<p class='done'>{say('verdict.whole', **values)}</p>"


def _remarks(facts: JobFacts) -> str:
    """Return what a reader must know before the figures: what could not be read, whose licence had ended."""
    said = [
        facts.words("remarks.reserved", word=escape(word), where=escape(where)) for word, where in people_said(facts)
    ]
    lines = [*map(escape, facts.remarks), *said]
    if not lines:
        return ""
    rows = "".join(f"<li>{line}</li>" for line in lines)
    return f"<div class='open'><b>{facts.words('remarks.title')}</b><ul>{rows}</ul></div>"


def _warnings(facts: JobFacts) -> str:
    """Return what was left out, assumed or changed in reading the site file, because it changes the worked ground."""
    if not facts.warnings:
        return ""
    rows = "".join(f"<li>{escape(line)}</li>" for line in facts.warnings)
    return f"<h2>{facts.words('site_file.title')}</h2><ul class='warnings'>{rows}</ul>"
