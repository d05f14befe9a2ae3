"""The record as named polygons, lines and points in ENU metres, for all exports.

All features of a layer have the same kind of geometry and the same attribute names.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.plan import SegmentKind, Untreatable
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.reports import follow_up
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import names_of, text_of
from vehicle.reports.importing import area_of
from vehicle.reports.lots import Lot, label_of, lots_or_one
from vehicle.reports.outlines import depth_squares, outlines, where
from vehicle.reports.palette import LISTED_TEXT, marked
from vehicle.reports.seen import seen_of
from vehicle.reports.survey import named_points
from vehicle.reports.times import epoch_s, epoch_s_of, utc_text

Value = str | float | int | None


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One shapely geometry of a layer with its attributes; all features of a layer have the same attribute names."""

    layer: str
    geometry: Any
    values: dict[str, Value]


NOT_FOR_FEET: Final = "processed: not for feet"
NOTES: Final = {
    "processed": NOT_FOR_FEET,
    "processed_depth": NOT_FOR_FEET,
    "processed_below_depth": "processed below the required depth: not for feet",
    "missed": "not processed: not for feet",
    "untreatable": "not processed: not for feet",
}
"""What each feature of a layer says of itself; one that is alone in another program must not pass for processed."""
NOTE_OF_OTHERS: Final = "ground shown as processed: not for feet"
LAYER_TEXT: Final = {
    "processed": "ground on record as processed to the required depth, by lot; not cleared",
    "processed_depth": "the same ground in small squares with their proven depth",
    "processed_below_depth": "ground worked, but proven only to less than the required depth",
    "missed": "ground of the work area that is neither processed nor listed, with reason and follow-up",
    "untreatable": "ground that the plan lists: not workable by machine or not in the task, with reason and follow-up",
    "swept_outside": "ground outside the work area that the engaged tool passed over",
    "work_area": "ground to be processed",
    "keep_out": "ground never to be entered",
    "planned_swaths": "planned way of the machine's origin with the tool down",
    "driven_way": "driven path of the machine's origin",
    "events": "stops, detonations and finds, numbered as in the map and the report",
    "named_points": "benchmarks, turning points and corners of the work area with bearing and distance",
    "follow_up": "ground that another team worked or searched, as that team reported it",
    "release": "border of land that a document of the authority names; imported, never derived",
}
"""Every layer in order, with a text for people."""
FINE: Final = ("processed_depth",)
"""Layers with megabytes of data for each hectare; they are only in the GeoPackage."""
AREAS: Final = (*tuple(LAYER_TEXT)[:8], "follow_up", "release")
LINES: Final = ("planned_swaths", "driven_way")
POINTS: Final = ("events", "named_points")
DEPTH_STEP_CM: Final = 5
WAY_M: Final = 0.02
"""Largest distance between the drawn and the driven path."""


def described(layer: str) -> str:
    """Return a layer's description, for users of other programs."""
    return f"{LAYER_TEXT[layer]}. {NOT_FOR_FEET.capitalize()}. Confidential."


def features(facts: JobFacts) -> Iterator[Feature]:
    """Return all features, layer by layer in the order of `LAYER_TEXT`."""
    asked = shapely.difference(facts.site.work_area, facts.site.keep_out)
    shapely.prepare(asked)
    yield from _processed(facts, asked)
    yield from _depths(facts)
    yield from _below(facts, asked)
    yield from _left(facts)
    yield from _site(facts)
    yield from _ways(facts)
    yield from _points(facts)
    yield from _imported(facts)


def _imported(facts: JobFacts) -> Iterator[Feature]:
    """Return follow-up and releases as stated by others."""
    datum = facts.plan.datum
    for number, row in enumerate(facts.follow_ups, start=1):
        shape = area_of(row.polygons_deg, datum)
        values: dict[str, Value] = {
            "number": number, "follow_up_layer": row.layer.value, "team": row.team, "who": row.who, "when": row.when,
            "when_epoch_s": epoch_s_of(row.when), "method": row.method, "result": row.result, "area_m2": shape.area,
            "source": row.source, "source_hash": row.source_hash,
        }  # fmt: skip
        yield Feature(layer="follow_up", geometry=shape, values=values)
    for number, paper in enumerate(facts.releases, start=1):
        shape = area_of(paper.polygons_deg, datum)
        values = {
            "number": number, "document_number": paper.number, "authority": paper.authority, "date": paper.date,
            "person": paper.person, "category": paper.category.value, "area_m2": shape.area,
            "document": paper.document, "document_hash": paper.document_hash,
        }  # fmt: skip
        yield Feature(layer="release", geometry=shape, values=values)


