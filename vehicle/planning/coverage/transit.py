"""Shortest connections between pivot points: visibility between corners of ground on which the body may not turn."""

import heapq
import math
from itertools import pairwise

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.visibility import Visibility
from vehicle.planning.coverage.work_limit import Deadline, Work

NODE_OFFSET_M = 0.03
"""Way corners keep this distance from the obstacle, so that a leg along an edge does not cross it by rounding."""
SIMPLIFY_M = 0.25
NODES_MAX = 3000
BATCH = 32

Point = tuple[float, float]


class Roadmap:
    """Connections for the body origin between obstacle polygons (they may overlap) in a window.

    Legs are tested when they are needed. A corridor is a strip that was driven straight between two pivot points; it is
    a connection even where the machine cannot turn.
    """

    def __init__(
        self,
        obstacles: np.ndarray,
        box: Box,
        corridors: np.ndarray,
        deadline: Deadline | None = None,
        *,
        necks: bool = False,
    ) -> None:
        """`deadline` ends a search without a result; among 1,000 keep-outs a search may take half a minute.

        `necks`: whether the strips are tried too between places on the same free ground, which a neck may join that no
        corner is in.
        """
        self._necks = necks
        self._over = deadline if deadline is not None else Deadline()
        self._over.tell(Work.ROADMAPS, 1)
        self._over.tell(Work.CORNERS, int(shapely.get_num_coordinates(obstacles).sum()))
        self._parts = parts_of(shapely.buffer(obstacles, -1e-3)) if len(obstacles) else obstacles
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)
        self._box = box
        self._obstacles = obstacles
        self._visibility: Visibility | None = None
        self._islands: shapely.STRtree | None = None
        self._island_of: dict[Point, int] = {}
        self._joined: dict[int, int] = {}
        self._corridors = [((float(a), float(b)), (float(c), float(d))) for (a, b), (c, d) in corridors]
        self._ways: dict[tuple[Point, Point], list[Point]] = {}

    def add_corridor(self, start: Point, end: Point) -> None:
        """Add a strip that will have been driven when the next way is searched."""
        self._corridors.append((start, end))
        if self._islands is not None:
            self._unite(self._island(start), self._island(end))

    def clear(self, start: Point, ends: np.ndarray) -> np.ndarray:
        """Return (n,) bool: whether the straight leg from start to each of (n, 2) ends avoids the obstacles."""
        ends = np.asarray(ends, dtype=float).reshape(-1, 2)
        if not len(ends) or not len(self._parts):
            return np.ones(len(ends), dtype=bool)
        lines = shapely.linestrings(np.stack([np.broadcast_to(start, ends.shape), ends], axis=1))
        self._over.tell(Work.LEGS, len(ends))
        leg, part = self._tree.query(lines)  # boxes only: the exact test is faster with the prepared obstacle
        free = np.ones(len(ends), dtype=bool)
        free[leg[shapely.intersects(self._parts[part], lines[leg])]] = False
        return free

    def way(self, start: Point, goal: Point, limit_m: float = math.inf) -> list[Point] | None:
        """Return corner points from start to goal, both included; None if there is no way shorter than `limit_m`."""
        key = (start, goal)
        if key in self._ways:
            return self._ways[key]
        ends = np.array([start, goal])
        way: list[Point] | None = [start, goal]
        if not bool(self.clear(start, ends[1:])[0]):
            way = self._long_way(start, goal, ends, limit_m)
        if way is not None:
            self._ways[key] = way
        return way

    def _long_way(self, start: Point, goal: Point, ends: np.ndarray, limit_m: float) -> list[Point] | None:
        here, there = self._island(start), self._island(goal)
        if here < 0 or there < 0 or self._root(here) != self._root(there):
            return None
        way = self._on_free_ground(ends, limit_m) if here == there else None
        necks = self._necks and bool(self._corridors) and math.isinf(limit_m)
        if way is None and (here != there or necks) and not self._over():
            way = self._along_strips(ends, limit_m)
        return way

    def _on_free_ground(self, ends: np.ndarray, limit_m: float) -> list[Point] | None:
        """Return a way between two places (2, 2) on the same free ground, without the strips."""
        visibility, (start, goal) = self.visibility(), ((float(x), float(y)) for x, y in ends)
        if visibility.known_apart(start, goal):
            return None
        way = self._search(ends, limit_m)
        # overlapping outlines may hide the corner that touches
        if way is None and math.isinf(limit_m) and not self._over() and not visibility.apart(start, goal):
            way = self._search(ends, limit_m, every_connection=True)
        return way

    def _along_strips(self, ends: np.ndarray, limit_m: float) -> list[Point] | None:
        """Return a way between two places (2, 2) that may also use the strips."""
        loose = np.vstack([np.array(self._corridors).reshape(-1, 2), ends])
        if math.isinf(limit_m) and self.visibility().apart_along(loose, self._over):
            return None
        way = self._search(loose, limit_m)
        if way is None and math.isinf(limit_m) and not self._over():
            way = self._search(loose, limit_m, every_connection=True)
        return way

    def visibility(self) -> Visibility:
        """Return the way corners with the tested legs between them."""
        if self._visibility is None:
            self._visibility = Visibility(self._corners_to_steer_by(), self.clear)
        return self._visibility

    # --- which places are joined at all ------------------------------------------------------------------------------
    def _island(self, point: Point) -> int:
        """Return the index of the connected free ground around a point, -1 inside an obstacle."""
        if self._islands is None:
            taken = robust_overlay.rough_union(self._parts) if len(self._parts) else shapely.Polygon()
            free = parts_of(robust_overlay.difference(shapely.box(*self._box), taken))
            shapely.prepare(free)
            self._islands = shapely.STRtree(free)
            ends = shapely.points(np.array(self._corridors).reshape(-1, 2))
            island = np.full(len(ends), -1)
            end, part = self._islands.query(ends, predicate="intersects")
            island[end] = part
            for a, b in {(int(a), int(b)) for a, b in island.reshape(-1, 2) if a != b}:
                self._unite(a, b)
        if point not in self._island_of:
            hits = self._islands.query(shapely.Point(point), predicate="intersects")
            self._island_of[point] = int(hits[0]) if len(hits) else -1
        return self._island_of[point]

    def _root(self, island: int) -> int:
        while island in self._joined:
            island = self._joined[island]
        return island

    def _unite(self, a: int, b: int) -> None:
        if a >= 0 and b >= 0 and self._root(a) != self._root(b):
            self._joined[self._root(a)] = self._root(b)

    # --- shortest ways -----------------------------------------------------------------------------------------------
    def _corners_to_steer_by(self) -> np.ndarray:
        """Return (n, 3, 2) corners of a simplified outline around the obstacles, each with its two ring neighbours.

        Only corners that are convex towards free ground can lie on a shortest way.
        """
        if not len(self._obstacles):
            return np.empty((0, 3, 2))
        outlines = shapely.buffer(self._obstacles, NODE_OFFSET_M + SIMPLIFY_M, quad_segs=2)
        outlines = parts_of(shapely.simplify(robust_overlay.rough_union(outlines), SIMPLIFY_M, preserve_topology=True))
        corners = np.concatenate(
            [_corners(ring, inside=bool(k)) for part in outlines for k, ring in enumerate(_rings(part))]
        )
        nodes = corners[:, 0]
        inside = np.zeros(len(nodes), dtype=bool)
        inside[np.unique(self._tree.query(shapely.points(nodes), predicate="intersects")[0])] = True
        x0, y0, x1, y1 = self._box
        inside |= (nodes[:, 0] < x0) | (nodes[:, 0] > x1) | (nodes[:, 1] < y0) | (nodes[:, 1] > y1)
        return np.asarray(corners[~inside][:NODES_MAX])

    def _search(self, loose: np.ndarray, limit_m: float, *, every_connection: bool = False) -> list[Point] | None:
        """A* over corners and extra points (n, 2): ends of strips, connected in pairs, then start and goal.

        Neighbours are tested in batches, the best first; legs that cut a corner only with `every_connection`.
        """
        visibility = self.visibility()
        nodes, points = len(visibility.nodes), np.concatenate([visibility.nodes, loose])
        first, last = len(points) - 2, len(points) - 1
        toward = np.hypot(*(points - points[last]).T)
        best, came = np.full(len(points), math.inf), np.full(len(points), -1)
        best[first] = 0.0
        waiting: dict[int, np.ndarray] = {}
        done = np.zeros(len(points), dtype=bool)
        queue = [(float(toward[first]), first)]
        while queue and not self._over():
            bound_m, node = heapq.heappop(queue)
            if bound_m >= limit_m or node == last:
                return _backtrack(points, came, last) if bound_m < limit_m else None
            if done[node] and node not in waiting:
                continue
            length = best[node] + np.hypot(*(points - points[node]).T)
            through = length + toward
            if not done[node]:
                done[node] = True
                worth = ~done & (length < best - 1e-9)
                if node < nodes and not every_connection:
                    worth[:nodes] &= visibility.touching(node)
                fair = np.flatnonzero(worth)
                waiting[node] = fair[np.argsort(through[fair], kind="stable")]
            rest = waiting.pop(node)
            rest = rest[~done[rest] & (length[rest] < best[rest] - 1e-9)]
            batch, rest = rest[:BATCH], rest[BATCH:]
            seen = self._seen(points, node, batch, first)
            for index in batch[seen].tolist():
                best[index], came[index] = length[index], node
                heapq.heappush(queue, (float(through[index]), index))
            if len(rest):
                waiting[node] = rest
                heapq.heappush(queue, (float(through[rest[0]]), node))
        return None

    def _seen(self, points: np.ndarray, node: int, others: np.ndarray, first: int) -> np.ndarray:
        """Return (n,) bool: `others` (n,) that a leg or strip reaches; points (m, 2), ends of strips before `first`."""
        seen, nodes = self.visibility().clear(points, node, others), len(self.visibility().nodes)
        if nodes <= node < first:
            seen |= others == nodes + ((node - nodes) ^ 1)
        return seen


def _backtrack(points: np.ndarray, came: np.ndarray, last: int) -> list[Point]:
    way, node = [], last
    while node != -1:
        way.append((float(points[node][0]), float(points[node][1])))
        node = int(came[node])
    return way[::-1]


def _rings(polygon: shapely.Polygon) -> list[np.ndarray]:
    return [shapely.get_coordinates(ring)[:-1] for ring in (polygon.exterior, *polygon.interiors)]


def _corners(ring: np.ndarray, *, inside: bool) -> np.ndarray:
    """Return (n, 3, 2) corners convex towards the free ground, with the corners before and after them.

    `inside`: whether the free ground is inside the ring (n, 2), a hole in obstacles, and not around it.
    """
    ahead, behind = np.roll(ring, -1, axis=0) - ring, ring - np.roll(ring, 1, axis=0)
    cross = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    x, y = ring.T
    signed = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    outward = (cross * signed > 0.0) != inside
    return np.asarray(np.stack([ring, ring - behind, ring + ahead], axis=1)[outward])


def length_m(way: list[Point]) -> float:
    """Length of a polyline [m]."""
    return sum(math.dist(a, b) for a, b in pairwise(way))
