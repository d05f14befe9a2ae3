"""Who has control, by name: sign-in, hand-over with its open items, and what the record says of both. Pure.

The authority is the key of a console, and the gate alone decides which station has control. This module only writes
down which person that is. Nothing in here is read by the gate: a name gives nothing, and no name takes nothing away.

A person signs in with an observation (FLAIL_OBSERVATION) of kind SIGN_IN: the name, and the role as text. A hand-over
is three such acts, each by a person who signs with the name:

    OFFER   the one who has control offers; the vehicle makes the list of open items and its mark, 8 hex digits
    READ    the one who takes over has read that list: text `MARK ROLE`
    SIGN    the one who gives agrees to that person: text `MARK`

Then control changes as it always does: the giver gives it up, the taker takes it. The record has a line for each act,
for each open item, and for each change of control, with or without a hand-over.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from vehicle.contracts.ledger_types import Observed

SIGN_IN, OFFER, READ, SIGN = "sign_in", "hand_over_offer", "hand_over_read", "hand_over_sign"
"""Told by people; kinds of an `Observed`."""
ITEM, ENDED, CONTROL = "open_item", "hand_over_ended", "control"
"""Written by the vehicle: an item of an offered list, an offer that came to nothing, who has control from here on."""
KINDS: Final = (SIGN_IN, OFFER, READ, SIGN, ITEM, ENDED, CONTROL)
SIGNED_IN_MAX: Final = 8
"""People who are signed in at once, the newest."""
SIGNED_NS: Final = 120_000_000_000
"""A sign-in at a console that does not take control lasts so long: whoever takes later may be another person."""
OFFER_NS: Final = 900_000_000_000
"""An offer lasts so long, and a signed one until control is taken in that time: its list is of its moment."""
MARK_DIGITS: Final = 8
NOBODY: Final = "nobody who signed in"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a console. `utc_us` None: the console did not say when; `t_ns`: of this start of the program."""

    name: str
    role: str
    station_id: int
    utc_us: int | None = None
    t_ns: int = 0


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over under way. `items`: what is open, in the vehicle's words; `mark`: what stands for this list.

    `taker`: who has read it and signed, None: nobody yet. `signed`: the giver agreed to the taker.
    """

    giver: Person
    items: tuple[str, ...]
    mark: str
    offered_ns: int
    taker: Person | None = None
    signed: bool = False


class PeopleState(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and who has control. `used`: changes of control are written into the record.

    `people`: the newest at each station. `holder`: the station that has control, 0: none; `driving`: who has it, None:
    nobody there signed in. `last`: whom the newest line about control names, "" where there is none; `given`: it says
    that they have it no more.
    """

    used: bool = False
    people: tuple[Person, ...] = ()
    holder: int = 0
    driving: Person | None = None
    last: str = ""
    given: bool = False
    hand_over: HandOver | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When something is: this start of the program, and by the receiver; None where it does not know."""

    t_ns: int
    utc_us: int | None


def person_at(state: PeopleState, station_id: int) -> Person | None:
    """Return who is signed in at a station."""
    return next((one for one in state.people if one.station_id == station_id), None)


def signed_in(state: PeopleState, person: Person) -> PeopleState:
    """Return the state with one more person; a station has one at a time."""
    others = tuple(one for one in state.people if one.station_id != person.station_id)
    return msgspec.structs.replace(state, people=(*others, person)[-SIGNED_IN_MAX:])


def mark_of(items: tuple[str, ...], t_ns: int) -> str:
    """Return what stands for a list at a moment: two lists with the same items have marks of their own."""
    content = msgspec.json.encode((items, t_ns))
    return hashlib.blake2b(content, digest_size=MARK_DIGITS // 2).hexdigest()


def said_of(text: str) -> tuple[str, str]:
    """Return mark and words of a signature's text."""
    mark, _, words = text.partition(" ")
    return mark, words.strip()


