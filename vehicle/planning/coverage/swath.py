"""One swath: where each of its pieces may begin and end, and how the machine enters and leaves.

A *gap* is a stretch of the swath whose ground bears the tracks (and a raised tool). A pivot point is a place in a gap
where the machine may turn on the spot. The machine enters a piece from a gap, with its body behind the tool on ground
that bears it. It leaves through the next gap, or backwards over its own strip.
"""

from dataclasses import dataclass
from itertools import pairwise

from vehicle.planning.coverage.settings import Reach

Interval = tuple[float, float]
Gap = tuple[Interval, list[Interval]]
"""A stretch that bears the machine, with the intervals of pivot points in it."""
THIN_M = 1e-6
"""Cross-sections thinner than this are rounding."""
STUB_M = 1.0
"""Uncovered ground this near before or after a pass is included: a separate pass would take half a minute."""
MERGE_M = 3.0
"""Shorter gaps in the ground to be processed are driven with the tool down: lifting costs more."""


def bearing_half_m(reach: Reach) -> float:
    """Half the width [m] of the ground under the tracks and the raised tool in a straight move."""
    return max(reach.track_half_m, reach.tool_half_m - THIN_M) if reach.raised_over_base else reach.track_half_m


@dataclass(frozen=True)
class Move:
    """One way to work a piece, in the swath frame: tool axis from `a_m` to `b_m`, body origin between pivot points.

    Within a lift the tool is up: that ground bears the machine and needs no tool.
    """

    a_m: float
    b_m: float
    in_m: float
    out_m: float
    reverse: bool
    lifts: tuple[Interval, ...] = ()

    @property
    def sign(self) -> float:
        """Direction of driving, without a unit: +1 along x, -1 against it."""
        return 1.0 if self.b_m > self.a_m else -1.0

    @property
    def stretches(self) -> list[Interval]:
        """Return the stretches of the tool axis with the tool down, in driving order."""
        edges = [self.a_m, *[edge for lift in self.lifts for edge in lift], self.b_m]
        return list(zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True)
