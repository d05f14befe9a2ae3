"""Sections of the report about ground: balance, depth, what was not processed, survey, lots, swaths."""

from html import escape
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.contracts.units import missed_text
from vehicle.reports import follow_up
from vehicle.reports.charts import depth_histogram, slice_chart, speed_depth
from vehicle.reports.depths import Reading, processed_by_depth_m2, slices_of
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import REASON_TEXT, ROUNDING_M2, GapReason
from vehicle.reports.html_parts import bars, clock, note, picture, place, section, table
from vehicle.reports.palette import LISTED_TEXT
from vehicle.reports.products import polygons, unprocessed_m2

PIECES_MAX: Final = 60
"""Largest number of pieces on the page; the exports hold all, and the page gives the area of the rest."""
SMALL_M2: Final = 0.005
CORNERS_MAX: Final = 8
SLICES_MAX: Final = 6


def balance(facts: JobFacts, outside_m2: float) -> str:
    """Return the balance of the work area; the first rows after the area add up to it."""
    found = facts.found
    rows = [
        ("<b>Work area without keep-outs</b>", found.area_m2),
        ("Processed to the required depth", found.processed_m2),
        ("Not workable by machine, and not processed", found.listed_m2),
        *([("Not in this task: nothing is said of it", found.not_in_task_m2)] if found.not_in_task_m2 else []),
        ("Missed", found.missed_m2),
        ("<i>on record, outside too:</i> provisional, no closing check of the base yet", facts.provisional_m2),
        ("<i>of the unprocessed:</i> passed by the tool, not proven", found.swept_not_credited_m2),
        ("<i>of the unprocessed:</i> worked, below the required depth", found.below_depth_m2),
        ("<i>of the unprocessed:</i> on record once, withdrawn since", found.withdrawn_m2),
        ("<i>beyond the work area:</i> swept by the tool, as driven", outside_m2),
    ]  # fmt: skip
    area_m2 = found.area_m2 or 1.0
    lines = "not workable, not in this task and" if found.not_in_task_m2 else "not workable and"
    return table(
        "Balance",
        ["ground", "area [m²]", "share [%]"],
        [[text, escape(missed_text(value_m2)), f"{100.0 * value_m2 / area_m2:.2f}"] for text, value_m2 in rows],
        f"{facts.rate_m2_per_h:,.0f} m²/h over the whole time of {clock(facts.time_s)} h. Processed, {lines} "
        "missed add up to the work area; ground that was worked twice, or in two runs, counts once.",
    )


def readings_of(facts: JobFacts) -> tuple[Reading, ...]:
    """Return the depths that people measured, numbered in order of time."""
    found: list[Reading] = []
    for row in facts.acts:
        act = row.act
        if isinstance(act, Observed) and act.kind == "depth_check" and act.place_m is not None:
            found.append(
                Reading(
                    number=len(found) + 1, east_m=act.place_m[0], north_m=act.place_m[1], depth_m=act.value,
                    sigma_m=act.sigma, by=act.by, where=act.text,
                )
            )  # fmt: skip
    return tuple(found)


def depths(facts: JobFacts, asked: Any) -> str:
    """Return the depth section: histogram and table of processed ground, slices with readings, speed against depth."""
    required_m = facts.config.mission.required_depth_m
    areas_m2 = processed_by_depth_m2(asked, facts.ledger, facts.cell_m)
    rows = [(f"{cm} to {cm + 1} cm", float(areas_m2[cm]), f"{areas_m2[cm]:,.2f}") for cm in np.flatnonzero(areas_m2)]
    told = (
        f"Ground of the work area alone; the rows add up to the processed area, {areas_m2.sum():,.2f} m². Proven: "
        "measured "
        f"against the undisturbed ground ahead of the rotor, less {facts.config.mission.k_depth:g} sigma of its "
        "mean, the "
        f"least of each cell's passage under the tool. Required: {required_m * 100.0:.1f} cm."
    )
    parts = [table("Depth of processed ground", ["proven depth", "area [m²]", ""], bars(rows), told)]
    if rows:
        parts.append(picture(depth_histogram(areas_m2, required_m), "processed area by proven depth"))
        parts.append(_slices(facts, asked))
    if facts.samples is not None and facts.samples.is_work.any():
        parts.append("<h3>Speed and depth</h3>")
        parts.append(
            note("Every report of the working tool, five a second: ground speed, and depth as the sensor read.")
        )
        parts.append(picture(speed_depth(facts.samples, required_m), "depth as measured against ground speed"))
    return "\n".join(parts)


