"""Reasons over time, latches, classes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.contracts import stop_reasons
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import interlocks
from vehicle.control.safety.masks import mask
from vehicle.control.safety.modes import Class

A, B, C = 1 << 3, 1 << 5, 1 << 9
TIMES = {3: (1, 0), 5: (4, 0), 9: (2, 3)}
R = StopReason


def history(pattern: list[int]) -> list[int]:
    active, seen = 0, []
    timers: tuple[tuple[int, int], ...] = ()
    for raised in pattern:
        active, timers = interlocks.settle(raised, active, timers, TIMES)
        seen.append(active)
    return seen


def test_a_reason_without_onset_is_there_at_once_and_gone_at_once() -> None:
    assert history([A, A, 0, A]) == [A, A, 0, A]


def test_onset_counts_ticks_in_a_row() -> None:
    assert history([B, B, B, B, B]) == [0, 0, 0, B, B]
    assert history([B, B, B, 0, B, B, B, B, 0]) == [0, 0, 0, 0, 0, 0, 0, B, 0]


def test_lingering_counts_from_the_last_tick_of_the_cause() -> None:
    assert history([C, C, 0, 0, 0, 0, 0]) == [0, C, C, C, C, 0, 0]


def test_a_cause_that_comes_back_while_lingering_stays_and_lingers_anew() -> None:
    assert history([C, C, 0, 0, C, 0, 0, 0, 0]) == [0, C, C, C, C, C, C, C, 0]


def test_after_lingering_the_onset_counts_again() -> None:
    assert history([C, C, 0, 0, 0, 0, C, C]) == [0, C, C, C, C, 0, 0, C]


def test_reasons_do_not_disturb_each_other() -> None:
    assert history([A | B, B, B | C, A | B | C]) == [A, 0, 0, A | B | C]


def reference(pattern: list[int], bit: int, onset: int, linger: int) -> list[bool]:
    seen, run, since, on = [], 0, 10**6, False
    for raised in pattern:
        run = run + 1 if raised & bit else 0
        since = 0 if raised & bit else since + 1
        on = run >= onset or (on and since <= linger)
        seen.append(on)
    return seen


@given(st.lists(st.sampled_from([0, A, B, C, A | B, B | C, A | B | C]), max_size=40))
def test_as_a_plain_reference_says(pattern: list[int]) -> None:
    seen = history(pattern)
    for code, (onset, linger) in TIMES.items():
        assert [bool(active >> code & 1) for active in seen] == reference(pattern, 1 << code, onset, linger)


def test_at_rest_no_timer_is_kept() -> None:
    active, timers = interlocks.settle(B | C, 0, (), TIMES)
    assert len(timers) == 2
    assert interlocks.settle(0, active, timers, TIMES) == (0, ())


def test_a_lingering_reason_keeps_its_timer() -> None:
    active, timers = interlocks.settle(C, C, (), TIMES)
    active, timers = interlocks.settle(0, active, timers, TIMES)
    assert (active, timers) == (C, ((9, -1),))


def latch(
    latched: int,
    active: int = 0,
    *,
    acknowledged: bool = False,
    chain_reset: bool = False,
    kept: int = 0,
    looked_at: bool = False,
) -> int:
    return interlocks.latch(
        latched, active, acknowledged=acknowledged, chain_reset=chain_reset, kept=kept, looked_at=looked_at
    )


FIRE, HEAT, JUMP, LINK = mask(R.FIRE), mask(R.OVERHEATED), mask(R.POSITION_DRIFT), mask(R.LINK_LOST)


def test_latches_hold_until_their_own_act() -> None:
    latched = latch(0, FIRE | HEAT | JUMP | LINK)
    assert latched == FIRE | HEAT | JUMP
    assert latch(latched) == latched
    assert latch(latched, acknowledged=True) == FIRE
    assert latch(latched, chain_reset=True) == HEAT | JUMP
    assert latch(latched, acknowledged=True, chain_reset=True) == 0


def test_what_is_kept_no_acknowledgement_clears_and_a_look_clears_a_small_shock_alone() -> None:
    small = mask(R.SHOCK_SMALL)
    latched = HEAT | JUMP | small
    assert latch(latched, acknowledged=True, kept=JUMP) == JUMP
    assert latch(latched, kept=JUMP) == latched
    assert latch(latched, looked_at=True) == HEAT | JUMP
    assert latch(latched, small, looked_at=True) == latched


def test_recovery_does_not_drive_in_spite_of_what_is_not_tolerated_now() -> None:
    tilt, small = mask(R.TILT_UNKNOWN), mask(R.DETONATION)
    assert interlocks.retreat(tilt | small, 0, Mode.HOLD, 0)
    assert not interlocks.retreat(tilt | small, 0, Mode.HOLD, small)
    assert interlocks.retreat(tilt, 0, Mode.HOLD, small)
    assert not interlocks.retreat(tilt | small, tilt | small, Mode.RECOVERY, small)
    assert interlocks.retreat(tilt | small, tilt | small, Mode.RECOVERY, 0)


def test_what_is_still_in_force_cannot_be_acknowledged_away() -> None:
    assert latch(HEAT | FIRE, HEAT | FIRE, acknowledged=True, chain_reset=True) == HEAT | FIRE


@pytest.mark.parametrize(
    ("stopping", "accepted", "expected"),
    [
        (0, 0, Class.OK),
        (mask(R.SECOND_STATION), 0, Class.OK),
        (mask(R.LINK_SLOW), 0, Class.LIMIT),
        (mask(R.LINK_AGEING), 0, Class.LIMIT),
        (mask(R.POSITION_FLOAT), 0, Class.NAV),
        (mask(R.FENCE), 0, Class.NAV),
        (LINK, 0, Class.STOP),
        (HEAT, 0, Class.KILL),
        (HEAT, HEAT, Class.STOP),
        (HEAT | mask(R.OIL_PRESSURE_LOW), HEAT, Class.KILL),
        (HEAT | LINK | JUMP | mask(R.LINK_SLOW), 0, Class.KILL),
        (LINK | JUMP | mask(R.LINK_SLOW), 0, Class.STOP),
        (JUMP | mask(R.LINK_SLOW), 0, Class.NAV),
    ],
)
def test_the_worst_class_wins(stopping: int, accepted: int, expected: Class) -> None:
    assert interlocks.worst(stopping, accepted, Mode.MANUAL) is expected


@pytest.mark.parametrize("waited", [R.POSITION_FLOAT, R.POSITION_UNPROVEN, R.VIDEO_STALE, R.ATTENTION])
def test_a_mission_waits_where_hands_stop_and_nothing_starts(waited: R) -> None:
    by_stick = Class.STOP if waited is R.VIDEO_STALE else Class.NAV
    for mode in Mode:
        waits = mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT)
        assert interlocks.worst(mask(waited), 0, mode) is (Class.WAIT if waits else by_stick)
    for worse, expected in ((R.GNSS_LOST, Class.NAV), (R.LINK_LOST, Class.STOP), (R.OVERHEATED, Class.KILL)):
        assert interlocks.worst(mask(waited, worse), 0, Mode.AUTO_WORK) is expected
    assert interlocks.worst(mask(waited, R.LINK_SLOW), 0, Mode.AUTO_WORK) is Class.WAIT


@given(bits=st.integers(0, (1 << len(stop_reasons.RULES)) - 1), more=st.integers(0, (1 << len(stop_reasons.RULES)) - 1))
def test_no_reason_lowers_the_class(bits: int, more: int) -> None:
    for mode in Mode:
        assert interlocks.worst(bits | more, 0, mode) >= interlocks.worst(bits, 0, mode)
    assert interlocks.retreat(bits, 0, Mode.HOLD, 0) or not interlocks.retreat(bits | more, 0, Mode.HOLD, 0)


@pytest.mark.parametrize(
    ("stopping", "accepted", "mode", "expected"),
    [
        (0, 0, Mode.HOLD, True),
        (mask(R.SLOPE), 0, Mode.HOLD, True),
        (HEAT, 0, Mode.FAULT, True),
        (LINK, 0, Mode.HOLD, False),
        (mask(R.SLOPE) | LINK, 0, Mode.HOLD, False),
        (mask(R.CONTROLLER_RESET), 0, Mode.FAULT, False),
        (mask(R.SLOPE), 0, Mode.RECOVERY, False),
        (mask(R.SLOPE), mask(R.SLOPE), Mode.RECOVERY, True),
        (mask(R.SLOPE) | HEAT, mask(R.SLOPE), Mode.RECOVERY, False),
        (LINK, LINK, Mode.RECOVERY, False),
        (mask(R.POSITION_FLOAT), 0, Mode.RECOVERY, True),
    ],
)
def test_recovery_tolerates_only_what_it_began_with(stopping: int, accepted: int, mode: Mode, expected: bool) -> None:
    assert interlocks.retreat(stopping, accepted, mode, 0) is expected
