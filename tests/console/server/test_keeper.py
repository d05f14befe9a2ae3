"""What is missing of ground and site is fetched; what the vehicle does not have is asked for again."""

import asyncio
import random
import zlib

import msgspec
import numpy as np
import pytest

from console.client.ground_mirror import FETCHED_A_PIECE, RECORD, TILES_A_PIECE
from console.client.view import ConsoleView, LinkState
from console.server.ground import GroundMirror
from console.server.keeper import Keeper, site_of
from firmware_bridge.console_types import StrokesFrame, WorkFlag, WorkFrame
from sim.virtual_time import VirtualClock, run_virtual
from tests.console.server.support import FakeLink, frame, header
from tests.console.test_ground_mirror import Ground, sent
from vehicle.contracts.ledger_types import Revoke
from vehicle.contracts.skipped import SkippedSwath
from vehicle.control.ground import raster
from vehicle.operator_link.day_file import DAY, Day, day_file
from vehicle.operator_link.ground_codec import packed_act, packed_record
from vehicle.operator_link.ground_log import GroundLog, name_of
from vehicle.operator_link.site_file import SITE
from vehicle.operator_link.station_names import NAMES, names_file

OPEN = ConsoleView(state=LinkState.OPEN, session=True, vehicle=frame(session_id=77))
PLAN = {"hash": "p", "datum": [39.99, 46.93, 350.0]}
NO_PLAN = {**PLAN, "hash": None}
S = 1_000_000_000


def held_by(station: int) -> ConsoleView:
    return ConsoleView(state=LinkState.OPEN, session=True, vehicle=frame(session_id=77, lease_holder=station))


def packed(site: object) -> bytes:
    return zlib.compress(msgspec.json.encode(site))


def test_site_and_record_are_fetched_once_and_a_gap_is_filled() -> None:
    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(ConsoleView()), GroundMirror()
        ground, log = Ground(random.Random(5)), GroundLog()
        link.files = lambda path: packed(NO_PLAN) if path == SITE else log.file(path)
        for _ in range(30):
            log.follow(ground.tick(), ground.now_ns)
        log.follow(ground.settled(), ground.now_ns)
        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        await clock.sleep_until_ns(S)
        assert link.fetched == []  # no session yet
        link.view = OPEN
        link.changed.set()
        await clock.sleep_until_ns(2 * S)
        assert link.fetched == [SITE, RECORD]
        assert keeper.site == NO_PLAN
        assert mirror.complete
        for _ in range(40):  # all of this is lost
            log.follow(ground.tick(), ground.now_ns)
        log.follow(ground.settled(), ground.now_ns)
        for told in log.follow(ground.state, ground.now_ns + 10 * S):
            link.on_strokes(sent(told))
        link.changed.set()
        await clock.sleep_until_ns(3 * S)
        assert mirror.complete
        assert mirror.stroke == ground.state.ledger.stroke.number  # type: ignore[union-attr]
        task.cancel()

    run_virtual(main)


def test_long_work_leaves_room_for_hands_between_its_pieces() -> None:
    """A record of many tiles, and a withdrawal that goes through all of them: others of the loop run meanwhile."""

    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(OPEN), GroundMirror()
        worked = np.zeros((raster.PLANES, raster.TILE, raster.TILE), np.uint8)
        worked[raster.FLAGS], worked[raster.NUMBER] = raster.SWEPT | raster.CREDITED, 1
        tiles = [((n, 0), raster.packed(worked)) for n in range(5 * FETCHED_A_PIECE)]
        record = packed_record(header(session_low=77, stroke=1), iter(tiles))
        link.files = lambda path: packed(PLAN) if path == SITE else record
        looks: list[int] = []

        async def hands() -> None:
            while True:
                looks.append(len(mirror.ledger.tiles) + 2 * mirror.withdrawing)
                await clock.sleep_until_ns(clock.now_ns() + 1_000_000)

        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        tasks = [asyncio.ensure_future(part) for part in (keeper.run(), hands())]
        await clock.sleep_until_ns(S)
        assert mirror.complete
        assert looks.index(len(mirror.ledger.tiles)) >= 4, "unpacked at a stroke"
        looks.clear()
        act = packed_act(
            Revoke(
                reason="a hammer is missing", by="", since_number=1, until_number=1, flags=raster.CREDITED,
                across_m=None, bias_m=0.0, required_depth_m=0.15,
            )
        )  # fmt: skip
        link.on_strokes(StrokesFrame(session_low=77, plan=0, first=1, acts=1, act=act))
        await clock.sleep_until_ns(2 * S)
        assert not mirror.withdrawing
        assert not any((raster.unpacked(tile)[raster.FLAGS] & raster.CREDITED).any() for tile in tiles_held(mirror))
        assert len([look for look in looks if look > len(mirror.ledger.tiles)]) >= 5 * FETCHED_A_PIECE // TILES_A_PIECE
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_virtual(main)


def tiles_held(mirror: GroundMirror) -> list[raster.Tile | bytes]:
    """All of the copy."""
    return [tile for block in mirror.ledger.tiles.values() for tile in block.values()]


def test_another_plan_is_another_site() -> None:
    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(OPEN), GroundMirror()
        has = {SITE: packed(PLAN), RECORD: packed_record(header(session_low=77), iter(()))}
        link.files = has.get
        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())

        async def told(plan: str) -> None:
            link.on_strokes(StrokesFrame(session_low=77, plan=name_of(plan), first=0, acts=0))
            link.changed.set()
            await clock.sleep_until_ns(clock.now_ns() + S)

        await told("p")
        has[SITE] = packed({"hash": "q"})
        await told("p")
        assert keeper.site == PLAN
        await told("q")
        assert keeper.site == {"hash": "q"}
        task.cancel()

    run_virtual(main)