def _slices(facts: JobFacts, asked: Any) -> str:
    swath = next((row for row in facts.plan.segments if row.kind is SegmentKind.SWATH), None)
    readings = readings_of(facts)
    cuts = slices_of(asked, facts.ledger, facts.cell_m, swath.yaw_start_rad if swath else 0.0, readings)
    with_reading = [cut for cut in cuts if cut.readings]
    chosen = (with_reading + [cut for cut in cuts if not cut.readings])[:SLICES_MAX]
    deepest = [float(np.nanmax(cut.depth_m)) for cut in chosen if np.isfinite(cut.depth_m).any()]
    most_m = max([facts.config.mission.required_depth_m, *deepest, *(row.depth_m for row in readings)]) + 0.04
    text = (
        "<b>Reckoned from the sensor's proven depth: not a witness board.</b> Nothing was dug up for these "
        "lines, and what "
        "lies between the hammers' cuts they do not show. Diamonds are depths that people measured within 1 m of "
        "the line, "
        "with their uncertainty; gaps were not processed."
    )
    parts = ["<h3>Reckoned depth slices</h3>", note(text)]
    for cut in chosen:
        ends = f"{place(facts, cut.start_m)} to {place(facts, cut.end_m)}"
        chart = slice_chart(cut, facts.config.mission.required_depth_m, most_m)
        parts.append(
            f"<figure>{picture(chart, f'reckoned depth {cut.name}')}<figcaption>Slice {escape(cut.name)}, from {ends}"
            "</figcaption></figure>"
        )
    return "\n".join(parts)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Ground that was not processed: `name` as on the map, reason, follow-up, and a shapely polygon in ENU metres."""

    name: str
    why: str
    follow_up: str
    area_m2: float
    shape: Any


def pieces_of(facts: JobFacts) -> list[Piece]:
    """Missed pieces M1.., the largest first, then those that the plan lists, N1.., likewise, as far as unprocessed."""
    found = [
        Piece(
            name=f"M{number}", why=REASON_TEXT[gap.reason], follow_up=follow_up.OF_GAP[gap.reason], area_m2=gap.area_m2,
            shape=shapely.Polygon(gap.rings_m[0], gap.rings_m[1:]),
        )
        for number, gap in enumerate(facts.found.gaps, start=1)
    ]  # fmt: skip
    listed = [row for row in zip(facts.plan.untreatable, unprocessed_m2(facts), strict=True) if row[1] > ROUNDING_M2]
    found += [
        Piece(
            name=f"N{number}", why=f"{_listed_as(row.reason)}: {LISTED_TEXT[row.reason]}",
            follow_up=follow_up.OF_LISTED[row.reason], area_m2=left_m2,
            shape=shapely.Polygon(row.rings_m[0], row.rings_m[1:]),
        )
        for number, (row, left_m2) in enumerate(sorted(listed, key=lambda row: -row[1]), start=1)
    ]  # fmt: skip
    return found


def _listed_as(reason: UntreatableReason) -> str:
    return "not in this task" if reason is UntreatableReason.NOT_IN_TASK else "not workable by machine"


def not_processed(facts: JobFacts) -> str:
    """Return every piece with reason, place and follow-up; very small or surplus pieces are given as one sum."""
    pieces = pieces_of(facts)
    if not pieces:
        return section("Not processed", "<p>None: every cell of the work area is on record as processed.</p>")
    large = [piece for piece in pieces if piece.area_m2 >= SMALL_M2]
    shown = large[:PIECES_MAX]
    rows = [
        [piece.name, escape(piece.why), f"{piece.area_m2:,.3f}", corners(facts, piece.shape), escape(piece.follow_up)]
        for piece in shown
    ]
    rest = [piece for piece in pieces if piece not in shown]
    if rest:
        area_m2 = sum(piece.area_m2 for piece in rest)
        rows.append(
            [
                f"{len(rest)} more",
                "each with its reason in the exports",
                f"{area_m2:,.3f}",
                "layers missed and untreatable",
                "the same",
            ]
        )
    told = f"{_by_reason(facts)} Numbers are those on the map; all corners are in the exports."
    return table(
        "Not processed, why, and what must follow",
        ["no.", "why", "area [m²]", "corners (lat, lon)", "follow-up"],
        rows,
        told,
    )


def _by_reason(facts: JobFacts) -> str:
    gaps = facts.found.gaps
    if not gaps:
        return "No ground of the task was missed." if facts.found.not_in_task_m2 else "No ground was missed."
    parts = [
        f"{reason.value.replace('_', ' ')} {sum(gap.area_m2 for gap in gaps if gap.reason is reason):,.2f} m²"
        for reason in GapReason
        if any(gap.reason is reason for gap in gaps)
    ]
    return f"Missed, {len(gaps)} pieces: {', '.join(parts)}."


def corners(facts: JobFacts, shape: Any) -> str:
    """Return the corners of an outline, or its bounding box if there are too many."""
    points = shapely.get_coordinates(shape.exterior)[:-1]
    if len(points) > CORNERS_MAX:
        west, south, east, north = shape.bounds
        inner = shape.representative_point()
        box = f"{place(facts, (west, south))} to {place(facts, (east, north))}"
        return f"within {box}; a point in it: {place(facts, (inner.x, inner.y))}; {len(points)} corners"
    return "<br>".join(place(facts, (float(x), float(y))) for x, y in points)


def outside(facts: JobFacts, shape: Any) -> str:
    """Return the section about ground swept outside the perimeter, as driven."""
    parts = sorted(polygons(shape), key=lambda part: -part.area)
    if not parts:
        return section("Swept outside the perimeter", "<p>None.</p>")
    shown = [part for part in parts if part.area >= SMALL_M2][:12]
    rows = [[f"O{n}", f"{part.area:,.2f}", corners(facts, part)] for n, part in enumerate(shown, start=1)]
    rest_m2 = sum(part.area for part in parts) - sum(part.area for part in shown)
    told = (
        f"{shape.area:,.1f} m² in all, from the record of where the engaged tool went, not from the plan. It is "
        "no part of "
        f"the task's area: {follow_up.OUTSIDE.removeprefix('swept outside the perimeter: ')}. Smaller pieces "
        f"together: {rest_m2:,.3f} m²."
    )
    return table("Swept outside the perimeter", ["no.", "area [m²]", "corners (lat, lon)"], rows, told)
