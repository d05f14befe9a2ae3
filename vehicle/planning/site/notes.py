"""What the reading of a site changed or left out. Changes of the ground to be worked come first."""

from collections.abc import Iterable
from enum import IntEnum


class Rank(IntEnum):
    """LEFT_OUT: a drawn shape is not used, or is used otherwise. ASSUMED: not stated. MENDED: no ground changed."""

    LEFT_OUT = 0
    ASSUMED = 1
    MENDED = 2


class Notes(list[str]):
    """Lines in the order in which they arose. `append`: a repair; `warn`: a change of the ground to be worked."""

    def __init__(self, lines: Iterable[str] = (), ranks: dict[str, Rank] | None = None) -> None:
        super().__init__(lines)
        self._ranks: dict[str, Rank] = dict(ranks or {})

    def warn(self, line: str, rank: Rank = Rank.LEFT_OUT) -> None:
        """A line that the user has to read before the plan is used; the same line is told once."""
        if line not in self._ranks:
            self._ranks[line] = rank
            self.append(line)

    @property
    def ranks(self) -> dict[str, Rank]:
        """The rank of every line that is more than mended."""
        return dict(self._ranks)

    def ranked(self) -> tuple[str, ...]:
        """All lines, the most important first."""
        return tuple(sorted(self, key=lambda line: self._ranks.get(line, Rank.MENDED)))

    def warnings(self) -> tuple[str, ...]:
        """Those that change what is worked, the most important first."""
        return tuple(line for line in self.ranked() if line in self._ranks)
