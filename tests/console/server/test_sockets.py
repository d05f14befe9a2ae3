"""The sockets of the real server: each reading once, no old one, no queue for a slow page, stops always."""

import asyncio
import json
import os
import re
import signal
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from console.client.ground_mirror import RECORD, TILE_BYTES
from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState
from console.server.app import Address
from console.server.desk import Desk, Seat
from console.server.drive_frames import (
    TILE,
    PageAct,
    PageStop,
    Verdict,
    decoded_echo,
    decoded_tick,
    encoded_ack,
    encoded_act,
    encoded_reading,
    encoded_stop,
)
from console.server.outgoing import AHEAD_MAX
from console.server.settings import VehicleSettings
from console.server.sockets import TILES_MAX, DriveSocket
from firmware_bridge.types import OperatorEdge
from tests.console.server.support import CLOCK, PATIENCE_S, FakeLink, connect, frame, header, page, reading, served
from tests.console.server.test_app import NOBODY, drive
from tests.operator_link.live_vehicle import Live, live_vehicle
from vehicle.contracts.messages import Mode
from vehicle.operator_link.ground_codec import packed_record
from vehicle.operator_link.keystore import KeyStore

pytestmark = [pytest.mark.real, pytest.mark.long]
OPEN = ConsoleView(state=LinkState.OPEN, session=True, tick=100, vehicle=frame(), vehicle_age_ms=20.0)


def with_fake(desk: Desk) -> FakeLink:
    """The steered vehicle's link, replaced by one that keeps what it is given."""
    link = FakeLink(OPEN)
    desk.steered.relinked(desk.steered.settings, link)  # type: ignore[arg-type]
    return link


async def binary(socket: Any) -> bytes:
    """The next message, which is not text."""
    data = await socket.recv()
    assert isinstance(data, bytes)
    return data


async def verdicts(socket: Any, count: int) -> dict[int, Verdict]:
    """What became of so many readings."""
    found: dict[int, Verdict] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            number, verdict, _ = decoded_echo(await binary(socket))
            found[number] = verdict
    return found


def test_an_echo_tells_the_newest_tick_that_was_heard_not_that_of_the_last_report(tmp_path: Path) -> None:
    """Reports come four times a second, beats twenty: a quarter of a second is more than a frame may be old."""

    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/drive") as socket:
            with_fake(app.state.desk).view = replace(OPEN, tick=112, vehicle=frame(tick=100))
            await socket.send(encoded_reading(reading(1)))
            async with asyncio.timeout(PATIENCE_S):
                assert decoded_echo(await binary(socket))[2] == 112

    asyncio.run(main())


def test_a_newer_tick_is_told_at_once_without_a_reading(tmp_path: Path) -> None:
    """What the next look at the hands carries; it need not wait for the echo of the one before."""

    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/drive") as socket:
            link = with_fake(app.state.desk)
            await socket.send(encoded_reading(reading(1)))
            await verdicts(socket, 1)
            link.on_tick(0x1_0000_0007)
            async with asyncio.timeout(PATIENCE_S):
                assert decoded_tick(await binary(socket)) == 7

    asyncio.run(main())


def test_ground_is_complete_for_a_page_when_its_last_tile_is_out(tmp_path: Path) -> None:
    """The record has more tiles than a period takes: until they are out, what is not there is unknown, not to do."""
    many = 3 * TILES_MAX
    blank = zlib.compress(bytes(TILE_BYTES))

    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/state?page=p") as socket:
            mirror = app.state.desk.steered.mirror
            mirror.fetched(RECORD, packed_record(header(), iter([((n, 0), blank) for n in range(many)])))
            tiles, complete = 0, False
            async with asyncio.timeout(PATIENCE_S):
                while not complete:
                    message = await socket.recv()
                    if isinstance(message, bytes):
                        tiles = tiles + 1 if message[0] == TILE else 0
                        continue
                    told = json.loads(message)
                    await socket.send(encoded_ack(told["seq"]))
                    complete = told.get("ground", {}).get("complete", False)
                    assert not complete or tiles == many, f"complete after {tiles} of {many}"

    asyncio.run(main())


