"""Fences of stations: where the machine may be, inside all inclusions and outside every exclusion, in ENU metres.

An inclusion bounds the machine; it asks for no work. `vehicle.polygons.fences` decides what circles and several fences
mean.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import shapely

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.frames import AWAY_MAX_M, FloatArray, LocalFrame
from vehicle.contracts.geometry import WORLD, Ring, edges_of
from vehicle.operator_link.items import IGNORED, INVALID, UNSUPPORTED, RefusedError, place
from vehicle.operator_link.transfer import Item
from vehicle.polygons.boundary import NOTHING_M2, rings_of
from vehicle.polygons.fences import circle_m, polygonal

INSIDE, OUTSIDE = d.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_INCLUSION, d.MAV_CMD_NAV_FENCE_POLYGON_VERTEX_EXCLUSION
ROUND_INSIDE, ROUND_OUTSIDE = d.MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION, d.MAV_CMD_NAV_FENCE_CIRCLE_EXCLUSION
VERTICES_MAX = 2_000
CORNERS_MAX = 2_000
"""Of all zones together, circles as they are drawn: judged in half a second at worst, on a busy computer."""
CROSSINGS_MAX = 500
"""Of their edges; each crossing is a corner more of what is left."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One zone: a polygon, whether it holds in or keeps out, and the number of its first item."""

    index: int
    holds_in: bool
    shape: Any


Fence = tuple[Piece, ...]


def fence(items: Sequence[Item], datum: LocalFrame) -> Fence:
    """The zones of a list, in its order.

    Raises:
        RefusedError: with the item's number: no fence item, a polygon of less than 3 corners or one that crosses
            itself, a circle without a radius, a zone that leaves no place where the machine may be.
    """
    found: list[Piece] = []
    index = 0
    while index < len(items):
        item = items[index]
        if item.command in (INSIDE, OUTSIDE):
            corners = _corners(items, index)
            ring = [place(corner, index + n, datum) for n, corner in enumerate(corners)]
            shape = shapely.Polygon(ring)
            if not shape.is_valid or shape.area <= 0.0:
                raise RefusedError(INVALID, index, "the polygon that begins here crosses itself or has no area")
            found.append(Piece(index=index, holds_in=item.command == INSIDE, shape=shape))
            index += len(corners)
        elif item.command in (ROUND_INSIDE, ROUND_OUTSIDE):
            holds_in = item.command == ROUND_INSIDE
            found.append(Piece(index=index, holds_in=holds_in, shape=_circle(item, index, datum, holds_in=holds_in)))
            index += 1
        elif item.command in IGNORED:
            index += 1
        else:
            raise RefusedError(UNSUPPORTED, index, f"command {item.command} is no part of a fence")
    zones = tuple(found)
    _check_size(zones)
    emptied = emptied_by(zones, _world())
    if emptied is not None:
        raise RefusedError(INVALID, emptied, "with those before it leaves no place")
    return zones


def _check_size(zones: Sequence[Piece]) -> None:
    """Raises RefusedError with the zone that is too much: the loop waits while a fence is judged."""
    corners = 0
    for zone in zones:
        corners += shapely.get_num_coordinates(zone.shape) - 1
        if corners > CORNERS_MAX:
            words = f"more than {CORNERS_MAX} corners in all, circles as drawn"
            raise RefusedError(d.MAV_MISSION_NO_SPACE, zone.index, words)
    if corners and _crossings(edges_of(tuple(tuple(zone.shape.exterior.coords) for zone in zones))) > CROSSINGS_MAX:
        words = f"with those before it crosses more than {CROSSINGS_MAX} times"
        raise RefusedError(d.MAV_MISSION_NO_SPACE, zones[-1].index, words)


def _crossings(edges: FloatArray) -> int:
    """How often edges (n, 4) cross, not counting where they only touch."""
    start, end = edges[:, None, :2], edges[:, None, 2:]
    way = end - start

    def side(points: FloatArray) -> FloatArray:
        return way[..., 0] * (points[None, :, 1] - start[..., 1]) - way[..., 1] * (points[None, :, 0] - start[..., 0])

    parts = side(edges[:, :2]) * side(edges[:, 2:]) < 0.0
    return int(np.count_nonzero(parts & parts.T)) // 2


def _corners(items: Sequence[Item], index: int) -> Sequence[Item]:
    item = items[index]
    count = int(item.params[0]) if 0.0 <= item.params[0] <= VERTICES_MAX else 0
    corners = items[index : index + count]
    if count < 3 or len(corners) < count or any(corner.command != item.command for corner in corners):
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM1, index, f"{count} corners of a polygon: some are missing")
    return corners


def _circle(item: Item, index: int, datum: LocalFrame, *, holds_in: bool) -> Any:
    radius_m = item.params[0]
    if not 0.0 < radius_m <= AWAY_MAX_M:
        raise RefusedError(d.MAV_MISSION_INVALID_PARAM1, index, f"a circle of radius {radius_m:g} m")
    east_m, north_m = place(item, index, datum)
    return shapely.Polygon(circle_m(east_m, north_m, radius_m, outward=not holds_in))


def _world() -> Any:
    return shapely.Polygon(WORLD)


def within(zones: Fence, ground: Any) -> Any:
    """What of a ground lies inside all inclusions."""
    for zone in zones:
        if zone.holds_in:
            ground = polygonal(shapely.intersection(ground, zone.shape))
    return ground


def kept_out(zones: Fence) -> Any:
    """What the exclusions keep out, together."""
    return shapely.union_all([zone.shape for zone in zones if not zone.holds_in])


def emptied_by(zones: Fence, ground: Any) -> int | None:
    """The item of the zone at which, in the order of the list, nothing is left of a ground; None where something is."""
    if not zones or _left(zones, ground).area >= NOTHING_M2:
        return None
    first, last = 0, len(zones) - 1  # more zones never leave more: halving finds the one
    while first < last:
        middle = (first + last) // 2
        if _left(zones[: middle + 1], ground).area < NOTHING_M2:
            last = middle
        else:
            first = middle + 1
    return zones[first].index


def _left(zones: Fence, ground: Any) -> Any:
    """What of a ground a fence leaves."""
    return shapely.difference(within(zones, ground), kept_out(zones))


def rings(zones: Fence) -> tuple[Ring, ...]:
    """The boundary before the gate, even-odd: inside is where the machine may be; empty where there is no fence."""
    if not zones:
        return ()
    return rings_of(_left(zones, _world()))