def _processed(facts: JobFacts, asked: Any) -> Iterator[Feature]:
    """Return one feature of processed ground for each lot."""
    lots = lots_or_one(facts.lots, facts.plan.machine.name)
    depths_cm = _depths_of(facts, lots)
    for index, shape in outlines(facts.ledger, facts.cell_m, label_of(lots)).items():
        lot, depth = lots[min(index, len(lots) - 1)], depths_cm[index]
        values: dict[str, Value] = {
            "lot": lot.name, "machine": lot.machine, "day_utc": lot.day,
            "from_utc": utc_text(lot.from_us), "from_epoch_s": epoch_s(lot.from_us),
            "until_utc": utc_text(lot.until_us), "until_epoch_s": epoch_s(lot.until_us),
            "ended_by": lot.ended_by, "check_reading": lot.check,
            "area_m2": shape.area, "inside_m2": shapely.intersection(shape, asked).area,
            "depth_least_cm": int(np.flatnonzero(depth)[0]),
            "depth_median_cm": int(np.searchsorted(np.cumsum(depth), depth.sum() / 2)),
            "follow_up": follow_up.PROCESSED,
        }  # fmt: skip
        yield Feature(layer="processed", geometry=shape, values=values)


def _depths_of(facts: JobFacts, lots: tuple[Lot, ...]) -> dict[int, Any]:
    """Return the cells of each lot by whole centimetre of depth, (256,)."""
    label, found = label_of(lots), dict[int, Any]()
    for _, _, tile in raster.each(facts.ledger.tiles):
        labels = label(tile)
        for index in np.unique(labels[labels >= 0]).tolist():
            counts = np.bincount(tile[raster.DEPTH][labels == index], minlength=256)
            found[index] = found.get(index, 0) + counts
    return found


def _depths(facts: JobFacts) -> Iterator[Feature]:
    """Return squares (0.8 m with cells of 5 cm) cut to their processed part; `depth`: class of the smallest depth."""
    for square in depth_squares(facts.ledger, facts.cell_m):
        first_cm = square.least_cm // DEPTH_STEP_CM * DEPTH_STEP_CM
        values: dict[str, Value] = {
            "depth_least_cm": square.least_cm,
            "depth_mean_cm": square.mean_cm,
            "depth": f"{first_cm} to {first_cm + DEPTH_STEP_CM} cm",
            "area_m2": square.area_m2,
        }
        yield Feature(layer="processed_depth", geometry=square.geometry, values=values)


def _below(facts: JobFacts, asked: Any) -> Iterator[Feature]:
    shape = outlines(facts.ledger, facts.cell_m, where(raster.BELOW)).get(0)
    if shape is not None:
        values: dict[str, Value] = {
            "area_m2": shape.area, "inside_m2": shapely.intersection(shape, asked).area,
            "follow_up": follow_up.BELOW_DEPTH,
        }  # fmt: skip
        yield Feature(layer="processed_below_depth", geometry=shape, values=values)


def _left(facts: JobFacts) -> Iterator[Feature]:
    """Return the unprocessed pieces, each with its reason and its follow-up."""
    names = names_of(facts.found.gaps)
    for number, (name, gap) in enumerate(zip(names, facts.found.gaps, strict=True), start=1):
        values: dict[str, Value] = {
            "name": name, "number": number, "reason": gap.reason.value, "text": text_of(gap),
            "area_m2": gap.area_m2, "inside_m2": gap.area_m2, "follow_up": follow_up.OF_GAP[gap.reason],
        }  # fmt: skip
        yield Feature(layer="missed", geometry=shapely.Polygon(gap.rings_m[0], gap.rings_m[1:]), values=values)
    for number, (row, left_m2) in enumerate(listed_by_size(facts), start=1):
        shape = shapely.Polygon(row.rings_m[0], row.rings_m[1:])
        values = {
            "name": f"N{number}", "number": number, "reason": row.reason.value, "text": LISTED_TEXT[row.reason],
            "area_m2": row.area_m2, "inside_m2": left_m2, "follow_up": follow_up.OF_LISTED[row.reason],
        }  # fmt: skip
        yield Feature(layer="untreatable", geometry=shape, values=values)


