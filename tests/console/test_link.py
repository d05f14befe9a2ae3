"""Our own console against the vehicle: session, signing, hold-to-run, what a recording can do."""

import asyncio
from pathlib import Path

import pytest

from console.link import Credentials, LinkProtocol, console_link
from console.station import Controls
from firmware_bridge.types import OperatorEdge
from tests.operator_link.live_vehicle import PATIENCE_S, Live, live_vehicle
from vehicle.clock import SystemClock
from vehicle.messages import Mode
from vehicle.operator_link.keystore import KeyStore

pytestmark = pytest.mark.real
CLOCK = SystemClock()


def credentials(folder: Path) -> tuple[KeyStore, Credentials]:
    store = KeyStore(folder / "keys.json")
    key = store.create("console", 250)
    return store, Credentials(system_id=250, secret=key.secret, machine_id=store.load().machine_id)


async def drive(live: Live, port: int, held: Credentials) -> None:
    async with console_link("127.0.0.1", port, held, CLOCK) as link:
        await link.session(PATIENCE_S)
        await live.until(lambda: live.vehicle.state.estimate.ready)
        await link.press(OperatorEdge.TAKE)
        await link.until(lambda vehicle: vehicle.lease_holder == held.system_id, PATIENCE_S)
        await link.press(OperatorEdge.NONE)
        await link.press(OperatorEdge.ARM)
        await link.until(lambda vehicle: vehicle.mode == Mode.READY, PATIENCE_S)
        await link.press(OperatorEdge.ARM)
        await link.until(lambda vehicle: vehicle.mode == Mode.MANUAL, PATIENCE_S)
        link.controls = Controls(hold_to_run=True, drive=0.4)
        await link.until(lambda vehicle: (vehicle.speed_mps or 0.0) > 0.15, PATIENCE_S)
        link.live = False  # the hands are gone: no frame, no motion
        await live.until(lambda: live.mode is Mode.HOLD)
        report = live.vehicle.state.report
        assert report is not None
        assert "link_lost" in report.reasons


def test_session_arm_drive_and_a_frozen_reader(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)

    async def main() -> None:
        async with live_vehicle(store.path) as live:
            await drive(live, live.port, held)

    asyncio.run(main())


def test_a_wrong_secret_opens_no_session(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)
    wrong = Credentials(system_id=250, secret="x" * 43, machine_id=held.machine_id)

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, wrong, CLOCK) as link:
            await live.until(lambda: live.link.refused_frames > 3)
            assert not link.protocol.open
            assert link.protocol.vehicle is None
            assert live.link.peers == {}

    asyncio.run(main())


def test_another_machines_console_is_told_apart(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)
    elsewhere = Credentials(system_id=250, secret=held.secret, machine_id="00112233445566aa")

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, elsewhere, CLOCK) as link:
            await live.until(lambda: link.protocol.refused > 0)
            assert not link.protocol.open

    asyncio.run(main())


def test_nothing_is_sent_without_a_reading() -> None:
    protocol = LinkProtocol(Credentials(system_id=250))
    protocol.open = True
    protocol.feed(Controls(hold_to_run=True, drive=0.4), 0)
    sizes = [len(protocol.send(now_ms * 1_000_000)) for now_ms in range(0, 400, 10)]
    assert sum(sizes[:16]) >= 3
    assert sizes[16:] == [0] * 24
