"""Shortest ways between pivot points: visibility between corners of the ground on which the body may not turn."""

import heapq
import math
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import parts_of, polygons_of

NODE_OFFSET_M = 0.03
"""Corners to steer by lie this far off the obstacle, so that a leg along an edge does not cross it by rounding."""
SIMPLIFY_M = 0.25
REACH_NODES = 1500

Point = tuple[float, float]


class Roadmap:
    """Ways for the body origin around one obstacle polygon; corners are made once, legs are tested when asked."""

    def __init__(self, obstacle: Any, box: tuple[float, float, float, float] | None = None) -> None:
        self.obstacle = obstacle
        self._box = box
        self._inner = shapely.buffer(obstacle, -1e-3) if not obstacle.is_empty else obstacle
        self._parts = parts_of(self._inner)
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._nodes = self._corners()
        self._ways: dict[tuple[Point, Point], list[Point] | None] = {}

    def _corners(self) -> np.ndarray:
        """Corners of a coarser outline outside of the obstacle: only those can lie on a shortest way."""
        if self.obstacle.is_empty:
            return np.empty((0, 2))
        outline = polygons_of(shapely.buffer(self.obstacle, NODE_OFFSET_M + SIMPLIFY_M, quad_segs=2))
        outline = polygons_of(shapely.simplify(outline, SIMPLIFY_M, preserve_topology=True))
        corners = [_convex_corners(ring) for part in parts_of(outline) for ring in _rings(part)]
        nodes = np.vstack(corners) if corners else np.empty((0, 2))
        inside = np.zeros(len(nodes), dtype=bool)
        inside[np.unique(self._tree.query(shapely.points(nodes), predicate="intersects")[0])] = True
        if self._box is not None:
            x0, y0, x1, y1 = self._box
            inside |= (nodes[:, 0] < x0) | (nodes[:, 0] > x1) | (nodes[:, 1] < y0) | (nodes[:, 1] > y1)
        return nodes[~inside][:REACH_NODES]

    def clear(self, start: Point, ends: np.ndarray) -> np.ndarray:
        """(n,) bool: the straight leg from start to each of (n, 2) ends stays out of the obstacle."""
        ends = np.asarray(ends, dtype=float).reshape(-1, 2)
        if not len(ends) or not len(self._parts):
            return np.ones(len(ends), dtype=bool)
        legs = shapely.linestrings(np.stack([np.broadcast_to(start, ends.shape), ends], axis=1))
        free = np.ones(len(ends), dtype=bool)
        free[self._tree.query(legs, predicate="intersects")[0]] = False
        return free

    def way(self, start: Point, goal: Point) -> list[Point] | None:
        """Corner points from start to goal, both included; None where no way exists."""
        key = (start, goal)
        if key not in self._ways:
            self._ways[key] = self._search(start, goal)
        return self._ways[key]

    def _search(self, start: Point, goal: Point) -> list[Point] | None:
        """A* with legs tested on demand; the heuristic is the straight distance."""
        points = np.vstack([self._nodes, [start, goal]])
        first, last = len(points) - 2, len(points) - 1
        if bool(self.clear(start, points[last:])[0]):
            return [start, goal]
        toward = np.hypot(*(points - points[last]).T)
        best = np.full(len(points), math.inf)
        best[first], came, done = 0.0, np.full(len(points), -1), np.zeros(len(points), dtype=bool)
        queue = [(float(toward[first]), first)]
        while queue:
            _, node = heapq.heappop(queue)
            if done[node]:
                continue
            done[node] = True
            if node == last:
                return _backtrack(points, came, last)
            length = best[node] + np.hypot(*(points - points[node]).T)
            better = np.flatnonzero((length < best - 1e-9) & ~done)
            free = better[self.clear((points[node][0], points[node][1]), points[better])]
            best[free], came[free] = length[free], node
            for index in free:
                heapq.heappush(queue, (float(length[index] + toward[index]), int(index)))
        return None


def _backtrack(points: np.ndarray, came: np.ndarray, last: int) -> list[Point]:
    way, node = [], last
    while node != -1:
        way.append((float(points[node][0]), float(points[node][1])))
        node = int(came[node])
    return way[::-1]


def _rings(polygon: Any) -> list[np.ndarray]:
    return [shapely.get_coordinates(ring)[:-1] for ring in (polygon.exterior, *polygon.interiors)]


def _convex_corners(ring: np.ndarray) -> np.ndarray:
    """Corners that bulge into the free ground: a shortest way bends nowhere else."""
    ahead, behind = np.roll(ring, -1, axis=0) - ring, ring - np.roll(ring, 1, axis=0)
    cross = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    x, y = ring.T
    signed = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    return np.asarray(ring[cross * signed > 0.0])


def length_m(way: list[Point]) -> float:
    """Length of a polyline."""
    return sum(math.dist(a, b) for a, b in pairwise(way))