def unprocessed_m2(facts: JobFacts) -> tuple[float, ...]:
    """Return the unprocessed ground of each polygon that the plan lists; all of it if no record was read."""
    rows, left_m2 = facts.plan.untreatable, facts.found.left_m2
    return left_m2 if len(left_m2) == len(rows) else tuple(row.area_m2 for row in rows)


def listed_by_size(facts: JobFacts) -> list[tuple[Untreatable, float]]:
    """Return what the plan lists with its unprocessed ground, largest first: N1, N2, ... of map, report and exports."""
    return sorted(zip(facts.plan.untreatable, unprocessed_m2(facts), strict=True), key=lambda row: -row[1])


def swept_outside(facts: JobFacts) -> Any:
    """Return ground outside the work area that the engaged tool passed over, as driven; ENU metres."""
    swept = outlines(facts.ledger, facts.cell_m, where(raster.SWEPT)).get(0)
    credited = outlines(facts.ledger, facts.cell_m, where(raster.CREDITED)).get(0)
    worked = [shape for shape in (swept, credited) if shape is not None]
    return shapely.difference(shapely.union_all(worked), facts.site.work_area)


def _site(facts: JobFacts) -> Iterator[Feature]:
    site = facts.site
    layers = (
        ("swept_outside", swept_outside(facts), follow_up.OUTSIDE),
        ("work_area", site.work_area, ""),
        ("keep_out", site.keep_out, follow_up.KEEP_OUT),
    )
    for layer, shape, text in layers:
        for part in polygons(shape):
            values: dict[str, Value] = {"area_m2": part.area}
            yield Feature(layer=layer, geometry=part, values=values | ({"follow_up": text} if text else {}))


def _ways(facts: JobFacts) -> Iterator[Feature]:
    swaths = (segment for segment in facts.plan.segments if segment.kind is SegmentKind.SWATH)
    for order, segment in enumerate(swaths, start=1):
        shape = shapely.LineString(segment.points_m)
        values: dict[str, Value] = {
            "swath": order, "seq": segment.seq, "kind": segment.kind.value, "speed_mps": segment.speed_mps,
            "length_m": shape.length,
        }  # fmt: skip
        yield Feature(layer="planned_swaths", geometry=shape, values=values)
    for number, points in enumerate(ways(facts.trail_m), start=1):
        way = shapely.LineString(points)
        values = {"number": number, "length_m": way.length, "points": len(points)}
        yield Feature(layer="driven_way", geometry=shapely.simplify(way, WAY_M), values=values)


def ways(trail_m: Iterable[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the unbroken parts of a path that have two or more points; (NaN, NaN) separates parts."""
    found: list[list[tuple[float, float]]] = [[]]
    for point in trail_m:
        if math.isnan(point[0]):
            found.append([])
        else:
            found[-1].append(point)
    return [part for part in found if len(set(part)) > 1]


def _points(facts: JobFacts) -> Iterator[Feature]:
    for number, mark, event in marked(facts.events):
        zero_us = facts.zero_us
        moment_us = None if zero_us is None else zero_us + event.t_ns // 1000
        values: dict[str, Value] = {
            "name": f"E{number}", "number": number, "kind": mark, "text": event.text, "time_s": event.t_ns / NS_PER_S,
            "utc": utc_text(moment_us), "epoch_s": epoch_s(moment_us),
        }  # fmt: skip
        yield Feature(layer="events", geometry=shapely.Point(event.east_m, event.north_m), values=values)
    for seen in seen_of(facts):
        moment_us = None if facts.zero_us is None else facts.zero_us + round(seen.t_s * 1e6)
        values = {
            "name": seen.name, "number": seen.number, "kind": seen.mark, "text": seen.text, "time_s": seen.t_s,
            "utc": utc_text(moment_us), "epoch_s": epoch_s(moment_us),
        }  # fmt: skip
        yield Feature(layer="events", geometry=shapely.Point(seen.east_m, seen.north_m), values=values)
    for point in named_points(facts.site):
        values = {
            "name": point.name, "kind": point.kind, "east_m": point.east_m, "north_m": point.north_m,
            "from_name": point.from_name, "bearing_deg": point.bearing_deg, "distance_m": point.distance_m,
        }  # fmt: skip
        yield Feature(layer="named_points", geometry=shapely.Point(point.east_m, point.north_m), values=values)


def polygons(shape: Any) -> Iterable[Any]:
    """Return the polygons of a geometry, one by one."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
