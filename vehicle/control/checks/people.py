"""Sign-in and hand-over, as people tell them: what is recorded, and what is refused. Nothing in here moves anything.

A hand-over may be while the machine is measured to stand in a mode that drives nothing and that no single act leaves
towards motion: disarmed, or stopped and waiting for its reset.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.contracts import people
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Mode
from vehicle.contracts.people import HandOver, Moment, PeopleState, Person

RESTS: Final = (Mode.DISARMED, Mode.HOLD, Mode.ESTOP, Mode.FAULT)
NOT_AT_REST: Final = "only disarmed or stopped, and standing"


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What these acts are judged by: mode and holder after the last tick, standstill in this one.

    `items`: makes the list of what is open now. `stands_t_ns`: since when the machine stands, None while it moves; by
    this a mark is judged on which it was measured.
    """

    mode: Mode = Mode.BOOT
    holder: int = 0
    stands: bool = False
    items: Callable[[], tuple[str, ...]] = tuple
    stands_t_ns: int | None = 0

    @property
    def rests(self) -> bool:
        """Whether a hand-over may be."""
        return self.stands and self.mode in RESTS


Told = tuple[PeopleState, tuple[Observed, ...], str]
"""The state after an act, lines for the record beside that of the act, and why it was refused ("" = recorded)."""


def sign_in(state: PeopleState, observation: Observation, around: Around, at: Moment) -> Told:
    """Name and role of whoever is at a console; at the one that has control another name only while it rests."""
    person = _person(observation, observation.text, at)
    if fault := _fault(person):
        return state, (), fault
    driving = state.driving if around.holder == observation.station_id else None
    if driving is not None and driving.name != person.name and not around.rests:
        return state, (), NOT_AT_REST
    return people.signed_in(state, person), (), ""


def offer(state: PeopleState, observation: Observation, around: Around, at: Moment) -> Told:
    """Who has control offers it, with what is open now; an offer made anew has a new list."""
    giver = state.driving
    if around.holder != observation.station_id:
        return state, (), "TAKE first: who has control hands over"
    if giver is None or giver.name != _who(observation):
        return state, (), "sign in first: who hands over, by name"
    if not around.rests:
        return state, (), NOT_AT_REST
    items = around.items()
    mark = people.mark_of(items, at.t_ns)
    hand_over = HandOver(giver=giver, items=items, mark=mark, offered_ns=at.t_ns)
    rows = tuple(people.row(people.ITEM, "vehicle", f"{mark} {text}", 0, at) for text in items)
    return replace(state, hand_over=hand_over), rows, ""


def read(state: PeopleState, observation: Observation, around: Around, at: Moment) -> Told:
    """Another person has read the list and signs."""
    mark, role = people.said_of(observation.text)
    taker = _person(observation, role, at)
    hand_over = state.hand_over
    if fault := _fault(taker):
        return state, (), fault
    if fault := _stale(hand_over, mark, around):
        return state, (), fault
    assert hand_over is not None, "a stale one was refused"
    if taker.name == hand_over.giver.name:
        return state, (), "who takes over is another person"
    if hand_over.signed:
        return state, (), "both have signed: TAKE, or offer it again"
    return replace(state, hand_over=replace(hand_over, taker=taker)), (), ""


def sign(state: PeopleState, observation: Observation, around: Around, _at: Moment) -> Told:
    """Who hands over agrees to who has read the list; control itself changes by RELEASE and TAKE."""
    hand_over = state.hand_over
    if fault := _stale(hand_over, people.said_of(observation.text)[0], around):
        return state, (), fault
    assert hand_over is not None, "a stale one was refused"
    giver = hand_over.giver
    if (observation.station_id, _who(observation)) != (giver.station_id, giver.name):
        return state, (), f"{giver.name} signs at their own console"[:50]
    if hand_over.taker is None:
        return state, (), "nobody has read the open items yet"
    return replace(state, hand_over=replace(hand_over, signed=True)), (), ""


def _stale(hand_over: HandOver | None, mark: str, around: Around) -> str:
    if hand_over is None:
        return "no hand-over is offered"
    if mark != hand_over.mark:
        return "the list is another one now: read it again"
    return "" if around.rests else NOT_AT_REST


def _person(observation: Observation, role: str, at: Moment) -> Person:
    return Person(
        name=_who(observation),
        role=role.strip(),
        station_id=observation.station_id,
        utc_us=observation.time_utc_us,
        t_ns=at.t_ns,
    )


def _who(observation: Observation) -> str:
    return observation.who.strip()


def _fault(person: Person) -> str:
    if not person.name:
        return "who: a name"
    return "" if person.role else "text: the role"
