"""The program dies in a swath and comes up again: the job goes on from the journal, by the re-entry of every pause."""

import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from tests.control.ledger.driving import cells
from tests.marks import some
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.control.ground import raster

UNPROVEN = (4.0, 80.0, -4.0, 4.0)
"""Ahead of the machine's place at the start nothing bears before it is worked."""


def until_phase(drill: FaultScenario, phase: MissionPhase, limit_s: float) -> None:
    for _ in range(round(limit_s / 0.02)):
        if drill.state.mission.phase is phase:
            return
        drill.step()
    raise AssertionError((drill.state.mission.phase, drill.mode, drill.reasons))


def killed(phase: MissionPhase, after_s: float, settings: FaultScenarioSettings) -> FaultScenario:
    drill = FaultScenario(settings).drive(Goal.MISSION)
    until_phase(drill, phase, 60.0)
    drill.run(after_s)
    drill.process.dead = True
    drill.run(2.0)
    return drill


@pytest.mark.long
@pytest.mark.parametrize(("phase", "after_s"), [(MissionPhase.LOWER, 0.4), (MissionPhase.WORK, 30.0)])
def test_a_restart_drives_nothing_and_then_the_job_goes_on(phase: MissionPhase, after_s: float) -> None:
    drill = killed(phase, after_s, FaultScenarioSettings())
    before = drill.state
    drill.drive(Goal.REST)
    drill.process.restart()
    assert drill.mode is Mode.BOOT
    assert cells(drill.state.ledger, raster.CREDITED) == cells(before.ledger, raster.CREDITED)
    assert not drill.moves(3.0), "not before reset, arm and start"
    drill.drive(Goal.MISSION)
    until_phase(drill, MissionPhase.WORK, 60.0)
    drill.run(20.0)
    state = drill.state
    assert state.ledger.credited_m2 > before.ledger.credited_m2 + 2.0
    assert drill.truth.false_credit_m2(state.ledger) == 0.0
    assert drill.watch.finish() == ()
    ahead_m = state.config.machine.tool.ahead_m
    assert state.mission.worked_along_m > before.mission.worked_along_m, "it goes on, it does not begin anew"
    assert state.mission.worked_along_m < before.mission.worked_along_m + 20.0 * 0.3 + ahead_m


@pytest.mark.long
@pytest.mark.parametrize("after_s", some([25.0, 41.0], 1, pytest.mark.release))
def test_over_ground_that_bears_nothing_the_tracks_know_what_they_stand_on(after_s: float) -> None:
    """Without the journal the ground under the tracks would count as never worked, and the job could not go on."""
    drill = killed(MissionPhase.WORK, after_s, FaultScenarioSettings(unproven_m=UNPROVEN, seed=2))
    before = drill.state
    assert before.tracks_supported is True
    drill.process.restart()
    until_phase(drill, MissionPhase.WORK, 60.0)
    drill.run(20.0)
    state = drill.state
    assert state.mission.phase is MissionPhase.WORK
    assert state.tracks_supported is True
    assert state.mission.worked_along_m > before.mission.worked_along_m + 2.0
    assert drill.truth.false_credit_m2(state.ledger) == 0.0
    assert drill.watch.finish() == ()
