"""Disarm, Hold, Stop: what was accepted ends whatever leads towards motion; and how a station gets out again."""

from collections.abc import Callable

import pytest

from campaign.faults import FAULTS
from tests.marks import every, some
from tests.operator_link.drill_station import ARM, ARMED, BENCH, HOLD, PAUSE, SET_MODE, DrillStation
from vehicle.contracts.messages import Mode
from vehicle.operator_link.acts import FORCE

pytestmark = pytest.mark.long
ACCEPTED, REJECTED, DENIED, IN_PROGRESS = 0, 1, 2, 5
STOPS: dict[str, Callable[[DrillStation], None]] = {
    "disarm": DrillStation.disarm,
    "hold": DrillStation.hold,
    "set_mode hold": lambda s: s.say("SET_MODE", target_system=1, base_mode=1, custom_mode=HOLD),
    "loiter": lambda s: s.command(SET_MODE, 1.0, 5.0),
    "standard hold": lambda s: s.command(262, 1.0),
    "pause": lambda s: s.command(PAUSE, 0.0),
    "another station's hold": lambda s: another(s).hold(),
    "another station's disarm": lambda s: another(s).disarm(),
}

OTHERS = ("set_mode hold", "loiter", "standard hold", "pause", "another station's disarm")


class _Another(DrillStation):
    """A second station on the same vehicle."""

    def __init__(self, first: DrillStation) -> None:
        self.drill = first.drill
        self.system_id, self.address = 254, ("127.0.0.1", 14999)


def another(first: DrillStation) -> DrillStation:
    """A second station on the same vehicle."""
    return _Another(first)


@pytest.mark.parametrize("stop", some(("disarm", "hold", "another station's hold", *OTHERS), 1, pytest.mark.release))
def test_an_accepted_stop_cancels_an_arming_at_every_tick_of_it(stop: str) -> None:
    station = DrillStation()
    for ticks in (0, 1, 2, 3, 5, 8, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 30, 40):
        station.run(1.0)
        assert station.mode is Mode.DISARMED
        since = station.tick
        station.arm()
        for _ in range(ticks):
            station.step()
        stopped = station.tick
        STOPS[stop](station)
        station.run(1.5)
        later = [mode for tick, mode in station.modes if tick > stopped + 1]
        assert station.mode is Mode.DISARMED, (stop, ticks)
        assert not any(mode in ARMED for mode in later), (stop, ticks, later)
        assert not station.armed_bit
        answers = [result for _, result in station.acks(ARM, since)]
        assert IN_PROGRESS not in answers
        assert len(answers) == (2 if stop == "disarm" else 1), (stop, ticks, answers)


@pytest.mark.parametrize("ticks", every(3, [0, 1, 4, 8, 15, 20]))
def test_a_held_button_does_not_arm_again_after_a_stop(ticks: int) -> None:
    """The newest report still says READY, and the button is the act that would lead on."""
    station = DrillStation()
    station.arm()
    assert station.until(Mode.READY, seconds=1.0)
    station.run(2.0)
    station.held = True
    for _ in range(ticks):
        station.step()
    stopped = station.tick
    station.hold()
    station.run(4.0)
    assert station.mode is (Mode.DISARMED if not any(m is Mode.MANUAL for _, m in station.modes) else Mode.HOLD)
    assert not any(mode in ARMED for tick, mode in station.modes if tick > stopped + 1)


def test_arming_is_answered_once_and_within_a_second() -> None:
    station = DrillStation()
    for _ in range(3):
        since = station.tick
        station.arm()
        station.run(1.1)
        ((tick, result),) = station.acks(ARM, since)
        assert result == ACCEPTED
        assert tick - since <= 50
        assert station.mode is Mode.READY
        station.disarm()
        station.run(2.0)


