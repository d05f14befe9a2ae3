"""Which corners see each other: each line is tested once, however many connections are searched."""

from collections.abc import Callable

import numpy as np

Point = tuple[float, float]
ROUNDING = 1e-6
UNKNOWN, BLOCKED, CLEAR = 0, 1, 2


class Visibility:
    """Corners (n, 3, 2) [m], each with its two neighbours on the ring, and the known lines from points to corners.

    `test`: a start and ends (n, 2) [m] give (n,) bool: the straight line stays out of the obstacles.
    """

    def __init__(self, corners: np.ndarray, test: Callable[[Point, np.ndarray], np.ndarray]) -> None:
        self.nodes = np.ascontiguousarray(corners[:, 0])
        self._corners, self._test = corners, test
        self._to_node: dict[Point, np.ndarray] = {}
        self._touching: dict[int, np.ndarray] = {}
        self._keys: list[Point] = [(float(x), float(y)) for x, y in self.nodes]
        self._group = np.arange(len(self.nodes))
        self._looked = np.zeros(len(self.nodes), dtype=bool)
        self._asked = False

    def clear(self, points: np.ndarray, index: int, others: np.ndarray) -> np.ndarray:
        """Return (n,) bool: legs from points[index] to points[others]; corners come first in (m, 2) points."""
        count = len(self.nodes)
        here = (float(points[index, 0]), float(points[index, 1]))
        free = np.zeros(len(others), dtype=bool)
        corner = others < count
        free[corner] = self._from(here, others[corner])
        loose = np.flatnonzero(~corner)
        if index < count:
            free[loose] = self._to(index, points[others[loose]])
        elif len(loose):
            free[loose] = self._test(here, points[others[loose]])
        return free

    def _from(self, start: Point, nodes: np.ndarray) -> np.ndarray:
        """Return (n,) bool: legs from a point to corners given by index."""
        row = self._row(start)
        unknown = nodes[row[nodes] == UNKNOWN]
        if len(unknown):
            row[unknown] = np.where(self._test(start, self.nodes[unknown]), CLEAR, BLOCKED)
        return np.asarray(row[nodes] == CLEAR)

    def _to(self, node: int, ends: np.ndarray) -> np.ndarray:
        """Return (n,) bool: legs from a corner to points (n, 2)."""
        rows = [self._row((x, y)) for x, y in ends.tolist()]
        unknown = [k for k, row in enumerate(rows) if row[node] == UNKNOWN]
        if unknown:
            for k, free in zip(unknown, self._test(self._keys[node], ends[unknown]).tolist(), strict=True):
                rows[k][node] = CLEAR if free else BLOCKED
        return np.array([row[node] == CLEAR for row in rows], dtype=bool)

    def _row(self, point: Point) -> np.ndarray:
        """Return what is known of the legs from a point to each corner."""
        row = self._to_node.get(point)
        if row is None:
            row = self._to_node[point] = np.zeros(len(self.nodes), dtype=np.int8)
        return row

    def touching(self, node: int) -> np.ndarray:
        """Return (n,) bool: whether the leg between two corners has both ring neighbours on one side, at each end."""
        fair = self._touching.get(node)
        if fair is None:
            leg = self.nodes - self.nodes[node]
            here, there = self._corners[node, 1:] - self.nodes[node], self._corners[:, 1:] - self._corners[:, :1]
            fair = self._touching[node] = _one_side(leg, here[None, :]) & _one_side(leg, there)
        return fair

    # --- what cannot be reached whatever the legs --------------------------------------------------------------------
    def known_apart(self, start: Point, goal: Point) -> bool:
        """Return the known result of `apart`, with any ends; False if it was not asked before."""
        return self._asked and self.apart(start, goal)

    def apart(self, start: Point, goal: Point) -> bool:
        """Whether no corner that start sees is connected to one that goal sees, through any corners.

        The side that seems smaller grows corner by corner, until the two meet or it is complete.
        """
        self._asked = True
        sides = [np.flatnonzero(self._from(end, np.arange(len(self.nodes)))) for end in (start, goal)]
        while True:
            inside = [np.isin(self._group, self._group[seen]) for seen in sides]
            if (inside[0] & inside[1]).any():
                return False
            smaller = inside[int(inside[1].sum() < inside[0].sum())]
            left = np.flatnonzero(smaller & ~self._looked)
            if not len(left):
                return True
            self._look_round(int(left[0]))

    def apart_along(self, loose: np.ndarray, over: Callable[[], bool]) -> bool:
        """Whether no legs and strips join the last two of `loose` points (n, 2); before them ends of strips, in pairs.

        What is reached from each of the two grows point by point, the smaller side first: a place that nothing leads to
        is known after a few looks. True as well where `over` ends the looking.
        """
        points, count = np.concatenate([self.nodes, loose]), len(self.nodes)
        ends = len(points) - 2
        inside, looked = np.zeros((2, len(points)), dtype=bool), np.zeros((2, len(points)), dtype=bool)
        inside[0, ends] = inside[1, ends + 1] = True
        while not (inside[0] & inside[1]).any():
            side = int(inside[1].sum() < inside[0].sum())
            left = np.flatnonzero(inside[side] & ~looked[side])
            if not len(left) or over():
                return True
            index = int(left[0])
            looked[side, index] = True
            others = np.flatnonzero(~inside[side])
            inside[side, others[self.clear(points, index, others)]] = True
            if count <= index < ends:
                inside[side, count + ((index - count) ^ 1)] = True
        return False

    def _look_round(self, node: int) -> None:
        """Join the groups of all corners that a corner sees."""
        others = np.flatnonzero(self._group != self._group[node])
        found = others[self._from(self._keys[node], others)]
        self._group[np.isin(self._group, self._group[found])] = self._group[node]
        self._looked[node] = True


def _one_side(legs: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    across = legs[:, None, 0] * neighbours[..., 1] - legs[:, None, 1] * neighbours[..., 0]
    return np.asarray(across[:, 0] * across[:, 1] >= -ROUNDING)
