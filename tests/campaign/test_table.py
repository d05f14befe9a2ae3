"""Every case of the table on the full stack in virtual time: detection, time, reaction, no way back but the acts."""

import math

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS, Fault
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.campaign.cases import CASES, Case, H, P
from tests.campaign.scenes import SCENES
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import TICK_S

pytestmark = pytest.mark.long

AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
RECOVERY_S = 60.0
AFTER_S = 1.5
SCENE_GOALS = {
    "work": Goal.MISSION,
    "manual": Goal.MANUAL,
    "slow": Goal.MANUAL,
    "fast": Goal.MANUAL,
    "retreat": Goal.RETREAT,
}


class Seen:
    """What one fault did."""

    def __init__(self) -> None:
        self.stop_s = math.inf
        self.reasons: set[str] = set()
        self.modes: set[Mode] = set()


def strike(drill: FaultScenario, fault: Fault, case: Case) -> Seen:
    """Inject, let it last, heal; the operator goes on wanting the same until the machine has stopped."""
    seen = Seen()
    fault.inject(drill, case.strength)
    for tick in range(round((case.hold_s + 1.0) / TICK_S)):
        if tick == round(case.hold_s / TICK_S):
            fault.heal(drill)
        if fault.act is not None and tick < case.hold_s / TICK_S:
            fault.act(drill, case.strength)
        drill.step()
        note(drill, seen, tick)
        if drill.mode in DRIVING:
            continue
        drill.hands.goal = Goal.REST
    return seen


def note(drill: FaultScenario, seen: Seen, tick: int) -> None:
    if drill.watch.setpoint_mps > 1e-6:
        seen.stop_s = math.inf
    else:
        seen.stop_s = min(seen.stop_s, (tick + 1) * TICK_S)
    seen.reasons |= set(drill.reasons)
    seen.modes.add(drill.mode)


FIRST = {case.fault: case.name for case in reversed(CASES)}
PART = [case if FIRST[case.fault] == case.name else pytest.param(case, marks=pytest.mark.release) for case in CASES]
"""The first case of each fault; the others before a release."""


@pytest.mark.parametrize("case", PART, ids=lambda case: case.name)
def test_fault(case: Case) -> None:
    drill = SCENES[case.scene]()
    goal = drill.hands.goal
    seen = strike(drill, FAULTS[case.fault], case)
    if case.reasons:
        assert seen.reasons & set(case.reasons), seen.reasons
    if case.stop_s is None:
        assert seen.modes <= set(DRIVING), (seen.modes, seen.reasons)
        assert drill.moves(10.0)
    else:
        assert seen.stop_s <= case.stop_s, seen.stop_s
        stays_stopped(drill, case)
        drill.attended = True
        drill.hands.goal = goal
        assert drill.moves(RECOVERY_S), (drill.mode, drill.reasons, drill.hands.screen)
    assert tuple(breach.name for breach in drill.watch.finish()) == case.open, drill.watch.breaches


def stays_stopped(drill: FaultScenario, case: Case) -> None:
    """Healed is not restarted; and where an acknowledgement or an act at the machine is due, nothing goes without."""
    drill.run(AFTER_S)
    assert drill.mode not in DRIVING, drill.mode
    assert drill.watch.setpoint_mps == 0.0
    if case.recovery is P:
        drill.hands.forgets = OperatorEdge.ACKNOWLEDGE
        tried(drill, case)
    if case.recovery is H:
        kept, drill.hands.at_machine = drill.hands.at_machine, lambda: None
        tried(drill, case)
        drill.hands.at_machine = kept


def tried(drill: FaultScenario, case: Case) -> None:
    drill.hands.goal = SCENE_GOALS[case.scene]
    drill.run(6.0)
    by_stick = all(RULES[StopReason[name.upper()]].level < Level.STOP for name in case.reasons)
    assert drill.mode not in (AUTO if by_stick else DRIVING), drill.mode
    drill.hands.goal = Goal.REST
    drill.run(0.5)
    drill.hands.forgets = OperatorEdge.NONE
