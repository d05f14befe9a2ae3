"""Public client programs, unmodified, each by its own API, step by step as docs/OPERATOR_LINK.md has them."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from sim.virtual_time import Phase
from tests.operator_link.cable import Cable, cable
from tests.operator_link.hands import Hand, Mavctl, Proxy, mavctl, program
from tests.operator_link.live_vehicle import TRIES, Live, live_vehicle
from tests.operator_link.mavproxy import mavproxy
from vehicle.contracts.messages import Mode
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.transfer import MISSION

pytestmark = [pytest.mark.real, pytest.mark.slow]
HERE = "127.0.0.1"
NODE = Path(sys.prefix) / "node"
AnyHand = Hand | Proxy | Mavctl
Ride = tuple[Live, Hand, Cable]
Drive = Callable[[Live, AnyHand], Awaitable[None]]


def where(name: str, port: int) -> str:
    """The port to call, as this client's users write it."""
    written = {"node_client.mjs": "{}", "mavsdk_client.py": "udpout://127.0.0.1:{}"}
    return written.get(name, "udpout:127.0.0.1:{}").format(port)


@contextlib.asynccontextmanager
async def calling(name: str, folder: Path, *arguments: str) -> AsyncIterator[Ride]:
    """A vehicle, a client that calls it, and the cable between them."""
    async with cable() as link, live_vehicle(bench=True) as live:
        link.towards(live.port)
        await live.until(lambda: live.vehicle.state.estimate.ready)
        async with program(name, where(name, link.station_port), *arguments, folder=folder) as hand:
            yield live, hand, link


@contextlib.asynccontextmanager
async def called(name: str, folder: Path, listening: int) -> AsyncIterator[Ride]:
    """A vehicle that calls a client at a port where it listens, and the cable between them."""
    async with cable(listening) as link, live_vehicle(bench=True, stations=((HERE, link.vehicle_port, 255),)) as live:
        await live.until(lambda: live.vehicle.state.estimate.ready)
        async with program(name, f"udpin:{HERE}:{listening}", folder=folder) as hand:
            yield live, hand, link


def stands(live: Live) -> bool:
    return abs(live.world.truth().speed_mps) < 0.01


def moves(live: Live) -> bool:
    return live.world.truth().speed_mps > 0.1


async def by_stick(live: Live, hand: AnyHand) -> None:
    """Hands off, arm, button, stick; anew where the program on a busy computer falls silent, which is a lost link."""
    for _ in range(TRIES):
        await hand.do("neutral")
        assert await hand.do("arm") == "ok"
        if await live.reaches(lambda: live.mode is Mode.READY, live.later(5.0)):
            await hand.do("button")
            if await live.arms(lambda: live.mode is Mode.MANUAL):
                await hand.do("push")
                if await live.arms(lambda: moves(live)):
                    return
        await hand.do("neutral")
        await back(live, hand)
    raise AssertionError(f"never driven: {live.vehicle.state.report}")


async def by_mission(live: Live, hand: AnyHand) -> None:
    """Arm, start; anew as `by_stick`."""
    said: list[object] = []
    for _ in range(TRIES):
        said.append(await hand.do("arm"))
        if said[-1] == "ok" and await live.reaches(lambda: live.mode is Mode.READY, live.later(5.0)):
            said.append(await hand.do("start"))
            if said[-1] == "ok" and await live.arms(lambda: moves(live)):
                return
        await back(live, hand)
    raise AssertionError(f"never driven: {said}, {live.vehicle.state.report}")


async def back(live: Live, hand: AnyHand) -> None:
    """To where it was before it was armed."""
    await live.until(lambda: live.mode in (Mode.DISARMED, Mode.READY) or (live.mode is Mode.HOLD and stands(live)))
    if isinstance(hand, Mavctl):
        await mavctl_out(live, hand)
    elif live.mode is Mode.HOLD:
        await out_of_a_stop(live, hand)


