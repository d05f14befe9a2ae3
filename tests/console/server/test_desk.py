"""Who steers what: one page, one vehicle at a time; stops reach the wire whatever else holds."""

import math
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.client.acts import ActAnswer, ActResult
from console.client.ground_mirror import RECORD
from console.client.protocol import Credentials
from console.client.view import ConsoleView, LinkState
from console.server.desk import Answer, Desk, Seat, Steered
from console.server.drive_frames import PageAct
from console.server.settings import PAGE, VehicleSettings
from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.types import OperatorEdge
from sim.virtual_time import VirtualClock, run_virtual
from tests.console.server.support import FakeLink, frame, header
from vehicle.contracts.messages import Mode
from vehicle.operator_link.ground_codec import packed_record

OPEN = ConsoleView(state=LinkState.OPEN, session=True, tick=100, vehicle=frame(), vehicle_age_ms=20.0)
MS = 1_000_000
SHOWN_TICK = 88


class Room:
    """A desk with two vehicles; `told` is what the page of `seat` was told."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.links = (FakeLink(OPEN), FakeLink(OPEN))
        self.told: list[Answer] = []
        self.desk = Desk(tuple(_steered(name, link, clock) for name, link in zip("ab", self.links, strict=True)), clock)
        self.seat = Seat("p", self.told.append)

    def act(self, number: int, age_ms: float = 0.0, seat: Seat | None = None) -> None:
        self.desk.act(seat or self.seat, PageAct(number, 7, 0.0, SHOWN_TICK), age_ms)


def _steered(name: str, link: FakeLink, clock: VirtualClock) -> Steered:
    held = Credentials(system_id=250)
    return Steered(VehicleSettings(id=name, name=name, host="127.0.0.1", port=1, credentials=held), link, clock)  # type: ignore[arg-type]


def in_room(main: Any) -> None:
    async def run(clock: VirtualClock) -> None:
        await main(Room(clock))

    run_virtual(run)


def test_one_page_drives_and_the_next_may_when_it_is_gone() -> None:
    async def main(room: Room) -> None:
        other = Seat("q", room.told.append)
        assert room.desk.sit(room.seat)
        assert not room.desk.sit(other)
        room.desk.stand_up(other)
        assert room.desk.seat is room.seat
        room.desk.stand_up(room.seat)
        assert room.desk.sit(other)

    in_room(main)


def test_a_page_that_is_gone_leaves_neutral_readings_for_150_ms_and_then_silence() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.desk.stand_up(room.seat)
        await room.clock.sleep_until_ns(room.clock.now_ns() + 1000 * MS)
        fed = room.links[0].fed
        assert [one.number for one in fed] == [1, 2, 3, 4]
        assert not any(one.hold or one.drive or one.turn or one.rotor_request for one in fed)
        assert {one.vehicle_tick for one in fed} == {100}
        assert (
            room.links[0].drops == 2
        )  # as it came and as it went: no act rides on them, nor on the readings of the next page

    in_room(main)


def test_a_page_that_comes_at_once_ends_the_neutral_readings_of_the_one_before() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.desk.stand_up(room.seat)
        await room.clock.sleep_until_ns(room.clock.now_ns() + 60 * MS)
        assert room.desk.sit(Seat("q", room.told.append))
        await room.clock.sleep_until_ns(room.clock.now_ns() + 1000 * MS)
        assert len(room.links[0].fed) == 2

    in_room(main)


def test_an_act_is_answered_with_what_the_vehicle_said() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.act(3)
        assert room.links[0].acts == [OperatorEdge.ARM]
        assert room.links[0].shown == [SHOWN_TICK]
        assert room.told == []
        answer = ActAnswer(number=1, edge=OperatorEdge.ARM, result=ActResult.REFUSED, why="reset_due", reason=25)
        room.links[0].on_answer(answer)
        room.links[0].on_answer(answer)
        assert room.told == [Answer(act="ARM", no=7, result="refused", why="act.why.reset_due", reason=25)]

    in_room(main)


@pytest.mark.parametrize(
    ("act", "age_ms", "state", "why"),
    [
        (3, 501.0, LinkState.OPEN, "act.why.too_old"),
        (7, 501.0, LinkState.OPEN, "act.why.too_old"),
        (1, 501.0, LinkState.OPEN, "act.why.too_old"),
        (3, math.inf, LinkState.OPEN, "act.why.too_old"),
        (3, 0.0, LinkState.LOST, "act.why.no_link"),
        (4, 0.0, LinkState.SEARCHING, "act.why.no_link"),
    ],
)
def test_an_act_that_cannot_be_is_refused_here(act: int, age_ms: float, state: LinkState, why: str) -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.links[0].view = replace(OPEN, state=state)
        room.act(act, age_ms)
        assert room.links[0].acts == []
        assert [(one.result, one.why, one.no) for one in room.told] == [("refused", why, 7)]

    in_room(main)


@pytest.mark.parametrize("act", [2, 4, 8])
def test_what_leads_away_from_motion_counts_however_late(act: int) -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.act(act, 60_000.0)
        assert len(room.links[0].acts) == 1

    in_room(main)


def test_a_page_that_does_not_drive_acts_on_nothing() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.act(3, seat=Seat("q", room.told.append))
        assert room.links[0].acts == []
        assert [one.why for one in room.told] == ["act.why.not_steered"]

    in_room(main)


def test_a_stop_goes_to_the_vehicle_that_is_shown_and_to_all_that_this_console_holds() -> None:
    async def main(room: Room) -> None:
        room.links[0].view = replace(OPEN, state=LinkState.LOST, vehicle=None)
        room.desk.stop()
        assert [link.stops for link in room.links] == [[False], []]
        room.links[1].view = replace(OPEN, vehicle=frame(lease_holder=250))
        room.desk.stop(engine_off=True)
        assert [link.stops for link in room.links] == [[False, True], [True]]
        room.links[1].view = replace(OPEN, vehicle=frame(lease_holder=251))
        room.desk.stop()
        assert [link.stops for link in room.links] == [[False, True, False], [True]]

    in_room(main)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lease_holder": 250, "speed_mps": 0.1, "mode": Mode.MANUAL}, "vehicle.why.moving"),
        ({"lease_holder": 250, "speed_mps": -0.1, "mode": Mode.DISARMED}, "vehicle.why.moving"),
        ({"lease_holder": 250, "mode": Mode.READY}, "vehicle.why.armed"),
        ({"lease_holder": 250, "mode": Mode.AUTO_WORK, "speed_mps": None}, "vehicle.why.armed"),
        ({"lease_holder": 250, "mode": Mode.STOPPING}, "vehicle.why.armed"),
        ({"lease_holder": 250, "mode": Mode.HOLD}, ""),
        ({"lease_holder": 250, "mode": Mode.DISARMED}, ""),
        ({"lease_holder": 251, "mode": Mode.AUTO_WORK, "speed_mps": 0.3}, ""),
    ],
)
def test_the_vehicle_is_changed_only_while_it_stands_and_is_not_armed(changes: dict[str, Any], why: str) -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        room.links[0].view = replace(OPEN, vehicle=frame(**changes))
        assert room.desk.turn_to("b") == why
        changed = not why
        assert (room.desk.steered is room.desk.vehicles["b"]) is changed
        assert room.seat.left.is_set() is changed
        assert (room.desk.seat is None) is changed
        await room.clock.sleep_until_ns(room.clock.now_ns() + 1000 * MS)
        assert len(room.links[0].fed) == (4 if changed else 0)
        assert room.links[1].fed == []

    in_room(main)


def test_a_vehicle_that_was_silent_for_long_holds_nobody_up() -> None:
    async def main(room: Room) -> None:
        moving = frame(lease_holder=250, mode=Mode.MANUAL, speed_mps=0.3)
        room.links[0].view = replace(OPEN, vehicle_age_ms=5_000.0, vehicle=moving)
        assert room.desk.turn_to("b") == "vehicle.why.moving"
        room.links[0].view = replace(OPEN, vehicle_age_ms=5_000.1, vehicle=moving)
        assert room.desk.turn_to("b") == ""

    in_room(main)


def test_an_act_that_is_refused_before_it_has_a_number_is_answered_all_the_same() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        link = room.links[0]

        def at_once(edge: OperatorEdge, shown_tick: int | None = None) -> int:
            assert shown_tick is not None
            link.on_answer(ActAnswer(number=9, edge=edge, result=ActResult.REFUSED, why="too_soon"))
            return 9

        link.act = at_once  # type: ignore[method-assign]
        room.act(3)
        assert [(one.result, one.why) for one in room.told] == [("refused", "act.why.too_soon")]

    in_room(main)


def test_answers_of_before_are_not_kept_for_a_later_act() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        answer = ActAnswer(number=1, edge=OperatorEdge.STOP, result=ActResult.ACCEPTED)
        kept = held_after(room.desk.steered, answer)
        assert kept == 0
        room.act(3)
        assert room.told == []

    in_room(main)


def held_after(steered: Steered, answer: ActAnswer) -> int:
    """How many more hold the answer after it was told."""
    before = sys.getrefcount(answer)
    for _ in range(100):
        steered.answered(answer)
    return sys.getrefcount(answer) - before


def test_what_a_page_pressed_ends_with_it() -> None:
    async def main(room: Room) -> None:
        first, second = room.links
        room.desk.sit(room.seat)
        before = first.drops
        room.desk.stand_up(Seat("q", room.told.append))
        assert first.drops == before
        room.desk.stand_up(room.seat)
        assert (first.drops, len(first.fed)) == (before + 1, 0)  # before the neutral readings
        room.desk.sit(room.seat)
        assert first.drops == before + 2
        assert room.desk.turn_to("b") == ""
        assert first.drops > before + 2
        assert second.drops == 1

    in_room(main)


def test_an_act_carries_what_its_page_was_shown() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        for tick in (90, 0):
            room.desk.act(room.seat, PageAct(6, 7, 0.0, tick), 0.0)
        assert room.links[0].shown == [90, 1]  # 0 would be no word of it

    in_room(main)


def test_the_page_that_drives_is_told_each_newer_tick_at_once_and_no_other() -> None:
    async def main(room: Room) -> None:
        first, second = room.links
        ticks: list[int] = []
        seat = Seat("p", room.told.append, ticks.append)
        first.on_tick(1)
        room.desk.sit(seat)
        first.on_tick(2)
        second.on_tick(3)
        assert room.desk.turn_to("b") == ""
        first.on_tick(4)
        second.on_tick(5)
        assert ticks == [2]
        room.desk.sit(seat)
        first.on_tick(6)
        second.on_tick(7)
        assert ticks == [2, 7]
        room.desk.stand_up(seat)
        second.on_tick(8)
        assert ticks == [2, 7]

    in_room(main)


def test_ticks_of_a_link_that_was_left_are_not_told() -> None:
    async def main(room: Room) -> None:
        ticks: list[int] = []
        room.desk.sit(Seat("p", room.told.append, ticks.append))
        steered, link = room.desk.steered, FakeLink(OPEN)
        steered.relinked(steered.settings, link)  # type: ignore[arg-type]
        room.links[0].on_tick(1)
        link.on_tick(2)
        assert ticks == [2]

    in_room(main)


def test_at_another_address_nothing_of_ground_and_site_is_known() -> None:
    """A copy of its own: whatever is still on its way from the old address has nothing to add to."""

    async def main(room: Room) -> None:
        steered, link = room.desk.steered, FakeLink(OPEN)
        before = (steered.mirror, steered.near, steered.inside, steered.keeper)
        steered.relinked(steered.settings, link)  # type: ignore[arg-type]
        steered.mirror.fetched(RECORD, packed_record(header(), iter(())))
        room.links[0].on_strokes(StrokesFrame(session_low=9, plan=0, first=3, acts=0))
        assert steered.mirror.complete
        after = (steered.mirror, steered.near, steered.inside, steered.keeper)
        assert not any(one is other for one, other in zip(before, after, strict=True))

    in_room(main)


def test_a_picture_is_not_needed_only_by_sight_or_without_a_camera() -> None:
    async def main(room: Room) -> None:
        steered = room.desk.steered
        assert room.desk.by_sight
        steered.settings = replace(steered.settings, video_port=14560)
        assert not room.desk.by_sight
        assert Desk((steered,), room.clock, by_sight=lambda: True).by_sight

    in_room(main)


def test_a_vehicle_that_is_not_there_and_the_same_one() -> None:
    async def main(room: Room) -> None:
        room.desk.sit(room.seat)
        assert room.desk.turn_to("x") == "vehicle.why.unknown"
        assert room.desk.turn_to("a") == ""
        assert room.desk.seat is room.seat

    in_room(main)


def test_the_folder_of_the_page_lies_beside_the_server() -> None:
    assert Path(__file__).resolve().parents[3] / "console/page" == PAGE
