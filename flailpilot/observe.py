"""`flailpilot observe KIND VALUE`: sends a person's measurement or observation, signed with its own station key."""

import asyncio
import math
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from console.client import key_file
from console.client.link import ConsoleLink, TransferError, console_link
from console.client.observation_words import KINDS
from console.client.protocol import Credentials
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from flailpilot.addresses import host_port
from flailpilot.exit_status import DONE, FAILED
from vehicle.contracts.errors import InputError
from vehicle.contracts.hammers import Hammers, meaning, named_tracks
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.files import SESSION_S
from vehicle.operator_link.machine_file import MACHINE, hammers_of

ADVICE = "an observing station needs its own key: two senders with one key stop the machine"
WHERE = ("arm", "strip", "behind")
CHECKS = ("depth", "base", "hammers")
"""Kinds that prove something, if it is known who measured."""
AGO_MAX_MIN = 960.0
"""The vehicle refuses what was measured more than 16 h ago."""
HEIGHT_SHARE = 0.5
"""Height is half as accurate as horizontal position: 4 cm of height count like 2 cm horizontally."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. `yes`: nobody is asked whether a count of hammers is meant.

    `ago_min`: minutes since it was measured.
    """

    kind: str
    value: float
    sigma: float | None
    height: float
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
        print(f"recorded: {asked.kind} {asked.value:g}{ago}")
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
            await _asked_first(observation, await _hammers(link), yes=yes)
        try:
            return await link.observe(observation)
        except TimeoutError:
            return None
        except ValueError as refusal:
            raise InputError(f"observe: {refusal}") from None


async def _hammers(link: ConsoleLink) -> Hammers | None:
    """Return the hammers of this vehicle's machine; None if it does not tell them."""
    try:
        return hammers_of(await link.fetch(MACHINE))
    except (TransferError, ValueError):
        return None


async def _asked_first(observation: Observation, hammers: Hammers | None, *, yes: bool) -> None:
    """Say what a count of hammers means before it is sent; at a terminal it is sent only if a person says so."""
    tracks = named_tracks(observation.text)
    asks = sys.stdin.isatty() and not yes
    if not await asyncio.to_thread(wanted, hammers, int(observation.value), tracks, input if asks else None):
        raise _LeftError


def wanted(hammers: Hammers | None, count: int, tracks: tuple[int, ...], read: Callable[[str], str] | None) -> bool:
    """Print what a count means, and return whether it is to be sent. `read` None: nobody is asked.

    Nothing is printed or asked where no hammer is missing.
    """
    if hammers is None:
        print("the vehicle does not say how many hammers its machine has: a smaller count takes credit away")
        return True
    said = meaning(hammers, count, tracks)
    if not said:
        return True
    print(said)
    if read is None:
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
    kind = KINDS.get(asked.kind)
    if kind is None:
        raise InputError(f"observe: {asked.kind!r} is no known kind (there are: {', '.join(KINDS)})")
    if not math.isfinite(asked.value):
        raise InputError(f"observe {asked.kind}: the value must be a number, is {asked.value}")
    lat_deg, lon_deg = _place(asked.at)
    if not 0.0 <= asked.ago_min <= AGO_MAX_MIN:  # also False for NaN
        raise InputError(f"--ago {asked.ago_min:g}: minutes since it was measured, 0 to {AGO_MAX_MIN:g}")
    said = _said(kind, asked)
    _complete(asked)
    value = asked.value
    if kind is ObservationKind.BENCHMARK_CHECK:
        value = max(value, HEIGHT_SHARE * abs(asked.height))
    return Observation(
        station_id=1,
        session_id=0,
        sequence=0,
        kind=kind,
        value=value,
        sigma=asked.sigma,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        time_utc_us=int(utc_now().timestamp() * 1e6) - round(asked.ago_min * 60e6),
        who=asked.who,
        text=" ".join(part for part in (said, asked.text) if part),
    )


def _complete(asked: Asked) -> None:
    """Raise InputError if a measurement lacks what its proof needs."""
    if asked.kind not in CHECKS:
        return
    if not asked.who.strip():
        raise InputError(f"observe {asked.kind}: say who measured, --who NAME")
    if asked.kind == "base" and asked.sigma is None:
        raise InputError("observe base: say how well the point was measured, --sigma METRES, such as 0.01")
    if asked.kind == "base" and not asked.text.strip():
        raise InputError('observe base: say which control point it was, --text "point 1"')


def _said(kind: ObservationKind, asked: Asked) -> str:
    """Return the text that tells the vehicle where a depth was read and which hammers are missing."""
    if kind is ObservationKind.DEPTH_CHECK:
        if asked.where not in WHERE:
            raise InputError(
                "observe depth: say where it was read, --from arm (at arm's length from safe ground), strip (a test "
                "strip of the same soil on safe ground) or behind (behind the follow-up team); nobody steps on ground "
                "that only the machine has worked"
            )
        if asked.at is None:
            raise InputError("observe depth: give the place, --at LAT,LON in degrees")
        return str(asked.where)
    return f"missing {asked.missing}" if kind is ObservationKind.HAMMER_COUNT and asked.missing else ""


def _place(at: str | None) -> tuple[float | None, float | None]:
    if at is None:
        return None, None
    try:
        lat_deg, lon_deg = (float(word) for word in at.split(","))
    except ValueError:
        raise InputError(f"--at {at}: write LAT,LON in degrees, such as 39.990012,46.930034") from None
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):  # also False for NaN
        raise InputError(f"--at {at}: no latitude up to 90 and longitude up to 180; write LAT,LON, latitude first")
    return lat_deg, lon_deg


def credentials(path: Path) -> Credentials:
    """Read the key of an observing station.

    Raises:
        InputError: The file is missing, or it is no key file.
    """
    return key_file.credentials(path, f"--key {path}", ADVICE)
