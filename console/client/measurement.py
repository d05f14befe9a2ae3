"""What people measure at each shift, told on the command line or on the page, is judged here before it is sent. Pure.

A measurement proves what was worked until it was made, and nothing can be taken back: one that lacks what its proof
needs is refused while the person who measured can still mend it.
"""

import math
import re
from enum import StrEnum
from typing import Final

import msgspec

from console.client.observation_words import KINDS
from firmware_bridge.mavlink.observation_adapters import observation_fault
from firmware_bridge.types import Observation, ObservationKind
from vehicle.contracts.by_machine import of_machine
from vehicle.contracts.hammers import named_tracks

WHERE: Final = ("arm", "strip", "behind")
"""From where a depth is read: arm's length from safe ground, a test strip on safe ground, behind the follow-up team."""
CHECKS: Final = ("depth", "base", "hammers")
"""Kinds that prove something, if it is known who measured."""
AGO_MAX_MIN: Final = 960.0
"""The vehicle refuses what was measured more than 16 h ago."""
HEIGHT_SHARE: Final = 0.5
"""Height is half as accurate as horizontal position: 4 cm of height count like 2 cm horizontally."""
DEPTH_POINTS: Final = 5
POINT_SIGMA_M: Final = 0.01
"""What a rod finds at one point may be wrong by so much; the mean of five by 0.45 cm, however well they agree."""
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)
_ANY_STATION: Final = 1


class Field(StrEnum):
    """What a person fills in."""

    KIND = "kind"
    VALUE = "value"
    POINTS = "points"
    SIGMA = "sigma"
    HEIGHT = "height"
    PLACE = "place"
    WHERE = "where"
    MISSING = "missing"
    WHO = "who"
    TEXT = "text"
    WHEN = "when"


class Fault(StrEnum):
    """Why it is not sent; the command line and the page have their own words for each."""

    NO_KIND = "no_kind"
    NO_NUMBER = "no_number"
    FIVE_POINTS = "five_points"
    NO_HEIGHT = "no_height"
    NO_SIGMA = "no_sigma"
    NO_PLACE = "no_place"
    NO_DEGREES = "no_degrees"
    NOT_ON_EARTH = "not_on_earth"
    NO_WHERE = "no_where"
    NO_TRACKS = "no_tracks"
    NOBODY = "nobody"
    NO_POINT = "no_point"
    NOT_THIS_SHIFT = "not_this_shift"
    IMPOSSIBLE = "impossible"
    """The vehicle's link carries no such value; `FaultyError.words` says which ones."""


_AT_LINK: Final = {
    "value": Field.VALUE,
    "sigma": Field.SIGMA,
    "place": Field.PLACE,
    "time": Field.WHEN,
    "who": Field.WHO,
    "text": Field.TEXT,
}


