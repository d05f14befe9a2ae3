"""Nobody drives blind: a place or a heading that lies before a keep-out, and no keep-out is entered."""

import math

import pytest

from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from tests.campaign.scenes import copied
from tests.marks import some
from vehicle.contracts.messages import Mode

AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
pytestmark = pytest.mark.long


@copied
def before_a_keep_out(seed: int, goal: Goal, drive: float = 0.0) -> FaultScenario:
    """On its way to a keep-out that lies across the swath, four metres before the tool."""
    drill = FaultScenario(FaultScenarioSettings(seed=seed, keep_out_m=(8.0, 12.0, -6.0, 6.0))).drive(goal, drive)
    assert drill.moves(30.0, 0.5), drill.reasons
    return drill


@pytest.mark.parametrize(
    ("speed_frozen", "jitter_m"),
    some([(False, 0.0), (True, 0.005), (True, 0.0), (False, 0.005)], 1, pytest.mark.release),
)
@pytest.mark.parametrize(
    ("goal", "drive"), some([(Goal.MISSION, 0.0), (Goal.MANUAL, 0.9), (Goal.MANUAL, 0.15)], 2, pytest.mark.release)
)
def test_a_position_that_stands_drives_over_no_keep_out(
    goal: Goal, drive: float, speed_frozen: bool, jitter_m: float
) -> None:
    drill = before_a_keep_out(3, goal, drive)
    gnss = drill.world.gnss
    gnss.frozen, gnss.jitter_m, gnss.speed_frozen = True, jitter_m, speed_frozen
    start = drill.world.tracks.east_m, drill.world.tracks.north_m
    seen: set[str] = set()
    for _ in range(50 * 40):
        drill.step()
        seen |= set(drill.reasons)
    if goal is Goal.MISSION:
        assert math.dist(start, (drill.world.tracks.east_m, drill.world.tracks.north_m)) < 0.5
        assert drill.mode not in AUTO
    assert seen & {"position_stuck", "position_jump"}, seen
    assert drill.watch.finish() == ()


@pytest.mark.parametrize(
    ("size_m", "along", "seconds"),
    some(
        [(0.1, False, 45.0)] + [(size_m, along, 90.0) for size_m in (0.1, 0.3, 1.0) for along in (False, True)],
        1,
        pytest.mark.release,
    ),
)
def test_a_lasting_wrong_fix_moves_no_keep_out_and_makes_no_record(size_m: float, along: bool, seconds: float) -> None:
    drill = before_a_keep_out(4, Goal.MISSION)
    angle_rad = YAW_RAD + (math.pi if along else math.pi / 2.0)
    drill.world.gnss.jump_m = (size_m * math.cos(angle_rad), size_m * math.sin(angle_rad))
    drill.run(seconds)
    assert drill.watch.finish() == ()
    assert size_m == 0.1 or "position_jump" in drill.reasons


@pytest.mark.release
def test_the_request_reaches_the_receiver_and_the_mission_goes_on_in_two_minutes() -> None:
    drill = before_a_keep_out(5, Goal.MISSION)
    drill.world.gnss.wrong_fix_m = (-0.1, 0.3)
    drill.run(4.0)
    assert drill.mode not in AUTO
    assert drill.until(AUTO, 130.0), (drill.mode, drill.reasons)
    assert drill.world.gnss._restart_count == 2
    assert drill.watch.finish() == ()
