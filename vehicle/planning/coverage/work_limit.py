"""The limit of planning, counted in work, never by a clock: a busy or slow computer makes the same plan.

Work is told where it is done, by kind and number. What one of a kind takes was measured (`python -m
benchmarks.coverage.work`); the sum is near to the processor seconds of one core of an x86 computer, and another
computer takes more or less real time for it.
"""

import math
from collections.abc import Callable
from enum import Enum, auto


class Work(Enum):
    """Kinds of work that are counted."""

    VIEWS = auto()
    """Windows in which ground is looked at."""
    CORNERS = auto()
    """Of ground that is looked at: clipped, grown for pivots, turned into the swaths' frame."""
    LINES = auto()
    """Swaths that are laid over uncovered ground."""
    STRIPS = auto()
    """Rectangles that are weighed against the ground, or taken away from it."""
    ROADMAPS = auto()
    """Maps of ways that are begun."""
    LEGS = auto()
    """Straight legs that are tested against what hinders them."""
    OPENERS = auto()
    """Shapes of which it is asked who opened the ground under them."""
    FACES = auto()
    """Edges of the small faces between lines that may part the area."""
    SWAPS = auto()
    """Places of a tour at which a better order is looked for."""


SECONDS = {
    Work.VIEWS: 2.4e-3,
    Work.CORNERS: 1.2e-5,
    Work.LINES: 2.4e-4,
    Work.STRIPS: 3.6e-4,
    Work.ROADMAPS: 3.6e-3,
    Work.LEGS: 2.4e-5,
    Work.OPENERS: 5.0e-4,
    Work.FACES: 1.5e-4,
    Work.SWAPS: 5.0e-4,
}
"""What one of each kind takes."""


class Stage(Enum):
    """What planning is at, for people who wait for it; the value is what they read."""

    GROUND = "looking at the ground"
    SWATHS = "laying swaths"
    ORDER = "improving the order"
    CLOSING = "proving the plan"


class WorkLimit:
    """Asked with `limit()`: True once the work told is `limit_s`, less what is kept for closing the plan.

    `done`: number of each kind told so far.
    """

    def __init__(self, limit_s: float = math.inf) -> None:
        self._limit_s, self._spent_s = limit_s, 0.0
        self._kept_s, self._kept_share = 0.0, 0.0
        self.done = dict.fromkeys(Work, 0)

    def tell(self, work: Work, count: int) -> None:
        """So much more of a kind is done."""
        self.done[work] += count
        self._spent_s += SECONDS[work] * count

    def at(self, stage: Stage, driven_s: Callable[[], float]) -> None:
        """Planning has come so far; `driven_s`: what driving takes by now [s]. For whoever shows it; nobody here."""

    def spent_s(self) -> float:
        """What all work that was told takes, by measure."""
        return self._spent_s

    def keep(self, kept_s: float, share: float) -> None:
        """Keep so many seconds, and this share of what has been spent by then, for closing the plan."""
        self._kept_s, self._kept_share = kept_s, share

    def has_room(self, share: float) -> bool:
        """Whether work of this size still fits; `share` is its ratio to the work that was spent until now."""
        return self._spent_s * (1.0 + share + self._kept_share) + self._kept_s <= self._limit_s

    def __call__(self) -> bool:
        """Whether planning has to end."""
        return not self.has_room(0.0)


class Deadline:
    """The limit as one attempt meets it: once it has answered yes it goes on to, and that is known of this attempt."""

    def __init__(self, limit: WorkLimit | None = None) -> None:
        self.limit = limit if limit is not None else WorkLimit()
        self.struck = False

    def __call__(self) -> bool:
        """Whether the limit is reached."""
        self.struck = self.struck or self.limit()
        return self.struck

    def tell(self, work: Work, count: int) -> None:
        """So much more of a kind is done."""
        self.limit.tell(work, count)
