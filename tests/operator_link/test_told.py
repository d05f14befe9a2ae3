"""Who was told what: a disarm acknowledges what its own station can have read, of this stop and no earlier one."""

import pytest

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import Exchange, texts
from vehicle.contracts.messages import Mode
from vehicle.operator_link.plain_frames import plain_frame

ARM = 400
WRAP_NS = (1 << 32) * 1_000_000
RELEASING = OperatorEdge.ACKNOWLEDGE | OperatorEdge.RELEASE_ESTOP | OperatorEdge.RESET


def station(link: Exchange, system_id: int, port: int) -> None:
    link.say("HEARTBEAT", type=6, system_id=system_id, port=port)


def disarmed(link: Exchange, system_id: int, port: int, mode: Mode, reasons: tuple[str, ...]) -> OperatorEdge:
    """What a disarm of this station asks of the gate within a second."""
    fields = {"command": ARM, "param1": 0.0, "target_system": 1, "target_component": 1}
    link.say("COMMAND_LONG", system_id=system_id, port=port, **fields)
    edges = OperatorEdge.NONE
    for _ in range(10):
        for frame in link.ticks(5):
            edges |= frame.edges if frame.station_id == system_id else OperatorEdge.NONE
        link.vehicle(mode, reasons, holder=system_id)
    return edges


@pytest.mark.parametrize(("mode", "reason"), [(Mode.HOLD, "detonation"), (Mode.ESTOP, "estop_console")])
def test_a_second_station_is_told_and_acknowledges_only_then(mode: Mode, reason: str) -> None:
    link = Exchange()
    station(link, 255, 14551)
    link.hear()
    link.vehicle(mode, (reason,))
    link.hear(3.0)
    station(link, 254, 14552)
    words = link.link.view.words(reason)
    assert words in texts(link.hear(0.1, port=14552))
    assert not disarmed(link, 254, 14552, mode, (reason,)) & RELEASING
    station(link, 255, 14551)
    assert words not in texts(link.hear(0.1))  # it was told
    link.hear(1.0)
    station(link, 254, 14552)
    assert disarmed(link, 254, 14552, mode, (reason,)) & RELEASING


def test_it_is_told_at_the_first_frame_of_each_address() -> None:
    link = Exchange()
    link.vehicle(Mode.HOLD, ("detonation", "link_slow"))
    link.hear()
    for system_id, port in ((255, 14551), (254, 14552)):
        station(link, system_id, port)
        heard = texts(link.hear(0.1, port=port))
        assert link.link.view.words("detonation") in heard
        assert link.link.view.words("link_slow") not in heard  # it stops nothing


@pytest.mark.parametrize("before_ms", [1, 200, 499, 500, 5000])
def test_what_was_told_stays_told_when_the_milliseconds_wrap(before_ms: int) -> None:
    link = Exchange()
    link.now_ns = WRAP_NS - before_ms * 1_000_000
    station(link, 255, 14551)
    link.hear()
    link.vehicle(Mode.HOLD, ("detonation",))
    link.hear(0.3)
    assert not link.link.view.told
    link.hear(before_ms / 1000.0 + 1.0)
    assert link.now_ns > WRAP_NS
    assert link.link.view.told == {"detonation"}
    assert 0 <= link.link.view.time_ms < 5000


def test_an_emergency_stop_pressed_again_is_news_whatever_was_told_of_the_first() -> None:
    link = Exchange()
    station(link, 255, 14551)
    link.hear()
    link.link.stop(OperatorEdge.ESTOP)
    link.ticks()
    link.vehicle(Mode.ESTOP, ("estop_console",), holder=255)
    link.hear(5.0)
    station(link, 255, 14551)
    assert link.link.view.told == {"estop_console"}
    link.link.stop(OperatorEdge.ESTOP)  # somebody presses it again, and a disarm given before it arrives after it
    link.ticks()
    link.vehicle(Mode.ESTOP, ("estop_console",), holder=255)
    assert not disarmed(link, 255, 14551, Mode.ESTOP, ("estop_console",)) & RELEASING
    station(link, 255, 14551)
    link.hear(1.0)
    station(link, 255, 14551)
    assert disarmed(link, 255, 14551, Mode.ESTOP, ("estop_console",)) & RELEASING


def test_a_second_shock_under_a_disarm_is_news() -> None:
    link = Exchange()
    station(link, 255, 14551)
    link.vehicle(Mode.STOPPING, ("detonation",), holder=255)
    link.hear(2.0)
    station(link, 255, 14551)
    link.command(ARM, 0.0)  # waits for the machine to stand
    link.latch_tick = 110
    assert not disarmed(link, 255, 14551, Mode.HOLD, ("detonation",)) & RELEASING
    station(link, 255, 14551)
    link.hear(1.0)
    station(link, 255, 14551)
    assert disarmed(link, 255, 14551, Mode.HOLD, ("detonation",)) & RELEASING


@pytest.mark.parametrize("held", [True, False])
def test_a_console_is_told_not_started_only_where_the_vehicle_holds_no_plan(held: bool) -> None:
    """The same plan may wait for the disarm while it is held: then a console starts it."""
    link = Exchange()
    link.link.sessions._open.add(9)
    station(link, 9, 14551)
    link.desk.set_none("disarm, then the new plan is taken")
    link.segment_count = 2 if held else 0
    link.vehicle(Mode.MANUAL, (), holder=9)
    start = plain_frame(
        station_id=9,
        session_id=77,
        sequence=1,
        echo_tick=100,
        sample_count=1,
        hold_to_run=True,
        drive=0.0,
        turn=0.0,
        edges=OperatorEdge.MISSION_START,
    )
    link.link.receive(link.channel, ("127.0.0.1", 14551), adapters.encode_operator(start), link.now_ns)
    told = [words for words in texts(link.hear()) if words.startswith("Not started")]
    assert bool(told) is not held


def test_a_cause_that_went_and_came_again_under_a_disarm_is_news() -> None:
    link = Exchange()
    station(link, 255, 14551)
    link.hear()
    link.vehicle(Mode.STOPPING, ("estop_machine",), holder=255)
    link.hear(2.0)
    station(link, 255, 14551)
    link.command(ARM, 0.0)  # waits for the machine to stand
    link.vehicle(Mode.STOPPING, (), holder=255)
    link.ticks()
    link.vehicle(Mode.ESTOP, ("estop_machine",), holder=255)
    edges = OperatorEdge.NONE
    for _ in range(10):
        for frame in link.ticks(5):
            edges |= frame.edges
        link.vehicle(Mode.ESTOP, ("estop_machine",), holder=255)
    assert not edges & RELEASING
