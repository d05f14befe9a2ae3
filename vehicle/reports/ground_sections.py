"""Sections of the report about ground: balance, depth, what was not processed, survey, lots, swaths."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.reports.charts import depth_histogram, slice_chart, speed_depth
from vehicle.reports.depths import Reading, processed_by_depth_m2, slices_of
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import ROUNDING_M2, Found, Gap, GapReason, names_of
from vehicle.reports.html_parts import bars, clock, heads_of, note, picture, place, section, table
from vehicle.reports.products import listed_by_size, polygons
from vehicle.reports.rounding import areas_of, parts_of
from vehicle.reports.words import area, grouped, percent

PIECES_MAX: Final = 60
"""Largest number of pieces on the page; the exports hold all, and the page gives the area of the rest."""
SMALL_M2: Final = 0.005
CORNERS_MAX: Final = 8
POINT_M2: Final = 0.1
"""Area below which a piece is located by one point in it."""
SLICES_MAX: Final = 6
PARTS: Final = ("processed", "listed", "beyond", "missed", "to_do")
"""Rows of the balance that add up to the work area."""


def balance(facts: JobFacts, outside_m2: float) -> str:
    """Return the balance of the work area; the first rows after the area add up to it."""
    found, say = facts.found, facts.words
    rows = [
        ("area", found.area_m2),
        ("processed", found.processed_m2),
        ("listed", found.listed_m2),
        *([("beyond", found.not_in_task_m2)] if found.not_in_task_m2 else []),
        ("missed", found.missed_m2),
        *([("to_do", found.to_do_m2)] if found.to_do_m2 else []),
        ("provisional", found.provisional_m2),
        ("passed", found.swept_not_credited_m2),
        ("below", found.below_depth_m2),
        ("withdrawn", found.withdrawn_m2),
        ("outside", outside_m2),
    ]
    shown = balance_texts(found)
    share_of = _shares(rows, found.area_m2)
    note = "balance.note_survey" if found.not_in_task_m2 else "balance.note"
    told = say(note, rate=grouped(facts.rate_m2_per_h), time=clock(facts.time_s))
    return table(
        say("balance.title"),
        heads_of(facts, "balance", "ground", "area", "share"),
        [
            [
                say(f"balance.{name}"), escape(shown.get(name, area(value_m2))),
                f"{share_of[name]:.2f}",
            ]
            for name, value_m2 in rows
        ],
        f"{told} {say('balance.note_to_do')}" if found.to_do_m2 else told,
    )  # fmt: skip


def _shares(rows: Sequence[tuple[str, float]], area_m2: float) -> dict[str, float]:
    """Return the share [%] of each row of the balance by name; those of the parts add up, an area has one share."""
    parts = {name: value_m2 for name, value_m2 in rows if name in PARTS}
    shares = [100.0 * value_m2 / (area_m2 or 1.0) for value_m2 in parts.values()]
    found = dict(zip(parts, parts_of(shares, sum(shares), 2), strict=True))
    same = {value_m2: found[name] for name, value_m2 in parts.items()}
    return {name: same.get(value_m2, 100.0 * value_m2 / (area_m2 or 1.0)) for name, value_m2 in rows} | found


def _left_m2(found: Found) -> float:
    """Return what is not processed [m2], as the rows of the balance print it."""
    return float(f"{found.area_m2:.2f}") - float(f"{found.processed_m2:.2f}")


def balance_texts(found: Found) -> dict[str, str]:
    """Return the parts of the balance as text, by name: with what is processed they add up to the area, as printed."""
    names = ("listed", "beyond", "missed", "to_do")
    values_m2 = (found.listed_m2, found.not_in_task_m2, found.missed_m2, found.to_do_m2)
    return dict(zip(names, areas_of(values_m2, _left_m2(found)), strict=True))


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
    required_m, say = facts.config.mission.required_depth_m, facts.words
    areas_m2 = processed_by_depth_m2(asked, facts.ledger, facts.cell_m)
    depths_cm = np.flatnonzero(areas_m2).tolist()
    texts = areas_of([float(areas_m2[cm]) for cm in depths_cm], float(areas_m2.sum()))
    rows = [
        (say("depth.row", first=cm, last=cm + 1), float(areas_m2[cm]), escape(text))
        for cm, text in zip(depths_cm, texts, strict=True)
    ]
    told = say(
        "depth.note",
        area=grouped(areas_m2.sum(), 2),
        k=f"{facts.config.mission.k_depth:g}",
        required=f"{required_m * 100.0:.1f}",
    )
    parts = [table(say("depth.title"), [*heads_of(facts, "depth", "depth", "area"), ""], bars(rows), told)]
    if rows:
        parts.append(picture(depth_histogram(areas_m2, required_m, say), say.text("depth.chart")))
        parts.append(_slices(facts, asked))
    if facts.samples is not None and facts.samples.is_work.any():
        parts.append(f"<h3>{say('depth.speed_title')}</h3>")
        parts.append(note(say("depth.speed_note")))
        parts.append(picture(speed_depth(facts.samples, required_m, say), say.text("depth.speed_chart")))
    return "\n".join(parts)


def _slices(facts: JobFacts, asked: Any) -> str:
    say, required_m = facts.words, facts.config.mission.required_depth_m
    swath = next((row for row in facts.plan.segments if row.kind is SegmentKind.SWATH), None)
    readings = readings_of(facts)
    cuts = slices_of(asked, facts.ledger, facts.cell_m, swath.yaw_start_rad if swath else 0.0, readings)
    with_reading = [cut for cut in cuts if cut.readings]
    chosen = (with_reading + [cut for cut in cuts if not cut.readings])[:SLICES_MAX]
    deepest = [float(np.nanmax(cut.depth_m)) for cut in chosen if np.isfinite(cut.depth_m).any()]
    most_m = max([required_m, *deepest, *(row.depth_m for row in readings)]) + 0.04
    parts = [f"<h3>{say('depth.slices')}</h3>", note(say("warn.not_witness"))]
    for cut in chosen:
        name = (
            say.text("depth.at_reading", number=cut.reading)
            if cut.reading is not None
            else say.text("depth.at_share", share=percent(cut.share))
        )
        chart = picture(slice_chart(cut, required_m, most_m, say), say.text("depth.slice_alt", name=name))
        told = say("depth.slice", name=name, start=place(facts, cut.start_m), end=place(facts, cut.end_m))
        parts.append(f"<figure>{chart}<figcaption>{told}</figcaption></figure>")
    return "\n".join(parts)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Ground that was not processed: `name` as on the map, reason and follow-up as HTML, a polygon in ENU metres."""

    name: str
    why: str
    follow_up: str
    area_m2: float
    shape: Any