def test_a_reading_that_is_repeated_goes_out_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/drive") as socket:
            link = with_fake(app.state.desk)
            one = encoded_reading(reading(7, page_ms=10.0, hold=True, drive=0.4))
            for _ in range(5):
                await socket.send(one)
            await socket.send(encoded_reading(reading(8, page_ms=30.0)))
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    number, verdict, _ = decoded_echo(await binary(socket))
                    if number == 8 and verdict is Verdict.SENT:
                        break
            assert len([fed for fed in link.fed if fed.hold]) <= 1
            assert [fed.number for fed in link.fed] == list(range(1, len(link.fed) + 1))

    asyncio.run(main())


def test_a_reading_for_the_vehicle_before_moves_no_other(tmp_path: Path) -> None:
    """It lies in the slot when the console turns to another: neither is told of it, and it is not echoed."""
    second = VehicleSettings(id="two", name="Two", host="127.0.0.1", port=9, credentials=Credentials(system_id=250))

    async def main() -> None:
        async with served((NOBODY, second), tmp_path) as (app, _):
            desk: Desk = app.state.desk
            links = [FakeLink(OPEN), FakeLink(OPEN)]
            for one, link in zip(desk.vehicles.values(), links, strict=True):
                one.relinked(one.settings, link)  # type: ignore[arg-type]
            driven = DriveSocket(SimpleNamespace(query_params={}), desk, CLOCK)  # type: ignore[arg-type]
            assert desk.sit(driven.seat)
            assert driven._deliver(reading(1, hold=True, drive=0.5)) is Verdict.SENT
            assert desk.turn_to("two") == ""
            late = reading(2, hold=True, drive=0.5)
            assert driven._deliver(late) is Verdict.NO_SESSION
            driven._echo(late, Verdict.SENT)
            assert not driven._out
            assert desk.sit(Seat("next", lambda _: None))
            assert driven._deliver(late) is Verdict.NO_SESSION
            assert [len([fed for fed in link.fed if fed.hold]) for link in links] == [1, 0]

    asyncio.run(main())


def test_of_a_burst_the_newest_counts_and_nothing_old(tmp_path: Path) -> None:
    """A page that froze sends all that it read meanwhile; its last reading is young, or it is not."""

    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/drive") as socket:
            link = with_fake(app.state.desk)
            await socket.send(encoded_reading(reading(1, page_ms=100_000.0)))
            assert await verdicts(socket, 1) == {1: Verdict.SENT}
            # each is younger than the one before by more than any delay here: the last is the youngest there is
            burst = [encoded_reading(reading(n, page_ms=1e6 * n, hold=True, drive=0.5)) for n in range(2, 17)]
            for one in burst:
                await socket.send(one)
            found = await verdicts(socket, 15)
            assert found[16] is Verdict.SENT
            assert len(link.fed) <= 16
            before = len(link.fed)
            await socket.send(encoded_reading(reading(17, page_ms=16e6 - 200.0, hold=True, drive=0.5)))
            assert await verdicts(socket, 1) == {17: Verdict.TOO_OLD}
            assert len(link.fed) == before

    asyncio.run(main())


def test_a_page_that_does_not_acknowledge_is_sent_no_queue(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            served((NOBODY,), tmp_path) as (app, address),
            connect(address, "/state?page=slow") as slow,
            page(address, "quick") as quick,
        ):
            link = with_fake(app.state.desk)

            def later() -> bool:  # each message of the quick page makes something new for both
                link.view = replace(OPEN, tick=link.view.tick + 1)
                return quick.known.get("seq", 0) >= 12

            await quick.until(later)
            heard: list[dict[str, Any]] = []
            while len(heard) < AHEAD_MAX:
                message = await slow.recv()
                if isinstance(message, str):
                    heard.append(json.loads(message))
            assert [one["seq"] for one in heard] == [1, 2]
            newest = link.view.tick
            await slow.send(encoded_ack(2))
            while not isinstance(message := await slow.recv(), str):
                pass  # ground of another link
            told = json.loads(message)
            assert told["seq"] == 3
            assert told["vehicle"]["tick"] >= newest  # what lay between was never sent

    asyncio.run(main())


def test_a_socket_that_breaks_leaves_neutral_readings_and_silence(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address):
            desk, link = app.state.desk, with_fake(app.state.desk)
            socket = await connect(address, "/drive")
            await socket.send(encoded_reading(reading(1, hold=True, drive=0.5)))
            await verdicts(socket, 1)
            socket.transport.abort()
            async with asyncio.timeout(PATIENCE_S):
                while desk._tail is None:
                    await asyncio.wait_for(asyncio.shield(_turn()), PATIENCE_S)
                await desk._tail
            assert desk.seat is None
            held, *after = link.fed
            assert held.hold
            assert 1 <= len(after) <= 5
            assert not any(one.hold or one.drive or one.turn or one.rotor_request for one in after)

    asyncio.run(main())