async def upload(live: Live, hand: AnyHand) -> None:
    """The vehicle's plan, read and sent back."""
    plan_id, taken = live.link.lists.list_id(MISSION), live.link.lists.taken[MISSION]
    count = await hand.do("upload")
    assert isinstance(count, int), count
    assert count > 0
    await live.until(lambda: live.link.lists.taken[MISSION] > taken)
    assert live.link.lists.list_id(MISSION) == plan_id


async def out_of_a_stop(live: Live, hand: AnyHand) -> None:
    """Its own disarm leads out, once it can have heard the cause."""
    await live.until(lambda: live.link.view.stops <= live.link.view.told)
    assert live.link.view.shows_armed
    assert await hand.do("disarm") == "ok"
    await live.until(lambda: live.mode is Mode.DISARMED and not live.link.view.shows_armed)


async def journey(live: Live, hand: AnyHand, link: Cable, drive: Drive) -> None:
    """All that the table's row has, after the upload."""
    await drive(live, hand)
    assert await hand.do("stop") == "ok"
    await live.until(lambda: live.mode is Mode.HOLD and stands(live))
    await out_of_a_stop(live, hand)
    await drive(live, hand)
    link.cut = True
    await live.until(lambda: live.mode is Mode.HOLD and stands(live))
    assert live.vehicle.state.report is not None
    assert "link_lost" in live.vehicle.state.report.reasons
    link.cut = False
    await out_of_a_stop(live, hand)
    await drive(live, hand)
    assert await hand.do("stop") == "ok"
    await live.until(lambda: live.mode is Mode.HOLD and stands(live))


def test_dronekit(tmp_path: Path) -> None:
    async def main() -> None:
        async with calling("dronekit_client.py", tmp_path) as (live, hand, link):
            assert (await hand.do("connect"))[1] == "MANUAL"
            await upload(live, hand)
            await journey(live, hand, link, by_stick)

    asyncio.run(main())


def test_mavutil(tmp_path: Path) -> None:
    async def main() -> None:
        async with calling("mavutil_client.py", tmp_path) as (live, hand, link):
            assert await hand.do("connect") == [1, "MANUAL"]
            await upload(live, hand)
            await journey(live, hand, link, by_stick)

    asyncio.run(main())


def test_mavkit(tmp_path: Path) -> None:
    async def main() -> None:
        async with called("mavkit_client.py", tmp_path, free_port()) as (live, hand, link):
            assert (await hand.do("connect"))[1] is False
            await hand.do("speak")
            await upload(live, hand)
            await journey(live, hand, link, by_mission)

    asyncio.run(main())


def test_mavsdk(tmp_path: Path) -> None:
    async def main() -> None:
        async with calling("mavsdk_client.py", tmp_path) as (live, hand, link):
            assert await hand.do("connect") is True
            await upload(live, hand)
            await journey(live, hand, link, by_mission)

    asyncio.run(main())


@pytest.mark.needs("node", "npm")
def test_node_mavlink(tmp_path: Path) -> None:
    if not (NODE / "node_modules").is_dir():
        pytest.skip("`make node-clients` to drive with node-mavlink")

    async def main() -> None:
        async with calling("node_client.mjs", tmp_path, str(NODE)) as (live, hand, link):
            assert await hand.do("connect") == 10  # a rover
            await upload(live, hand)
            await journey(live, hand, link, by_stick)

    asyncio.run(main())


