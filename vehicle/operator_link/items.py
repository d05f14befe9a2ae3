"""Lists of stations <-> what our planner knows: lanes with tool on and off, work areas, keep-outs.

A mission that equals the vehicle's plan is that plan. Any other mission is a survey: the ground between its tool-on
lanes is a work area, which our planner plans anew. A fence alone is a work area with keep-outs. What cannot be said
in these terms is refused with the number of its item.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import shapely

from firmware_bridge.mavlink import _dialect as d
from vehicle.frames import LocalFrame
from vehicle.operator_link.transfer import FENCE, MISSION, Item, Refusal, finite
from vehicle.plan import Plan, corners_and_tool

WAYPOINT, TOOL = d.MAV_CMD_NAV_WAYPOINT, d.MAV_CMD_DO_SET_CAM_TRIGG_DIST
INSIDE, OUTSIDE = d.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION, d.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION
ROUND_INSIDE, ROUND_OUTSIDE = d.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION, d.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION
IGNORED = frozenset({d.MAV_CMD_CONDITION_GATE, d.MAV_CMD_DO_CHANGE_SPEED, d.MAV_CMD_NAV_FENCE_RETURN_POINT})
"""Understood, and without meaning here: our planner sets speeds, and there is no return by itself."""
FAR_M = 50_000.0
VERTICES_MAX = 2_000
PARTS_OF_CIRCLE = 16
LANE_SPACING_MAX_M = 20.0
ROUNDING_E7 = 6
"""Some stations save six decimals of a degree."""
GLOBAL_FRAMES = frozenset({0, 3, 5, 6, 10, 11})
INVALID, UNSUPPORTED = d.MAV_MISSION_INVALID, d.MAV_MISSION_UNSUPPORTED


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A site to be planned: polygons of (longitude, latitude) rings, the shell first."""

    work_area_deg: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    keep_out_deg: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = ()

    def geojson(self) -> dict[str, Any]:
        """The site file that `vehicle.coverage` reads."""
        roles = [("work_area", rings) for rings in self.work_area_deg]
        roles += [("keep_out", rings) for rings in self.keep_out_deg]
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"role": role},
                    "geometry": {"type": "Polygon", "coordinates": [[list(at) for at in ring] for ring in rings]},
                }
                for role, rings in roles
            ],
        }


class RefusedError(Exception):
    """An item that cannot be represented."""

    def __init__(self, result: int, index: int, words: str) -> None:
        super().__init__(words)
        self.refusal = Refusal(result=result, index=index, text=words)


# --- down: our plan as waypoints -------------------------------------------------------------------------------------
def items_of_plan(plan: Plan) -> tuple[Item, ...]:
    """HOME, then the corners of the path; before each change of the tool one item that says so."""
    steps = ((0.0, 0.0), *corners_and_tool(plan.segments))
    return tuple(_tool(step) if isinstance(step, bool) else _waypoint(plan.datum, step) for step in steps)


def _tool(down: bool) -> Item:
    return Item(command=TOOL, frame=2, params=(float(down), 0.0, 0.0, 0.0))


def _waypoint(datum: LocalFrame, point: tuple[float, float]) -> Item:
    lat_deg, lon_deg, _ = datum.geodetic_from_enu(point[0], point[1])
    return Item(command=WAYPOINT, x=round(lat_deg * 1e7), y=round(lon_deg * 1e7))


