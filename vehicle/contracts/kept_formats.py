"""Format numbers of the files that are kept: one table, one refusal.

A number rises when an older program could misread the file. Readers take every older number, or name the conversion;
what a later program wrote is refused. Files of the first builds carry no number: they are format 1.
"""

from enum import Enum

from vehicle.contracts.errors import InputError


class Kept(Enum):
    """What is kept, with the format that this program writes."""

    PLAN = ("plan", 3)
    JOURNAL = ("ledger journal", 6)
    SNAPSHOT = ("ledger snapshot", 3)
    RECORDING = ("recording", 3)
    LATCHES = ("set of latches", 3)
    STAMPS = ("set of stamps", 1)
    KEYS = ("key file", 2)
    OUTBOX = ("outbox", 2)
    STARTS = ("list of starts", 2)
    CONFIGURATION = ("configuration", 1)
    RUN = ("run", 1)
    CHECKS = ("set of checks", 2)
    PLACE = ("kept place", 1)
    IMPORTED = ("imported follow-up or release", 2)

    @property
    def number(self) -> int:
        """The newest format, which is written."""
        return self.value[1]

    def refusal(self, found: object) -> str:
        """Why a file of format `found` cannot be read; "" where it can."""
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= self.number:
            return ""
        return (
            f"a {self.value[0]} of format {found!r}, this program reads up to {self.number}; use the program that "
            "wrote it, or a later one"
        )

    def other(self, found: int) -> str:
        """Why what is handed from program to program is not taken where its format is another; "" where it is not."""
        if found == self.number:
            return ""
        when, then = ("an earlier", "again") if found < self.number else ("a later", "with this one")
        return f"the {self.value[0]} was made by {when} program: plan it {then}"

    def check(self, path: object, found: object) -> None:
        """Raises InputError where a file of format `found` cannot be read; `path` names it to the user."""
        if why := self.refusal(found):
            raise InputError(f"{path}: {why}")
