"""A program that is killed and started again knows what a stop left to be done: nothing drives before it is done."""

from collections.abc import Callable

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from sim import manual_text
from tests.campaign.scenes import manual
from tests.marks import some
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level, StopReason
from vehicle.contracts.stop_reasons import RULES

pytestmark = pytest.mark.long

DEAD_S = 0.4
LEFT_OUT: tuple[tuple[str, float, OperatorEdge], ...] = (
    # fault, strength, the act that is left out; NONE: nobody goes to the machine
    ("fire", 1.0, OperatorEdge.NONE),
    ("rolled_over", 1.3, OperatorEdge.NONE),
    ("detonation", 1.0, OperatorEdge.ACKNOWLEDGE),
    ("hose_burst", 1.0, OperatorEdge.ACKNOWLEDGE),
    ("estop_pressed", 1.0, OperatorEdge.RELEASE_ESTOP),
    ("stop_pressed", 1.0, OperatorEdge.RESET),
)


def struck(fault: str, strength: float) -> FaultScenario:
    """Driven, struck, all in order again; the operator's hands are off."""
    drill = manual()
    drill.attended = True
    FAULTS[fault].inject(drill, strength)
    drill.run(1.5)
    drill.drive(Goal.REST)
    FAULTS[fault].heal(drill)
    return drill.run(3.0)


def restarted(drill: FaultScenario) -> FaultScenario:
    drill.process.dead = True
    drill.run(DEAD_S)
    drill.process.restart()
    return drill.run(1.0)


def nobody() -> None:
    """Nobody goes to the machine."""


@pytest.mark.parametrize(("fault", "strength", "left_out"), LEFT_OUT)
@pytest.mark.parametrize("restarts", some([1, 0, 2], 1, pytest.mark.release))
def test_what_a_stop_asked_for_is_still_asked_for_after_a_restart(
    fault: str, strength: float, left_out: OperatorEdge, restarts: int
) -> None:
    drill = struck(fault, strength)
    asked = manual_text.texts(drill.state.gate.latched | drill.state.gate.shown)
    for _ in range(restarts):
        restarted(drill)
    assert set(asked) <= set(drill.hands.screen), "the text stands until the act"
    visit: Callable[[], None] = drill.hands.at_machine
    drill.hands.forgets = left_out
    if left_out is OperatorEdge.NONE:
        drill.hands.at_machine = nobody
    drill.drive(Goal.MANUAL, 0.25)
    assert not drill.moves(25.0, 0.02), "without the act"
    drill.hands.forgets, drill.hands.at_machine = OperatorEdge.NONE, visit
    assert drill.moves(60.0), (drill.mode, drill.reasons, drill.hands.screen)
    assert drill.watch.finish() == ()


def test_a_program_killed_in_motion_owes_a_reset_like_any_stop() -> None:
    drill = manual()
    restarted(drill)
    assert drill.mode is Mode.DISARMED
    assert drill.reasons[0] == "restarted_in_motion"
    assert drill.hands.screen[0] == RULES[StopReason.RESTARTED_IN_MOTION].text
    drill.hands.forgets = OperatorEdge.RESET
    drill.drive(Goal.MANUAL, 0.25)
    assert not drill.moves(25.0, 0.02), "without the act"
    drill.hands.forgets = OperatorEdge.NONE
    assert drill.moves(30.0)
    assert "restarted_in_motion" not in drill.reasons
    assert drill.watch.finish() == ()


def test_a_program_killed_while_nothing_could_move_owes_what_any_start_does_and_no_more() -> None:
    drill = FaultScenario().run(3.0)
    assert drill.mode is Mode.DISARMED
    restarted(drill)
    drill.run(2.0)  # a second of fixes is held against the place that was left
    found = {RULES[StopReason[name.upper()]] for name in drill.reasons}
    assert {rule.auto_level for rule in found} <= {Level.WARN}, drill.reasons
    drill.hands.forgets = OperatorEdge.RESET | OperatorEdge.ACKNOWLEDGE
    drill.drive(Goal.MANUAL, 0.25)
    assert drill.moves(20.0), (drill.mode, drill.reasons)
    assert drill.watch.finish() == ()
