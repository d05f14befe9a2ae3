"""A better order for the visits of a whole plan: two neighbouring stretches of the tour change places.

The lanes stay what they are, so what is swept stays the same; only when they are driven changes. A swap keeps the
precedence of ground, of every visit and of every way that stays; the three new ways are sought on the ground as it is
at that place of the new tour. Swaps begin at the longest way and go on until none saves anything.
"""

from collections.abc import Callable

import numpy as np

from vehicle.coverage.path import PathBuilder
from vehicle.coverage.precedence import Precedence
from vehicle.coverage.progress import Progress
from vehicle.coverage.route import change_s
from vehicle.coverage.ways import NOWHERE, Leg, Ways

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
    if len(progress.visits) < 3 or progress.path is None:
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
        self._visit_needs = np.zeros((count + 1, count + 1), dtype=bool)
        for k, needed in enumerate(ways.precedence.of_visits):
            self._visit_needs[[opener + 1 for opener in needed], k + 1] = True
        self._way_needs = np.zeros((count + 1, count + 1), dtype=bool)
        for p, leg in enumerate(legs):
            self._way_needs[:, p + 1] = _bits(leg.needs, count + 1)
        self._dull: set[int] = set()
        self._any_way = True
        self._renew()

    def improve(self, over: Callable[[], bool]) -> None:
        """Until no way gives a swap: first swaps along ways that all ground leaves open, then along any."""
        for self._any_way in (False, True):
            self._dull.clear()
            self._improve(over)

    def _improve(self, over: Callable[[], bool]) -> None:
        while not over():
            for place in np.argsort(-self.time_s, kind="stable").tolist():
                node = int(self.order[place])
                if self.time_s[place] < SHORT_S:
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
        place = np.arange(count + 1, dtype=np.int16)[:, None]
        of_visit = np.where(self._visit_needs.take(order, 0).take(order, 1), place, np.int16(-1))
        bar = np.where(self._way_needs.take(order, 0).take(order, 1), place, of_visit)
        for p in range(1, count + 1):  # [j, t]: latest place at or before j that t stands on
            np.maximum(bar[p - 1], bar[p], out=bar[p])
            np.maximum(of_visit[p - 1], of_visit[p], out=of_visit[p])
        assert (bar[-1] < place[:, 0]).all(), "a visit or way before what opens its ground"
        for j in range(count):  # the way to j + 1 is given up
            bar[j, j + 1] = of_visit[j, j + 1]
            np.maximum.accumulate(bar[j, j + 1 :], out=bar[j, j + 1 :])
        self.bar = bar
        """[j, k]: latest place at or before j that the stretch j+1..k stands on; below i it may go before i+1..j."""
        self._place = np.empty(count + 1, dtype=int)
        self._place[order] = np.arange(count + 1)
        self._least_at = self._least_s[np.ix_(order, np.append(order, count + 1))]

    def cuts(self, x: int) -> list[tuple[float, Cut]]:
        """Lawful cuts that give up the way from place x for a shorter one from there, by what they may save at most."""
        c, least, bar, count = self.time_s, self._least_at, self.bar, len(self.order) - 1
        near = np.flatnonzero(least[x, : count + 1] < c[x] - GAIN_S)
        near = near[near > 0]
        near = np.sort(near[np.argsort(least[x, near], kind="stable")[:NEAR]])
        ahead, back = near[near > x + 1] - 1, near[near < x] - 1
        every, ends = np.arange(count + 1), np.append(ahead, count) if x < count else ahead
        j, k = ahead[:, None], every[None, :]
        found = self._best((np.full_like(j, x), j, k), (k > j) & (bar[j, k] <= x))
        if x > 0:
            i, k = every[None, :x], ends[:, None]
            found += self._best((i, np.full_like(k, x), k), bar[x, k] <= i)
        i, j = back[:, None], every[None, :x]
        found += self._best((i, j, np.full_like(i, x)), (j > i) & (bar[j, x] <= i))
        return sorted(found, reverse=True)

    def _best(self, cut: tuple[np.ndarray, np.ndarray, np.ndarray], lawful: np.ndarray) -> list[tuple[float, Cut]]:
        i, j, k = cut
        c, least = self.time_s, self._least_at
        gain_s = c[i] + c[j] + c[k] - least[i, j + 1] - least[k, i + 1] - least[j, k + 1]
        gain_s = np.where(lawful, gain_s, -1.0).ravel()
        top = np.argsort(-gain_s, kind="stable")[:TOP] if len(gain_s) <= TOP else np.argpartition(-gain_s, TOP)[:TOP]
        i, j, k = (np.broadcast_to(side, lawful.shape).ravel()[top].tolist() for side in cut)
        return [row for row in zip(gain_s[top].tolist(), zip(i, j, k, strict=True), strict=True) if row[0] > GAIN_S]

    # --- which of them holds -----------------------------------------------------------------------------------------
    def _improve_at(self, x: int) -> bool:
        """Make the first swap that gives up the way from place x and saves time."""
        for _ in range(ROUNDS):
            fresh = False
            for _, cut in self.cuts(x)[:TOP]:
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
        self._least_s[a, b] = self._least_at[self._place[a], self._place[b]] = time_s
        return True

    def _legs(self, joints: list[tuple[int, int, int]], spare_s: float) -> list[Leg] | None:
        """The new ways on the ground of their time, if they take no more than `spare_s` beyond the shortest of all."""
        legs = [self.ways.ready(*joint) for joint in joints]
        for m, (a, b, done) in enumerate(joints):
            if legs[m] is None:
                if not self._any_way:
                    return None
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
                self._way_needs[:, self.order[place + 1]] = _bits(self.legs[place].needs, count + 1)
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


def _bits(number: int, count: int) -> np.ndarray:
    """(count,) bool, lowest bit first."""
    return np.unpackbits(np.frombuffer(number.to_bytes(count // 8 + 1, "little"), np.uint8), bitorder="little")[
        :count
    ].astype(bool)
