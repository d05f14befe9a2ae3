"""Shortest ways between pivot points: visibility between corners of the ground on which the body may not turn."""

import heapq
import math
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.area import parts_of
from vehicle.coverage.patchwork import Box

NODE_OFFSET_M = 0.03
"""Corners to steer by lie this far off the obstacle, so that a leg along an edge does not cross it by rounding."""
SIMPLIFY_M = 0.25
NODES_MAX = 3000

Point = tuple[float, float]


class Roadmap:
    """Ways for the body origin between obstacle polygons (they may overlap) in a window; legs are tested on demand.

    A corridor is a strip that was driven straight from one pivot point to another: a way even where nobody can turn.
    """

    def __init__(self, obstacles: np.ndarray, box: Box, corridors: np.ndarray) -> None:
        self._parts = parts_of(shapely.buffer(obstacles, -1e-3)) if len(obstacles) else obstacles
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._box = box
        self._obstacles = obstacles
        self._nodes: np.ndarray | None = None
        self._islands: shapely.STRtree | None = None
        self._joined: dict[int, int] = {}
        self._corridors = [((float(a), float(b)), (float(c), float(d))) for (a, b), (c, d) in corridors]
        self._ways: dict[tuple[Point, Point], list[Point]] = {}
        self._seen: dict[int, np.ndarray] = {}

    def add_corridor(self, start: Point, end: Point) -> None:
        """A strip that will have been driven when the next way is asked for."""
        self._corridors.append((start, end))
        if self._islands is not None:
            self._join(start, end)

    def clear(self, start: Point, ends: np.ndarray) -> np.ndarray:
        """(n,) bool: the straight leg from start to each of (n, 2) ends stays out of the obstacles."""
        ends = np.asarray(ends, dtype=float).reshape(-1, 2)
        if not len(ends) or not len(self._parts):
            return np.ones(len(ends), dtype=bool)
        legs = shapely.linestrings(np.stack([np.broadcast_to(start, ends.shape), ends], axis=1))
        leg, part = self._tree.query(legs)  # boxes only: a prepared obstacle is the quicker side of the exact test
        free = np.ones(len(ends), dtype=bool)
        free[leg[shapely.intersects(self._parts[part], legs[leg])]] = False
        return free

    def way(self, start: Point, goal: Point) -> list[Point] | None:
        """Corner points from start to goal, both included; None where no way exists."""
        key = (start, goal)
        if key in self._ways:
            return self._ways[key]
        ends = np.array([start, goal])
        way: list[Point] | None = [start, goal]
        if not bool(self.clear(start, ends[1:])[0]):
            way = self._long_way(start, goal, ends)
        if way is not None:
            self._ways[key] = way
        return way

    def _long_way(self, start: Point, goal: Point, ends: np.ndarray) -> list[Point] | None:
        here, there = self._island(start), self._island(goal)
        if here < 0 or there < 0 or self._root(here) != self._root(there):
            return None
        if self._nodes is None:
            self._nodes = self._corners()
        if here == there:
            return self._search(np.vstack([self._nodes, ends]), 0)
        strips = np.array(self._corridors).reshape(-1, 2)
        return self._search(np.vstack([self._nodes, strips, ends]), len(strips))

    # --- which places are joined at all ------------------------------------------------------------------------------
    def _island(self, point: Point) -> int:
        """Index of the connected free ground around a point, -1 inside an obstacle."""
        if self._islands is None:
            taken = overlay.union(self._parts) if len(self._parts) else shapely.Polygon()
            free = parts_of(overlay.difference(shapely.box(*self._box), taken))
            shapely.prepare(free)
            self._islands = shapely.STRtree(free)
            for start, end in self._corridors:
                self._join(start, end)
        hits = self._islands.query(shapely.Point(point), predicate="intersects")
        return int(hits[0]) if len(hits) else -1

    def _root(self, island: int) -> int:
        while island in self._joined:
            island = self._joined[island]
        return island

    def _join(self, start: Point, end: Point) -> None:
        a, b = self._island(start), self._island(end)
        if a >= 0 and b >= 0 and self._root(a) != self._root(b):
            self._joined[self._root(a)] = self._root(b)

    # --- shortest ways -----------------------------------------------------------------------------------------------
    def _corners(self) -> np.ndarray:
        """Corners of a coarser outline outside of the obstacles: only those can lie on a shortest way."""
        if not len(self._obstacles):
            return np.empty((0, 2))
        outlines = shapely.buffer(self._obstacles, NODE_OFFSET_M + SIMPLIFY_M, quad_segs=2)
        outlines = parts_of(shapely.simplify(outlines, SIMPLIFY_M, preserve_topology=True))
        nodes = np.vstack([_convex_corners(ring) for part in outlines for ring in _rings(part)])
        inside = np.zeros(len(nodes), dtype=bool)
        inside[np.unique(self._tree.query(shapely.points(nodes), predicate="intersects")[0])] = True
        x0, y0, x1, y1 = self._box
        inside |= (nodes[:, 0] < x0) | (nodes[:, 0] > x1) | (nodes[:, 1] < y0) | (nodes[:, 1] > y1)
        return np.asarray(nodes[~inside][:NODES_MAX])

    def _search(self, points: np.ndarray, strip_ends: int) -> list[Point] | None:
        """A* from the last but one point to the last; after the nodes come `strip_ends` points, joined in pairs."""
        first, last, nodes = len(points) - 2, len(points) - 1, len(points) - 2 - strip_ends
        toward = np.hypot(*(points - points[last]).T)
        goal_seen = self.clear((points[last][0], points[last][1]), points)
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
            seen = np.r_[self._seen_from(node, points, nodes), np.zeros(2, dtype=bool)]
            seen[last] = goal_seen[node]
            if nodes <= node < first:
                seen[nodes + ((node - nodes) ^ 1)] = True
            free = np.flatnonzero((length < best - 1e-9) & ~done & seen)
            best[free], came[free] = length[free], node
            for index in free:
                heapq.heappush(queue, (float(length[index] + toward[index]), int(index)))
        return None

    def _seen_from(self, node: int, points: np.ndarray, nodes: int) -> np.ndarray:
        """Which nodes and strip ends a point sees; what a node sees of the nodes is kept."""
        here = (float(points[node][0]), float(points[node][1]))
        if node >= nodes:
            return self.clear(here, points[:-2])
        if node not in self._seen:
            self._seen[node] = self.clear(here, points[:nodes])
        return np.concatenate([self._seen[node], self.clear(here, points[nodes:-2])])


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
