"""The enumeration itself under test: it finds what is planted, and its invariants leave the machine no choice.

For a sample of all steps every other successor is tried, and for every output every other permit: some invariant must
refuse it. So nothing about the machine can change, in a mutant or by an edit, that the invariants do not speak of.
"""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from tests.control.safety import enumerate_machine as complete
from tests.control.safety.machine_invariants import STEP, STEP_BY_MODE
from tests.control.safety.machine_words import CAUSES, Step
from tests.control.safety.permit_invariants import OUTPUT
from vehicle.contracts.messages import EngineStart, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import modes, permits
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Want, takes
from vehicle.control.safety.permits import Permit
from vehicle.control.state import GateState
from vehicle.runtime import latches

pytestmark = pytest.mark.long

STATES, MODE_EDGES, TRANSITIONS, GHOSTED = 37, 57, 1_892_800, 168
"""Golden: whoever changes the machine says so here."""
NEAR_STRIDE, FAR_STRIDE = 61, 2503
COARSE_STRIDE = 401
FLAGS = (False, True)
TOLD = (None, *dict.fromkeys(CAUSES.values()), StopReason.LINK_LOST, StopReason.MISSION_LEFT, StopReason.RUNAWAY,
        StopReason.MOVED_WHILE_BRAKED)  # fmt: skip
MACHINES = tuple(SafetyState(mode, *flags) for mode in Mode for flags in itertools.product(FLAGS, FLAGS, FLAGS, FLAGS))
PERMITS = tuple(Permit(*flags) for flags in itertools.product(FLAGS, repeat=5))


def test_the_numbers_are_golden() -> None:
    census = complete.census()
    assert len(census.states) == STATES
    met = [len(complete.possible(m.mode, complete.situations())) for m in census.states]
    assert census.transitions == sum(met) == TRANSITIONS
    assert len(census.edges) == MODE_EDGES
    assert complete.paths_to_motion(census) == GHOSTED


# --- the invariants leave no choice ----------------------------------------------------------------------------------
def near(n: SafetyState, cause: StopReason | None) -> list[tuple[SafetyState, StopReason | None]]:
    """Wrong in one thing."""
    flags = ("held", "neutral_seen", "estop_latched", "reset_due")
    return [
        *((msgspec.structs.replace(n, start=start), cause) for start in EngineStart if start is not n.start),
        *((msgspec.structs.replace(n, mode=mode), cause) for mode in Mode if mode is not n.mode),
        *((msgspec.structs.replace(n, **{flag: not getattr(n, flag)}), cause) for flag in flags),
        *((n, told) for told in TOLD if told is not cause),
    ]


def far(n: SafetyState, cause: StopReason | None) -> list[tuple[SafetyState, StopReason | None]]:
    """Wrong in any way."""
    return [(m, told) for m in MACHINES for told in TOLD if (m, told) != (n, cause)]


Wrong = Callable[[SafetyState, StopReason | None], list[tuple[SafetyState, StopReason | None]]]


def refusals(stride: int, wrong: Wrong) -> set[str]:
    """Names of the invariants that refused a wrong successor; raises where none does."""
    machine_states = sorted(complete.enumerate_all(complete.sieve()).states, key=msgspec.json.encode)
    busy: set[str] = set()
    for m in machine_states:
        invariants = STEP_BY_MODE[m.mode]
        for s in complete.thinned(stride):
            for n, cause in wrong(*modes.step(m, s)):
                busy.add(_refused(invariants, m, s, n, cause))
    return busy


def _refused(
    invariants: tuple[tuple[str, Step], ...], m: SafetyState, s: Situation, n: SafetyState, cause: StopReason | None
) -> str:
    for name, holds in invariants:
        if not holds(m, s, n, cause):
            return name
    raise AssertionError(f"nothing refuses\n  from {m}\n  by   {s}\n  to   {n} ({cause!r})")


@pytest.mark.parametrize(
    ("stride", "wrong"),
    [
        (5 * NEAR_STRIDE, near),
        (3 * FAR_STRIDE, far),
        pytest.param(NEAR_STRIDE, near, marks=pytest.mark.release),
        pytest.param(FAR_STRIDE, far, marks=pytest.mark.release),
    ],
)
def test_the_invariants_refuse_every_other_successor(stride: int, wrong: Wrong) -> None:
    assert len(refusals(stride, wrong)) > 40


def test_the_invariants_refuse_every_other_permit() -> None:
    wants = list(itertools.chain.from_iterable(complete.OTHER_WANTS.values()))
    frames = [s for s in complete.thinned(9973) if s.hold] + [s for s in complete.thinned(9973) if not s.hold]
    for mode, seen, s, at_speed, want in itertools.product(Mode, FLAGS, frames, FLAGS, wants):
        if mode not in modes.ARMED or not s.live:
            continue
        n = SafetyState(mode=mode, held=True, neutral_seen=seen, estop_latched=False, reset_due=False)
        told = msgspec.structs.replace(s, at_speed=at_speed, want=want)
        for up, asked in itertools.product(FLAGS, FLAGS):
            right = permits.permits(n, told, tool_up=up, rotor_asked=asked)
            allowed = [p for p in PERMITS if all(holds(n, told, p, up, asked) for holds in OUTPUT.values())]
            assert allowed == [right], (n, told, up, asked)


# --- it can fail -----------------------------------------------------------------------------------------------------
RULES = [
    pytest.param(mode, at, marks=() if at in (0, len(rules) - 1) else pytest.mark.release, id=f"{mode.name}-{at}")
    for mode, rules in modes.RULES.items()
    for at in range(len(rules))
]
"""The first and the last of each mode in CI."""


