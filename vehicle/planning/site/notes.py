"""Reports of what was changed or left out when a site was read; changes of the work area come first."""

from collections.abc import Iterable
from enum import IntEnum


class Rank(IntEnum):
    """LEFT_OUT: a shape is unused, or used differently. ASSUMED: not stated. MENDED: repaired, no ground changed."""

    LEFT_OUT = 0
    ASSUMED = 1
    MENDED = 2


class Notes(list[str]):
    """Lines in order of occurrence. `append`: a repair; `warn`: a change of the ground to be worked."""

    def __init__(self, lines: Iterable[str] = (), ranks: dict[str, Rank] | None = None) -> None:
        super().__init__(lines)
        self._ranks: dict[str, Rank] = dict(ranks or {})

    def warn(self, line: str, rank: Rank = Rank.LEFT_OUT) -> None:
        """Add a line that the user must read before the plan is used; equal lines are kept once."""
        if line not in self._ranks:
            self._ranks[line] = rank
            self.append(line)

    @property
    def ranks(self) -> dict[str, Rank]:
        """Return the rank of every line above MENDED."""
        return dict(self._ranks)

    def ranked(self) -> tuple[str, ...]:
        """Return all lines, the most important first."""
        return tuple(sorted(self, key=lambda line: self._ranks.get(line, Rank.MENDED)))

    def warnings(self) -> tuple[str, ...]:
        """Return the lines that change the work, the most important first."""
        return tuple(line for line in self.ranked() if line in self._ranks)
