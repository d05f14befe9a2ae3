"""Sections of the report for use in the field: survey, lots for sampling, swaths in order."""

from collections.abc import Iterable
from html import escape
from typing import Final

import shapely

from vehicle.contracts.frames import heading_deg_from_yaw
from vehicle.contracts.plan import SegmentKind
from vehicle.reports.facts import JobFacts
from vehicle.reports.html_parts import heads_of, hour, moment, place, table
from vehicle.reports.products import Feature
from vehicle.reports.rounding import areas_of
from vehicle.reports.story import first_worked_s
from vehicle.reports.survey import borders, legs, named_points

KINDS: Final = {"B": "benchmark", "T": "turning_point", "P": "corner"}
"""First letter of a point's name -> its kind, `survey.kind.NAME`."""
ENDS: Final = {"end of the record": "record", "another day, run or machine": "day", "depth reading": "reading"}
"""End of a lot as in `lots.Lot` -> its name in the catalogue, `lots.end.NAME`."""


def survey(facts: JobFacts) -> str:
    """Return bearings and distances of benchmark, turning points and border, and the border corner by corner."""
    say, points = facts.words, named_points(facts.site)
    rows = [
        [
            point.name, say(f"survey.kind.{KINDS[point.name[0]]}"), place(facts, (point.east_m, point.north_m)),
            point.from_name or "-", f"{point.bearing_deg:.2f}" if point.from_name else "-",
            f"{point.distance_m:.2f}" if point.from_name else "-",
        ]
        for point in points
    ]  # fmt: skip
    datum = facts.plan.datum
    told = say(
        "survey.note",
        source=escape(getattr(facts.site, "source_system", "")) or say("survey.no_source"),
        lat=f"{datum.lat_deg:.9f}",
        lon=f"{datum.lon_deg:.9f}",
        height=f"{datum.alt_m:.1f}",
    )
    if not facts.site.benchmarks_m:
        told += f" {say('survey.no_benchmark')}"
    heads = heads_of(facts, "survey", "point", "what", "place", "start", "bearing", "distance")
    parts = [table(say("survey.title"), heads, rows, told)]
    first, walk = 1, []
    for ring in borders(facts.site.work_area):
        walk += [[a, b, f"{bearing:.2f}", f"{length:.2f}"] for a, b, bearing, length in legs(ring, first)]
        first += len(ring)
    heads = heads_of(facts, "survey", "start", "end", "bearing", "distance")
    parts.append(table(say("survey.walk"), heads, walk, level=3))
    return "\n".join(parts)


def lots(facts: JobFacts, features: Iterable[Feature]) -> str:
    """Return the section on lots for sampling."""
    say, rows = facts.words, []
    found = [feature.values for feature in features if feature.layer == "processed"]
    texts = areas_of([float(row["inside_m2"] or 0.0) for row in found], facts.found.processed_m2)
    for row, text in zip(found, texts, strict=True):
        span = (
            say("lots.span", start=str(row["from_utc"])[11:19], end=str(row["until_utc"])[11:19] or "-")
            if row["from_utc"]
            else say("lots.unknown")
        )
        ended = str(row["ended_by"])
        rows.append(
            [
                str(row["lot"]), escape(str(row["machine"])), str(row["day_utc"] or "-"), span,
                say(f"lots.end.{ENDS[ended]}") if ended in ENDS else escape(ended),
                escape(str(row["check_reading"]) or "-"), escape(text), f"{row['depth_least_cm']}",
            ]
        )  # fmt: skip
    shown = {str(row["lot"]) for row in found}
    heads = heads_of(facts, "lots", "lot", "machine", "day", "utc", "ended", "reading", "area", "depth")
    gone = ", ".join(escape(lot.name) for lot in facts.lots if lot.name not in shown)
    told = f"{say('lots.note')} {say('lots.gone', names=gone)}" if gone else say("lots.note")
    return table(say("lots.title"), heads, rows, told)


def _worked(facts: JobFacts, first_s: float, last_s: float) -> str:
    """From when until when; with the days where the report is of several runs."""
    shown = moment if len(facts.runs) > 1 else hour
    return facts.words("order.span", start=shown(facts, first_s), end=shown(facts, last_s))


def swath_order(facts: JobFacts) -> str:
    """Return the swaths in plan order, and when the tool worked in each."""
    say = facts.words
    same = [number for number, row in enumerate(facts.runs) if row.plan_hash == facts.plan.plan_hash] or [0]
    worked = first_worked_s(facts.samples, same) if facts.samples is not None else {}
    rows = []
    swaths = (segment for segment in facts.plan.segments if segment.kind is SegmentKind.SWATH)
    for number, segment in enumerate(swaths, start=1):
        times = worked.get(segment.seq)
        rows.append(
            [
                str(number), str(segment.seq), place(facts, segment.points_m[0]), place(facts, segment.points_m[-1]),
                f"{heading_deg_from_yaw(segment.yaw_start_rad):.1f}",
                f"{shapely.LineString(segment.points_m).length:.1f}",
                _worked(facts, *times) if times else say("order.unworked"),
            ]
        )  # fmt: skip
    heads = heads_of(facts, "order", "swath", "segment", "start", "end", "heading", "length", "worked")
    return table(say("order.title"), heads, rows, say("order.note"))
