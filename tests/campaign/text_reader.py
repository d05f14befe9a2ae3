"""What a text tells an operator to do, in the order of the text; nothing else is known to whoever reads with this.

Pure: it reads docs/FAILSAFE.md, docs/WORKING_DAY.md and the texts on the screen as data. A word that names no act is
left out; a step of a table that names none is what people do, or what is looked at.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"


class Act(StrEnum):
    """An act that a text can name. The last four are no buttons of a stop."""

    PLAN = "recovery plan"
    RELEASE_ESTOP = "RELEASE E-STOP"
    RESTS = "rotor stands"
    TAKE = "TAKE"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    RESET = "RESET"
    DISARM = "DISARM"
    START_ENGINE = "START ENGINE"
    ARM = "ARM"
    RECOVERY = "RECOVERY"
    START = "START"
    PICTURE_GOOD = "AP, picture good"
    STOP = "STOP"
    ENGINE_OFF = "engine off"
    BY_STICK = "by stick"
    BACK = "back out"


_WORDS: Final = (
    (Act.PLAN, r"recovery plan"),
    (Act.RELEASE_ESTOP, r"RELEASE E-STOP|Release it on your console"),
    (Act.RESTS, r"rotor stands|[Aa]t rest:|when it stands:"),
    (Act.START_ENGINE, r"START ENGINE|`J`"),
    (Act.PICTURE_GOOD, r"AP, picture good"),
    (Act.TAKE, r"\bTAKE\b"),
    (Act.ACKNOWLEDGE, r"\bACKNOWLEDGE\b"),
    (Act.RESET, r"\bRESET\b"),
    (Act.DISARM, r"\bDISARM\b"),
    (Act.RECOVERY, r"\bRECOVERY\b"),
    (Act.ARM, r"\bARM\b"),
    (Act.START, r"\b(?:MISSION )?START\b|start again|\bcontinue\b"),
    (Act.STOP, r"\bSTOP\b"),
    (Act.ENGINE_OFF, r"engine off, hold `Delete`|ENGINE OFF"),
    (Act.BACK, r"back out|drive back by stick|[Bb]ack (?:by stick )?over its own strip"),
    (Act.BY_STICK, r"[Bb]y stick"),
)
_ANY: Final = re.compile("|".join(f"(?P<a{number}>{words})" for number, (_, words) in enumerate(_WORDS)))
WAITS: Final = re.compile(r"wait (\d+) s\b")
TO_DRIVE_OUT: Final = "to drive out:"
IN_WAIT: Final = "in a mission WAIT first"
FIRST: Final = (Act.PLAN, Act.RELEASE_ESTOP, Act.RESTS, Act.TAKE, Act.ACKNOWLEDGE, Act.RESET, Act.ARM)
"""The order of the steps that are the same for all stops."""


def acts_in(text: str) -> tuple[Act, ...]:
    """Return the acts that a text names, each as often as it names it, in its order."""
    return tuple(_WORDS[int((found.lastgroup or "a")[1:])][0] for found in _ANY.finditer(text))


class Row(NamedTuple):
    """A reason of docs/FAILSAFE.md: what the screen says, the remarks, and the cell *to drive again*.

    `engine_off`, `by_stick`: of its section: the engine is off; by stick it goes on.
    """

    name: str
    says: str
    remarks: str
    again: str
    engine_off: bool
    by_stick: bool

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts of the way on."""
        return acts_in(self.again.partition(TO_DRIVE_OUT)[0])

    @property
    def out(self) -> tuple[Act, ...]:
        """The acts of the way out while the cause is still there; none if there is no such way."""
        return acts_in(self.again.partition(TO_DRIVE_OUT)[2])

    @property
    def waits(self) -> bool:
        """Whether a mission waits for its cause before it is stopped."""
        return IN_WAIT in self.remarks


def page(name: str) -> str:
    """A page of the documentation."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    """The cells of a table's line, without their marks of emphasis."""
    return [cell.replace("**", "").strip() for cell in line.strip().strip("|").split("|")]


def table(text: str, after: str) -> list[list[str]]:
    """The lines of the first table behind these words, without its heading. Raises ValueError if there is none."""
    found = re.search(r"^\|(?:.*\n\|)+.*$", text[text.index(after) :], re.MULTILINE)
    if found is None:
        raise ValueError(f"no table behind {after!r}")
    return [cells(line) for line in found.group().splitlines()[2:]]


def reasons() -> dict[str, Row]:
    """The stops of docs/FAILSAFE.md by the name of their reason."""
    found: dict[str, Row] = {}
    for section in re.split(r"^## ", page("FAILSAFE"), flags=re.MULTILINE)[1:]:
        for line in section.splitlines():
            row = cells(line)
            name = re.match(r"`(\w+)` \(\d+\)", row[0])
            if name is not None and len(row) == 4:
                title = section.partition("\n")[0]
                found[name[1]] = Row(
                    name[1], row[1], row[2], row[3], "engine" in title.lower(), "by stick it goes on" in title
                )
    return found


def merged(rows: tuple[Row, ...]) -> tuple[Act, ...]:
    """The steps of several reasons at once, in the order that is the same for all stops; ARM as often as the most."""
    every = [act for row in rows for act in row.acts]
    return tuple(
        act for act in FIRST for _ in range(max((row.acts.count(act) for row in rows), default=0)) if act in every
    )


def commands_of(cell: str) -> Iterator[str]:
    """The commands that a cell names, without the program's name."""
    yield from re.findall(r"`flailpilot ([^`]+)`", cell)


def acts_told(cell: str) -> tuple[str, ...]:
    """The acts of the shift that a cell says are told, by their item's names."""
    return tuple(
        name
        for words in re.findall(r"\bacts? ((?:\*[\w-]+\*(?:, | and )?)+)", cell)
        for name in re.findall(r"\*([\w-]+)\*", words)
    )
