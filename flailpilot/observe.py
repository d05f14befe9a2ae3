"""`flailpilot observe KIND VALUE`: sends a person's measurement or observation, signed with its own station key."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from console.client import key_file, measurement
from console.client.hammers_told import cost_of, hammers_told
from console.client.link import console_link
from console.client.measurement import AGO_MAX_MIN, Fault, FaultyError, Measurement
from console.client.observation_words import KINDS
from console.client.protocol import Credentials
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from flailpilot.addresses import host_port
from flailpilot.exit_status import DONE, FAILED
from vehicle.contracts.errors import InputError
from vehicle.contracts.hammers import Hammers
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.files import SESSION_S

VALUES: Final = {
    "depth": "metres of depth, such as 0.17",
    "base": "metres off the point, such as 0.004",
    "hammers": "how many hammers are there",
    "detonation": "its class: 1, 3 or 4",
    "find": "how many objects",
}
"""What VALUE is, for each kind that has one; a note has none."""
OPTION_OF: Final = {"--height": "base", "--from": "depth", "--missing": "hammers"}
"""The kind to which an option belongs; with another kind it would have no effect."""
ADVICE = "an observing station needs its own key: two senders with one key stop the machine"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. `yes`: nobody is asked whether a count of hammers is meant.

    `value`, `height`: None where it was left out. `ago_min`: minutes since it was measured.
    """

    kind: str
    value: float | None
    sigma: float | None
    height: float | None
    at: str | None
    where: str | None
    missing: str
    who: str
    text: str
    key: Path
    vehicle: str
    yes: bool = False
    ago_min: float = 0.0


class _LeftError(Exception):
    """A person looked at what a count means and did not send it."""


def run(asked: Asked) -> int:
    """Send the observation; exit status 1 if the vehicle refused it, gave no answer, or a person did not send it."""
    observation = observation_of(asked)
    refuse_foreign(asked)
    host, port = host_port("--vehicle", asked.vehicle, "14555")
    held = credentials(asked.key)
    try:
        result = asyncio.run(_told(observation, held, host, port, yes=asked.yes))
    except _LeftError:
        print("not sent")
        return FAILED
    if result is None:
        print("no answer: it is unknown whether it was recorded; look at the vehicle's events before you send it again")
        return FAILED
    if result.result is ObservationVerdict.RECORDED:
        ago = f", measured {asked.ago_min:g} min ago" if asked.ago_min else ""
        value = "" if asked.value is None else f" {asked.value:g}"
        print(f"recorded: {asked.kind}{value}{ago}")
        return DONE
    print(f"refused: {result.text or result.result.name.lower().replace('_', ' ')}")
    return FAILED


async def _told(
    observation: Observation, held: Credentials, host: str, port: int, *, yes: bool
) -> ObservationResult | None:
    clock = SystemClock()
    stamp = int((utc_now().timestamp() - 1_420_070_400) * 100_000)
    async with console_link(host, port, held, clock, stamp) as link:
        # this station only measures: it has no sticks and must not drive
        try:
            await link.opened(SESSION_S)
        except TimeoutError:
            raise InputError(
                f"--vehicle {host}:{port}: no session within {SESSION_S:g} s; is the vehicle program up, and does its "
                "key store hold this key?"
            ) from None
        if observation.kind is ObservationKind.HAMMER_COUNT:
            await _asked_first(observation, await hammers_told(link), yes=yes)
        try:
            return await link.observe(observation)
        except TimeoutError:
            return None
        except ValueError as refusal:
            raise InputError(f"observe: {refusal}") from None


async def _asked_first(observation: Observation, hammers: Hammers | None, *, yes: bool) -> None:
    """Say what a count of hammers means before it is sent; at a terminal it is sent only if a person says so."""
    asks = sys.stdin.isatty() and not yes
    if not await asyncio.to_thread(wanted, hammers, observation, input if asks else None):
        raise _LeftError