def follow(state: PeopleState, holder: int, at: Moment, *, rests: bool) -> tuple[PeopleState, tuple[Observed, ...]]:
    """After the gate's step: who has control now, and what the record is to say of it. `rests`: a hand-over may be.

    The same object comes back where nothing changed, which is nearly every tick.
    """
    state, rows = _changed(state, holder, at)
    hand_over = state.hand_over
    if hand_over is None:
        return state, rows
    why = _over(state, hand_over, at, rests=rests)
    if not why:
        return state, rows
    ended = row(ENDED, hand_over.giver.name, why, hand_over.giver.station_id, at)
    return msgspec.structs.replace(state, hand_over=None), (*rows, *((ended,) if state.used else ()))


def _changed(state: PeopleState, holder: int, at: Moment) -> tuple[PeopleState, tuple[Observed, ...]]:
    person = _at_hand(state, holder, at)
    if holder == state.holder and (_is(person, state.driving) or person is state.driving):
        return state, ()
    done = False
    if holder == 0:
        line = row(CONTROL, _name(state.driving), "has control no more", 0, at)
        last, given = _name(state.driving), True
    else:
        how, done = _how(state, holder, person)
        line = row(CONTROL, _name(person), f"{_role(person)} has control; {how}", holder, at)
        last, given = _name(person), False
    gone = {state.holder} - {holder} | ({holder} if person is None else set())
    state = msgspec.structs.replace(
        state,
        people=tuple(one for one in state.people if one.station_id not in gone),
        holder=holder,
        driving=person,
        last=last,
        given=given,
        hand_over=None if done else state.hand_over,
    )
    return state, (line,) if state.used else ()


def _at_hand(state: PeopleState, holder: int, at: Moment) -> Person | None:
    """Return who is signed in at the holder's console: of late, or since it has control."""
    person = person_at(state, holder) if holder else None
    if person is None or holder == state.holder or at.t_ns - person.t_ns <= SIGNED_NS:
        return person
    return None


def _how(state: PeopleState, holder: int, person: Person | None) -> tuple[str, bool]:
    """Return how control came to a person, and whether that was the hand-over under way."""
    hand_over = state.hand_over
    if hand_over is not None and hand_over.signed and _is(person, hand_over.taker):
        return f"hand-over from {hand_over.giver.name}, list {hand_over.mark}", True
    if holder == state.holder:
        was = _name(state.driving)
        return (f"no hand-over from {was}" if state.driving is not None else "signed in after TAKE"), False
    if not state.last:
        return "nobody had it before", False
    return f"no hand-over: {f'control of {state.last} had ended' if state.given else f'{state.last} was lost'}", False


def _over(state: PeopleState, hand_over: HandOver, at: Moment, *, rests: bool) -> str:
    """Return why a hand-over comes to nothing; "" while it goes on."""
    if not rests:
        return "the machine does not rest, or is armed"
    if at.t_ns - hand_over.offered_ns > OFFER_NS:
        return "it took longer than 15 min: offer it again"
    if state.holder == hand_over.giver.station_id and _is(state.driving, hand_over.giver):
        return ""
    if state.holder == 0:
        return "" if hand_over.signed else "control ended before both had signed"
    return f"{_name(state.driving)} has control"


def _is(person: Person | None, other: Person | None) -> bool:
    if person is None or other is None:
        return False
    return (person.name, person.station_id) == (other.name, other.station_id)


def _name(person: Person | None) -> str:
    return person.name if person is not None else NOBODY


def _role(person: Person | None) -> str:
    return person.role if person is not None else "a console"


def row(kind: str, by: str, text: str, station_id: int, at: Moment) -> Observed:
    """Return a line of the record about people; `station_id` 0: by the vehicle itself."""
    return Observed(
        kind=kind, value=0.0, sigma=None, place_m=None, by=by, text=text, station_id=station_id, t_ns=at.t_ns,
        utc_us=at.utc_us,
    )  # fmt: skip


def restored(records: Iterable[object], *, used: bool) -> PeopleState:
    """Return the state for a program that starts again: nobody has control, and who had it last is known."""
    rows = [record for record in records if isinstance(record, Observed) and record.kind == CONTROL]
    if not rows:
        return PeopleState(used=used)
    return PeopleState(used=used, last=rows[-1].by, given=rows[-1].station_id == 0)