def same_path(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Equal but for item 0, which is HOME and belongs to whoever sends, and for what text files round away (6 cm)."""
    return len(one) == len(other) and all(
        mine.command == theirs.command
        and abs(mine.x - theirs.x) <= ROUNDING_E7
        and abs(mine.y - theirs.y) <= ROUNDING_E7
        and (mine.command != TOOL or (mine.params[0] > 0.0) is (theirs.params[0] > 0.0))
        for mine, theirs in zip(one[1:], other[1:], strict=True)
    )


# --- up: what a station means ----------------------------------------------------------------------------------------
def survey(items: Sequence[Item], datum: LocalFrame) -> Proposal:
    """The ground of a survey's tool-on lanes.

    Raises:
        RefusedError: an item has no meaning here, lies elsewhere, or nothing is left to be processed.
    """
    lanes: list[list[tuple[float, float]]] = []
    tool_on, here = False, None
    for index, item in enumerate(items):
        if index == 0 or item.command in IGNORED:
            continue
        if item.command == TOOL:
            tool_on = item.params[0] > 0.0
            if tool_on:
                lanes.append([here] if here is not None else [])
        elif item.command == WAYPOINT:
            here = _place(item, index, datum)
            if tool_on:
                lanes[-1].append(here)
        else:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} means nothing to this machine")
    lines = [shapely.LineString(lane) for lane in lanes if len(lane) > 1 and _length(lane) > 0.0]
    if not lines:
        raise RefusedError(INVALID, max(0, len(items) - 1), "no lane with the tool on (DO_SET_CAM_TRIGG_DIST > 0)")
    return Proposal(work_area_deg=_rings(_between(lines), datum))


def fence(items: Sequence[Item], datum: LocalFrame) -> Proposal:
    """Inclusion polygons and circles are work areas, exclusions keep-outs.

    Raises:
        RefusedError: as `survey`; also a polygon of less than 3 corners, or one that crosses itself.
    """
    inside: list[Any] = []
    outside: list[Any] = []
    index = 0
    while index < len(items):
        item = items[index]
        if item.command in (INSIDE, OUTSIDE):
            count = int(item.params[0]) if 0.0 <= item.params[0] <= VERTICES_MAX else 0
            corners = items[index : index + count]
            if count < 3 or len(corners) < count or any(corner.command != item.command for corner in corners):
                raise RefusedError(d.MAV_MISSION_INVALID_PARAM1, index, f"{count} corners of a polygon, not all there")
            ring = [_place(corner, index + n, datum) for n, corner in enumerate(corners)]
            shape = shapely.Polygon(ring)
            if not shape.is_valid or shape.area <= 0.0:
                raise RefusedError(INVALID, index, "the polygon that begins here crosses itself or has no area")
            (inside if item.command == INSIDE else outside).append(shape)
            index += count
        elif item.command in (ROUND_INSIDE, ROUND_OUTSIDE):
            radius_m = item.params[0]
            if not 0.0 < radius_m <= FAR_M:
                raise RefusedError(d.MAV_MISSION_INVALID_PARAM1, index, f"a circle of radius {radius_m:g} m")
            shape = shapely.Point(_place(item, index, datum)).buffer(radius_m, PARTS_OF_CIRCLE)
            (inside if item.command == ROUND_INSIDE else outside).append(shape)
            index += 1
        elif item.command in IGNORED:
            index += 1
        else:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} is no part of a fence")
    if items and not inside:
        raise RefusedError(INVALID, 0, "a fence without an inclusion polygon encloses no work area")
    work = [ring for shape in inside for ring in _rings(shape, datum)]
    return Proposal(
        work_area_deg=tuple(work), keep_out_deg=tuple(ring for shape in outside for ring in _rings(shape, datum))
    )


def check(kind: int, items: Sequence[Item], datum: LocalFrame) -> Proposal | None:
    """What an upload means; None for rally points and empty lists.

    Raises:
        RefusedError: with the item's number.
    """
    for index, item in enumerate(items):
        if not finite(item):
            raise RefusedError(INVALID, index, "a value is infinite or no number")
    if not items:
        return None
    if kind == MISSION:
        return survey(items, datum) if len(items) > 1 else None
    if kind == FENCE:
        return fence(items, datum)
    for index, item in enumerate(items):
        if item.command != d.MAV_CMD_NAV_RALLY_POINT:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} is no rally point")
        _place(item, index, datum)
    return None


def _place(item: Item, index: int, datum: LocalFrame) -> tuple[float, float]:
    lat_deg, lon_deg = item.x / 1e7, item.y / 1e7
    if item.frame not in GLOBAL_FRAMES:
        raise RefusedError(d.MAV_MISSION_UNSUPPORTED_FRAME, index, f"frame {item.frame}; send latitude and longitude")
    if abs(lat_deg) > 90.0:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM5_X, index, f"latitude {lat_deg:g}")
    if abs(lon_deg) > 180.0:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM6_Y, index, f"longitude {lon_deg:g}")
    east_m, north_m, _ = datum.enu_from_geodetic(lat_deg, lon_deg)
    if math.hypot(east_m, north_m) > FAR_M:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM5_X, index, "more than 50 km away; swapped, or 0, 0?")
    return east_m, north_m


def _length(points: Sequence[tuple[float, float]]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


def _between(lines: list[Any]) -> Any:
    """Lanes grown to each other: half the usual distance to the nearest lane on both sides, gaps closed."""
    if len(lines) == 1:
        return shapely.MultiPoint(shapely.get_coordinates(lines[0])).convex_hull.buffer(1.0, join_style="mitre")
    tree = shapely.STRtree([line.centroid for line in lines])
    near = [tree.query_nearest(line.centroid, exclusive=True, return_distance=True)[1].min() for line in lines]
    half_m = min(float(np.median(near)), LANE_SPACING_MAX_M) / 2.0 + 0.01
    grown = shapely.union_all([line.buffer(half_m, cap_style="flat", join_style="mitre") for line in lines])
    return grown.buffer(half_m / 2.0, join_style="mitre").buffer(-half_m / 2.0, join_style="mitre")


def _rings(shape: Any, datum: LocalFrame) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    polygons = [shape] if shape.geom_type == "Polygon" else list(shape.geoms)
    return tuple(
        tuple(_degrees(ring, datum) for ring in (polygon.exterior, *polygon.interiors)) for polygon in polygons
    )


def _degrees(ring: Any, datum: LocalFrame) -> tuple[tuple[float, float], ...]:
    lonlat = datum.lonlat_from_enu_array(shapely.get_coordinates(ring))
    return tuple((float(lon), float(lat)) for lon, lat in lonlat)
