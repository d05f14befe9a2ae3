"""Detonations that the vehicle felt or people reported, and finds: points F1, F2, ... in map, report and exports."""

import math
from typing import Final

import msgspec

from vehicle.contracts.detonation import BY_PEOPLE, SHOCK
from vehicle.contracts.ledger_types import Observed
from vehicle.reports.facts import JobFacts, RecordedAct

MARK_OF: Final = {BY_PEOPLE: "detonation", SHOCK: "detonation", "find": "find"}
"""Kind of observation -> its mark in `palette.MARKS`."""
SAME_M: Final = 3.0
"""A shock that the vehicle felt and a detonation that people told of so near it are one."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One observation: `act` is its index in `facts.acts`, `t_s` its time there, its position in ENU metres.

    `text` includes its class or its count.
    """

    number: int
    act: int
    mark: str
    t_s: float
    east_m: float
    north_m: float
    text: str

    @property
    def name(self) -> str:
        """Name in map, report and exports."""
        return f"F{self.number}"


def seen_of(facts: JobFacts) -> tuple[Seen, ...]:
    """Return the observations with a recorded position, numbered in order of time."""
    found: list[Seen] = []
    said = [row.act for row in facts.acts if isinstance(row.act, Observed) and row.act.kind == BY_PEOPLE]
    for place, row in enumerate(facts.acts):
        act = row.act
        if isinstance(act, Observed) and act.kind in MARK_OF and act.place_m is not None and not _said(act, said):
            mark = MARK_OF[act.kind]
            told = f"class {act.value:g}" if act.kind == BY_PEOPLE else f"{act.value:g} found" if mark == "find" else ""
            found.append(
                Seen(
                    number=len(found) + 1, act=place, mark=mark, t_s=row.t_s, east_m=act.place_m[0],
                    north_m=act.place_m[1], text=", ".join(filter(None, (told, act.text))),
                )
            )  # fmt: skip
    return tuple(found)


def _said(act: Observed, said: list[Observed]) -> bool:
    """Whether people told of this shock, at about its place: then it is theirs that is shown."""
    if act.kind != SHOCK or act.place_m is None:
        return False
    return any(one.place_m is not None and math.dist(one.place_m, act.place_m) <= SAME_M for one in said)


def is_reading(row: RecordedAct) -> bool:
    """A depth that a person measured at a place."""
    act = row.act
    return isinstance(act, Observed) and act.kind == "depth_check" and act.place_m is not None


def reading_names(facts: JobFacts) -> dict[int, str]:
    """Return index in `facts.acts` of each depth reading -> its name in map and report: D1, D2, ..."""
    places = [place for place, row in enumerate(facts.acts) if is_reading(row)]
    return {place: f"D{number}" for number, place in enumerate(places, start=1)}