class FaultyError(Exception):
    """It is not sent. `field`: what has to be mended; `words`: the link's own, for what it does not carry."""

    def __init__(self, fault: Fault, field: Field, words: str = "") -> None:
        super().__init__(words or fault.value)
        self.fault, self.field, self.words = fault, field, words


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says. Metres, or hammers, or a class; `place`: LAT,LON in degrees; `missing`: hammer tracks.

    `ago_min`: minutes since it was measured. `value`, `height_m` None: nobody gave a number.
    """

    kind: str
    value: float | None = 0.0
    sigma: float | None = None
    height_m: float | None = None
    place: str | None = None
    where: str | None = None
    missing: str = ""
    who: str = ""
    text: str = ""
    ago_min: float = 0.0


def observation_of(said: Measurement, now_us: int) -> Observation:
    """Return the observation to send. `now_us`: this computer's time, UTC, microseconds since 1970.

    Raises:
        FaultyError: It lacks what its proof needs, or cannot be.
    """
    kind = KINDS.get(said.kind)
    if kind is None:
        raise FaultyError(Fault.NO_KIND, Field.KIND)
    value = _number(said.value, Field.VALUE)
    height_m = _number(said.height_m, Field.HEIGHT) if said.height_m is not None else 0.0
    place = place_of(said.place) if said.place is not None else (None, None)
    if not 0.0 <= said.ago_min <= AGO_MAX_MIN:  # also False for NaN
        raise FaultyError(Fault.NOT_THIS_SHIFT, Field.WHEN)
    words = _words(kind, said)
    _complete(said)
    if kind is ObservationKind.BENCHMARK_CHECK:
        value = max(value, HEIGHT_SHARE * abs(height_m))
    observation = Observation(
        station_id=_ANY_STATION,
        session_id=0,
        sequence=0,
        kind=kind,
        value=value,
        sigma=said.sigma,
        lat_deg=place[0],
        lon_deg=place[1],
        time_utc_us=now_us - round(said.ago_min * 60e6),
        who=said.who.strip(),
        text=words,
    )
    if fault := observation_fault(observation):
        raise FaultyError(Fault.IMPOSSIBLE, _AT_LINK.get(fault.partition(":")[0], Field.VALUE), fault)
    return observation


def number_of(text: str) -> float | None:
    """Return the number that a person wrote, without a unit, with either decimal sign; None if it is none."""
    written = text.strip()
    return float(written.replace(",", ".")) if _NUMBER.fullmatch(written) else None


def mean_of(points_m: tuple[float | None, ...]) -> tuple[float, float]:
    """Return mean and sigma of the mean [m] of a depth read at five points.

    Raises:
        FaultyError: One of the five is missing, or no number.
    """
    known = [one for one in points_m if one is not None]
    if len(points_m) != DEPTH_POINTS or len(known) != DEPTH_POINTS:
        raise FaultyError(Fault.FIVE_POINTS, Field.POINTS)
    mean_m = sum(known) / DEPTH_POINTS
    spread_m = math.sqrt(sum((one - mean_m) ** 2 for one in known) / (DEPTH_POINTS - 1))
    return mean_m, max(spread_m, POINT_SIGMA_M) / math.sqrt(DEPTH_POINTS)


def place_of(text: str) -> tuple[float, float]:
    """Return latitude and longitude [degrees] of a text.

    Raises:
        FaultyError: It is no such place.
    """
    degrees = [number_of(word) for word in text.split(",")]
    if len(degrees) != 2 or degrees[0] is None or degrees[1] is None:
        raise FaultyError(Fault.NO_DEGREES, Field.PLACE)
    lat_deg, lon_deg = degrees[0], degrees[1]
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        raise FaultyError(Fault.NOT_ON_EARTH, Field.PLACE)
    return lat_deg, lon_deg


def _number(value: float | None, field: Field) -> float:
    if value is None or not math.isfinite(value):
        raise FaultyError(Fault.NO_NUMBER, field)
    return value


def _words(kind: ObservationKind, said: Measurement) -> str:
    """Return the text, which tells the vehicle where a depth was read and which hammers are missing."""
    first = ""
    if kind is ObservationKind.DEPTH_CHECK:
        if said.where not in WHERE:
            raise FaultyError(Fault.NO_WHERE, Field.WHERE)
        if said.place is None:
            raise FaultyError(Fault.NO_PLACE, Field.PLACE)
        first = str(said.where)
    if kind is ObservationKind.HAMMER_COUNT and said.missing.strip():
        first = f"missing {said.missing.strip()}"
        if not named_tracks(first):
            raise FaultyError(Fault.NO_TRACKS, Field.MISSING)
    return " ".join(part for part in (first, said.text.strip()) if part)


def _complete(said: Measurement) -> None:
    """Raise FaultyError if a measurement lacks what its proof needs."""
    if said.kind not in CHECKS:
        return
    if not said.who.strip():
        raise FaultyError(Fault.NOBODY, Field.WHO)
    if said.kind == "base" and said.height_m is None:
        raise FaultyError(Fault.NO_HEIGHT, Field.HEIGHT)
    if said.kind == "base" and said.sigma is None:
        raise FaultyError(Fault.NO_SIGMA, Field.SIGMA)
    if said.kind == "base" and not said.text.strip():
        raise FaultyError(Fault.NO_POINT, Field.TEXT)
    if said.kind == "base" and of_machine(said.text.strip()) and said.place is None:
        raise FaultyError(Fault.NO_PLACE, Field.PLACE)
