"""A better order for the visits of a whole plan: two neighbouring stretches of the tour change places.

The lanes stay what they are, so what is swept stays the same; only when they are driven changes. A swap keeps the
precedence of ground, of every visit and of every way that stays; the three new ways are sought on the ground as it is
at that place of the new tour. Swaps begin at the longest way and go on until none saves anything.
"""

from collections.abc import Callable

import numpy as np

from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.precedence import Precedence
from vehicle.planning.coverage.progress import Progress
from vehicle.planning.coverage.route import change_s
from vehicle.planning.coverage.ways import NOWHERE, Leg, Ways

GAIN_S = 2.0
"""A swap that saves less is not worth its search."""
SHORT_S = 16.0
"""A way of half a turn and a few metres: hardly another is shorter."""
NEAR = 32
TOP = 12
ROUNDS = 3

Cut = tuple[int, int, int]
"""Places i < j < k: the stretches i+1..j and j+1..k change places."""


def reorder(progress: Progress) -> None:
    """Put the visits of a finished plan into a better order; the path is built anew, its swept ground is the same."""
    if len(progress.visits) < 3 or progress.path is None or progress.out_of_time():
        return
    strips = [progress.strips([visit])[0] for visit in progress.visits]
    precedence = Precedence(progress.closed_at_first, strips, progress.visits, progress.reach)
    legs = Ways(progress, precedence, progress.start)
    first = NOWHERE if progress.start is None else legs.known_leg(progress.ways[0], 0, 1)
    tour = Tour(legs, [first, *(legs.known_leg(way, k, k + 1) for k, way in enumerate(progress.ways) if k)])
    tour.improve(progress.out_of_time)
    visits = [progress.visits[node - 1] for node in tour.order[1:]]
    path = PathBuilder(progress.machine, progress.start if progress.start is not None else visits[0].entry)
    path.segments = progress.path.segments[: progress.lead]
    for visit, leg in zip(visits, tour.legs, strict=True):
        path.go(leg.way[1:])
        path.work(visit)
    progress.path = path


