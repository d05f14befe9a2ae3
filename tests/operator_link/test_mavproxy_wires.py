"""MAVProxy over TCP and over a serial line: the same drive, the same stop, and what a lost wire does."""

import asyncio
from pathlib import Path

import pytest

from tests.operator_link.live_vehicle import PtyPort, live_vehicle
from tests.operator_link.mavproxy import mavproxy
from tests.operator_link.test_mavproxy import ME, driving, ready
from vehicle.contracts.messages import Mode
from vehicle.operator_link.keystore import KeyStore

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_over_tcp_it_drives_and_stops_when_the_connection_breaks(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live:
            async with mavproxy(0, tmp_path, master=f"tcp:127.0.0.1:{live.tcp_port}") as proxy:
                await ready(live, proxy)
                await driving(live, proxy)
                assert {name for name, _ in live.link.peers} == {"tcp"}
            await live.until(lambda: live.mode is Mode.HOLD)
            await live.until(lambda: not live.link.peers)

    asyncio.run(main())


def test_over_a_serial_radio_signed(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys" / "keys.json")
    key = store.create("mavproxy", ME)
    port = PtyPort()

    async def main() -> None:
        async with (
            live_vehicle(store.path, serial=port) as live,
            mavproxy(0, tmp_path, "--baudrate=57600", master=port.path) as proxy,
        ):
            await live.until(lambda: live.link.refused_frames > 0)
            proxy.say(f"signing key {key.secret}")
            await ready(live, proxy)
            await driving(live, proxy)
            assert {name for name, _ in live.link.peers} == {"serial"}
            proxy.say("mode HOLD")
            await live.until(lambda: live.mode is Mode.HOLD)

    asyncio.run(main())
    port.close()