def test_hold_keeps_the_armed_bit_until_a_disarm_then_it_drives_again() -> None:
    station = DrillStation()
    for stop in (DrillStation.hold, DrillStation.disarm, lambda s: s.command(PAUSE, 0.0)):
        assert not station.armed_bit
        station.arm()
        assert station.until(Mode.READY, seconds=1.0)
        assert station.armed_bit
        station.run(2.0)
        assert station.drives()
        stop(station)
        if stop is not DrillStation.disarm:
            assert station.until(Mode.HOLD)
            station.run(1.0)
            assert station.armed_bit
            since = station.tick
            station.arm()
            station.run(1.5)
            assert [result for _, result in station.acks(ARM, since)] == [DENIED]
            assert station.texts(since) == ["Arm: Stopped by an operator. Disarm, then arm"]
            assert station.mode is Mode.HOLD
            station.disarm()
        station.run(3.0)
        assert station.mode is Mode.DISARMED
        assert not station.armed_bit


def test_a_lost_link_is_left_by_disarm_and_arm() -> None:
    station = DrillStation()
    station.arm()
    station.run(3.0)
    assert station.drives()
    station.held, station.throttle = True, 1800
    station.run(0.6)
    station.sticks = station.heartbeats = False
    assert station.until(Mode.HOLD)
    station.run(5.0)
    assert station.armed_bit
    station.sticks = station.heartbeats = True
    station.run(3.0)
    assert station.mode is Mode.HOLD
    assert not station.moving
    station.held, station.throttle = False, 1500
    since = station.tick
    station.disarm()
    station.run(2.0)
    assert [result for _, result in station.acks(ARM, since)] == [ACCEPTED]
    assert not station.armed_bit
    station.arm()
    station.run(3.0)
    assert station.drives()


def test_a_holder_that_is_gone_is_followed_by_another_station() -> None:
    station = DrillStation()
    station.arm()
    station.run(3.0)
    assert station.drives()
    station.sticks = station.heartbeats = False
    station.held = True
    assert station.until(Mode.HOLD)
    station.system_id, station.address = 254, ("127.0.0.1", 14777)
    station.sticks = station.heartbeats = True
    station.held = False
    station.run(2.0)
    station.leaves_the_stop()


def test_a_disarm_does_not_acknowledge_what_came_after_it() -> None:
    """It crosses a stop that nobody was told of: the bit stays, and the next disarm is the acknowledgement."""
    station = DrillStation()
    station.arm()
    station.run(3.0)
    station.held = True
    assert station.until(Mode.MANUAL)
    FAULTS["detonation"].inject(station.drill, 1.0)
    station.step()
    since = station.tick
    station.disarm()
    station.run(0.2)
    FAULTS["detonation"].heal(station.drill)
    station.held = False
    station.run(3.0)
    assert station.mode is Mode.HOLD
    assert [result for _, result in station.acks(ARM, since)] == [REJECTED]
    assert any(words.startswith("Detonation") for words in station.texts(since))
    assert station.armed_bit
    station.leaves_the_stop()


def test_who_was_told_of_the_first_shock_does_not_acknowledge_a_second_one() -> None:
    """The second one comes while the first still waits: no reason is new, and yet nobody was told of it."""
    station = DrillStation()
    station.arm()
    station.run(3.0)
    station.held = True
    assert station.until(Mode.MANUAL)
    for gap_s in (0.7, 0.1):  # the controller tells of one for half a second
        FAULTS["detonation"].inject(station.drill, 1.0)
        station.run(0.3)
        FAULTS["detonation"].heal(station.drill)
        station.held = False
        station.run(gap_s if station.mode is Mode.HOLD else 5.0)
    assert station.mode is Mode.HOLD
    since = station.tick
    station.disarm()
    station.run(2.0)
    assert [result for _, result in station.acks(ARM, since)] == [REJECTED]
    assert station.armed_bit
    station.disarm()
    station.run(2.0)
    assert not station.armed_bit


