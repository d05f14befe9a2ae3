"""Which stop must come before which: every stop and connection names the stops that opened the ground it needs.

A stop opens the closed ground that its strip is the first to sweep. A pose on ground that was open from the start or
has been opened is legal in every order that keeps these pairs.
"""

import math
from itertools import pairwise

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.discs import OF_CORNERS, round_buffer
from vehicle.planning.coverage.ground import LEG_SLACK_M, turned
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.settings import Reach
from vehicle.planning.coverage.swath import THIN_M, Interval, bearing_half_m
from vehicle.planning.coverage.tiled_polygons import TiledPolygons
from vehicle.planning.coverage.transit import Point
from vehicle.planning.coverage.turned_tree import TurnedTree
from vehicle.planning.coverage.work_limit import Work, WorkLimit

HAIR_M2 = 1e-5
"""Shared ground below this is rounding: a square of 3 mm, within the slack of `LEG_SLACK_M`."""


def opened_by(closed: np.ndarray, strips: list[np.ndarray]) -> np.ndarray:
    """Return (n,) the ground that each stop's strips are the first to open, among the polygons closed at the start."""
    whole = np.array([part[0] if len(part) == 1 else robust_overlay.union(part) for part in strips], dtype=object)
    ground = TiledPolygons(shapely.GeometryCollection(list(closed)), 0.0)
    tree = shapely.STRtree(whole)
    meets: list[list[int]] = [[] for _ in whole]
    later, earlier = tree.query(whole, predicate="intersects")
    for a, b in zip(later.tolist(), earlier.tolist(), strict=True):
        if b < a:
            meets[a].append(b)
    pieces = []
    for strip, before in zip(whole, meets, strict=True):
        piece = robust_overlay.intersection(ground.clipped(strip.bounds), strip)
        if before:
            piece = robust_overlay.difference(piece, robust_overlay.union(whole[before]))
        pieces.append(piece)
    return np.array(pieces, dtype=object)


class Precedence:
    """Which stop opened which ground; stops are in the order in which they were found."""

    def __init__(
        self,
        closed: np.ndarray,
        strips: list[np.ndarray],
        stops: list[TourStop],
        reach: Reach,
        limit: WorkLimit | None = None,
    ) -> None:
        self.reach, self._limit = reach, limit if limit is not None else WorkLimit()
        self._limit.tell(Work.STRIPS, len(strips))
        self.pieces = opened_by(closed, strips)
        self.tree = TurnedTree(self.pieces, longest_rad(stops))
        self._corridors = {(stop.entry[:2], stop.exit[:2]): k for k, stop in enumerate(stops)}
        grounds = [ground_of_stop(stop, reach) for stop in stops]
        owners = np.repeat(np.arange(len(stops)), [len(ground) for ground in grounds])
        self.of_stops = [
            {u for u in found if u < k}
            for k, found in enumerate(
                self._openers(np.array([g for ground in grounds for g in ground], dtype=object), owners, len(stops))
            )
        ]

    def of_way(self, way: list[Point]) -> set[int]:
        """Return the stops that opened the ground under a connection: discs at corners, legs as wide as the tool.

        A leg along a strip that was driven between two pivot points needs only that strip.
        """
        along = [self._corridors.get((a, b), self._corridors.get((b, a))) for a, b in pairwise(way)]
        needed = {stop for stop in along if stop is not None}
        shapes = ground_of_way(way, self.reach, [stop is None for stop in along])
        if shapes:
            needed |= self._openers(np.array(shapes, dtype=object), np.zeros(len(shapes), dtype=int), 1)[0]
        return needed

    @property
    def turn_m(self) -> float:
        """Radius [m] of the ground needed for a turn."""
        return _turn_m(self.reach)

    def _openers(self, shapes: np.ndarray, owners: np.ndarray, count: int) -> list[set[int]]:
        found: list[set[int]] = [set() for _ in range(count)]
        self._limit.tell(Work.OPENERS, len(shapes))
        shape, piece = self.tree.meeting(shapes)
        real = shapely.area(robust_overlay.intersection(shapes[shape], self.pieces[piece])) > HAIR_M2
        for owner, opener in zip(owners[shape[real]].tolist(), piece[real].tolist(), strict=True):
            found[owner].add(opener)
        return found


def longest_rad(stops: list[TourStop]) -> float:
    """Return the direction [rad] of the longest pass, which most others share."""
    return max(stops, key=lambda stop: abs(stop.move.b_m - stop.move.a_m)).theta_rad if stops else 0.0


def ground_of_way(way: list[Point], reach: Reach, legs: list[bool] | None = None) -> list[shapely.Geometry]:
    """Return ground under a connection: discs at corners, legs as wide as the tool; `legs`: which of them count."""
    shapes = [round_buffer(shapely.Point(corner), _turn_m(reach), OF_CORNERS) for corner in way[1:-1]]
    for k, (a, b) in enumerate(pairwise(way)):
        if (legs is None or legs[k]) and math.dist(a, b) > THIN_M:
            shapes.append(shapely.LineString([a, b]).buffer(bearing_half_m(reach), cap_style="flat"))
    return shapes


def _turn_m(reach: Reach) -> float:
    return reach.pivot_ground_m + LEG_SLACK_M


def ground_of_stop(stop: TourStop, reach: Reach) -> list[shapely.Geometry]:
    """Return ground that must bear before a stop begins: both pivots, way to the lowered tool, lifts, exit ahead."""
    ends = [round_buffer(shapely.Point(pose[:2]), _turn_m(reach), OF_CORNERS) for pose in (stop.entry, stop.exit)]
    move, half_m = stop.move, bearing_half_m(reach)
    raised_m = move.sign * (reach.tool_long_m if reach.raised_over_base else 0.0)
    spans: list[Interval] = [(move.in_m, move.a_m + raised_m), *((up, down + raised_m) for up, down in move.lifts)]
    if not move.reverse and (move.out_m - move.b_m) * move.sign > 0.0:
        spans.append((move.b_m, move.out_m))
    for a, b in spans:
        low, high = sorted((a, b))
        ends.append(turned(shapely.box(low, stop.y_m - half_m, high, stop.y_m + half_m), stop.theta_rad))
    return ends