def pieces_of(facts: JobFacts) -> list[Piece]:
    """Return missed pieces (M1, ...), those still to do (W1, ...), and unprocessed parts of listed ones (N1, ...)."""
    say = facts.words
    found = [
        Piece(
            name=name, why=_why(facts, gap), follow_up=say(f"then.gap.{gap.reason.value}"),
            area_m2=gap.area_m2, shape=shapely.Polygon(gap.rings_m[0], gap.rings_m[1:]),
        )
        for name, gap in zip(names_of(facts.found.gaps), facts.found.gaps, strict=True)
    ]  # fmt: skip
    listed = [row for row in listed_by_size(facts) if row[1] > ROUNDING_M2]
    found += [
        Piece(
            name=f"N{number}", why=_listed_as(facts, row.reason), follow_up=say(f"then.listed.{row.reason.value}"),
            area_m2=left_m2, shape=shapely.Polygon(row.rings_m[0], row.rings_m[1:]),
        )
        for number, (row, left_m2) in enumerate(listed, start=1)
    ]  # fmt: skip
    return found


def _why(facts: JobFacts, gap: Gap) -> str:
    """Why a piece is missed; a person's words as they were told."""
    why = facts.words(f"gap.{gap.reason.value}")
    return f"{why}: {escape(gap.note)}" if gap.note else why


