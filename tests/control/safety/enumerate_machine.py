"""The discrete machine, completely: every reachable state x every input class, then every path to motion.

Run by itself for the figures: python -m tests.control.safety.enumerate_machine
"""

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tests.control.safety.machine_invariants import STEP, STEP_BY_MODE
from tests.control.safety.machine_words import MISSION, STOPS
from tests.control.safety.permit_invariants import NOTHING, OUTPUT
from vehicle.contracts.messages import EngineStart, Mode
from vehicle.control.safety import modes, permits
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Starter, Want
from vehicle.host.clock import elapsed_s

START = SafetyState(Mode.BOOT, held=False, neutral_seen=False, estop_latched=False, reset_due=False)
WORST = (
    (Class.OK, True),
    (Class.LIMIT, True),
    (Class.WAIT, True),
    (Class.NAV, True),
    (Class.STOP, True),
    (Class.STOP, False),
    (Class.KILL, True),
    (Class.KILL, False),
)
FLAGS = (False, True)
OTHER_WANTS = {Want.MOVE: (Want.REST, Want.SPIN, Want.MOVE, Want.BACK_OFF), Want.WORK: (Want.LOWER, Want.WORK)}


def radio() -> Iterator[tuple[bool, Act, bool, bool]]:
    """Live, act, neutral, hold: no sticks without a live frame; any act, which may come with one too old for speed."""
    yield from ((False, act, False, False) for act in Act)
    yield from itertools.product((True,), Act, FLAGS, FLAGS)


def situations() -> list[Situation]:
    """All of them. With a starter that is able to something: no mission is near, and the rotor is not at speed."""
    common = [
        Situation(live, act, neutral, hold, worst, retreat, estop, motion, at_speed, stopped, want, over)
        for over, (live, act, neutral, hold), (worst, retreat), estop, motion, at_speed, stopped, want in (
            itertools.product(FLAGS, radio(), WORST, FLAGS, Motion, FLAGS, FLAGS, OTHER_WANTS)
        )
    ]
    disarmed = [s for s in common if s.want is Want.MOVE and not s.at_speed and not s.wait_over]
    able = [starter for starter in Starter if starter is not Starter.UNABLE]
    return common + [msgspec.structs.replace(s, starter=starter) for starter in able for s in disarmed]


def possible(mode: Mode, inputs: list[Situation]) -> list[Situation]:
    """Those that a mode can meet: the time of a WAIT is spent in WAIT alone, a starter is asked in DISARMED alone."""
    if mode is Mode.DISARMED:
        return [s for s in inputs if not s.wait_over]
    common = [s for s in inputs if s.starter is Starter.UNABLE]
    return common if mode is Mode.WAIT else [s for s in common if not s.wait_over]


def thinned(stride: int) -> list[Situation]:
    """Every so-many-th situation; the stride divides none of the input sizes."""
    return situations()[::stride]


def sieve(stride: int = 19) -> list[Situation]:
    """A quick look before the whole: every so-many-th, and all with nothing wrong, which lead to nearly every state."""
    return thinned(stride) + [s for s in situations() if _calm(s)]


def _calm(s: Situation) -> bool:
    stands = s.motion is Motion.STANDING and s.rotor_stopped and not s.at_speed
    return stands and s.worst is Class.OK and not s.estop and not s.wait_over


class ViolationError(AssertionError):
    """Names the invariant and shows the step."""


class Census(msgspec.Struct):
    """What an enumeration found. `labels`: per state, the few things of a step that the ghosts care about."""

    states: set[SafetyState]
    transitions: int
    outputs: int
    edges: set[tuple[Mode, Mode]]
    labels: dict[SafetyState, set[tuple[bool, bool, bool, bool, SafetyState]]]
    pairs: set[tuple[SafetyState, SafetyState]]
    seconds: float