def found() -> bool:
    """The whole check; two sieves first, the coarse one finds most in a tenth of the other's time."""
    try:
        complete.enumerate_all(complete.sieve(COARSE_STRIDE))
        complete.enumerate_all(complete.sieve())
        census = complete.enumerate_all()
        complete.paths_to_motion(census)
    except complete.ViolationError:
        return True
    healthy = complete.healed(Class.OK, True)
    return bool(census.states - complete.can_reach(census, {Mode.AUTO_WORK}, healthy))


@pytest.mark.parametrize(("mode", "place"), RULES)
def test_a_rule_left_out_is_found(mode: Mode, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = modes.RULES[mode]
    monkeypatch.setitem(modes.RULES, mode, rules[:place] + rules[place + 1 :])
    assert found()


@pytest.mark.parametrize(("mode", "place"), RULES)
def test_a_rule_without_its_guard_is_found(mode: Mode, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = modes.RULES[mode]
    forced = (lambda _m, _s: True, *rules[place][1:])
    monkeypatch.setitem(modes.RULES, mode, (*rules[:place], forced, *rules[place + 1 :]))
    assert found()


@pytest.mark.parametrize("blind", [0, 1, 2], ids=["reset", "arm", "neutral"])
def test_motion_without_an_act_is_found(blind: int) -> None:
    """The ghosts alone notice, the state notwithstanding."""
    census = complete.enumerate_all(complete.sieve())
    for m, labels in census.labels.items():
        census.labels[m] = {(*label[:blind], False, *label[blind + 1 :]) for label in labels}  # type: ignore[misc]
    with pytest.raises(complete.ViolationError, match="without neutral"):
        complete.paths_to_motion(census)


def test_a_state_that_cannot_be_left_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    census = complete.enumerate_all(complete.sieve())
    monkeypatch.setitem(modes.RULES, Mode.ESTOP, ())
    stuck = census.states - complete.can_reach(census, {Mode.MANUAL}, complete.healed(Class.OK, True))
    assert {m.mode for m in stuck} == {Mode.ESTOP}


def test_every_invariant_has_a_name_of_its_own() -> None:
    names = [name.split(" ")[0] for name in (*STEP, *OUTPUT)]
    assert len(names) - len(set(names)) <= 1, "I18 is asked of steps and of outputs"
    assert {s.motion for s in complete.situations()} == set(Motion)


def at_rest(act: Act, **changes: object) -> Situation:
    """Hands off, standing, a live frame, nothing in force."""
    rest = Situation(
        live=True, act=act, neutral=True, hold=False, worst=Class.OK, retreat=True, estop=False,
        motion=Motion.STANDING, at_speed=False, rotor_stopped=True, want=Want.REST, wait_over=False,
    )  # fmt: skip
    return msgspec.structs.replace(rest, **changes)


@pytest.mark.parametrize("mode", list(Mode))
def test_control_is_taken_at_rest_only(mode: Mode) -> None:
    """C.2 rule 10: not out of a driving mode and not while it still stops, whatever stands."""
    for held, live, motion in itertools.product(FLAGS, FLAGS, Motion):
        s = at_rest(Act.TAKE, live=live, neutral=False, motion=motion)
        resting = mode not in (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT, Mode.RECOVERY, Mode.STOPPING)
        allowed = resting and not live and motion is Motion.STANDING
        machine = SafetyState(mode, held=held, neutral_seen=False, estop_latched=False, reset_due=False)
        assert takes(machine, s) is allowed


@pytest.mark.parametrize("retreat", FLAGS)
@pytest.mark.parametrize(
    ("mode", "act", "after"),
    [
        (Mode.BOOT, Act.NONE, Mode.DISARMED),
        (Mode.HOLD, Act.RESET, Mode.READY),
        (Mode.READY, Act.RECOVERY, Mode.RECOVERY),
        (Mode.RECOVERY, Act.NONE, Mode.RECOVERY),
    ],
)
def test_recovery_in_spite_of_a_stopping_reason_that_allows_it(
    mode: Mode, act: Act, after: Mode, retreat: bool
) -> None:
    """C.4b: a machine is not stranded by a reason that cannot clear on the spot; every other such reason stops it."""
    machine = SafetyState(mode, held=True, neutral_seen=True, estop_latched=False, reset_due=mode is Mode.HOLD)
    there, _ = modes.step(machine, at_rest(act, worst=Class.STOP, retreat=retreat))
    assert (there.mode is after) is retreat


@pytest.mark.parametrize("mode", [Mode.ESTOP, Mode.FAULT])
@pytest.mark.parametrize("rotor_stopped", [False, True])
def test_a_reset_that_is_refused_for_a_turning_rotor_leaves_the_reset_due_over_a_restart(
    mode: Mode, *, rotor_stopped: bool
) -> None:
    """The latches file says so, and what comes back after a power cycle is armed by nothing but a RESET before."""
    machine = SafetyState(mode, held=True, neutral_seen=True, estop_latched=False, reset_due=True)
    asked = at_rest(Act.RESET, rotor_stopped=rotor_stopped)
    after, _ = modes.step(machine, asked)
    assert (after.mode is Mode.DISARMED, after.reset_due) == (rotor_stopped, not rotor_stopped)
    kept = latches.encode(GateState(mode=after.mode, reset_due=after.reset_due, estop_latched=after.estop_latched))
    assert latches.restored(GateState(), kept).reset_due is not rotor_stopped


def test_a_reset_in_the_tick_in_which_the_machine_comes_to_stand_is_none() -> None:
    """The stop is shown as HOLD only then; what was pressed before is no answer to it."""
    machine = SafetyState(Mode.STOPPING, held=True, neutral_seen=True, estop_latched=False, reset_due=True)
    after, _ = modes.step(machine, at_rest(Act.RESET))
    assert (after.mode, after.reset_due) == (Mode.HOLD, True)
