"""Credit through a WAIT: a pause leaves no seam, nor a lost fix that comes back to its place; none leaves a hole."""

import numpy as np
import pytest

from campaign.fault_scenario import YAW_RAD, FaultScenario
from campaign.sim_operator import Goal
from firmware_bridge.types import FixType, OperatorEdge
from tests.campaign.scenes import work
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.control.ground import raster
from vehicle.control.ledger import masks

BAND_M = 0.5
"""Half the width of the strip in the middle of the swath that is looked at, well inside every allowance."""
BEHIND_M = 0.3
"""Credit lags the tool by k sigma."""


def along_m(drill: FaultScenario) -> float:
    """Of the tool, as the vehicle believes."""
    state = drill.state
    body_m = state.estimate.x[0] * np.cos(YAW_RAD) + state.estimate.x[1] * np.sin(YAW_RAD)
    return float(body_m) + state.config.machine.tool.ahead_m


def until_along(drill: FaultScenario, goal_m: float, limit_s: float = 120.0) -> None:
    for _ in range(round(limit_s / 0.02)):
        if along_m(drill) >= goal_m and drill.mode is Mode.AUTO_WORK:
            return
        drill.step()
    raise AssertionError((along_m(drill), drill.mode, drill.reasons))


def strip(drill: FaultScenario, from_m: float, to_m: float) -> np.ndarray:
    """(n,) whether each place of the middle of the swath is credited."""
    step_m = drill.state.config.mission.cell_m / 2.0
    along, across = np.meshgrid(np.arange(from_m, to_m, step_m), np.arange(-BAND_M, BAND_M, step_m))
    cos_yaw, sin_yaw = np.cos(YAW_RAD), np.sin(YAW_RAD)
    places = np.stack((along * cos_yaw - across * sin_yaw, along * sin_yaw + across * cos_yaw), axis=-1)
    ledger, cell_m = drill.state.ledger, drill.state.config.mission.cell_m
    return raster.marked(ledger, places.reshape(-1, 2), cell_m, raster.CREDITED)


@pytest.mark.long
def test_a_pause_of_five_seconds_in_a_swath_leaves_no_seam() -> None:
    drill = work()
    begins_m = along_m(drill)
    until_along(drill, begins_m + 1.5)
    phase = drill.state.mission.phase
    drill.drive(Goal.REST)
    drill.hands.pressed = OperatorEdge.MISSION_PAUSE
    assert drill.until((Mode.WAIT,), 1.0)
    drill.hands.pressed = OperatorEdge.NONE
    for _ in range(250):
        drill.step()
        run = drill.state.ledger.run
        assert run is not None
        assert run.credit_flag == raster.CREDITED, "one run of the ledger goes on"
        assert drill.state.mission.phase is phase is MissionPhase.WORK
    drill.drive(Goal.MISSION)
    phases = set()
    while along_m(drill) < begins_m + 3.0:
        drill.step()
        phases.add(drill.state.mission.phase)
    assert phases == {MissionPhase.WORK}, "no re-entry"
    plain = work()
    until_along(plain, begins_m + 3.0)
    found = strip(drill, begins_m + 0.3, begins_m + 3.0 - BEHIND_M)
    assert found.all()
    assert np.array_equal(found, strip(plain, begins_m + 0.3, begins_m + 3.0 - BEHIND_M))
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.watch.finish() == ()


def through_a_loss(off_m: float = 0.0) -> tuple[FaultScenario, float, list[MissionPhase]]:
    """Five seconds without a fix, which comes back so far aside: the drill 3 m along, its begin, the phases since."""
    drill = work()
    begins_m = along_m(drill)
    until_along(drill, begins_m + 1.5)
    credited_m2 = drill.state.ledger.credited_m2
    drill.world.gnss.fix = FixType.RTK_FLOAT
    assert drill.until((Mode.WAIT,), 1.0)
    for _ in range(250):
        drill.step()
        assert not masks.crediting(drill.state.ledger)
    assert drill.mode is Mode.WAIT, drill.reasons
    assert drill.state.ledger.credited_m2 <= credited_m2 + 0.2
    drill.world.gnss.fix = FixType.RTK_FIXED
    drill.world.gnss.wrong_fix_m = (-off_m * np.sin(YAW_RAD), off_m * np.cos(YAW_RAD))
    phases: list[MissionPhase] = []
    for _ in range(6000):
        drill.step()
        if not phases or phases[-1] is not drill.state.mission.phase:
            phases.append(drill.state.mission.phase)
        if along_m(drill) >= begins_m + 3.0 and drill.mode is Mode.AUTO_WORK:
            return drill, begins_m, phases
    raise AssertionError((phases, drill.reasons))


@pytest.mark.long
def test_a_lost_fix_of_five_seconds_that_comes_back_to_its_place_leaves_no_seam() -> None:
    drill, begins_m, phases = through_a_loss()
    assert phases == [MissionPhase.WORK], "no re-entry"
    assert strip(drill, begins_m + 0.3, begins_m + 3.0 - BEHIND_M).all()
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.watch.finish() == ()


@pytest.mark.long
def test_one_that_comes_back_to_another_place_credits_nothing_false_and_leaves_no_hole() -> None:
    drill, begins_m, phases = through_a_loss(0.05)
    assert MissionPhase.PAUSED not in phases, (phases, drill.reasons)
    assert phases[:3] == [MissionPhase.WORK, MissionPhase.RAISE, MissionPhase.BACK_OFF]
    assert strip(drill, begins_m + 0.3, begins_m + 3.0 - BEHIND_M).all(), "nothing is silently missed"
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.watch.finish() == ()


@pytest.mark.long
def test_epochs_that_prove_nothing_before_a_lost_fix_leave_no_hole() -> None:
    """Credit breaks off half a second before the WAIT; what was driven meanwhile is worked again."""
    drill = work()
    begins_m = along_m(drill)
    until_along(drill, begins_m + 1.5)
    drill.world.gnss.jump_m = (0.2, 0.0)
    for _ in range(10):
        drill.step()
    assert drill.mode is Mode.AUTO_WORK
    assert drill.state.ledger.run is None or drill.state.ledger.run.credit_flag != raster.CREDITED
    drill.world.gnss.jump_m = (0.0, 0.0)
    drill.world.gnss.fix = FixType.RTK_FLOAT
    assert drill.until((Mode.WAIT,), 1.0)
    drill.run(2.0)
    drill.world.gnss.fix = FixType.RTK_FIXED
    until_along(drill, begins_m + 4.0)
    assert strip(drill, begins_m + 0.3, begins_m + 3.0 - BEHIND_M).all()
    assert drill.truth.false_credit_m2(drill.state.ledger) == 0.0
    assert drill.watch.finish() == ()
