"""Keeps a vehicle's ground and site complete: applies changes, and fetches what is missing."""

import asyncio
import zlib
from typing import Any, Final

import msgspec

from console.client.files import TransferError
from console.client.link import ConsoleLink
from console.server.ground import GroundMirror
from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.mavlink.console_adapters import LOW
from firmware_bridge.types import VehicleFrame
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock
from vehicle.operator_link.day_file import DAY, Day, day_of
from vehicle.operator_link.ground_log import name_of
from vehicle.operator_link.site_file import SITE
from vehicle.operator_link.station_names import NAMES, names_of

AGAIN_NS: Final = NS_PER_S
"""Time to the next try after a file that could not be fetched."""
BREATH_NS: Final = 2_000_000
SITE_MAX_BYTES: Final = 64 * 2**20


class Keeper:
    """Keeps the data of one link; `mirror` follows it from now on.

    `names`: names of the stations known to the vehicle, by system id, fetched once a station holds control.
    """

    def __init__(self, link: ConsoleLink, mirror: GroundMirror, clock: Clock) -> None:
        self._link, self._mirror, self._clock = link, mirror, clock
        self.names: dict[int, str] = {}
        self._names_of: tuple[int, int] | None = None
        self._told: tuple[int, int] | None = None
        """Low half of the session, and the hash of its plan, as last received."""
        self._site: tuple[int, dict[str, Any]] | None = None
        """The fetched site, and the session in which it was fetched."""
        self._tried: tuple[int, int | None] | None = None
        self._days_of = (0, 0)
        """The session, and the count of changes, of the fetched day."""
        self._day: Day | None = None
        self._withdrawal = asyncio.Event()
        link.on_strokes = self._heard

    def _heard(self, told: StrokesFrame) -> None:
        self._told = (told.session_low, told.plan)
        self._mirror.heard(told)
        if self._mirror.withdrawing:
            self._withdrawal.set()

    @property
    def site(self) -> dict[str, Any] | None:
        """Return the site as GET /api/site gives it; None while unknown.

        Never the site of an earlier plan or start, because its datum, areas and swaths would be shown as current.
        """
        if self._site is None:
            return None
        session, plan = self._now()
        of_session, site = self._site
        return site if of_session == session and plan in (None, name_of(site.get("hash"))) else None

    async def run(self) -> None:
        """Keep ground and site complete until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch())
            tasks.create_task(self._withdraw())

    async def _withdraw(self) -> None:
        """Apply withdrawals to the copy, a few tiles at a time."""
        while True:
            await self._withdrawal.wait()
            self._withdrawal.clear()
            while self._mirror.advance():
                await self._breath()

    async def _breath(self) -> None:
        """Pause between two pieces of long work, so that driving has priority."""
        await self._clock.sleep_until_ns(self._clock.now_ns() + BREATH_NS)

    async def _fetch(self) -> None:
        while True:
            path = self._wanted()
            if not path:
                self._link.changed.clear()
                await self._link.changed.wait()
            elif not await self._fetched(path):
                await self._clock.sleep_until_ns(self._clock.now_ns() + AGAIN_NS)

    def _wanted(self) -> str:
        """Return the next file to fetch: first the site, which is small and gives the datum, then the record."""
        view = self._link.view
        if not view.session or view.vehicle is None:
            return ""
        wanted = self.site is None
        if wanted and self._tried != self._now():
            return SITE
        if self._days_now()[1] and self._days_now() != self._days_of:
            return DAY
        if self._mirror.missing:
            return self._mirror.missing
        if wanted:
            return SITE
        return NAMES if self._nameless(view.vehicle) else ""

    def _days_now(self) -> tuple[int, int]:
        """Return the session, and how often what people told has changed in it; 0 while that is unknown."""
        work = self._link.view.work
        return self._session(), work.day_count if work is not None else 0

    def _session(self) -> int:
        vehicle = self._link.view.vehicle
        return vehicle.session_id if vehicle is not None else 0

    @property
    def day(self) -> Day | None:
        """Return what people told in this task; None while unknown, also after a restart of the vehicle."""
        work = self._link.view.work
        if work is not None and not work.day_count:
            return Day()  # a vehicle of an earlier program: it holds nothing of it
        return self._day if self._days_of[0] == self._session() else None

    def _nameless(self, vehicle: VehicleFrame) -> bool:
        """Whether the holding station's name is unknown, and has not been requested in this session."""
        holder = vehicle.lease_holder
        return holder != 0 and holder not in self.names and self._names_of != (vehicle.session_id, holder)

    def _now(self) -> tuple[int, int | None]:
        """Return the session, and the hash of the newest plan received in it; None while there was none."""
        vehicle = self._link.view.vehicle
        session = vehicle.session_id if vehicle is not None else 0
        told = self._told
        return (session, told[1] if told is not None and told[0] == session & LOW else None)

    async def _fetched(self, path: str) -> bool:
        """Fetch a file; False if that failed, or if the file belongs to another plan than the vehicle's present one."""
        now, days = self._now(), self._days_now()
        if path == SITE:
            self._tried = now
        try:
            data: bytes | None = await self._link.fetch(path)
        except TransferError:
            data = None
        try:
            if path == NAMES:
                return self._named(data)
            if path == DAY:
                self._days_of, self._day = days, day_of(data) if data is not None else None
                return True
            if path == SITE:
                self._site = (now[0], site_of(data)) if data is not None else None
                return self.site is not None
            for _ in self._mirror.taking(path, data):
                await self._breath()
            self._withdrawal.set()
        except ValueError:
            return False
        return data is not None

    def _named(self, data: bytes | None) -> bool:
        """Fetch station names, once for each holder; if the vehicle has none, it is not asked again."""
        vehicle = self._link.view.vehicle
        if vehicle is not None:
            self._names_of = (vehicle.session_id, vehicle.lease_holder)
        if data is not None:
            self.names = names_of(data)
        return True


def site_of(data: bytes) -> dict[str, Any]:
    """Decode the site from the vehicle's file.

    Raises:
        ValueError: It is no such file.
    """
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(data, SITE_MAX_BYTES)
        if reader.unconsumed_tail:
            raise ValueError("a site of more than that")
        found = msgspec.json.decode(text)
    except (zlib.error, msgspec.DecodeError) as damage:
        raise ValueError(f"no site: {damage}") from None
    if not isinstance(found, dict):
        raise ValueError("no site")  # noqa: TRY004 (of a file)
    return found
