"""Acts of our console at a simulated vehicle over its whole link: done once, answered, and refused in words."""

import pytest

from console.client.acts import ActResult
from console.client.station import Controls
from firmware_bridge.console_types import BeatFlag
from firmware_bridge.types import OperatorEdge
from sim.radio import RadioParams
from tests.console.rig import ConsoleRig
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason

E = OperatorEdge
pytestmark = pytest.mark.long


def test_take_arm_drive_stop_and_the_way_back() -> None:
    rig = ConsoleRig().manual()
    rig.hold(0.4)
    assert rig.moves(5.0)
    rig.page.protocol.stop(rig.now_ns)
    assert rig.until((Mode.STOPPING, Mode.HOLD), 0.2)
    assert "operator_stop" in rig.reasons
    rig.let_go()
    rig.run(2.0)
    assert rig.act(E.ARM).why == "reset_first"
    rig.run(0.6)
    assert rig.act(E.MISSION_START).why == "wrong_mode"
    rig.run(0.6)
    rig.taken(E.RESET, E.ARM)
    assert rig.mode is Mode.MANUAL


def test_what_stands_against_an_act_is_named() -> None:
    rig = ConsoleRig()
    rig.run(3.0)
    assert rig.act(E.ARM).why == "take_first"
    rig.run(0.6)
    rig.page.controls = Controls(drive=0.2)
    rig.run(0.2)
    assert rig.act(E.TAKE).why == "not_neutral"
    rig.let_go()
    rig.taken(E.TAKE)
    rig.page.controls = Controls(drive=0.2)
    rig.run(0.2)
    assert rig.act(E.ARM).why == "not_neutral"
    rig.let_go()
    rig.run(0.6)
    assert rig.act(E.ARM).result is ActResult.ACCEPTED
    assert rig.act(E.ARM).why == "too_soon"
    assert rig.mode is Mode.READY


def test_two_presses_are_two_acts_and_one_press_is_one_where_most_is_lost() -> None:
    for seed in range(12):
        rig = ConsoleRig()
        rig.run(3.0)
        rig.taken(E.TAKE)
        rig.up.params = rig.down.params = RadioParams(delay_s=0.01, loss_ratio=0.4, burst_frames=1.0)
        rig.run(0.2 + 0.02 * seed)
        answer = rig.act(E.ARM)
        rig.run(1.0)
        armed = rig.mode in (Mode.READY, Mode.DISARMED)  # a link as bad as this one lapses READY by itself
        assert armed, (seed, answer, rig.mode)


def test_a_beat_shows_what_the_page_would_have_to_guess() -> None:
    rig = ConsoleRig()
    rig.run(3.0)
    assert BeatFlag.MINE not in rig.page.protocol.beat.flags
    rig.taken(E.TAKE, E.ARM)
    flags = rig.page.protocol.beat.flags
    assert BeatFlag.MINE | BeatFlag.HELD | BeatFlag.ARMED | BeatFlag.NEUTRAL_SEEN | BeatFlag.STANDING in flags
    rig.taken(E.ARM)
    rig.hold(0.4)
    rig.run(5.0)
    flags = rig.page.protocol.beat.flags
    assert BeatFlag.HOLD_ACCEPTED in flags
    assert BeatFlag.STANDING not in flags
    assert BeatFlag.STANDING_KNOWN in flags


def test_a_console_that_knows_beats_hears_the_report_less_often_and_each_change_at_once() -> None:
    rig = ConsoleRig()
    rig.run(4.0)
    protocol = rig.page.protocol
    reports, beats, works = set(), set(), set()
    for _ in range(500):
        rig.step()
        reports.add(protocol.vehicle.tick)
        beats.add(protocol.beat.tick)
        works.add(protocol.work.tick)
    assert (len(reports), len(beats), len(works)) == (
        pytest.approx(40, abs=4),
        pytest.approx(200, abs=3),
        pytest.approx(20, abs=2),
    )
    rig.taken(E.TAKE)
    number = protocol.act(E.ARM, rig.now_ns)
    while not any(answer.number == number for answer in rig.page.answers):
        rig.step()
    rig.step()
    assert Mode(protocol.vehicle.mode) is Mode.READY


def test_a_frozen_page_moves_nothing_and_what_repeats_below_it_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = ConsoleRig().manual()
    rig.hold(0.4)
    assert rig.moves(5.0)
    rig.page.repeats = True
    sent = len(rig.page.sent)
    assert rig.until((Mode.STOPPING, Mode.HOLD), 1.0)
    assert "link_lost" in rig.reasons
    assert len(rig.page.sent) - sent <= 4  # heartbeats, and the reading that was taken already
    again = ConsoleRig().manual()
    again.hold(0.15)
    assert again.moves(5.0)
    slot = again.page.protocol.slot
    reading = slot.last

    def stuck(*_: object) -> bool:
        """A program below the page that sends its last reading again and again."""
        slot._waiting, slot._taken_ns = reading, again.now_ns
        slot.echoed = again.page.protocol.tick
        return True

    monkeypatch.setattr(again.page.protocol, "feed", stuck)
    assert again.until((Mode.STOPPING, Mode.HOLD), 2.0)
    assert "console_frozen" in again.reasons


def test_health_of_the_console_reaches_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = ConsoleRig().manual()
    feed = rig.page.protocol.feed
    monkeypatch.setattr(
        rig.page.protocol,
        "feed",
        lambda reading, now_ns: feed(type(reading)(number=reading.number, vehicle_tick=reading.vehicle_tick), now_ns),
    )
    rig.run(1.0)
    assert "console_battery_low" in rig.reasons
    assert rig.mode is Mode.MANUAL
    vehicle = rig.page.protocol.vehicle
    bits = vehicle.reasons | vehicle.reasons_high << 64
    assert bits >> StopReason.CONSOLE_BATTERY_LOW & 1


def test_a_console_started_anew_is_no_second_one() -> None:
    """Within the five seconds in which the vehicle remembers the first one's counters."""
    rig = ConsoleRig().manual()
    old = rig.page.protocol
    fresh = type(old)(old._credentials, clock_stamp=old._signer.stamp)
    rig.page.protocol = fresh
    rig.page.answers.clear()
    rig.run(2.0)
    assert fresh.open
    assert "duplicate_station" not in rig.reasons
    rig.run(3.0)
    assert rig.act(E.DISARM).result is ActResult.ACCEPTED