def _listed_as(facts: JobFacts, reason: UntreatableReason) -> str:
    how = "left.beyond" if reason is UntreatableReason.NOT_IN_TASK else "left.unworkable"
    return facts.words(how, reason=facts.words(f"listed.{reason.value}"))


def not_processed(facts: JobFacts) -> str:
    """Return every piece with reason, place and follow-up; very small or surplus pieces are given as one sum."""
    pieces, say = pieces_of(facts), facts.words
    if not pieces:
        return section(say("left.heading"), f"<p>{say('left.none')}</p>")
    large = [piece for piece in pieces if piece.area_m2 >= SMALL_M2]
    shown = large[:PIECES_MAX]
    names = {piece.name for piece in shown}
    rest = [piece for piece in pieces if piece.name not in names]
    areas_m2 = [*(piece.area_m2 for piece in shown), sum(piece.area_m2 for piece in rest)]
    *texts, rest_text = areas_of(areas_m2, _left_m2(facts.found))
    rows = [
        [piece.name, piece.why, escape(text), corners(facts, piece.shape), piece.follow_up]
        for piece, text in zip(shown, texts, strict=True)
    ]
    if rest:
        rows.append(
            [
                say("left.more", count=len(rest)), say("left.more_why"), escape(rest_text), say("left.more_where"),
                say("left.more_then"),
            ]
        )  # fmt: skip
    heads = heads_of(facts, "left", "number", "why", "area", "corners", "then")
    return table(say("left.title"), heads, rows, f"{_by_reason(facts)} {say('left.note')}")


def _by_reason(facts: JobFacts) -> str:
    say = facts.words
    gaps = [gap for gap in facts.found.gaps if gap.reason is not GapReason.NOT_REACHED]
    ahead = len(facts.found.gaps) - len(gaps)
    to_do = f" {say('left.to_do', count=ahead, area=escape(area(facts.found.to_do_m2)))}" if ahead else ""
    if not gaps:
        return say("left.not_missed_task" if facts.found.not_in_task_m2 else "left.not_missed") + to_do
    parts = [
        say(
            "left.reason",
            reason=say(f"gap_name.{reason.value}"),
            area=escape(area(sum(gap.area_m2 for gap in gaps if gap.reason is reason))),
        )
        for reason in GapReason
        if any(gap.reason is reason for gap in gaps)
    ]
    return say("left.missed", count=len(gaps), reasons=", ".join(parts)) + to_do


def corners(facts: JobFacts, shape: Any) -> str:
    """Return the corners of an outline; its bounding box if there are too many, a point in it if it is small."""
    points = shapely.get_coordinates(shape.exterior)[:-1]
    inner = shape.representative_point()
    if shape.area < POINT_M2:
        return facts.words("left.small", inner=place(facts, (inner.x, inner.y)))
    if len(points) > CORNERS_MAX:
        west, south, east, north = shape.bounds
        box = facts.words("left.span", start=place(facts, (west, south)), end=place(facts, (east, north)))
        told = facts.words("left.box", box=box, inner=place(facts, (inner.x, inner.y)), count=len(points))
    else:
        told = "<br>".join(place(facts, (float(x), float(y))) for x, y in points)
    holes = len(shape.interiors)
    return facts.words("left.ring", corners=told, count=holes) if holes else told


def outside(facts: JobFacts, shape: Any) -> str:
    """Return the section about ground swept outside the work area, as driven."""
    say = facts.words
    parts = sorted(polygons(shape), key=lambda part: -part.area)
    if not parts:
        return section(say("outside.title"), f"<p>{say('outside.none')}</p>")
    shown = [part for part in parts if part.area >= SMALL_M2][:12]
    rows = [[f"O{n}", escape(area(part.area)), corners(facts, part)] for n, part in enumerate(shown, start=1)]
    rest_m2 = sum(part.area for part in parts) - sum(part.area for part in shown)
    told = say("outside.note", area=escape(area(shape.area)), rest=escape(area(rest_m2)))
    return table(say("outside.title"), heads_of(facts, "outside", "number", "area", "corners"), rows, told)