def enumerate_all(inputs: list[Situation] | None = None) -> Census:
    """BFS; the first violation raises with the step that shows it."""
    began_s = elapsed_s()
    inputs = situations() if inputs is None else inputs
    met = {mode: possible(mode, inputs) for mode in (Mode.WAIT, Mode.DISARMED, Mode.BOOT)}
    census = Census({START}, 0, 0, set(), defaultdict(set), set(), 0.0)
    frontier = [START]
    while frontier:
        m = frontier.pop()
        invariants = STEP_BY_MODE[m.mode]
        for s in met.get(m.mode, met[Mode.BOOT]):
            n, cause = modes.step(m, s)
            for name, holds in invariants:
                if not holds(m, s, n, cause):
                    raise ViolationError(f"{name}\n  from {m}\n  by   {s}\n  to   {n} ({cause!r})")
            drives = check_outputs(n, s, census)
            census.transitions += 1
            census.edges.add((m.mode, n.mode))
            census.labels[m].add((s.act is Act.RESET, s.act in (Act.ARM, Act.RECOVERY), s.neutral, drives, n))
            if n not in census.states:
                census.states.add(n)
                frontier.append(n)
    census.seconds = elapsed_s() - began_s
    return census


@functools.cache
def census() -> Census:
    """The machine in force, enumerated once a process."""
    return enumerate_all()


def check_outputs(n: SafetyState, s: Situation, census: Census) -> bool:
    """All outputs after a step; True if one of them moves anything."""
    if n.mode not in modes.ARMED:
        census.outputs += 1
        if permits.permits(n, s, tool_up=True, rotor_asked=True) != NOTHING:
            raise ViolationError(f"I18 whatever is not armed is inert\n  in {n}\n  by {s}")
        return False
    wants = OTHER_WANTS[s.want] if n.mode in MISSION else (s.want,)
    moves = False
    for want in wants:
        seen = s if want is s.want else msgspec.structs.replace(s, want=want)
        for up, asked in itertools.product(FLAGS, FLAGS):
            p = permits.permits(n, seen, tool_up=up, rotor_asked=asked)
            census.outputs += 1
            moves = moves or p != NOTHING
            for name, holds in OUTPUT.items():
                if not holds(n, seen, p, up, asked):
                    raise ViolationError(f"{name}\n  in {n}\n  by {seen}\n  {p}, tool up {up}, rotor asked {asked}")
    return moves


# --- every path to motion --------------------------------------------------------------------------------------------
def paths_to_motion(census: Census) -> int:
    """Ghosts that the code does not know: since the last stop, was neutral seen, RESET pressed, ARM pressed, and twice
    since DISARMED? Whatever moves must have them all. Returns the number of product states."""
    begin = (START, (False, True, 0))
    seen = {begin}
    frontier = [begin]
    while frontier:
        m, (neutral, reset, arms) = frontier.pop()
        for is_reset, is_arm, is_neutral, moves, n in census.labels[m]:
            cranked = m.start is EngineStart.CRANKING and n.start is not EngineStart.CRANKING
            stop = cranked or (n.mode in STOPS and n.mode is not m.mode)
            ghost = (
                (is_neutral or neutral) and not stop and n.held,
                (is_reset or reset) and not stop,
                0 if stop or n.mode is Mode.DISARMED else min(2, arms + is_arm),
            )
            # From HOLD the reset itself makes READY, so one ARM follows; from DISARMED the first of two does.
            if moves and not (ghost[0] and ghost[1] and ghost[2] >= 1):
                raise ViolationError(f"motion without neutral + reset + arm: {m} -> {n}, ghosts {ghost}")
            after = (n, ghost)
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    return len(seen)


# --- liveness --------------------------------------------------------------------------------------------------------
def can_reach(census: Census, goal: set[Mode], inputs: list[Situation]) -> set[SafetyState]:
    """States from which some run of these inputs leads to a goal mode."""
    before: dict[SafetyState, set[SafetyState]] = defaultdict(set)
    for m in census.states:
        for s in inputs:
            before[modes.step(m, s)[0]].add(m)
    reach = {m for m in census.states if m.mode in goal}
    frontier = list(reach)
    while frontier:
        for m in before[frontier.pop()]:
            if m not in reach:
                reach.add(m)
                frontier.append(m)
    return reach


def healed(worst: Class, retreat: bool) -> list[Situation]:
    """An operator who follows the manual, on a machine that stands and whose radio works."""
    return [
        s
        for s in situations()
        if s.worst is worst and s.retreat is retreat and not s.estop and s.motion is Motion.STANDING and s.rotor_stopped
    ]


if __name__ == "__main__":
    found = census()
    print(  # noqa: T201
        f"{len(found.states)} states, {found.transitions} transitions, {found.outputs} outputs, "
        f"{len(STEP) + len(OUTPUT)} invariants, {len(found.edges)} mode edges, "
        f"{paths_to_motion(found)} product states with ghosts, {found.seconds:.1f} s"
    )
