"""G1 after a push: a machine that stands astride a keep-out is no machine beside it."""

import math

import pytest

from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

THIN = (3.53, 4.19, -6.0, 6.0)
"""A keep-out across the swath that has room between tracks and tool [m]."""
ASTRIDE_M = 2.1


def along_m(drill: FaultScenario) -> float:
    """Return how far the body's origin is along the swath, by the truth [m]."""
    return drill.world.tracks.east_m * math.cos(YAW_RAD) + drill.world.tracks.north_m * math.sin(YAW_RAD)


def pushed(drill: FaultScenario, to_m: float) -> FaultScenario:
    """Let the machine slide to a place along the swath, then stand."""
    FAULTS["slides_braked"].inject(drill, 0.4)
    for _ in range(800):
        drill.step()
        if along_m(drill) >= to_m:
            break
    FAULTS["slides_braked"].heal(drill)
    return drill.drive(Goal.STAND).run(8.0)


def test_a_machine_that_was_pushed_astride_a_keep_out_may_take_its_tool_back_over_it() -> None:
    drill = FaultScenario(FaultScenarioSettings(keep_out_m=THIN)).drive(Goal.STAND)
    drill.attended = True
    assert drill.until((Mode.MANUAL,), 12.0), drill.reasons
    pushed(drill, ASTRIDE_M)
    assert drill.mode is Mode.MANUAL, drill.reasons
    assert "fence" in drill.reasons
    start_m = along_m(drill)
    drill.drive(Goal.MANUAL, -0.3)
    assert drill.moves(20.0, 1.2), drill.reasons
    assert along_m(drill) < start_m - 1.0, "backwards leads out"
    assert drill.watch.finish() == ()
