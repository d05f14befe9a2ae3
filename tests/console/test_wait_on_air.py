"""A WAIT as our console meets it, on a real vehicle loop with its whole operator link."""

import pytest

from firmware_bridge.types import FixType, OperatorEdge
from tests.console.rig import ConsoleRig
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason

START, PAUSE = OperatorEdge.MISSION_START, OperatorEdge.MISSION_PAUSE
WORKS = (Mode.AUTO_WORK,)
MISSION = (Mode.AUTO_MOVE, Mode.AUTO_WORK)


def working() -> ConsoleRig:
    """A mission of this console, tool in the ground."""
    rig = ConsoleRig().manual()
    rig.hold()
    rig.run(3.5)
    rig.taken(START)
    rig.let_go()
    assert rig.until(WORKS, 30.0), rig.reasons
    rig.run(2.0)
    return rig


def left_s(rig: ConsoleRig) -> float | None:
    """What the console shows of the time until the stop."""
    work = rig.page.protocol.work
    assert work is not None
    return work.arm_unused_left_s


@pytest.mark.long
def test_pause_holds_the_mission_and_one_start_with_hold_goes_on() -> None:
    rig = working()
    assert rig.act(PAUSE).why == ""
    rig.run(2.0)
    assert rig.mode is Mode.WAIT
    assert rig.page.seen is not None
    assert rig.page.seen.mode == Mode.WAIT
    assert left_s(rig) == pytest.approx(18.0, abs=0.8)
    assert abs(rig.world.tracks.speed_mps) < 0.01
    assert rig.act(START).why == "hold_not_pressed"
    rig.hold(drive=0.0)
    rig.run(0.6)
    assert rig.act(START).why == ""
    assert rig.mode in MISSION
    rig.let_go()
    rig.run(4.0)
    assert rig.mode in MISSION
    assert left_s(rig) is None
    assert rig.watch.waits.count == rig.watch.waits.gone_on == 1
    assert rig.watch.finish() == ()


@pytest.mark.long
def test_a_start_is_refused_by_the_cause_until_it_has_been_away_for_a_second() -> None:
    rig = working()
    rig.world.gnss.fix = FixType.RTK_FLOAT
    assert rig.until((Mode.WAIT,), 1.0)
    rig.hold()
    rig.run(1.5)
    answer = rig.act(START)
    assert (answer.why, answer.reason) == ("reason", StopReason.POSITION_FLOAT)
    rig.world.gnss.fix = FixType.RTK_FIXED
    rig.run(0.5)
    assert rig.act(START).why == "reason"
    rig.run(2.5)
    assert rig.mode is Mode.WAIT
    assert rig.act(START).why == ""
    assert rig.mode in MISSION
    assert rig.watch.finish() == ()


@pytest.mark.long
def test_a_stick_in_a_wait_and_nobody_at_all_both_end_in_a_stop() -> None:
    rig = working()
    assert rig.act(PAUSE).why == ""
    rig.run(19.0)
    assert rig.mode is Mode.WAIT
    rig.run(1.5)
    assert rig.mode is Mode.HOLD
    assert (rig.watch.waits.count, rig.watch.waits.gone_on) == (1, 0)
    again = working()
    assert again.act(PAUSE).why == ""
    again.run(1.5)
    again.hold(drive=0.3)
    assert again.until((Mode.STOPPING, Mode.HOLD), 0.5)
    assert again.watch.finish() == rig.watch.finish() == ()