@pytest.mark.parametrize("ticks", every(3, [0, 1, 3, 5, 8, 10, 12, 20]))
def test_an_arming_right_after_a_disarm_waits_for_it(ticks: int) -> None:
    """Scripts say both at once; the answer comes within a second all the same."""
    station = DrillStation()
    station.driven_and_stopped()
    station.disarm()
    for _ in range(ticks):
        station.step()
    since = station.tick
    station.arm()
    station.run(1.2)
    answers = [(tick - since, result) for tick, result in station.acks(ARM, since)]
    assert all(ticks <= 50 for ticks, _ in answers)
    accepted = answers[-1][1] == ACCEPTED  # the last is that of the arming
    station.run(2.0)
    assert (station.mode is Mode.READY) is accepted, answers
    assert accepted


def test_an_arming_that_waits_is_cancelled_by_the_next_stop() -> None:
    station = DrillStation()
    station.driven_and_stopped()
    station.disarm()
    station.step()
    station.arm()
    station.run(0.1)
    stopped = station.tick
    station.hold()
    station.run(4.0)
    assert not any(mode in ARMED for tick, mode in station.modes if tick > stopped + 1)
    assert not station.armed_bit


@pytest.mark.parametrize("ticks", every(4, [0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30]))
def test_a_disarm_does_not_release_an_emergency_stop_that_came_after_it(ticks: int) -> None:
    """Whoever presses it knows of a danger that whoever disarms may not; a disarm after it releases it."""
    station = DrillStation()
    station.command(ARM, 0.0, FORCE)
    station.run(3.0)
    assert station.drill.state.gate.estop_latched
    station.disarm()
    for _ in range(ticks):
        station.step()
    another(station).command(ARM, 0.0, FORCE)
    station.step()
    station.step()
    for _ in range(50 * 4):
        station.step()
        assert station.drill.state.gate.estop_latched
    assert station.mode is Mode.ESTOP
    station.disarm()
    station.run(4.0)
    assert not station.drill.state.gate.estop_latched


def test_an_emergency_stop_that_is_pressed_again_is_news_again() -> None:
    """A disarm sent while it was pressed again was meant for the first one."""
    station = DrillStation()
    station.command(ARM, 0.0, FORCE)
    station.run(3.0)
    another(station).command(ARM, 0.0, FORCE)
    station.run(0.1)
    station.disarm()
    station.run(4.0)
    assert station.drill.state.gate.estop_latched
    station.disarm()
    station.run(4.0)
    assert not station.drill.state.gate.estop_latched


@pytest.mark.parametrize("first", [float("nan"), 0.6, 2.0, 1e9, float("inf")])
@pytest.mark.parametrize("command", [ARM, PAUSE])
def test_only_a_clear_yes_leads_towards_motion(command: int, first: float) -> None:
    station = DrillStation()
    station.command(command, first)
    station.run(1.0)
    assert station.acks(command)[-1][1] == 3
    assert station.mode is Mode.DISARMED


@pytest.mark.parametrize("gone_s", every(2, [0.1, 1.0, 3.0]))
def test_a_new_connection_of_the_same_station_is_no_second_station(gone_s: float) -> None:
    """TCP hangs up and is called again: the link may be lost by that, its identity is in no doubt."""
    station = DrillStation()
    station.arm()
    assert station.until(Mode.READY)
    assert station.drives()
    station.drill.link.present.drop(BENCH, station.address)
    station.sticks = station.heartbeats = False
    station.run(gone_s)
    host, port = station.address
    station.address = (host, port + 1)
    station.sticks = station.heartbeats = station.held = True
    station.throttle = 1800
    since = station.tick
    for tick in range(75):
        station.step()
        report = station.drill.state.report
        assert report is not None
        assert tick < 10 or not report.driving, "driving with a button that was never seen released on this connection"
        assert "duplicate_station" not in report.reasons
    station.held, station.throttle = False, 1500
    station.disarm()
    station.run(1.5)
    station.arm()
    assert station.until(Mode.READY)
    assert station.drives()
    assert not any("Two stations" in line for line in station.texts(since))