def test_the_site_of_an_earlier_plan_or_start_is_none() -> None:
    """From the moment on that another is heard of, until its own site came; that is asked for before the record."""

    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(OPEN), GroundMirror()
        has = {SITE: packed(PLAN), RECORD: packed_record(header(session_low=77, plan_hash="p"), iter(()))}
        link.files = has.get
        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        link.on_strokes(StrokesFrame(session_low=77, plan=name_of("p"), first=0, acts=0))
        await clock.sleep_until_ns(S)
        assert keeper.site == PLAN
        link.view = ConsoleView(state=LinkState.OPEN, session=True, vehicle=frame(session_id=78))  # it began anew
        assert keeper.site is None
        has[RECORD] = packed_record(header(session_low=78, plan_hash="q"), iter(()))
        link.on_strokes(StrokesFrame(session_low=78, plan=name_of("q"), first=0, acts=0))
        link.fetched.clear()
        link.changed.set()
        await clock.sleep_until_ns(3 * S)  # the file is still that of the plan before
        assert keeper.site is None
        assert link.fetched[:2] == [SITE, RECORD]
        has[SITE] = packed({"hash": "q"})
        await clock.sleep_until_ns(6 * S)
        assert keeper.site == {"hash": "q"}
        link.on_strokes(StrokesFrame(session_low=78, plan=0, first=0, acts=0))
        assert keeper.site is None
        task.cancel()

    run_virtual(main)


def test_what_cannot_be_had_is_asked_for_again_and_nothing_else_waits_for_it() -> None:
    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(OPEN), GroundMirror()
        link.files = lambda path: packed_record(header(session_low=77), iter(())) if path == RECORD else None
        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        await clock.sleep_until_ns(10 * S)
        assert mirror.complete
        assert keeper.site is None
        assert 3 <= link.fetched.count(SITE) <= 12
        task.cancel()

    run_virtual(main)


def test_who_holds_it_is_asked_for_once_for_each_holder() -> None:
    async def main(clock: VirtualClock) -> None:
        link = FakeLink(held_by(9))
        record = packed_record(header(session_low=77), iter(()))
        has = {SITE: packed(PLAN), RECORD: record, NAMES: names_file({9: "b"})}
        link.files = has.get
        keeper = Keeper(link, GroundMirror(), clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        await clock.sleep_until_ns(S)
        assert keeper.names == {9: "b"}
        link.view = held_by(8)
        for second in range(2, 6):
            link.changed.set()
            await clock.sleep_until_ns(second * S)
        assert link.fetched.count(NAMES) == 2  # of a holder without a name nobody is asked again
        has[NAMES] = b"[damaged"
        link.view = held_by(6)
        link.changed.set()
        await clock.sleep_until_ns(8 * S)
        assert (link.fetched.count(NAMES), keeper.names) == (3, {9: "b"})
        task.cancel()

    run_virtual(main)


@pytest.mark.parametrize("data", [b"", b"rubbish", zlib.compress(b"{"), zlib.compress(b"[]")])
def test_what_is_no_site_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no site"):
        site_of(data)


SKIP = SkippedSwath(swath=3, plan_hash="p", ring_m=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)), reason="wet",
                    words="water", by="leader", utc_us=None)  # fmt: skip


def counted(count: int, session_id: int = 77) -> ConsoleView:
    work = WorkFrame(tick=1, flags=WorkFlag(0), cap_reason=255, day_count=count)
    return ConsoleView(state=LinkState.OPEN, session=True, vehicle=frame(session_id=session_id), work=work)


def test_what_people_told_is_fetched_when_it_changed_and_is_unknown_after_a_restart() -> None:
    async def main(clock: VirtualClock) -> None:
        link, mirror = FakeLink(counted(1)), GroundMirror()
        files = {SITE: packed(PLAN), RECORD: packed_record(header(session_low=77), iter(())), DAY: day_file(Day())}
        link.files = files.get
        keeper = Keeper(link, mirror, clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        await clock.sleep_until_ns(S)
        assert link.fetched.count(DAY) == 1
        assert keeper.day == Day()
        files[DAY] = day_file(Day(skips=(SKIP,)))
        for seconds in (2, 3):  # the same count twice
            link.view = counted(2)
            link.changed.set()
            await clock.sleep_until_ns(seconds * S)
        assert link.fetched.count(DAY) == 2
        assert keeper.day == Day(skips=(SKIP,))
        link.view = msgspec.structs.replace(counted(2, session_id=78), work=None)
        assert keeper.day is None
        link.view = counted(2, session_id=78)
        link.changed.set()
        await clock.sleep_until_ns(4 * S)
        assert link.fetched.count(DAY) == 3
        task.cancel()

    run_virtual(main)


def test_a_vehicle_of_an_earlier_program_holds_nothing_of_it_and_is_not_asked() -> None:
    async def main(clock: VirtualClock) -> None:
        link = FakeLink(counted(0))
        link.files = lambda path: packed(PLAN) if path == SITE else None
        keeper = Keeper(link, GroundMirror(), clock)  # type: ignore[arg-type]
        task = asyncio.ensure_future(keeper.run())
        await clock.sleep_until_ns(3 * S)
        assert DAY not in link.fetched
        assert keeper.day == Day()
        task.cancel()

    run_virtual(main)