@pytest.mark.needs("node", "npm")
def test_node_mavlink_signed(tmp_path: Path) -> None:
    """It signs by its plain clock and follows nobody: it drives by the vehicle's; another key is not heard."""
    if not (NODE / "node_modules").is_dir():
        pytest.skip("`make node-clients` to drive with node-mavlink")
    store = KeyStore(tmp_path / "keys" / "keys.json")
    key = store.create("node", 255)

    async def main() -> None:
        async with cable() as link, live_vehicle(store.path, behind_s=0) as live:
            link.towards(live.port)
            await live.until(lambda: live.vehicle.state.estimate.ready)
            lag = tmp_path / "lag"

            def tell(_: int) -> None:
                fresh = lag.with_suffix(".new")
                fresh.write_text(str(live.clock.lost_ns // 1_000_000), encoding="utf-8")
                fresh.replace(lag)

            tell(0)
            live.barrier.subscribe(Phase.OBSERVE, tell)
            where_to = (str(link.station_port), str(NODE))
            async with program("node_client.mjs", *where_to, "another secret", str(lag), folder=tmp_path):
                await live.until(lambda: live.link.refused_frames > 3)
                assert live.link.peers == {}
            async with program("node_client.mjs", *where_to, key.secret, str(lag), folder=tmp_path) as hand:
                assert await hand.do("connect") == 10
                await upload(live, hand)
                await journey(live, hand, link, by_stick)

    asyncio.run(main())


def test_mavproxy(tmp_path: Path) -> None:
    async def main() -> None:
        async with cable() as link, live_vehicle(bench=True) as live:
            link.towards(live.port)
            await live.until(lambda: live.vehicle.state.estimate.ready)
            async with mavproxy(link.station_port, tmp_path) as process:
                hand = Proxy(process, tmp_path)
                await hand.do("connect")
                await upload(live, hand)
                await journey(live, hand, link, by_stick)

    asyncio.run(main())


MISSION_OF_MAVCTL = """{"version": 1, "items": [{"type": "takeoff", "altitude_m": 1.0},
  {"type": "waypoint", "lat_deg": 39.9901, "lon_deg": 46.9301, "altitude_m": 1.0}]}"""


async def asking(hand: Mavctl) -> None:
    """It sends nothing by itself: a loop around one of its questions keeps it heard."""
    while True:
        await hand.run("mission", "download")


@contextlib.asynccontextmanager
async def kept_heard(hand: Mavctl) -> AsyncIterator[None]:
    """With `asking` beside it."""
    loop = asyncio.create_task(asking(Mavctl(hand.folder)))
    try:
        yield
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def mavctl_drives(live: Live, hand: Mavctl, link: Cable) -> None:
    """With the loop beside it, a mission goes on until it is stopped; then until the link is lost; then again."""
    for end in ("stop", "cut", "stop"):
        async with kept_heard(hand):
            await by_mission(live, hand)
            if end == "stop":
                assert await hand.do("stop") == "ok"
            link.cut = end == "cut"
            await live.until(lambda: live.mode is Mode.HOLD and stands(live))
        link.cut = False
        await mavctl_out(live, hand)


NOT_HEARD = 4
"""Exit status of mavctl where it has not heard the vehicle lately."""


async def mavctl_out(live: Live, hand: Mavctl) -> None:
    """Its disarm wants to know of fresh ground, and says so until it does."""
    await live.until(lambda: live.link.view.stops <= live.link.view.told)
    while (said := await hand.do("disarm")) != "ok":
        # its own guard has a reason; a refusal in words by the vehicle, within half a second of a stop, has none
        assert said[0] == NOT_HEARD or said[1]["detail"].get("reason") in ("ground_state_stale", "not_connected", None)
    await live.until(lambda: live.mode is Mode.DISARMED)


def test_mavctl(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "mission.json").write_text(MISSION_OF_MAVCTL, encoding="utf-8")
        listening = free_port()
        async with cable(listening) as link:
            called_by = ((HERE, link.vehicle_port, 254),)
            async with live_vehicle(bench=True, stations=called_by) as live, mavctl(tmp_path, listening) as hand:
                await live.until(lambda: live.vehicle.state.estimate.ready)
                while await hand.do("arm") != "ok":  # until it has heard of a fix
                    assert live.mode is Mode.DISARMED
                await mavctl_out(live, hand)
                status, error = await hand.do("download")  # what it cannot say itself it does not read either
                assert (status, error["detail"]["reason"]) == (6, "mission_item_unsupported")
                status, error = await hand.do("upload")  # its missions begin with a take-off
                assert status == 6
                assert live.link.lists.taken[MISSION] == 0
                async with kept_heard(hand):  # a call takes long on a busy computer, and READY ends with the link
                    await by_mission(live, hand)
                await live.until(lambda: live.mode is Mode.HOLD and stands(live))
                assert live.vehicle.state.report is not None
                assert "link_lost" in live.vehicle.state.report.reasons
                await mavctl_out(live, hand)
                await mavctl_drives(live, hand, link)

    asyncio.run(main())
