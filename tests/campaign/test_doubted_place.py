"""Two places are held against one another: a keep-out is kept from both, and whoever stands near one drives away."""

import math

import pytest

from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings
from campaign.ground_watch import holds_the_true_one
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.marks import some
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long

AHEAD = (12.0, 18.0, -5.0, 5.0)
WINCH_TICKS = 300


def towed(drill: FaultScenario, way_m: float, *, silent: bool) -> FaultScenario:
    """Winched along the swath with the program running; the receiver's right place is back, and cannot fix anew."""
    world, tracks = drill.world, drill.world.tracks
    drill.attended, world.gnss.restarts = True, False
    drill.run(4.0)
    world.gnss.silent = silent
    for _ in range(WINCH_TICKS):
        tracks.east_m += way_m / WINCH_TICKS * math.cos(YAW_RAD)
        tracks.north_m += way_m / WINCH_TICKS * math.sin(YAW_RAD)
        tracks._stand_on_ground()
        drill.step()
    world.gnss.silent = False
    return drill.run(3.0)


def tool_m(drill: FaultScenario) -> float:
    """The tool's foremost end along the swath, by the truth."""
    true = drill.world.truth()
    ends_m = (true.tool_left_m, true.tool_right_m)
    return max(east * math.cos(YAW_RAD) + north * math.sin(YAW_RAD) for east, north in ends_m)


def drives(drill: FaultScenario, share: float, seconds: float) -> float:
    """By stick for so long; the way, ahead positive."""
    begun_m = tool_m(drill)
    drill.drive(Goal.MANUAL, share).run(seconds)
    return tool_m(drill) - begun_m


@pytest.mark.parametrize(("way_m", "silent"), some([(2.0, True), (2.0, False), (0.5, True)], 1, pytest.mark.release))
def test_a_machine_that_was_winched_ahead_stops_before_a_keep_out_and_drives_away_from_it(
    way_m: float, silent: bool
) -> None:
    drill = towed(FaultScenario(FaultScenarioSettings(seed=34, keep_out_m=AHEAD)), way_m, silent=silent)
    assert not drill.state.estimate.place.believed
    assert drives(drill, 0.3, 45.0) > 3.0, "away from every boundary it drives as before"
    assert tool_m(drill) < AHEAD[0]
    assert "fence" in drill.reasons
    assert holds_the_true_one(drill.state, drill.world.truth())
    assert drives(drill, 0.3, 10.0) < 0.02, "no nearer"
    assert drives(drill, -0.3, 20.0) < -1.5, (drill.mode, drill.reasons)
    assert not drill.state.estimate.place.believed
    assert drill.watch.finish() == ()


def test_beside_a_keep_out_that_is_nearer_than_the_doubt_it_backs_out_along_it() -> None:
    """The footprint, grown by two metres, is over it all the way."""
    swath = (-2.0, 30.0, 1.6, 8.0)
    drill = towed(FaultScenario(FaultScenarioSettings(seed=34, keep_out_m=swath)), 2.0, silent=True)
    drill.run(2.0)
    assert "fence" in drill.reasons
    assert drives(drill, -0.3, 30.0) < -1.5, (drill.mode, drill.reasons)
    assert drill.watch.finish() == ()


def test_the_way_it_came_is_open_however_far_the_two_places_are_apart() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=35, keep_out_m=AHEAD))
    drill.attended, drill.world.gnss.restarts = True, False
    drill.drive(Goal.MANUAL, 0.3)
    assert drill.until((Mode.MANUAL,), 15.0)
    drill.run(20.0)
    drill.world.gnss.jump_m = (0.0, 200.0)
    drill.drive(Goal.STAND).run(4.0)
    assert not drill.state.estimate.place.believed
    assert abs(drives(drill, 0.3, 10.0)) < 0.1
    begun_m = tool_m(drill)
    drill.drive(Goal.REST)
    drill.hands.pressed = OperatorEdge.STOP
    drill.run(1.0)
    drill.hands.pressed = OperatorEdge.NONE
    drill.drive(Goal.RETREAT, -0.3)
    assert drill.until((Mode.RECOVERY,), 30.0), drill.reasons
    drill.run(20.0)
    assert tool_m(drill) < begun_m - 1.0
    assert drill.watch.finish() == ()
