"""Sends what people measured at a shift from the page to the vehicle; the rules are those of the command line."""

from typing import Annotated, Any, Final, Literal

import msgspec

from console.client.hammers_told import cost_of, hammers_told
from console.client.link import ConsoleLink
from console.client.measurement import (
    Fault,
    FaultyError,
    Field,
    Measurement,
    mean_of,
    number_of,
    observation_of,
)
from console.server.planning.observing import NO_ANSWER, NO_LINK, OTHER_VEHICLE
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from vehicle.contracts.by_machine import BY_MACHINE
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now

MACHINE_CHECKS: Final = {
    "daily": "daily check",
    "bay": "bay",
    "full_begins": "full check begins",
    "full_ends": "full check ends",
}
"""What the vehicle measures itself, and is told by a note; its moment is now, whatever time is told."""
AHEAD_MAX_MIN: Final = 1.0 / 60.0
"""Page and server are on one computer: what seems to be measured later was measured now."""
_MS_PER_MIN: Final = 60_000.0
_OPTION: Final = " (--missing N)"
"""The vehicle's words for a count name an option of the command line; the page has a field for it."""


class Typed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measurement as it stands in the page's form: text, with either decimal sign, metres.

    `vehicle`: id of the vehicle that it concerns. `number`: chosen by the page, the same for each try of one
    measurement. `measured_ms`: when it was made, by the browser's clock, milliseconds since 1970. `meant`: a person has
    read what the count will cost.
    """

    vehicle: str
    number: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    kind: Literal["base", "mark", "depth", "hammers", "daily", "bay", "full_begins", "full_ends"]
    who: str
    measured_ms: float
    value: str = ""
    points: tuple[str, ...] = ()
    sigma: str = ""
    height: str = ""
    place: str = ""
    where: str | None = None
    missing: str = ""
    text: str = ""
    meant: bool = False


async def measured(body: dict[str, Any], link: ConsoleLink | None, vehicle: str) -> dict[str, Any]:
    """Send a measurement; return {"recorded": bool, "text": why not, "value", "sigma", "utc_us": what was sent}.

    A count with hammers missing is not sent before a person has read what it costs: then {"asks": that}.

    Raises:
        FaultyError: It lacks what its proof needs, or cannot be.
        InputError: It concerns another vehicle, there is no link, or nobody answered.
    """
    typed = typed_of(body)
    now_us = int(utc_now().timestamp() * 1e6)
    observation = observation_of(measurement_of(typed, now_us / 1e3), now_us)
    if typed.vehicle != vehicle:
        raise InputError(OTHER_VEHICLE)
    if link is None or link.view.vehicle is None:
        raise InputError(NO_LINK)
    if not typed.meant and (cost := await _cost(observation, link)):
        return {"asks": cost}
    try:
        result = await link.observe(observation, sequence=typed.number)
    except TimeoutError:
        raise InputError(NO_ANSWER) from None
    return {
        "recorded": result.result is ObservationVerdict.RECORDED,
        "text": result.text or result.result.name.lower().replace("_", " "),
        "value": observation.value,
        "sigma": observation.sigma,
        "utc_us": observation.time_utc_us,
    }


def typed_of(body: dict[str, Any]) -> Typed:
    """Return the form of a request.

    Raises:
        InputError: It is none.
    """
    try:
        return msgspec.convert(body, Typed)
    except msgspec.ValidationError as error:
        raise InputError(f"the measurement: {error}") from None


def measurement_of(typed: Typed, now_ms: float) -> Measurement:
    """Return what a person says in a form. Every figure that the form asks for is written; none is assumed.

    Raises:
        FaultyError: A field that holds no number.
    """
    ago_min = (now_ms - typed.measured_ms) / _MS_PER_MIN
    if not typed.who.strip():
        raise FaultyError(Fault.NOBODY, Field.WHO)
    said = Measurement(
        kind=typed.kind,
        who=typed.who,
        text=typed.text,
        place=typed.place.strip() or None,
        where=typed.where,
        missing=typed.missing,
        ago_min=0.0 if -AHEAD_MAX_MIN <= ago_min < 0.0 else ago_min,
    )
    if typed.kind in MACHINE_CHECKS:
        return msgspec.structs.replace(said, kind="note", text=MACHINE_CHECKS[typed.kind])
    if typed.kind == "depth":
        mean_m, sigma_m = mean_of(tuple(number_of(one) for one in typed.points))
        return msgspec.structs.replace(said, value=mean_m, sigma=sigma_m)
    value = number_of(typed.value)
    if typed.kind == "mark":
        said = _on_mark(said)
    if typed.kind == "hammers":
        return msgspec.structs.replace(said, value=value)
    sigma = _written(typed.sigma, Field.SIGMA) if typed.sigma.strip() else None
    height_m = _written(typed.height, Field.HEIGHT)
    return msgspec.structs.replace(said, value=value, sigma=sigma, height_m=height_m)


def _on_mark(said: Measurement) -> Measurement:
    """Return the check of the base for which the machine stood on the mark that the text names.

    Raises:
        FaultyError: The text names no mark.
    """
    if not said.text.strip():
        raise FaultyError(Fault.NO_POINT, Field.TEXT)
    return msgspec.structs.replace(said, kind="base", text=f"{BY_MACHINE} {said.text.strip()}")


def _written(text: str, field: Field) -> float:
    found = number_of(text)
    if found is None:
        raise FaultyError(Fault.NO_NUMBER, field)
    return found


async def _cost(observation: Observation, link: ConsoleLink) -> str:
    """Return what a count costs; "" where it costs nothing, or is no count."""
    if observation.kind is not ObservationKind.HAMMER_COUNT:
        return ""
    return cost_of(await hammers_told(link), observation).replace(_OPTION, "")
