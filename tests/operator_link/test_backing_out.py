"""SMART_RTL of a ground station: hands drive back along the driven track by the held button, and no more happens."""

import pytest

from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import Exchange, acks, texts
from tests.operator_link.test_sticks import push
from vehicle.contracts.messages import Mode

ACCEPTED, DENIED = 0, 2
SMART_RTL = (1.0, 12.0)


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    made.ticks(100)
    return made


@pytest.mark.parametrize(
    ("mode", "holder"),
    [(Mode.DISARMED, 0), (Mode.READY, 7), (Mode.MANUAL, 255), (Mode.HOLD, 255), (Mode.RECOVERY, 7)],
)
def test_it_begins_armed_at_a_stand_and_by_the_holder_only(link: Exchange, mode: Mode, holder: int) -> None:
    link.vehicle(mode, holder=holder)
    heard = link.command(176, *SMART_RTL)
    assert acks(heard) == [DENIED]
    assert "disarm, arm, this mode" in "".join(texts(heard))
    assert all(not frame.edges for frame in link.ticks(100))


def test_neutral_first_then_the_button_then_back(link: Exchange) -> None:
    link.vehicle(Mode.READY, holder=255)
    assert acks(link.command(176, *SMART_RTL)) == [ACCEPTED]
    begun = link.ticks(30)
    assert [frame.edges for frame in begun if frame.edges] == [OperatorEdge.RECOVERY]
    assert not any(frame.hold_to_run for frame in begun)
    link.vehicle(Mode.RECOVERY, holder=255)
    assert acks(link.command(176, *SMART_RTL)) == [ACCEPTED]
    assert push(link, -800) == []
    assert push(link, 0, buttons=0) == []
    driven = push(link, -800)
    assert driven
    assert -0.3 < min(driven) < -0.05
    assert max(driven) <= 0.0


def test_a_vehicle_that_does_not_take_it_is_not_asked_for_ever(link: Exchange) -> None:
    link.vehicle(Mode.READY, holder=255)
    link.command(176, *SMART_RTL)
    asked = []
    for _ in range(40):
        link.vehicle(Mode.READY, holder=255)
        asked += [frame.edges for frame in link.ticks(5) if frame.edges]
    assert set(asked) == {OperatorEdge.RECOVERY}
    assert 2 <= len(asked) <= 8
    assert all(not frame.edges for frame in link.ticks(200))


def test_the_goal_of_a_mode_ends_with_its_time_too() -> None:
    """A start that the vehicle did not take must not come true minutes later, when somebody arms."""
    made = Exchange(bench=True)
    made.say("HEARTBEAT", type=6)
    made.hear()
    made.vehicle(Mode.READY, ("tilt",), holder=255)
    assert acks(made.command(176, 1.0, 10.0)) == [ACCEPTED]
    made.vehicle(Mode.DISARMED, holder=255)
    made.ticks(200)
    made.vehicle(Mode.READY, holder=255)
    assert all(not frame.edges for frame in made.ticks(100))
