"""The watch over WAIT finds each way in which one can be wrong."""

import msgspec
import pytest

from campaign.wait_watch import LATE_S, WAIT_MAX_S, WaitWatch
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.firmware_bridge.samples import OPERATOR
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import TICK_NS, TICK_S

START = OperatorEdge.MISSION_START
HELD = msgspec.structs.replace(OPERATOR, station_id=7, hold_to_run=True, drive=0.0, turn=0.0)


class Watched:
    """`told`: the names of the breaches."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.watch = WaitWatch(lambda name, _: self.told.append(name))
        self.now_ns = 77 * TICK_NS

    def step(self, before: Mode, after: Mode, tick_ns: int = TICK_NS) -> None:
        """One tick."""
        self.now_ns += tick_ns
        self.watch.step(before, after, self.now_ns)

    def wait(self, ticks: int, before: Mode = Mode.AUTO_WORK, tick_ns: int = TICK_NS) -> "Watched":
        """A WAIT of so many ticks."""
        for number in range(ticks):
            self.step(before if number == 0 else Mode.WAIT, Mode.WAIT, tick_ns)
        return self

    def start(self, frame: OperatorFrame = HELD, rising: OperatorEdge = START) -> "Watched":
        """A frame in the tick that follows."""
        self.watch.hear(frame, rising, 7)
        return self

    def left(self, mode: Mode) -> list[str]:
        """The WAIT ends in this tick; what was told."""
        self.step(Mode.WAIT, mode)
        return self.told


def test_a_start_with_hold_and_neutral_sticks_goes_on() -> None:
    watched = Watched().wait(60).start()
    assert watched.left(Mode.AUTO_WORK) == []
    assert (watched.watch.count, watched.watch.gone_on) == (1, 1)


def test_a_wait_that_becomes_a_stop_is_in_order() -> None:
    watched = Watched().wait(round(WAIT_MAX_S / TICK_S))
    assert watched.left(Mode.STOPPING) == []
    assert (watched.watch.count, watched.watch.gone_on) == (1, 0)


@pytest.mark.parametrize(
    "frame",
    [
        msgspec.structs.replace(HELD, hold_to_run=False),
        msgspec.structs.replace(HELD, drive=0.06),
        msgspec.structs.replace(HELD, turn=-0.06),
        msgspec.structs.replace(HELD, station_id=8),
    ],
)
def test_a_start_that_is_none_lets_nothing_go_on(frame: OperatorFrame) -> None:
    assert Watched().wait(60).start(frame).left(Mode.AUTO_WORK) == ["wait_left_without_start"]


def test_nothing_goes_on_without_a_start_of_that_tick() -> None:
    assert Watched().wait(60).left(Mode.AUTO_MOVE) == ["wait_left_without_start"]
    held_down = Watched().wait(60).start(rising=OperatorEdge.NONE)
    assert held_down.left(Mode.AUTO_MOVE) == ["wait_left_without_start"]
    refused = Watched().wait(10).start()
    refused.step(Mode.WAIT, Mode.WAIT)
    assert refused.left(Mode.AUTO_MOVE) == ["wait_left_without_start"]


@pytest.mark.parametrize("mode", [Mode.MANUAL, Mode.RECOVERY])
def test_a_wait_leads_to_no_other_driving(mode: Mode) -> None:
    assert Watched().wait(60).start().left(mode) == ["wait_left_to_drive"]


def test_a_wait_too_long_and_one_outside_a_mission() -> None:
    ticks = round((WAIT_MAX_S + LATE_S) / TICK_S)
    assert Watched().wait(ticks + 1).told == []
    assert Watched().wait(ticks + 2).told == ["wait_too_long"]
    assert Watched().wait(1, Mode.MANUAL).told == ["wait_outside_mission"]


def test_late_ticks_lengthen_no_wait() -> None:
    """Counted in ticks, one of 40 s was in order."""
    watched = Watched().wait(700, tick_ns=2 * TICK_NS)
    assert set(watched.told) == {"wait_too_long"}
    assert Watched().wait(500, tick_ns=2 * TICK_NS).told == []
