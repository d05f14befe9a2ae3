"""`flailpilot stop KEY`: a station that can do nothing but STOP: in a terminal, by a script, as a page on a phone."""

import asyncio
import contextlib
import ipaddress
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flailpilot.addresses import host_port
from flailpilot.exit_status import DONE, FAILED
from flailpilot.numbers import degrees
from vehicle.contracts.errors import InputError

if TYPE_CHECKING:
    from console.client.session import Credentials
    from console.client.stop_station import Post, StopStation
    from console.server.stop_page import Place

RING_MAX_M = 1_000.0
REFRESH_NS = 100_000_000
ONCE_S = 10.0
"""Time that `--once` waits for the acknowledgement; STOP is repeated all the time."""
ADVICE = "a stop-only station takes a key of its own, made with --stop-only"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    key: Path
    vehicle: str
    name: str
    once: bool
    serve: str | None
    at: str | None = None
    ring_m: float | None = None


def run(asked: Asked) -> int:
    """Run the station; exit status of `--once`: 0 if the vehicle acknowledged STOP, 1 if not.

    Raises:
        InputError: There is no key file, the key has more rights, the address is invalid, or there is no terminal.
    """
    from console.client import key_file
    from console.server.stop_page import Place

    host, port = host_port("--vehicle", asked.vehicle, "14555")
    served = host_port("--serve", asked.serve, "8090") if asked.serve is not None else None
    held = key_file.credentials(asked.key, str(asked.key), ADVICE)
    if not held.stop_only:
        raise InputError(
            f"{asked.key}: this key may do more than STOP; `flailpilot keys create NAME --system-id N --stop-only "
            "--out FILE --store KEYS`, KEYS being the vehicle's keys_file, makes one on the vehicle that may not"
        )
    if asked.once and served is not None:
        raise InputError("--once and --serve: one of them; --once sends one STOP and ends")
    post = post_of(asked.at, asked.ring_m)
    place = Place(name=asked.name or f"machine {held.machine_id}", address=f"{host}:{port}")
    if not asked.once and served is None and not sys.stdin.isatty():
        raise InputError("stop: takes STOP from a keyboard; start it in a terminal, or with --once or --serve")
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_run(asked, held, place, (host, port), served, post))
    return DONE


def post_of(at: str | None, ring_m: float | None) -> "Post | None":
    """Return the post of `--at` and `--ring`; None if neither is given.

    Raises:
        InputError: One without the other, or no place on earth.
    """
    from console.client.stop_station import Post

    if at is None and ring_m is None:
        return None
    if at is None or ring_m is None:
        raise InputError("--at and --ring: both or neither; the place of the post and the ring round it")
    place = degrees(at, 2)
    if place is None:
        raise InputError(f"--at {at}: write LAT,LON in degrees, such as 39.990012,46.930034")
    lat_deg, lon_deg = place
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        raise InputError(f"--at {at}: no place on earth; write LAT,LON in degrees")
    if not 0.0 < ring_m <= RING_MAX_M:
        raise InputError(f"--ring {ring_m:g}: write metres above 0, at most {RING_MAX_M:g}")
    return Post(lat_deg=lat_deg, lon_deg=lon_deg, radius_m=ring_m)


async def _run(
    asked: Asked,
    held: "Credentials",
    place: "Place",
    vehicle: tuple[str, int],
    served: tuple[str, int] | None,
    post: "Post | None",
) -> int:
    from console.client.stop_station import stop_station
    from vehicle.host.clock import SystemClock, utc_now
    from vehicle.operator_link.keystore import stamp_of

    async with stop_station(*vehicle, held, SystemClock(), stamp_of(utc_now()), post) as station:
        if asked.once:
            return await once(station, place)
        if served is not None:
            await serve(station, place, *served)
        else:
            await watch(station, place)
    return DONE


async def once(station: "StopStation", place: "Place", limit_s: float = ONCE_S) -> int:
    """Repeat STOP until it is acknowledged, or for `limit_s`."""
    from console.client.stop_station import StopState
    from console.server.stop_text import link_words, mode_words, stop_words
    from vehicle.host.clock import SystemClock

    clock = SystemClock()
    until_ns = clock.now_ns() + round(limit_s * 1e9)
    station.press()
    while station.view.stop is not StopState.TAKEN and clock.now_ns() < until_ns:
        await clock.sleep_until_ns(clock.now_ns() + REFRESH_NS // 10)
    view = station.view
    if view.stop is StopState.TAKEN:
        print(f"{place.name}: {stop_words(view)}. {mode_words(view)}")
        return DONE
    told = " ".join(link_words(view, place).split())
    print(
        f"{place.name}: STOP was NOT acknowledged within {limit_s:g} s. {told} {station.problem}".rstrip(),
        file=sys.stderr,
    )
    return FAILED


async def serve(station: "StopStation", place: "Place", host: str, port: int) -> None:
    """Serve the page until told to end.

    Raises:
        InputError: A phone cannot reach this address, or the port is in use.
    """
    from console.server.app import THIS_COMPUTER, serving
    from console.server.guard import NAMES
    from console.server.settings import ServerSettings
    from console.server.stop_page import make_stop_app
    from vehicle.host.clock import SystemClock

    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            raise InputError(f"--serve {host}:{port}: write the address of this computer that the phone reaches")
    here = host in NAMES
    settings = ServerSettings(console_name=place.name, state_folder=Path())
    app = make_stop_app(station, place, settings, SystemClock(), NAMES if here else (host,))
    async with serving(app, port, THIS_COMPUTER if here else host) as address:
        print(f"STOP page, {'on this computer only' if here else 'for whoever has this address'}: {address.url}")
        print("Ctrl+C ends it; that stops nothing. It is no emergency stop: keep the radio e-stop.", flush=True)
        await asyncio.Event().wait()


async def watch(station: "StopStation", place: "Place") -> None:
    """Show the link in the terminal; ENTER or SPACE is STOP, Q ends it."""
    from rich.live import Live

    from console.client.stop_station import StopLink
    from console.server.stop_text import page
    from flailpilot.text_keys import END, keys, next_key

    async with keys() as pressed:
        before = StopLink.CONNECTED
        with Live(page(station.view, place), auto_refresh=False, screen=True) as live:
            while True:
                key = await next_key(pressed, REFRESH_NS)
                if key in END:
                    return
                if key and key in " \r\n":
                    station.press()
                view = station.view
                if view.link is StopLink.LOST and before is not StopLink.LOST:
                    live.console.bell()
                before = view.link
                live.update(page(view, place, station.problem), refresh=True)