def wanted(hammers: Hammers | None, count: Observation, read: Callable[[str], str] | None) -> bool:
    """Print what a count means, and return whether it is to be sent. `read` None: nobody is asked.

    Nothing is printed where no hammer is missing; nobody is asked where the vehicle does not tell its hammers.
    """
    said = cost_of(hammers, count)
    if said:
        print(said)
    if not said or hammers is None or read is None:
        return True
    try:
        return read("send it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def observation_of(asked: Asked) -> Observation:
    """Convert the options to an observation.

    Raises:
        InputError: The kind is unknown, the place or the time is invalid, or it lacks what its proof needs.
    """
    if asked.value is None and asked.kind in VALUES:
        raise InputError(f"observe {asked.kind}: say what was measured, {VALUES[asked.kind]}; nothing is assumed")
    said = Measurement(
        kind=asked.kind, value=asked.value or 0.0, sigma=asked.sigma, height_m=asked.height, place=asked.at,
        where=asked.where, missing=asked.missing, who=asked.who, text=asked.text, ago_min=asked.ago_min,
    )  # fmt: skip
    try:
        return measurement.observation_of(said, int(utc_now().timestamp() * 1e6))
    except FaultyError as fault:
        raise InputError(_line(fault, asked)) from None


def refuse_foreign(asked: Asked) -> None:
    """Check the options. Raises InputError for an option of another kind, because it would have no effect."""
    given = {"--height": asked.height is not None, "--from": asked.where is not None, "--missing": bool(asked.missing)}
    foreign = next((name for name, kind in OPTION_OF.items() if given[name] and kind != asked.kind), None)
    if foreign is not None:
        raise InputError(f"observe {asked.kind}: {foreign} belongs to {OPTION_OF[foreign]}; leave it out")


def _line(faulty: FaultyError, asked: Asked) -> str:
    """Return the line that says what is wrong, in the options of the command line."""
    kind = f"observe {asked.kind}"
    lines = {
        Fault.NO_KIND: f"observe: {asked.kind!r} is no known kind (there are: {', '.join(KINDS)})",
        Fault.NO_NUMBER: f"{kind}: the {faulty.field} must be a number",
        Fault.NO_HEIGHT: (f"{kind}: say how far off the point was in height, --height METRES, such as 0.01"),
        Fault.NO_SIGMA: f"{kind}: say how well the point was measured, --sigma METRES, such as 0.01",
        Fault.NO_PLACE: f"{kind}: give the place, --at LAT,LON in degrees",
        Fault.NO_DEGREES: f"--at {asked.at}: write LAT,LON in degrees, such as 39.990012,46.930034",
        Fault.NOT_ON_EARTH: (
            f"--at {asked.at}: no latitude up to 90 and longitude up to 180; write LAT,LON, latitude first"
        ),
        Fault.NO_WHERE: (
            f"{kind}: say where it was read, --from arm (at arm's length from safe ground), strip (a test strip of the "
            "same soil on safe ground) or behind (behind the follow-up team); nobody steps on ground that only the "
            "machine has worked"
        ),
        Fault.NO_TRACKS: (
            f"--missing {asked.missing}: write numbers of hammer tracks, such as 3,17; leave it out if nobody knows"
        ),
        Fault.NOBODY: f"{kind}: say who measured, --who NAME",
        Fault.NO_POINT: f'{kind}: say which control point it was, --text "point 1"',
        Fault.NOT_THIS_SHIFT: f"--ago {asked.ago_min:g}: minutes since it was measured, 0 to {AGO_MAX_MIN:g}",
    }
    return lines.get(faulty.fault, f"{kind}: {faulty.words}")


def credentials(path: Path) -> Credentials:
    """Read the key of an observing station.

    Raises:
        InputError: The file is missing, or it is no key file.
    """
    return key_file.credentials(path, f"--key {path}", ADVICE)
