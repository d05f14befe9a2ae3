"""Sends observations and measurements of people from the page to the vehicle's record (FLAIL_OBSERVATION)."""

from typing import Annotated, Any, Final

import msgspec

from console.client.link import ConsoleLink
from console.client.observation_words import KINDS, PAGE_KINDS, SHIFT_KINDS
from console.server.planning.document import Datum
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now

NO_ANSWER: Final = (
    "No answer: it is unknown whether it was recorded; look at the vehicle's messages before sending again"
)
OTHER_VEHICLE: Final = "Not sent: it concerns another vehicle than the one steered now; choose that vehicle first"
NO_LINK: Final = "No link to the vehicle: nothing was recorded"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An observation from the page. `e`, `n`: metres from `datum`; all three or none.

    `vehicle`: id of the vehicle that it concerns. `number`: chosen by the page, the same for each try of one
    observation.
    """

    vehicle: str
    number: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    kind: str
    who: str
    value: float | None = None
    sigma: float | None = None
    e: float | None = None
    n: float | None = None
    datum: Datum | None = None
    note: str = ""


async def observed(body: dict[str, Any], link: ConsoleLink | None, vehicle: str) -> dict[str, Any]:
    """Send an observation; return {"recorded": bool, "text": why not}. `vehicle`: id of the vehicle behind the link.

    Raises:
        InputError: It cannot be sent, concerns another vehicle, or was not answered.
    """
    observation = observation_of(body)
    if body["vehicle"] != vehicle:
        raise InputError(OTHER_VEHICLE)
    if link is None or link.view.vehicle is None:
        raise InputError(NO_LINK)
    try:
        result = await link.observe(observation, sequence=observation.sequence)
    except TimeoutError:
        raise InputError(NO_ANSWER) from None
    except ValueError as refusal:
        raise InputError(str(refusal)) from None
    return {"recorded": result.result is ObservationVerdict.RECORDED, "text": result.text}


def observation_of(body: dict[str, Any]) -> Observation:
    """Convert the page's values to an observation. Raises InputError if a value is missing or invalid."""
    try:
        seen = msgspec.convert(body, Seen)
    except msgspec.ValidationError as error:
        raise InputError(f"the observation: {error}") from None
    kind = (KINDS | SHIFT_KINDS | PAGE_KINDS).get(seen.kind)
    if kind is None:
        raise InputError(f"the observation: {seen.kind!r} is no known kind")
    if seen.value is None and seen.kind in KINDS and kind is not ObservationKind.NOTE:
        raise InputError(f"the observation: {seen.kind} without a value; nothing is assumed")
    if not seen.who.strip():
        raise InputError("Write who saw it")
    lat_deg, lon_deg = _place(seen)
    return Observation(
        station_id=1,
        session_id=0,
        sequence=seen.number,
        kind=kind,
        value=seen.value or 0.0,
        sigma=seen.sigma,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        time_utc_us=int(utc_now().timestamp() * 1e6),
        who=seen.who.strip(),
        text=seen.note,
    )


def _place(seen: Seen) -> tuple[float | None, float | None]:
    if seen.e is None and seen.n is None:
        return None, None
    if seen.datum is None:
        raise InputError("the observation: its place has no datum")
    if seen.e is None or seen.n is None:
        raise InputError("the observation: its place has e or n alone; both or neither")
    lat_deg, lon_deg, _ = seen.datum.frame().geodetic_from_enu(seen.e, seen.n)
    return lat_deg, lon_deg