class Piece:
    """A stretch of one swath with the ways to work it; without a move it cannot be reached in this direction now."""

    y_m: float
    uncovered: Interval
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Swath:
    """A stretch of one swath without keep-outs; work to the left is computed as the mirror image of the right."""

    reach: Reach
    start_m: float
    end_m: float
    run: Interval
    gaps: list[Interval]
    usable: list[Gap]
    beside: list[Interval]
    """All uncovered stretches along the swath, including those that these passes do not work."""
    beyond_m: float = 0.0
    """A pass that ends on closed ground runs on this far, to make room for a turn there."""

    @classmethod
    def of(
        cls,
        reach: Reach,
        start_m: float,
        end_m: float,
        run: Interval,
        gaps: list[Interval],
        turns: list[Interval],
        beside: list[Interval],
        beyond_m: float = 0.0,
    ) -> "Swath":
        """Return the swath between two keep-outs (`run`, for the tool's axis) with its gaps and pivot points."""
        usable: list[Gap] = []
        for low, high in gaps:
            low_m, high_m = max(low, run[0] - reach.ahead_m), min(high, run[1] + reach.ahead_m)
            points = [(max(a, low_m), min(b, high_m)) for a, b in turns if b >= low_m and a <= high_m]
            if points:
                usable.append(((low, high), points))
        return cls(reach, start_m, end_m, run, gaps, usable, beside, beyond_m)

    @property
    def run_in_m(self) -> float:
        """Way [m] after lowering until depth and speed are proven: closed ground counts as swept only from there."""
        return self.start_m - self.end_m

    def mirrored(self) -> "Swath":
        """The same swath seen from the other side."""
        gaps = [_flip(gap) for gap in self.gaps[::-1]]
        usable = [(_flip(gap), [_flip(point) for point in points[::-1]]) for gap, points in self.usable[::-1]]
        beside = [_flip(span) for span in self.beside[::-1]]
        return Swath(self.reach, self.start_m, self.end_m, _flip(self.run), gaps, usable, beside, self.beyond_m)

    def pieces(self, y_m: float, uncovered: list[Interval]) -> list[Piece]:
        """Return one piece between each two usable gaps; a stretch that cannot be entered joins its neighbour."""
        low_m, high_m = self.run
        wanted = [(max(low, low_m), min(high, high_m)) for low, high in uncovered if high > low_m and low < high_m]
        groups: list[list[Interval]] = []
        for span in wanted:
            if groups and not self._parted(groups[-1][-1][1], span[0]):
                groups[-1].append(span)
            else:
                groups.append([span])
        found: list[tuple[list[Interval], tuple[Move, ...]]] = []
        for group in groups:
            moves = self._moves(group)
            if found and not (moves and found[-1][1]):
                joined = found[-1][0] + group
                moves_joined = self._moves(joined)
                if moves_joined:
                    found[-1] = (joined, moves_joined)
                    continue
            found.append((group, moves))
        return [Piece(y_m=y_m, uncovered=(group[0][0], group[-1][1]), moves=moves) for group, moves in found]

    def _parted(self, end: float, start: float) -> bool:
        """Whether two uncovered stretches are separate pieces: a usable and long enough gap is between them."""
        return start - end > MERGE_M and any(low < start and high > end for (low, high), _ in self.usable)

    def _moves(self, group: list[Interval]) -> tuple[Move, ...]:
        right = self._toward(group)
        left = self.mirrored()._toward([_flip(span) for span in group[::-1]])  # noqa: SLF001  same class
        back = [Move(-m.a_m, -m.b_m, -m.in_m, -m.out_m, m.reverse, tuple((-a, -b) for a, b in m.lifts)) for m in left]
        return tuple(right + back)

    def _toward(self, group: list[Interval]) -> list[Move]:
        """Return moves towards +x: through to the next gap, or to a dead end and back in reverse."""
        reach, run, span = self.reach, self.run, (group[0][0], group[-1][1])
        raised_m = reach.tool_long_m if reach.raised_over_base else 0.0
        behind = [(gap, points) for gap, points in self.usable if gap[0] < span[0]]
        lifts = self._lifts(group, raised_m)
        for (_, high), points in behind[::-1]:
            for a in self._starts(min(span[0] - self.start_m, high - raised_m - self.run_in_m)):
                inward = [min(b, a - reach.ahead_m) for low, b in points if low <= a - reach.ahead_m]
                if a > high - raised_m + THIN_M or not inward or max(inward) + reach.ahead_m < run[0]:
                    continue
                dead_b = min(max(self._ends(span[1] + self.end_m)[0], span[1] + self.beyond_m), run[1])
                ways_out = [turn for _, points in self.usable for turn in points if turn[0] <= dead_b - reach.ahead_m]
                out = max(min(b, dead_b - reach.ahead_m) for _, b in ways_out)
                moves = [Move(a, dead_b, max(inward), out, True, lifts)] if dead_b > a else []
                return moves + self._through(a, max(inward), span, lifts)
        return []

    def _starts(self, a_m: float) -> tuple[float, ...]:
        """Return where the tool may be lowered: at the piece, or earlier to include uncovered ground before it."""
        plain_m = max(a_m, self.run[0])
        for low, high in self.beside:
            if a_m - STUB_M < low - self.start_m < a_m and a_m + self.start_m < high + THIN_M:
                return (max(low - self.start_m, self.run[0]), plain_m)
        return (plain_m,)

    def _ends(self, b_m: float) -> tuple[float, ...]:
        """Return where a pass may end: at the piece's end, or a little later to include uncovered ground after it."""
        for low, high in self.beside:
            if b_m < high + self.end_m < b_m + STUB_M and low - THIN_M < b_m - self.end_m:
                return (high + self.end_m, b_m)
        return (b_m,)

    def _through(self, a: float, in_m: float, span: Interval, lifts: tuple[Interval, ...]) -> list[Move]:
        ahead_m = self.reach.ahead_m
        for (low, high), points in self.usable:
            for b in self._ends(max(span[1] + self.end_m, low)):
                if high <= span[1] or b > self.run[1] or b <= a:
                    continue
                outward = [max(low_p, b - ahead_m) for low_p, high_p in points if high_p >= b - ahead_m]
                if outward and min(outward) + ahead_m <= self.run[1] + THIN_M:
                    return [Move(a, b, in_m, min(outward), False, lifts)]
        return []

    def _lifts(self, group: list[Interval], raised_m: float) -> tuple[Interval, ...]:
        """Return where the tool is raised between the uncovered stretches of a group, over bearing ground."""
        lifts = []
        for (_, end), (start, _) in pairwise(group):
            for low, high in self.gaps:
                up, down = max(end + self.end_m, low), min(start - self.start_m, high - raised_m - self.run_in_m)
                if down - up > MERGE_M and low < start and high > end:
                    lifts.append((up, down))
                    break
        return tuple(lifts)


def _flip(span: Interval) -> Interval:
    return (-span[1], -span[0])
