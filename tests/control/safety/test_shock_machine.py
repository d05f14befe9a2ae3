"""The discrete machine with shocks among the reasons: every state, every act and motion, before and after the wait."""

import functools
import itertools

import pytest

from tests.control.safety.enumerate_machine import enumerate_all, radio, thinned
from vehicle.contracts.messages import ACTIVE_MODES, AUTO_MODES, MISSION_MODES, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import interlocks, masks, modes, shocks
from vehicle.control.safety.modes import Motion, SafetyState, Situation, Want

pytestmark = pytest.mark.long

SMALL, LARGE = masks.SHOCK_SMALL, masks.DETONATION
BESIDE = (0, masks.mask(StopReason.POSITION_FLOAT), masks.mask(StopReason.VIDEO_STALE), masks.mask(StopReason.SLOPE))
WAIT_LEFT_S = (0.0, 1.0)


@functools.cache
def states() -> frozenset[SafetyState]:
    return frozenset(enumerate_all(thinned(29)).states)


def steps(stopping: int, left_s: float) -> list[tuple[SafetyState, Situation, Mode]]:
    """Every state, what may happen in it with these reasons in force, and the mode that it leads to."""
    found = []
    for m in states():
        held_back = shocks.untolerated(m.mode, left_s)
        for accepted in (0, stopping & masks.RETREAT_MASK):
            worst = interlocks.worst(stopping, accepted, m.mode)
            retreat = interlocks.retreat(stopping, accepted, m.mode, held_back)
            for (live, act, neutral, hold), motion, over in itertools.product(radio(), Motion, (False, True)):
                s = Situation(live, act, neutral, hold, worst, retreat, False, motion, True, True, Want.WORK, over)
                found.append((m, s, modes.step(m, s)[0].mode))
    return found


@pytest.mark.parametrize("beside", BESIDE)
def test_a_large_shock_leads_to_no_wait_and_nothing_drives_but_a_retreat_after_its_wait(beside: int) -> None:
    for left_s, small in itertools.product(WAIT_LEFT_S, (0, SMALL)):
        for m, s, after in steps(LARGE | small | beside, left_s):
            assert after not in (*MISSION_MODES, Mode.MANUAL), (m, s)
            assert after is not Mode.RECOVERY or left_s == 0.0, (m, s)
            assert after is not Mode.READY or left_s == 0.0, (m, s)


@pytest.mark.parametrize("beside", BESIDE)
def test_with_a_small_shock_open_nothing_goes_on_and_only_a_mission_waits(beside: int) -> None:
    for m, s, after in steps(SMALL | beside, 0.0):
        assert after not in (*AUTO_MODES, Mode.MANUAL), (m, s)
        assert after is not Mode.WAIT or m.mode in MISSION_MODES, (m, s)
        assert after not in ACTIVE_MODES or after in (Mode.WAIT, Mode.RECOVERY), (m, s)


def test_both_are_lively_a_mission_waits_for_the_one_and_the_other_may_be_backed_out_of() -> None:
    assert any(m.mode in AUTO_MODES and after is Mode.WAIT for m, _, after in steps(SMALL, 0.0))
    assert any(after is Mode.RECOVERY for _, _, after in steps(LARGE, 0.0))
    assert any(m.mode is Mode.HOLD and after is Mode.READY for m, _, after in steps(SMALL, 0.0))
