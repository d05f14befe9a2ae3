"""The file by which stations learn what people told in this task: swaths that are left out, who has control.

`WorkFrame.day_count` rises with each change of it, so that nobody asks for it in vain.
"""

from typing import Final

import msgspec

from vehicle.contracts.people import PeopleState
from vehicle.contracts.skipped import SkippedSwath
from vehicle.operator_link.told_file import decoded

DAY: Final = "@DAY/day.json"
COUNT_MAX: Final = 65_535


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Its content. `skips`: in force, of this plan and of earlier ones. `people`: as the vehicle holds it."""

    skips: tuple[SkippedSwath, ...] = ()
    people: PeopleState = PeopleState()


def day_file(day: Day) -> bytes:
    """Return the file."""
    return msgspec.json.encode(day)


def day_of(data: bytes) -> Day:
    """Decode the file.

    Raises:
        ValueError: It is no such file.
    """
    return decoded(data, Day, "day")


class DayBook:
    """The file's content after each tick, and how often it changed; the first content counts as a change."""

    def __init__(self) -> None:
        self.day, self.count = Day(), 1

    def follow(self, day: Day) -> None:
        """After each tick."""
        if day != self.day:
            self.day = day
            self.count = self.count % COUNT_MAX + 1
