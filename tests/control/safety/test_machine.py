"""The discrete machine, enumerated on every run: safety first, then liveness, then the edges themselves."""

import pytest

from tests.control.safety.enumerate_machine import (
    can_reach,
    census,
    enumerate_all,
    healed,
    paths_to_motion,
    sieve,
)
from tests.control.safety.machine_invariants import STEP
from tests.control.safety.permit_invariants import OUTPUT
from vehicle.contracts.messages import Mode
from vehicle.control.safety.modes import Act, Class

pytestmark = pytest.mark.long

B, D, R, M = Mode.BOOT, Mode.DISARMED, Mode.READY, Mode.MANUAL
AM, AW, S, H = Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.STOPPING, Mode.HOLD
E, F, Y, W = Mode.ESTOP, Mode.FAULT, Mode.RECOVERY, Mode.WAIT

EDGES = (
    {(mode, mode) for mode in Mode}
    | {(mode, E) for mode in Mode}
    | {(mode, F) for mode in Mode if mode is not E}
    | {(mode, S) for mode in (D, R, M, AM, AW, W, H, Y)}
    | {
        (B, D),
        (D, R),
        (R, D),
        (R, M),
        (R, Y),
        (M, AM),
        (AM, AW),
        (AW, AM),
        (AM, W),
        (AW, W),
        (W, AM),
        (S, H),
        (H, D),
        (H, R),
        (E, D),
        (F, D),
    }
)
"""Every edge that may be, written down here and not taken from the code."""


def test_a_coarse_sieve_comes_first() -> None:
    """What is wrong in many steps is wrong in one of these, a third of a second after the start."""
    assert len(enumerate_all(sieve(29)).states) == 37


def test_a_sieve_comes_before_the_whole() -> None:
    """A nineteenth of all inputs, with all in which nothing is wrong, reaches every state and finds most faults."""
    sieved = enumerate_all(sieve())
    assert sieved.states == census().states
    assert sieved.transitions * 10 < census().transitions


def test_at_least_forty_invariants_hold_everywhere() -> None:
    assert len(STEP) + len(OUTPUT) >= 40
    assert census().transitions < 10_000_000


def test_all_modes_are_reachable() -> None:
    assert {state.mode for state in census().states} == set(Mode)


def test_edges_are_those_of_the_specification() -> None:
    assert census().edges == EDGES


def test_nothing_moves_without_neutral_reset_and_arm() -> None:
    assert paths_to_motion(census()) > len(census().states)


@pytest.mark.parametrize(
    ("worst", "retreat", "goal"),
    [
        (Class.OK, True, {Mode.AUTO_WORK}),
        (Class.OK, True, {Mode.AUTO_MOVE}),
        (Class.LIMIT, True, {Mode.MANUAL}),
        (Class.NAV, True, {Mode.MANUAL}),
        (Class.STOP, True, {Mode.RECOVERY}),
    ],
)
def test_every_state_can_be_left_by_the_manual(worst: Class, retreat: bool, goal: set[Mode]) -> None:
    stuck = census().states - can_reach(census(), goal, healed(worst, retreat))
    assert not stuck


def test_a_retreat_is_possible_in_spite_of_a_fault_once_it_was_reset() -> None:
    """The gate lowers an accepted KILL to STOP after the reset (C.4b: never stranded by its own safety)."""
    out = can_reach(census(), {Mode.DISARMED}, healed(Class.KILL, True))
    assert not census().states - out


def test_an_incurable_stop_moves_nothing() -> None:
    reach = can_reach(census(), {Mode.MANUAL, Mode.RECOVERY}, healed(Class.STOP, False))
    assert {state.mode for state in reach} <= {Mode.MANUAL, Mode.RECOVERY}


def test_priority_of_acts_is_that_of_the_catalogue() -> None:
    order = "ESTOP STOP DISARM RELEASE PAUSE RELEASE_ESTOP RESET RECOVERY ARM START ENGINE_START TAKE NONE"
    assert [act.name for act in sorted(Act)] == order.split()
