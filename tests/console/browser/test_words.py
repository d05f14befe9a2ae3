"""What the page says of a vehicle that it cannot talk to: each with the next step. Real server, link and vehicle."""

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest

from console.client.protocol import Credentials
from console.server.settings import VehicleSettings
from firmware_bridge.mavlink import codec
from tests.console.page.browser import Page, browsing
from tests.console.server.support import served
from tests.operator_link.live_vehicle import live_vehicle
from vehicle.operator_link.keystore import ConsoleKey, KeyStore
from vehicle.operator_link.sessions import PROTOCOL_VERSION

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
STATION = 250
CHOOSE = """
const done = arguments[arguments.length - 1];
const asked = {method: 'POST', body: JSON.stringify({id: arguments[0]})};
flail.api('/api/vehicle', asked).then((answer) => done(answer.status));
"""
STATES = {
    "open": ("open", ""),
    "nobody": ("unreachable", "The computer at 127.0.0.1:9 is there, but no vehicle program listens"),
    "other key": ("unreachable", "or a key the vehicle does not know (keys create)"),
    "other machine": ("wrong_machine", "Choose the right vehicle in Setup"),
    "other version": ("wrong_version", "Use the console of the same release"),
}
"""Of each vehicle: state of its link, and what is to be read. To a key that it does not know a vehicle says nothing."""


class OtherVersion(asyncio.DatagramProtocol):
    """Answers everything with a challenge of a later version, unsigned, as on a bench."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One for one."""
        del data
        fields = {
            "boot_count": 1,
            "protocol_version": PROTOCOL_VERSION + 1,
            "target_system": STATION,
            "nonce": bytes(16),
            "machine_id": bytes(8),
        }
        self._transport.sendto(codec.encode_fields("FLAIL_CHALLENGE", fields, 0, 1, 1), addr)


@contextlib.asynccontextmanager
async def vehicles(folder: Path) -> AsyncIterator[tuple[VehicleSettings, ...]]:
    """One that is there, known by its key, by another key and as another machine; one of another version; none."""
    store = KeyStore(folder / "keys.json")
    key, machine_id = store.create("console", STATION), store.load().machine_id
    second = store.create("second", STATION + 1)
    other = KeyStore(folder / "others.json").create("console", STATION + 2)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(OtherVersion, local_addr=("127.0.0.1", 0))
    later: int = transport.get_extra_info("sockname")[1]

    def one(name: str, port: int, key: ConsoleKey, machine: str = machine_id) -> VehicleSettings:
        held = Credentials(system_id=key.system_id, secret=key.secret, machine_id=machine)
        return VehicleSettings(id=name, name=name, host="127.0.0.1", port=port, credentials=held)

    async with live_vehicle(store.path) as live:
        yield (
            one("open", live.port, key),
            one("nobody", 9, key),
            one("other key", live.port, other),
            one("other machine", live.port, second, "00" * 7 + "01"),
            one("other version", later, msgspec.structs.replace(key, secret="")),
        )
    transport.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the server's page; vehicle, link and server run in a thread of their own."""
    folder, found, ended = tmp_path_factory.mktemp("words"), [""], threading.Event()
    up = threading.Event()

    async def run() -> None:
        async with vehicles(folder) as known, served(known, folder) as (_, address):
            found[0] = address.url
            up.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert up.wait(120.0)
    yield found[0]
    ended.set()
    thread.join(60.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser."""
    with browsing() as page:
        page.size("laptop")
        yield page


def shown(browser: Page, words: str) -> bool:
    """Whether the page has these words above the hands."""
    return words in browser.text("#hands .text")


def test_each_link_that_fails_is_said_with_its_next_step(browser: Page, url: str) -> None:
    """Wrong key, wrong machine, another version, nobody there: in words, and no act is offered."""
    browser.open(url)
    for name, (state, words) in STATES.items():
        assert browser.driver.execute_async_script(CHOOSE, name) == 200
        browser.until(
            "return flail.store.value('server', 'vehicle') === arguments[0]"
            " && flail.store.value('link', 'state') === arguments[1]",
            name,
            state,
        )
        if not words:
            browser.until("return flail.store.open()")
            continue
        browser.when(functools.partial(shown, browser, words))
        assert browser.js("return flail.acts.offers()") == []
        browser.tap("Space")  # STOP goes out all the same
        browser.until("return flail.store.get('stop') !== null")