class Tour:
    """Visits by place 1..n, place 0 is the start; `legs[p]` leads from place p to p + 1."""

    def __init__(self, ways: Ways, legs: list[Leg]) -> None:
        count = len(ways.visits)
        self.ways, self.legs, self.order = ways, legs, np.arange(count + 1)
        self._least_s = _least_s(ways)
        pairs = [(k + 1, opener + 1) for k, needed in enumerate(ways.precedence.of_visits) for opener in needed]
        self._visit_needs = np.array(pairs, dtype=int).reshape(-1, 2)
        self._way_needs = [np.empty((0, 2), dtype=int) for _ in range(count + 1)]
        for p, leg in enumerate(legs):
            self._way_needs[p + 1] = _pairs(p + 1, leg.needs)
        self._dull: set[int] = set()
        self._any_way = True
        self._renew()

    def improve(self, over: Callable[[], bool]) -> None:
        """Until no way gives a swap: first swaps along ways that all ground leaves open, then along any."""
        for self._any_way in (False, True):
            self._dull.clear()
            self._improve(over)

    def _improve(self, over: Callable[[], bool]) -> None:
        while True:
            for place in np.argsort(-self.time_s, kind="stable").tolist():
                node = int(self.order[place])
                if self.time_s[place] < SHORT_S or over():
                    return
                if node not in self._dull and self._improve_at(place):
                    break
                self._dull.add(node)
            else:
                return

    # --- which swaps there are ---------------------------------------------------------------------------------------
    def _renew(self) -> None:
        """Times and precedence by place."""
        order, count = self.order, len(self.order) - 1
        self.time_s = np.array([leg.time_s for leg in self.legs] + [0.0])
        self.done = [0]
        for node in order[1:].tolist():
            self.done.append(self.done[-1] | 1 << node)
        self._place = np.empty(count + 1, dtype=int)
        self._place[order] = np.arange(count + 1)
        ways, visits = self._place[np.concatenate(self._way_needs)], self._place[self._visit_needs]
        assert (ways[:, 1] < ways[:, 0]).all(), "a way before what opens its ground"
        assert (visits[:, 1] < visits[:, 0]).all(), "a visit before what opens its ground"
        both = np.concatenate([ways, visits])
        self._both, self._visits = _by_need(both), _by_need(visits)
        last = np.concatenate([ways[:, 0] - 2, visits[:, 0] - 1])
        self._spans = _by_need(np.column_stack([both, last]))

    def bar_row(self, j: int) -> np.ndarray:
        """(n + 1,) by k > j: latest place at or before j that the stretch j+1..k stands on, the way to it given up.

        Below i, the stretch may go before i+1..j.
        """
        row = np.full(len(self.order), -1)
        for pairs, only in ((self._both, slice(j + 2, None)), (self._visits, slice(j + 1, j + 2))):
            some = pairs[: np.searchsorted(pairs[:, 1], j, side="right")]
            latest = np.full(len(self.order), -1)
            latest[some[:, 0]] = some[:, 1]  # ascending: the latest is written last
            row[only] = latest[only]
        row[j + 1 :] = np.maximum.accumulate(row[j + 1 :])
        return row

    def bar_column(self, k: int) -> np.ndarray:
        """(k,) by j < k: the same for all stretches that end at k."""
        column = np.full(k, -1)
        # a need of place p by t bars every j from p to t - 1, that of the way to t every j to t - 2
        to_k = self._spans[self._spans[:, 0] <= k]
        last = np.full(len(self.order), -1)
        np.maximum.at(last, to_k[:, 1], to_k[:, 2])
        for p in np.unique(to_k[:, 1]).tolist():
            column[p : last[p] + 1] = p
        return column

    def cuts(self, x: int) -> list[tuple[float, Cut]]:
        """Lawful cuts that give up the way from place x for a shorter one from there, by what they may save at most."""
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
        """Make the first swap that gives up the way from place x and saves time."""
        for _ in range(ROUNDS):
            fresh = False
            for _, cut in self.cuts(x):
                limit_s = sum(float(self.time_s[p]) for p in cut) - GAIN_S
                joints = self._joints(cut)
                at_last_s = 0.0
                for a, b, _ in joints:
                    fresh |= self._tighten(a, b)
                    at_last_s += self.ways.at_last_s(a, b)
                    if at_last_s > limit_s:
                        break
                legs = self._legs(joints, limit_s - at_last_s) if at_last_s <= limit_s else None
                if legs is not None:
                    self._swap(cut, legs)
                    return True
            if not fresh:
                break
        return False

    def _joints(self, cut: Cut) -> list[tuple[int, int, int]]:
        """(from node, to node, visits behind) of the three new ways, in the order of driving."""
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
        """Put the true least time for the straight one; whether that is news."""
        if self.ways.is_tried(a, b):
            return False
        time_s = max(float(self._least_s[a, b]), self.ways.at_last_s(a, b))
        self._least_s[a, b] = time_s
        return True

    def _legs(self, joints: list[tuple[int, int, int]], spare_s: float) -> list[Leg] | None:
        """The new ways on the ground of their time, if they take no more than `spare_s` beyond the shortest of all."""
        legs = []
        for joint in joints:
            leg = self.ways.ready(*joint)
            if leg is None and not self._any_way:
                return None
            legs.append(leg)
        for m, (a, b, done) in enumerate(joints):
            if legs[m] is None:
                least_s = self.ways.at_last_s(a, b)
                legs[m] = leg = self.ways.leg(a, b, done, least_s + spare_s)
                if leg is None or leg.time_s > least_s + spare_s:
                    return None
                spare_s -= leg.time_s - least_s
        return [leg for leg in legs if leg is not None]

    def _swap(self, cut: Cut, legs: list[Leg]) -> None:
        i, j, k = cut
        count, order, old = len(self.order) - 1, self.order, self.legs
        self._dull -= {int(order[place]) for place in cut}
        self.order = np.concatenate([order[: i + 1], order[j + 1 : k + 1], order[i + 1 : j + 1], order[k + 1 :]])
        self.legs = [*old[:i], legs[0], *old[j + 1 : k], legs[1], *old[i + 1 : j], legs[2], *old[k + 1 :]][:count]
        for place in (i, i + k - j, k):
            if place < count:
                node = int(self.order[place + 1])
                self._way_needs[node] = _pairs(node, self.legs[place].needs)
        self._renew()


def _least_s(ways: Ways) -> np.ndarray:
    """(n + 1, n + 2) straight times from each node to each; to the end they are 0, and from a free start."""
    count = len(ways.visits)
    least_s = np.zeros((count + 1, count + 2), dtype=np.float32)
    entries = np.array([visit.entry for visit in ways.visits])
    for k, visit in enumerate(ways.visits):
        least_s[k + 1, 1:-1] = change_s(np.array([visit.exit]), entries, ways.machine)
    if ways.start is not None:
        least_s[0, 1:-1] = change_s(np.array([ways.start]), entries, ways.machine)
    return least_s


def _pairs(node: int, needs: int) -> np.ndarray:
    """(m, 2) the node beside each node that its way needs."""
    packed = np.frombuffer(needs.to_bytes(needs.bit_length() // 8 + 1, "little"), np.uint8)
    needed = np.flatnonzero(np.unpackbits(packed, bitorder="little"))
    return np.column_stack([np.full(len(needed), node), needed])


def _by_need(pairs: np.ndarray) -> np.ndarray:
    """Ascending by the second of each pair."""
    return pairs[np.argsort(pairs[:, 1], kind="stable")]
