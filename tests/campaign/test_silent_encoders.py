"""Encoders that the controller knows to be dead, on the full stack: what rolls is seen, what stands is not stranded."""

import math

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from tests.campaign.scenes import manual
from tests.campaign.test_recovery import back_out
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

SILENT = ("encoder_silent", "encoders_silent")


@pytest.mark.parametrize("name", SILENT)
def test_a_machine_that_is_switched_on_with_it_is_driven_out_too(name: str) -> None:
    drill = FaultScenario()
    FAULTS[name].inject(drill, 1.0)
    drill.run(3.0)
    assert drill.mode is Mode.DISARMED
    assert "track_sensor" in drill.reasons
    drill.drive(Goal.REST).run(0.5)
    assert back_out(drill), (drill.mode, drill.reasons)
    assert drill.mode is Mode.RECOVERY
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize("slide_mps", [0.25, -0.4])
def test_what_slides_never_stands_and_is_a_runaway(name: str, slide_mps: float) -> None:
    drill = manual()
    FAULTS[name].inject(drill, 1.0)
    FAULTS["slides_braked"].inject(drill, slide_mps)
    for _ in range(400):
        drill.step()
        assert drill.mode is not Mode.HOLD
        assert drill.state.gate.monitor.rest_ticks == 0
    assert drill.mode is Mode.ESTOP, "brakes closed for more than a second, and it still moves"


@pytest.mark.parametrize("name", SILENT)
def test_a_slide_that_begins_in_hold_is_told(name: str) -> None:
    drill = manual()
    FAULTS[name].inject(drill, 1.0)
    assert drill.until((Mode.HOLD,), 8.0), drill.reasons
    FAULTS["slides_braked"].inject(drill, 0.4)
    drill.run(1.5)
    assert "moved_while_braked" in drill.reasons
    assert drill.mode is not Mode.HOLD


def test_a_pivot_about_the_belt_that_is_known_is_no_rest() -> None:
    """The antenna sits near the middle of the turn, the known belt rests: the gyro alone sees it."""
    drill = manual()
    FAULTS["encoder_silent"].inject(drill, 1.0)
    drill.world.tracks.brake_holds = False
    drill.world.tracks.stuck_left_mps, drill.world.tracks.stuck_right_mps = 0.15, 0.0
    for _ in range(300):
        drill.step()
        assert drill.mode is not Mode.HOLD
        assert drill.state.gate.monitor.rest_ticks < 50
    assert abs(drill.world.tracks.yaw_rate_radps) > 0.05


def test_the_place_stays_known_on_the_way_out_and_nothing_is_credited() -> None:
    drill = manual()
    FAULTS["encoders_silent"].inject(drill, 1.0)
    assert drill.until((Mode.HOLD,), 8.0), drill.reasons
    credited_m2 = drill.state.ledger.credited_m2
    drill.drive(Goal.REST).run(1.0)
    assert back_out(drill), (drill.mode, drill.reasons)
    east, north = drill.state.estimate.x[:2]
    true = drill.world.tracks
    assert math.hypot(east - true.east_m, north - true.north_m) < 0.15
    assert drill.state.ledger.credited_m2 == credited_m2
