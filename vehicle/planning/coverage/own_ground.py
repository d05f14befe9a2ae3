"""The ground that each pass of a finished tour alone sweeps or claims, and who needs it to be open."""

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import polygons_in
from vehicle.planning.coverage.ground_model import UNCOVERED_MIN_M2, GroundModel
from vehicle.planning.coverage.precedence import HAIR_M2, ground_of_stop, ground_of_way, longest_rad
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.strips import strips_of
from vehicle.planning.coverage.tiled_polygons import TiledPolygons
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.turned_tree import TurnedTree

REACH_M = 4.0
"""Passes this near to some ground may be changed to take it."""


class OwnGround:
    """Stops of a tour by number, None for one left out, with what they sweep and claim.

    `swept[k]`, `claimed[k]`: polygons (n,) of stop k. `corridors`: stops along whose strip a connection leads.
    """

    def __init__(self, ground: GroundModel, tour: Tour) -> None:
        self.ground, self.stops = ground, list[TourStop | None](tour.stops)
        found = [strips_of(ground.job, [stop]) for stop in tour.stops]
        self.swept, self.claimed = [strips[0] for strips in found], [strips[1] for strips in found]
        self._theta_rad = longest_rad(tour.stops)
        swept = [strips[0] if len(strips) == 1 else shapely.MultiPolygon(list(strips)) for strips in self.swept]
        self._tree = TurnedTree(np.array(swept, dtype=object), self._theta_rad)
        self._closed = TiledPolygons(shapely.GeometryCollection(list(ground.first.closed)), 0.0)
        reach = ground.job.reach
        grounds = [(k, False, ground_of_stop(stop, reach)) for k, stop in enumerate(tour.stops)]
        grounds += [(k, True, ground_of_way(way, reach)) for k, way in enumerate(tour.connections)]
        self._needs = [(k, is_way, shape) for k, is_way, shapes in grounds for shape in shapes]
        self.later_needs: list[tuple[int, bool, shapely.Geometry]] = []
        self._need_tree = shapely.STRtree([shape for _, _, shape in self._needs])
        strips = {frozenset((stop.entry[:2], stop.exit[:2])): k for k, stop in enumerate(tour.stops)}
        legs = [frozenset(leg) for way in tour.connections for leg in pairwise(way)]
        self.corridors = {strips[leg] for leg in legs if leg in strips}

    def afresh(self) -> "OwnGround":
        """Return another one, whose changes do not change this one."""
        other = copy.copy(self)
        other.stops, other.swept, other.claimed = list(self.stops), list(self.swept), list(self.claimed)
        other.later_needs = []
        return other

    def change(self, k: int, stop: TourStop | None) -> None:
        """Put another stop in the place of one, or none."""
        self.stops[k] = stop
        if stop is not None:
            self.swept[k], self.claimed[k] = strips_of(self.ground.job, [stop])

    def near(self, shape: shapely.Geometry, k: int) -> list[int]:
        """Return the other stops of the tour that sweep near a shape."""
        return [j for j in self._tree.near(shape, REACH_M) if j != k and self.stops[j] is not None]

    def own(self, k: int, window: shapely.Polygon | None = None) -> list[tuple[bool, shapely.Polygon]]:
        """Return the parts that no other stop sweeps, or claims (True), of what a stop sweeps inside a window."""
        found: list[tuple[bool, shapely.Polygon]] = []
        for claims, strips, target in (
            (False, self.swept, self.ground.first.unswept),
            (True, self.claimed, self.ground.first.uncredited),
        ):
            mine = robust_overlay.rough_union(strips[k])
            mine = mine if window is None else robust_overlay.intersection(mine, window)
            rest = less(mine, [strip for j in self.near(mine, k) for strip in strips[j]]) if not mine.is_empty else mine
            if rest.area < UNCOVERED_MIN_M2:
                continue
            rest = robust_overlay.intersection(rest, target.clipped(rest.bounds))
            found += [(claims, part) for part in polygons_in(np.array([rest], dtype=object), UNCOVERED_MIN_M2)]
        return found

    def alone(self, places: np.ndarray, *, claims: bool) -> np.ndarray:
        """Return (n,) bool: which places (n, 2) [m] that are to be swept, or claimed, lie in one strip at most."""
        points, strips = shapely.points(places), self.claimed if claims else self.swept
        left = np.concatenate([strips[k] for k, stop in enumerate(self.stops) if stop is not None])
        hits = np.bincount(TurnedTree(left, self._theta_rad).meeting(points)[0], minlength=len(points))
        target = self.ground.first.uncredited if claims else self.ground.first.unswept
        asked = np.zeros(len(points), dtype=bool)
        asked[shapely.STRtree(points).query(target.parts, predicate="intersects")[1]] = True
        return np.asarray(asked & (hits <= 1))

    def opens_for_others(self, k: int, region: shapely.Geometry, left: TourStop | None = None) -> bool:
        """Whether a stop or connection, from stop k on, needs ground in a region that only stop k opens by then.

        `left`: what stays of stop k.
        """
        opened = robust_overlay.intersection(region, self._closed.clipped(region.bounds))
        if opened.is_empty:
            return False
        near, rest = self.near(region, k), [] if left is None else list(strips_of(self.ground.job, [left])[0])
        found = [self._needs[n] for n in self._need_tree.query(opened, predicate="intersects").tolist()]
        for owner, is_way, shape in [*found, *self.later_needs]:
            if owner < k or not self._counts(owner, k, left, is_way=is_way):
                continue
            before = [strip for j in near if j < owner for strip in self.swept[j]] + rest
            if less(robust_overlay.intersection(opened, shape), before).area > HAIR_M2:
                return True
        return False

    def need(self, k: int, region: shapely.Geometry) -> None:
        """Note that stop k, as it is now, needs a region to be open."""
        self.later_needs.append((k, False, region))

    def is_open_before(self, k: int, region: shapely.Geometry) -> bool:
        """Whether a region bears the machine before stop k."""
        closed = robust_overlay.intersection(region, self._closed.clipped(region.bounds))
        before = [strip for j in self.near(region, k) if j < k for strip in self.swept[j]]
        return bool(less(closed, before).area <= HAIR_M2)

    def _counts(self, owner: int, k: int, left: TourStop | None, *, is_way: bool) -> bool:
        """Whether a stop, or the connection to it, is still driven when stop k goes (`left`: what stays of it)."""
        if self.stops[owner] is None or (owner == k and left is None):
            return False
        from_gone = owner > 0 and (self.stops[owner - 1] is None or (owner - 1 == k and left is None))
        return not (is_way and from_gone)


def less(shape: Any, others: list[shapely.Geometry]) -> Any:
    """Return a shape without others; quick: rounding leaves slivers, which the callers ignore."""
    if not others or shape.is_empty:
        return shape
    over = np.array(others, dtype=object)
    over = over[shapely.intersects(shape, over)]
    try:
        return shapely.difference(shape, shapely.union_all(over)) if len(over) else shape
    except shapely.errors.GEOSException:
        return robust_overlay.difference(shape, robust_overlay.union(over))
