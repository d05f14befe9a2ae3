"""The record as named polygons, lines and points: what every export writes, in ENU metres."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import REASON_TEXT
from vehicle.reports.palette import marked

Value = str | float | int


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One shapely geometry of a layer with its attributes; all features of a layer carry the same names."""

    layer: str
    geometry: Any
    values: dict[str, Value]


LAYER_TEXT = {
    "processed": "ground credited as processed, by proven depth; not cleared: release is a human decision",
    "processed_below_depth": "ground worked, but proven only to less than the required depth",
    "missed": "ground of the work area that is neither credited nor listed, with the reason",
    "untreatable": "ground that the plan lists as not workable by machine, with the reason",
    "work_area": "ground to be processed",
    "keep_out": "ground never to be entered",
    "planned_swaths": "planned way of the machine's origin with the tool down",
    "driven_way": "way of the machine's origin",
    "events": "stops and detonations, numbered as in the map and the report",
    "benchmarks": "surveyed reference points",
}


def features(facts: JobFacts) -> Iterator[Feature]:
    """Everything, layer after layer in the order of `LAYER_TEXT`."""
    for depth_cm, shape in cells_by_depth(facts.ledger, facts.cell_m, raster.CREDITED).items():
        yield Feature(layer="processed", geometry=shape, values={"depth_cm": depth_cm, "area_m2": shape.area})
    below = cells_by_depth(facts.ledger, facts.cell_m, raster.BELOW)
    for depth_cm, shape in below.items():
        yield Feature(
            layer="processed_below_depth", geometry=shape, values={"depth_cm": depth_cm, "area_m2": shape.area}
        )
    for gap in facts.found.gaps:
        values: dict[str, Value] = {
            "reason": gap.reason.value, "text": REASON_TEXT[gap.reason], "area_m2": gap.area_m2,
        }  # fmt: skip
        yield Feature(layer="missed", geometry=shapely.Polygon(gap.rings_m[0], gap.rings_m[1:]), values=values)
    for row in facts.plan.untreatable:
        shape = shapely.Polygon(row.rings_m[0], row.rings_m[1:])
        yield Feature(layer="untreatable", geometry=shape, values={"reason": row.reason.value, "area_m2": row.area_m2})
    yield from _site(facts)
    yield from _ways(facts)


def _site(facts: JobFacts) -> Iterator[Feature]:
    for layer, shape in (("work_area", facts.site.work_area), ("keep_out", facts.site.keep_out)):
        for part in polygons(shape):
            yield Feature(layer=layer, geometry=part, values={"area_m2": part.area})


def _ways(facts: JobFacts) -> Iterator[Feature]:
    for segment in facts.plan.segments:
        if segment.tool_down:
            values: dict[str, Value] = {"seq": segment.seq, "kind": segment.kind.value, "speed_mps": segment.speed_mps}
            yield Feature(layer="planned_swaths", geometry=shapely.LineString(segment.points_m), values=values)
    if len(facts.trail_m) > 1:
        way = shapely.LineString(facts.trail_m)
        yield Feature(layer="driven_way", geometry=way, values={"length_m": way.length})
    for number, mark, event in marked(facts.events):
        values = {"number": number, "kind": mark, "text": event.text, "time_s": event.t_ns / NS_PER_S}
        yield Feature(layer="events", geometry=shapely.Point(event.east_m, event.north_m), values=values)
    for place, point_m in enumerate(facts.site.benchmarks_m, start=1):
        yield Feature(layer="benchmarks", geometry=shapely.Point(point_m), values={"number": place})


def polygons(shape: Any) -> Iterable[Any]:
    """The polygons of a geometry, one by one."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]


def cells_by_depth(ledger: LedgerState, cell_m: float, flag: int) -> dict[int, Any]:
    """Cells with `flag`, and without credit where `flag` is another, as one (Multi)Polygon per whole centimetre."""
    pieces: dict[int, list[Any]] = {}
    for column, row, tile in raster.each(ledger.tiles):
        # Ground worked below depth in one pass and credited in another is processed.
        chosen = (tile[0] & (flag | raster.CREDITED)) == flag
        for depth_cm in np.unique(tile[1][chosen]).tolist():
            boxes = rasterise.outline(chosen & (tile[1] == depth_cm), column, row, cell_m)
            pieces.setdefault(depth_cm, []).append(shapely.union_all(boxes))
    return {depth_cm: shapely.union_all(pieces[depth_cm]) for depth_cm in sorted(pieces)}
