"""Improves the order of a plan's stops: two neighbouring stretches of the tour change places.

The swaths stay as they are, so the swept ground stays the same; only the time at which each one is driven changes. A
swap keeps the precedence of every stop and of every remaining connection. The three new connections are searched on the
ground as it is at that place of the new tour. Swaps begin at the longest connection and continue until none saves time.
"""

import numpy as np

from vehicle.planning.coverage.connections import NOWHERE, Connection, Connections
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.order_tables import by_need, least_times_s, pairs_of
from vehicle.planning.coverage.precedence import Precedence
from vehicle.planning.coverage.strips import strips_of
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import Work, WorkLimit

GAIN_S = 2.0
"""A swap that saves less is not worth the search."""
SHORT_S = 16.0
"""Time of a half turn and a few metres: hardly any connection is shorter."""
NEAR = 32
TOP = 12
ROUNDS = 3

Cut = tuple[int, int, int]
"""Places i < j < k: the stretches i+1..j and j+1..k change places."""


def in_better_order(ground: GroundModel, tour: Tour) -> Tour:
    """Return a finished tour with its stops in a better order; the swept ground stays the same."""
    if len(tour.stops) < 3 or ground.job.deadline.limit():
        return tour
    strips = [strips_of(ground.job, [stop])[0] for stop in tour.stops]
    limit = ground.job.deadline.limit
    precedence = Precedence(ground.first.closed, strips, tour.stops, ground.job.reach, limit)
    connections = Connections(ground, tour, precedence)
    first = NOWHERE if tour.start is None else connections.known_connection(tour.connections[0], 0, 1)
    ways = enumerate(tour.connections[1:], 1)
    order = StopOrder(connections, [first, *(connections.known_connection(way, k, k + 1) for k, way in ways)])
    order.improve(limit)
    stops = [tour.stops[node - 1] for node in order.order[1:]]
    return tour.in_order(stops, [join.way for join in order.joins])


