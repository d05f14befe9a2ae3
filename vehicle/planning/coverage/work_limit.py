"""The limit of planning, counted in work, never by a clock: a busy or slow computer makes the same plan.

Work is reported where it is done, by kind and number. The time for each kind was measured (`python -m
benchmarks.coverage.work`). The sum is close to the processor seconds of one x86 core; another computer needs more or
less real time.
"""

import math
from collections.abc import Callable
from enum import Enum, auto


class Work(Enum):
    """Kinds of work that are counted."""

    VIEWS = auto()
    """Windows in which ground is looked at."""
    CORNERS = auto()
    """Vertices of ground that is queried: clipped, buffered for pivots, rotated into the swath frame."""
    LINES = auto()
    """Swaths that are laid over uncovered ground."""
    STRIPS = auto()
    """Rectangles that are overlaid with the ground, or subtracted from it."""
    ROADMAPS = auto()
    """Roadmaps that are begun."""
    LEGS = auto()
    """Straight legs that are tested against obstacles."""
    OPENERS = auto()
    """Shapes tested for the stops that opened the ground under them."""
    FACES = auto()
    """Edges of the small faces between lines that may divide the area."""
    SWAPS = auto()
    """Places of a tour at which a better order is looked for."""


SECONDS = {
    Work.VIEWS: 1.0e-3,
    Work.CORNERS: 1.0e-5,
    Work.LINES: 7.0e-5,
    Work.STRIPS: 1.9e-4,
    Work.ROADMAPS: 2.2e-3,
    Work.LEGS: 3.4e-5,
    Work.OPENERS: 2.1e-4,
    Work.FACES: 4.0e-5,
    Work.SWAPS: 5.0e-4,
}
"""Time for one unit of each kind."""


class Stage(Enum):
    """Stage of planning, shown to people who wait; the value is the shown text."""

    GROUND = "looking at the ground"
    SWATHS = "laying swaths"
    ORDER = "improving the order"
    CLOSING = "proving the plan"


class WorkLimit:
    """`limit()` is True once the reported work reaches `limit_s` less the time reserved for closing the plan.

    `done`: number of units reported so far, for each kind.
    """

    def __init__(self, limit_s: float = math.inf) -> None:
        self._limit_s, self._spent_s = limit_s, 0.0
        self._kept_s, self._kept_share = 0.0, 0.0
        self.done = dict.fromkeys(Work, 0)

    def tell(self, work: Work, count: int) -> None:
        """Report this amount of work of a kind."""
        self.done[work] += count
        self._spent_s += SECONDS[work] * count

    def at(self, stage: Stage, driven_s: Callable[[], float]) -> None:
        """Report the stage; `driven_s`: driving time of the path so far [s].

        Does nothing here; a display overrides it.
        """

    def spent_s(self) -> float:
        """Time of all reported work, from the measured times [s]."""
        return self._spent_s

    def keep(self, kept_s: float, share: float) -> None:
        """Reserve seconds, and this share of the time spent by then, for closing the plan."""
        self._kept_s, self._kept_share = kept_s, share

    def has_room(self, share: float) -> bool:
        """Whether work of this size still fits; `share` is its ratio to the work that was spent until now."""
        return self._spent_s * (1.0 + share + self._kept_share) + self._kept_s <= self._limit_s

    def __call__(self) -> bool:
        """Whether planning has to end."""
        return not self.has_room(0.0)


class Deadline:
    """The limit for one attempt: after the first True it stays True, and the attempt is known to be cut short."""

    def __init__(self, limit: WorkLimit | None = None) -> None:
        self.limit = limit if limit is not None else WorkLimit()
        self.struck = False

    def __call__(self) -> bool:
        """Whether the limit is reached."""
        self.struck = self.struck or self.limit()
        return self.struck

    def tell(self, work: Work, count: int) -> None:
        """Report this amount of work of a kind."""
        self.limit.tell(work, count)
