"""Another address of a vehicle: at no moment is there no link that a stop could go out on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

import console.server.links as links_module
from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState
from console.server.desk import Desk, Steered
from console.server.links import Links
from console.server.settings import VehicleSettings
from sim.virtual_time import VirtualClock, run_virtual
from tests.console.server.support import FakeLink, frame

OPEN = ConsoleView(state=LinkState.OPEN, session=True, tick=100, vehicle=frame(), vehicle_age_ms=20.0)
MS = 1_000_000
SETTINGS = VehicleSettings(id="a", name="a", host="old", port=1, credentials=Credentials(system_id=250))


class Air:
    """Links that a test opens; `known`: set once the name of the new address was looked up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known = asyncio.Event()
        self.opened: list[FakeLink] = []
        self.closed: list[FakeLink] = []
        self.refused = False
        monkeypatch.setattr(links_module, "console_link", self._link)

    @contextlib.asynccontextmanager
    async def _link(self, host: str, *_: Any, patient: bool) -> AsyncIterator[FakeLink]:
        assert patient == (host == "old")  # the first one waits for its address
        if host != "old":
            await self.known.wait()
            if self.refused:
                raise OSError("no such name")
        link = FakeLink(OPEN)
        self.opened.append(link)
        try:
            yield link
        finally:
            self.closed.append(link)


Main = Callable[[VirtualClock, Air, Links, Desk], Awaitable[None]]


def in_room(monkeypatch: pytest.MonkeyPatch, main: Main) -> None:
    async def run(clock: VirtualClock) -> None:
        air = Air(monkeypatch)
        async with Links(clock) as links:
            link = await links.begin(SETTINGS)
            await main(clock, air, links, Desk((Steered(SETTINGS, link, clock),), clock))
        assert {id(one) for one in air.opened} == {id(one) for one in air.closed}

    run_virtual(run)


def changing(links: Links, desk: Desk, why: str = "") -> asyncio.Task[str]:
    """Another address, as a page asks for it."""
    there = VehicleSettings(id="a", name="a", host="new", port=2, credentials=SETTINGS.credentials)

    def take(link: Any) -> str:
        if not why:
            desk.steered.relinked(there, link)
        return why

    return asyncio.ensure_future(links.change(there, take))


async def turns(clock: VirtualClock) -> None:
    """Whatever is under way goes as far as it can."""
    await clock.sleep_until_ns(clock.now_ns() + 100 * MS)


def test_a_stop_while_the_new_name_is_looked_up_goes_to_the_old_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock, air: Air, links: Links, desk: Desk) -> None:
        (old,) = air.opened
        task = changing(links, desk)
        await turns(clock)
        desk.stop()
        assert (old.stops, air.closed) == ([False], [])
        air.known.set()
        assert await task == ""
        assert air.closed == [old]

    in_room(monkeypatch, main)


@pytest.mark.parametrize("engine_off", [False, True])
def test_a_stop_that_was_not_seen_yet_goes_to_both_and_the_old_link_lasts_as_long(
    monkeypatch: pytest.MonkeyPatch,
    engine_off: bool,
) -> None:
    async def main(clock: VirtualClock, air: Air, links: Links, desk: Desk) -> None:
        (old,) = air.opened
        task = changing(links, desk)
        await turns(clock)
        old.stopping, old.engine_off = True, engine_off
        air.known.set()
        await turns(clock)
        _, new = air.opened
        assert desk.steered.link is new
        assert new.stops == [engine_off]
        assert air.closed == [], "a stop under way was cut off"
        desk.stop()
        assert new.stops == [engine_off, False]
        old.stopping = False
        assert await task == ""
        assert air.closed == [old]

    in_room(monkeypatch, main)


def test_what_is_not_taken_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock, air: Air, links: Links, desk: Desk) -> None:
        (old,) = air.opened
        air.known.set()
        assert await changing(links, desk, "vehicle.why.armed") == "vehicle.why.armed"
        air.refused = True
        with pytest.raises(OSError, match="no such name"):
            await changing(links, desk)
        desk.stop()
        assert (desk.steered.link, old.stops, old in air.closed) == (old, [False], False)
        del clock

    in_room(monkeypatch, main)
