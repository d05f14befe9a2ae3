"""Leaves out and shortens passes of a finished tour whose ground others sweep too.

Passes are found one after the other, each for the ground that those before it left. Many of the last ones are for
crumbs between the ends of others, and many begin or end on ground that a later one sweeps. When all passes are known,
the ground that a pass alone sweeps or claims, its *own* ground, decides. A pass goes if its own ground is smaller than
any that a pass is made for, or if others that run on a little further take it in less time. Else it begins and ends
with its own ground. No stop loses ground on which it stands, turns or drives.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely

from vehicle.planning.coverage.ground import joined_box, swath_box, turned
from vehicle.planning.coverage.ground_model import UNCOVERED_MIN_M2, GroundModel
from vehicle.planning.coverage.own_ground import REACH_M, OwnGround
from vehicle.planning.coverage.phases import GAIN_MIN_M2, roadmap_for
from vehicle.planning.coverage.route import TourStop, move_s
from vehicle.planning.coverage.spare_samples import OWN_MAX_M2, SPARE_M, little_own, rims_m, shared_ends
from vehicle.planning.coverage.swath import THIN_M, Move, bearing_half_m
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import Work

SHORT_M = 16.0
"""Only passes up to this length are left out; a longer one has more ground of its own."""
SAVED_LEAST_S = 2.0
"""A smaller gain of time is not worth the change."""
STEP_M = 1e-3
"""Passes become longer or shorter by whole steps: last digits depend on the processor."""
STRIPS_PER_STOP = 30
"""Overlays for one stop: 1.8 to 2.1 s for 193 and 247 stops of a busy computer."""
TRIES = 3
"""Number of times that passes are left out anew, without those in whose place there was no connection."""
AROUND_M = 30.0
"""Room around a connection in place of a pass."""

More = tuple[float, float]
"""How far [m] a pass begins earlier and ends later; below 0: later, earlier."""


def without_spare_sweeps(ground: GroundModel, tour: Tour) -> tuple[GroundModel, Tour]:
    """Return ground and tour with fewer and shorter passes; as they are if nothing can be spared."""
    fixed: set[int] = set()
    passes = OwnGround(ground, tour)
    little = little_own(passes, _short_passes(passes, tour))
    for _ in range(TRIES):
        spared = _Spared(passes.afresh(), [k for k in little if k not in fixed])
        if spared.is_same():
            break
        after, shorter, apart = _driven(ground, tour, spared.passes.stops)
        fixed |= apart
        if not apart:
            spare_m2 = (UNCOVERED_MIN_M2 + GAIN_MIN_M2 * spared.dropped) + UNCOVERED_MIN_M2 * len(tour.stops)
            unswept_m2 = after.unswept.area_m2 - ground.unswept.area_m2
            uncredited_m2 = after.uncredited.area_m2 - ground.uncredited.area_m2
            better = shorter.driven_s() < tour.driven_s()
            return (after, shorter) if better and max(unswept_m2, uncredited_m2) <= spare_m2 else (ground, tour)
    return ground, tour


def _short_passes(passes: OwnGround, tour: Tour) -> list[int]:
    """Return the stops that may be left out, the shortest first; the first stop stays."""
    lengths_m = [abs(stop.move.b_m - stop.move.a_m) for stop in tour.stops]
    order = sorted(range(1, len(lengths_m)), key=lambda k: lengths_m[k])
    return [k for k in order if lengths_m[k] <= SHORT_M and k not in passes.corridors]


def _driven(ground: GroundModel, tour: Tour, stops: list[TourStop | None]) -> tuple[GroundModel, Tour, set[int]]:
    """Drive the stops that are left; also return those left out in whose place there is no connection."""
    after, found = ground.at_first(), tour.at_start()
    kept, apart = [k for k, stop in enumerate(stops) if stop is not None], set[int]()
    chunk: list[TourStop] = []
    for before, k in pairwise([-1, *kept]):
        stop, way = stops[k], tour.connections[k]
        assert stop is not None, "only stops that are left are driven"
        if k > before + 1:
            after.grow(chunk)
            chunk = []
            here, there = found.stops[-1].exit[:2], stop.entry[:2]
            box = joined_box((*here, *here), (*there, *there))
            rim = (box[0] - AROUND_M, box[1] - AROUND_M, box[2] + AROUND_M, box[3] + AROUND_M)
            joined = roadmap_for(after, found, rim).way((here[0], here[1]), (there[0], there[1]))
            if joined is None:
                apart.update(range(before + 1, k))
            way = way if joined is None else joined
        found.append([stop], [way])
        chunk.append(stop)
    after.grow(chunk)
    return after, found, apart


class _Spared:
    """Which stops are left out, lengthened and shortened; `little`: those that may be left out.

    `dropped`: number of stops left out although they have a little ground of their own.
    """

    def __init__(self, passes: OwnGround, little: list[int]) -> None:
        self.job, self.first, self.passes, self.dropped = passes.ground.job, passes.ground.first, passes, 0
        self._before = list(passes.stops)
        for k in little:
            self._leave_out(k)
        for k, at_end in shared_ends(self.passes, SAVED_LEAST_S):
            self._shorten(k, at_end=at_end)
        self.job.deadline.limit.tell(Work.STRIPS, STRIPS_PER_STOP * max(0, len(self._before) - 1))

    def is_same(self) -> bool:
        """Whether nothing was changed."""
        return all(a is b for a, b in zip(self._before, self.passes.stops, strict=True))

    # --- left out ----------------------------------------------------------------------------------------------------
    def _leave_out(self, k: int) -> None:
        own = self.passes.own(k)
        area_m2 = sum(part.area for _, part in own)
        if area_m2 > OWN_MAX_M2:
            return
        longer = {} if area_m2 < GAIN_MIN_M2 else self._longer(k, own)
        if longer is None or self.passes.opens_for_others(k, shapely.union_all(self.passes.swept[k])):
            return
        self.dropped += int(not longer and bool(own))
        self.passes.change(k, None)
        for j, stop in longer.items():
            self.passes.change(j, stop)

    def _longer(self, k: int, own: list[tuple[bool, shapely.Polygon]]) -> dict[int, TourStop] | None:
        """Return the lengthened stops that take the parts, or None if they take longer than the stop itself."""
        stop = self.passes.stops[k]
        assert stop is not None, "a stop that was left out before"
        spare_s, more, found = stop.time_s - SAVED_LEAST_S, dict[int, More](), dict[int, TourStop]()
        for claims, part in own:
            best: tuple[float, int, More, TourStop] | None = None
            for j, needed in self._reaching(k, part, claims=claims):
                known = more.get(j, (0.0, 0.0))
                both = (max(known[0], needed[0]), max(known[1], needed[1]))
                before, longer = found.get(j, self.passes.stops[j]), self._lengthened(j, both)
                if longer is None or before is None:
                    continue
                cost_s = longer.time_s - before.time_s
                if best is None or cost_s < best[0]:
                    best = (cost_s, j, both, longer)
            if best is None or best[0] > spare_s:
                return None
            spare_s -= best[0]
            more[best[1]], found[best[1]] = best[2], best[3]
        return found

    def _reaching(self, k: int, part: shapely.Polygon, *, claims: bool) -> list[tuple[int, More]]:
        """Return the stops that take a part when they are lengthened, and by how much."""
        near = self.passes.near(part, k)
        stops = [stop for j in near if (stop := self.passes.stops[j]) is not None]
        if not stops:
            return []
        theta, y, sign, a, b = np.array(
            [(s.theta_rad, s.y_m, s.move.sign, s.move.sign * s.move.a_m, s.move.sign * s.move.b_m) for s in stops]
        ).T
        east, north = shapely.get_coordinates(part).T
        cos, sin = np.cos(theta)[:, None], np.sin(theta)[:, None]
        along, across = sign[:, None] * (cos * east + sin * north), cos * north - sin * east - y[:, None]
        rims = np.array([rims_m(self.job, stop, claims=claims) for stop in stops])
        start = np.maximum(0.0, a + rims[:, 0] - along.min(axis=1))
        end = np.maximum(0.0, along.max(axis=1) - (b - rims[:, 1]))
        fits = (np.abs(across).max(axis=1) <= rims[:, 2]) & (np.maximum(start, end) <= REACH_M)
        more = np.ceil(np.column_stack([start, end]) / STEP_M) * STEP_M
        return [(near[i], (float(more[i, 0]), float(more[i, 1]))) for i in np.flatnonzero(fits).tolist()]

    def _lengthened(self, j: int, more: More) -> TourStop | None:
        """Return a stop with a longer pass; None if its tool would be over a keep-out, or it cannot begin earlier."""
        stop, reach = self.passes.stops[j], self.job.reach
        assert stop is not None, "only a stop of the tour is lengthened"
        move, sign = stop.move, stop.move.sign
        a_m, b_m = move.a_m - sign * more[0], move.b_m + sign * more[1]
        if more[0] > 0.0 and sign * (a_m - move.in_m) < reach.ahead_m:
            return None
        half_m = reach.tool_half_m - THIN_M
        for low_m, high_m in ((a_m - sign * reach.tool_long_m, move.a_m), (move.b_m, b_m + sign * reach.tool_long_m)):
            added = _strip(stop, low_m, high_m, half_m)
            barred = [*self.first.solid.near(added.bounds), *self.first.beyond.near(added.bounds)]
            if low_m != high_m and barred and bool(shapely.intersects(added, barred).any()):
                return None
        back = move.reverse or sign * (move.out_m - b_m) + reach.ahead_m < 0.0
        return self._with(stop, replace(move, a_m=a_m, b_m=b_m, reverse=back))

    def _with(self, stop: TourStop, move: Move) -> TourStop:
        return replace(stop, move=move, time_s=move_s(move, self.job.machine))

    # --- shortened ---------------------------------------------------------------------------------------------------
    def _shorten(self, k: int, *, at_end: bool) -> None:
        """Let a pass begin, or end, with its own ground."""
        stop = self.passes.stops[k]
        shorter = None if stop is None or stop.move.lifts else self._shorter(k, stop, at_end=at_end)
        if stop is not None and shorter is not None and shorter.time_s < stop.time_s - SAVED_LEAST_S:
            self.passes.change(k, shorter)

    def _shorter(self, k: int, stop: TourStop, *, at_end: bool) -> TourStop | None:
        """Return a stop without what is not its own at one end of its pass; None if others need that."""
        move, sign, reach = stop.move, stop.move.sign, self.job.reach
        most_m = min(REACH_M, abs(move.b_m - move.a_m) - 2.0 * SPARE_M)
        at_m = move.b_m if at_end else move.a_m
        inward = -sign if at_end else sign
        look_m = most_m + rims_m(self.job, stop, claims=True)[0] + 2.0 * SPARE_M
        own = self.passes.own(k, _strip(stop, at_m, at_m + inward * look_m, reach.tool_half_m))
        less_m = most_m
        for claims, part in own:
            x = shapely.get_coordinates(turned(part, -stop.theta_rad))[:, 0]
            rim_m = rims_m(self.job, stop, claims=claims)[int(at_end)]
            less_m = min(less_m, float((inward * (x - at_m)).min()) - rim_m - SPARE_M)
        if at_end and move.reverse:  # it must still drive back to where it may turn
            less_m = min(less_m, sign * (move.b_m - move.out_m) - reach.ahead_m)
        less_m = math.floor(less_m / STEP_M) * STEP_M
        if less_m <= SPARE_M:
            return None
        edge_m = at_m + inward * less_m
        shorter = self._with(stop, replace(move, b_m=edge_m) if at_end else replace(move, a_m=edge_m))
        if self.passes.opens_for_others(k, _strip(stop, at_m, edge_m, reach.tool_half_m), shorter):
            return None
        return shorter if (at_end and move.reverse) or self._may_pass(k, stop, at_m, edge_m) else None

    def _may_pass(self, k: int, stop: TourStop, from_m: float, to_m: float) -> bool:
        """Whether the machine may drive with its tool raised over what stop k no longer sweeps; then it needs it."""
        reach, sign = self.job.reach, stop.move.sign
        raised_m = sign * (reach.tool_long_m if reach.raised_over_base else 0.0)
        ends_m = sorted((from_m - raised_m, from_m + raised_m, to_m - raised_m, to_m + raised_m))
        passed = _strip(stop, ends_m[0], ends_m[-1], bearing_half_m(reach))
        if not self.passes.is_open_before(k, passed):
            return False
        self.passes.need(k, passed)
        return True


def _strip(stop: TourStop, from_m: float, to_m: float, half_m: float) -> shapely.Polygon:
    """Return the ground that a stop's tool is over between two places of its axis."""
    return swath_box(stop.theta_rad, min(from_m, to_m), stop.y_m - half_m, max(from_m, to_m), stop.y_m + half_m)