class StopOrder:
    """Stops by place 1..n; place 0 is the start. `joins[p]` connects place p to p + 1."""

    def __init__(self, connections: Connections, joins: list[Connection]) -> None:
        count = len(connections.stops)
        self.connections, self.joins, self.order = connections, joins, np.arange(count + 1)
        self._least_s = least_times_s(connections)
        pairs = [(k + 1, opener + 1) for k, needed in enumerate(connections.precedence.of_stops) for opener in needed]
        self._stop_needs = np.array(pairs, dtype=int).reshape(-1, 2)
        self._way_needs = [np.empty((0, 2), dtype=int) for _ in range(count + 1)]
        for p, join in enumerate(joins):
            self._way_needs[p + 1] = pairs_of(p + 1, join.needs)
        self._dull: set[int] = set()
        self._any_way = True
        self._renew()

    def improve(self, limit: WorkLimit) -> None:
        """Swap until nothing improves: first with connections that need no opened ground, then with any."""
        for self._any_way in (False, True):
            self._dull.clear()
            self._improve(limit)

    def _improve(self, limit: WorkLimit) -> None:
        while True:
            for place in np.argsort(-self.time_s, kind="stable").tolist():
                node = int(self.order[place])
                if self.time_s[place] < SHORT_S or limit():
                    return
                if node in self._dull:
                    continue
                limit.tell(Work.SWAPS, 1)
                if self._improve_at(place):
                    break
                self._dull.add(node)
            else:
                return

    # --- which swaps there are ---------------------------------------------------------------------------------------
    def _renew(self) -> None:
        """Compute times and precedence by place again."""
        order, count = self.order, len(self.order) - 1
        self.time_s = np.array([join.time_s for join in self.joins] + [0.0])
        self.done = [0]
        for node in order[1:].tolist():
            self.done.append(self.done[-1] | 1 << node)
        self._place = np.empty(count + 1, dtype=int)
        self._place[order] = np.arange(count + 1)
        way_needs, stop_needs = self._place[np.concatenate(self._way_needs)], self._place[self._stop_needs]
        assert (way_needs[:, 1] < way_needs[:, 0]).all(), "a way before what opens its ground"
        assert (stop_needs[:, 1] < stop_needs[:, 0]).all(), "a stop before what opens its ground"
        both = np.concatenate([way_needs, stop_needs])
        self._both, self._stops = by_need(both), by_need(stop_needs)
        last = np.concatenate([way_needs[:, 0] - 2, stop_needs[:, 0] - 1])
        self._reaches = by_need(np.column_stack([both, last]))

    def bar_row(self, j: int) -> np.ndarray:
        """Return (n + 1,) by k > j: the latest place up to j that the stretch j+1..k needs, its old connection removed.

        If it is at most i, the stretch may go before i+1..j.
        """
        row = np.full(len(self.order), -1)
        for pairs, only in ((self._both, slice(j + 2, None)), (self._stops, slice(j + 1, j + 2))):
            some = pairs[: np.searchsorted(pairs[:, 1], j, side="right")]
            latest = np.full(len(self.order), -1)
            latest[some[:, 0]] = some[:, 1]  # ascending, so that the latest is written last
            row[only] = latest[only]
        row[j + 1 :] = np.maximum.accumulate(row[j + 1 :])
        return row

    def bar_column(self, k: int) -> np.ndarray:
        """Return (k,) by j < k: the latest place up to j that the stretch j+1..k needs; `k` is fixed."""
        column = np.full(k, -1)
        # a need of place p by t bars every j from p to t - 1, that of the way to t every j to t - 2
        to_k = self._reaches[self._reaches[:, 0] <= k]
        last = np.full(len(self.order), -1)
        np.maximum.at(last, to_k[:, 1], to_k[:, 2])
        for p in np.unique(to_k[:, 1]).tolist():
            column[p : last[p] + 1] = p
        return column

    def cuts(self, x: int) -> list[tuple[float, Cut]]:
        """Return allowed cuts that shorten the connection from place x, with the largest possible saving [s]."""
        c, count = self.time_s, len(self.order) - 1
        least_s = self._least_s[self.order[x], self.order]
        near = np.flatnonzero(least_s < c[x] - GAIN_S)
        near = near[near > 0]
        near = np.sort(near[np.argsort(least_s[near], kind="stable")[:NEAR]])
        ahead, back = near[near > x + 1] - 1, near[near < x] - 1
        every, ends = np.arange(count + 1), np.append(ahead, count) if x < count else ahead
        found: list[tuple[float, Cut]] = []
        if len(ahead):
            j, k = ahead[:, None], every[None, :]
            bars = np.array([self.bar_row(int(place)) for place in ahead])
            found += self._best((np.full_like(j, x), j, k), (k > j) & (bars <= x))
        if x > 0 and len(ends):
            i, k = every[None, :x], ends[:, None]
            found += self._best((i, np.full_like(k, x), k), self.bar_row(x)[k] <= i)
        if len(back):
            i, j = back[:, None], every[None, :x]
            found += self._best((i, j, np.full_like(i, x)), (j > i) & (self.bar_column(x)[None, :] <= i))
        return sorted(found, reverse=True)[:TOP]

    def _best(self, cut: tuple[np.ndarray, np.ndarray, np.ndarray], lawful: np.ndarray) -> list[tuple[float, Cut]]:
        i, j, k = cut
        c, least, to = self.time_s, self._least_s, np.append(self.order, len(self.order))
        gain_s = c[i] + c[j] + c[k] - least[to[i], to[j + 1]] - least[to[k], to[i + 1]] - least[to[j], to[k + 1]]
        worth = np.flatnonzero(lawful & (gain_s > GAIN_S))
        gains_s = gain_s.ravel()[worth]
        top = np.argsort(-gains_s, kind="stable")[:TOP]
        sides = (np.broadcast_to(side, lawful.shape).ravel()[worth[top]].tolist() for side in cut)
        return list(zip(gains_s[top].tolist(), zip(*sides, strict=True), strict=True))

    # --- which of them holds -----------------------------------------------------------------------------------------
    def _improve_at(self, x: int) -> bool:
        """Make the first swap that replaces the connection from place x and saves time."""
        for _ in range(ROUNDS):
            fresh = False
            for _, cut in self.cuts(x):
                limit_s = sum(float(self.time_s[p]) for p in cut) - GAIN_S
                joints = self._joints(cut)
                at_last_s = 0.0
                for a, b, _ in joints:
                    fresh |= self._tighten(a, b)
                    at_last_s += self.connections.at_last_s(a, b)
                    if at_last_s > limit_s:
                        break
                joins = self._joins(joints, limit_s - at_last_s) if at_last_s <= limit_s else None
                if joins is not None:
                    self._swap(cut, joins)
                    return True
            if not fresh:
                break
        return False

    def _joints(self, cut: Cut) -> list[tuple[int, int, int]]:
        """Return (from node, to node, stops done) of the three new connections, in driving order."""
        i, j, k = cut
        order, done = self.order, self.done
        after = int(order[k + 1]) if k + 1 < len(order) else len(order)
        moved = done[i] | (done[k] & ~done[j])
        return [
            (int(order[i]), int(order[j + 1]), done[i]),
            (int(order[k]), int(order[i + 1]), moved),
            (int(order[j]), after, done[k]),
        ]

    def _tighten(self, a: int, b: int) -> bool:
        """Replace a straight-line time by the true least time; return whether the table changed."""
        if self.connections.is_tried(a, b):
            return False
        time_s = max(float(self._least_s[a, b]), self.connections.at_last_s(a, b))
        self._least_s[a, b] = time_s
        return True

    def _joins(self, joints: list[tuple[int, int, int]], spare_s: float) -> list[Connection] | None:
        """Return the new connections on the ground of that time, if they exceed the shortest by `spare_s` at most."""
        joins = []
        for joint in joints:
            join = self.connections.ready(*joint)
            if join is None and not self._any_way:
                return None
            joins.append(join)
        for m, (a, b, done) in enumerate(joints):
            if joins[m] is None:
                least_s = self.connections.at_last_s(a, b)
                joins[m] = join = self.connections.connection(a, b, done, least_s + spare_s)
                if join is None or join.time_s > least_s + spare_s:
                    return None
                spare_s -= join.time_s - least_s
        return [join for join in joins if join is not None]

    def _swap(self, cut: Cut, joins: list[Connection]) -> None:
        i, j, k = cut
        count, order, old = len(self.order) - 1, self.order, self.joins
        self._dull -= {int(order[place]) for place in cut}
        self.order = np.concatenate([order[: i + 1], order[j + 1 : k + 1], order[i + 1 : j + 1], order[k + 1 :]])
        self.joins = [*old[:i], joins[0], *old[j + 1 : k], joins[1], *old[i + 1 : j], joins[2], *old[k + 1 :]][:count]
        for place in (i, i + k - j, k):
            if place < count:
                node = int(self.order[place + 1])
                self._way_needs[node] = pairs_of(node, self.joins[place].needs)
        self._renew()