async def _turn() -> None:
    """One turn of the loop."""
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)


@pytest.mark.parametrize("path", ["/drive", "/state"])
@pytest.mark.parametrize(
    "data", [encoded_stop(PageStop(False, 1)), b"\x03", b"\x03\x00rubbish of any length that is no stop"]
)
def test_a_stop_is_passed_on_from_every_socket(path: str, data: bytes, tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, path) as socket:
            link = with_fake(app.state.desk)
            link.view = ConsoleView()  # no session, nothing heard
            await socket.send(data)
            await socket.send(encoded_stop(PageStop(True, 2)))
            async with asyncio.timeout(PATIENCE_S):
                while len(link.stops) < 2:
                    await _turn()
            assert link.stops == [False, True]

    asyncio.run(main())


def test_acts_are_answered_by_their_own_numbers(tmp_path: Path) -> None:
    async def main() -> None:
        async with served((NOBODY,), tmp_path) as (app, address), connect(address, "/drive") as socket:
            link = with_fake(app.state.desk)
            await socket.send(encoded_reading(reading(1, page_ms=50_000.0)))
            await socket.send(encoded_act(PageAct(3, 41, 49_000.0, 0)))  # a second late
            await socket.send(encoded_act(PageAct(4, 42, 0.0, 0)))
            found: list[dict[str, Any]] = []
            async with asyncio.timeout(PATIENCE_S):
                while not found:
                    message = await socket.recv()
                    found += [json.loads(message)] if isinstance(message, str) else []
                while not link.acts:
                    await _turn()
            assert [(one["act"], one["no"], one["result"], one["why"]) for one in found] == [
                ("ARM", 41, "refused", "act.why.too_old")
            ]
            assert link.acts == [OperatorEdge.DISARM]

    asyncio.run(main())


async def started(folder: Path, port: int, held: Credentials) -> tuple[asyncio.subprocess.Process, Address]:
    """`flailpilot console` as a process, and where its page is."""
    (folder / "console.json").write_bytes(msgspec.json.encode(held))
    text = f'console = "C"\nkeys = "console.json"\n[[vehicles]]\nname = "one"\nhost = "127.0.0.1"\nport = {port}\n'
    (folder / "console.toml").write_text(text)
    command = [sys.executable, "-m", "flailpilot", "console", str(folder / "console.toml"), "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/#t=(\S+)", line)
    assert found is not None, line
    return process, Address(int(found[1]), found[2])


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_server_that_dies_stops_the_vehicle(end: signal.Signals, tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    key = store.create("console", 250)
    held = Credentials(system_id=250, secret=key.secret, machine_id=store.load().machine_id)

    async def main() -> None:
        async with live_vehicle(store.path) as live:
            process, address = await started(tmp_path, live.port, held)
            try:
                async with page(address) as one:
                    await live.until(lambda: live.vehicle.state.estimate.ready)
                    await drive(one)
                    os.kill(process.pid, end)
                    await live.until(lambda: live.mode is Mode.HOLD)
                    await live.until(standing(live))
                async with asyncio.timeout(PATIENCE_S):
                    status = await process.wait()
                assert status == (-signal.SIGKILL if end is signal.SIGKILL else 0)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    asyncio.run(main())


def standing(live: Live) -> Callable[[], bool]:
    """Measured to stand."""

    def stands() -> bool:
        report = live.vehicle.state.report
        return report is not None and report.driving is False

    return stands


def test_several_vehicles_one_is_steered(tmp_path: Path) -> None:
    second = VehicleSettings(id="two", name="Two", host="127.0.0.1", port=9, credentials=Credentials(system_id=250))

    async def main() -> None:
        async with served((NOBODY, second), tmp_path) as (app, address), page(address) as one:
            await one.until(lambda: one.known.get("server", {}).get("steering") == "this")
            assert [row["id"] for row in one.known["server"]["vehicles"]] == ["one", "two"]
            assert app.state.desk.turn_to("two") == ""
            await one.until(lambda: one.closed == 4002)
            await one.until(lambda: one.known["server"]["vehicle"] == "two")
            assert one.known["server"]["steering"] == "none"

    asyncio.run(main())
