"""Rows that need a fence, a configuration or several starts, on the full stack."""

import math

import msgspec
import pytest

from campaign.fault_scenario import YAW_RAD, FaultScenario, FaultScenarioSettings, box_m
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.campaign.scenes import manual
from tests.marks import some
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.control.ground import support
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.safety import fence

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
BEHIND_M, BESIDE_M = 6.0, 5.0


def fenced(drill: FaultScenario, ahead_m: float) -> FaultScenario:
    """A fence across the swath, `ahead_m` before where the machine begins."""
    ring = box_m((-BEHIND_M, ahead_m, -BESIDE_M, BESIDE_M))
    state = drill.process.loop.state
    gate = msgspec.structs.replace(state.gate, fence=edges_of((ring,)))
    drill.process.loop.state = msgspec.structs.replace(state, gate=gate)
    return drill


def front_m(drill: FaultScenario) -> float:
    """The foremost edge of body and tool along the swath, by the truth."""
    machine, tracks = drill.parts.config.machine, drill.world.tracks
    front = max(machine.body.front_m, machine.tool.ahead_m + machine.tool.length_m / 2.0)
    return tracks.east_m * math.cos(YAW_RAD) + tracks.north_m * math.sin(YAW_RAD) + front


def test_rows_101_102_a_mission_stops_inside_the_fence_and_hands_drive_inwards_only() -> None:
    drill = fenced(FaultScenario(), 6.0).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    assert drill.until((Mode.HOLD,), 60.0), drill.mode
    assert "fence" in drill.reasons
    assert 5.0 < front_m(drill) < 6.0
    drill.drive(Goal.MANUAL, 0.5)
    assert not drill.moves(15.0, 1.0), "outwards, no further than to the fence"
    assert drill.mode is Mode.MANUAL
    assert front_m(drill) < 6.0
    drill.drive(Goal.MANUAL, -0.5)
    assert drill.moves(10.0, 0.5)
    assert front_m(drill) < 5.8
    assert drill.watch.finish() == ()


def test_row_102_outside_the_fence_the_speed_is_limited_on_the_way_in() -> None:
    drill = fenced(FaultScenario(), 1.0).drive(Goal.MANUAL, -1.0)
    assert drill.moves(15.0)
    fastest_mps = 0.0
    while front_m(drill) > 1.1:
        drill.step()
        fastest_mps = max(fastest_mps, drill.watch.setpoint_mps)
        assert drill.world.controller.outputs.horn
    assert 0.2 < fastest_mps <= 0.31
    assert drill.watch.finish() == ()


def test_row_116_the_horn_sounds_for_three_seconds_before_the_first_motion() -> None:
    drill = FaultScenario().drive(Goal.MANUAL, 0.5)
    assert drill.until((Mode.MANUAL,), 10.0)
    horn_ticks = 0
    while drill.watch.setpoint_mps == 0.0:
        drill.step()
        horn_ticks += drill.world.controller.outputs.horn
    assert 148 <= horn_ticks <= 152
    assert drill.watch.finish() == ()


def test_row_118_with_maintenance_left_on_nothing_but_a_slow_retreat_without_rotor_drives() -> None:
    drill = FaultScenario()
    state = drill.process.loop.state
    safety = state.config.safety.model_copy(update={"maintenance": True})
    config = state.config.model_copy(update={"safety": safety})
    drill.process.loop.state = msgspec.structs.replace(state, config=config)
    drill.hands.rotor = True
    drill.drive(Goal.MANUAL, 0.8)
    assert not drill.moves(15.0, 0.01)
    assert "maintenance" in drill.reasons
    drill.drive(Goal.RETREAT, -0.8)
    assert not drill.moves(15.0, 0.01) or drill.mode is Mode.RECOVERY
    assert abs(drill.watch.setpoint_mps) <= 0.1 + 1e-6
    assert drill.world.controller.outputs.rotor_radps == 0.0
    assert drill.watch.finish() == ()


@pytest.mark.parametrize(("starts", "looped"), [(3, False), (4, True)])
def test_row_75_the_fourth_start_within_five_minutes_wants_to_be_acknowledged(starts: int, looped: bool) -> None:
    drill = manual()
    for _ in range(starts - 1):
        drill.process.dead = True
        drill.run(0.3)
        drill.process.restart()
        drill.drive(Goal.REST).run(2.0)
    assert ("boot_loop" in drill.reasons) is looped
    drill.hands.forgets = OperatorEdge.ACKNOWLEDGE
    drill.drive(Goal.MANUAL, 0.3)
    assert drill.moves(15.0) is not looped
    drill.hands.forgets = OperatorEdge.NONE
    assert drill.moves(30.0), (drill.mode, drill.reasons, drill.hands.screen)
    assert drill.watch.finish() == ()


def test_row_110_a_tool_that_hangs_above_the_ground_is_credited_nothing() -> None:
    drill = FaultScenario(FaultScenarioSettings(seed=4)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(6.0)
    for _ in range(300):
        drill.world.flail.arm_m = max(drill.world.flail.arm_m, -0.05)
        drill.step()
    assert drill.watch.finish() == ()


def unproven(drill: FaultScenario, *, from_m: float, to_m: float, segments: tuple[Segment, ...] = ()) -> FaultScenario:
    """The same job on a site where the ground from here to there along the swath bears no tracks yet."""
    ring = box_m((from_m, to_m, -BESIDE_M, BESIDE_M))
    loop = drill.process.loop
    assert loop.state.mission.plan is not None
    plan = loop.state.mission.plan
    loop.state = assign_plan(
        loop.state, msgspec.structs.replace(plan, segments=segments or plan.segments, unproven_m=(ring,))
    )
    return drill


def along_m(drill: FaultScenario) -> float:
    """The body's origin along the swath, by the truth."""
    tracks = drill.world.tracks
    return tracks.east_m * math.cos(YAW_RAD) + tracks.north_m * math.sin(YAW_RAD)


def test_row_108_no_mission_reverses_onto_unprocessed_ground() -> None:
    drill = FaultScenario()
    back = Segment(
        seq=0,
        kind=SegmentKind.REVERSE,
        tool_down=False,
        points_m=((0.0, 0.0), (-8.0 * math.cos(YAW_RAD), -8.0 * math.sin(YAW_RAD))),
        yaw_start_rad=YAW_RAD,
        yaw_end_rad=YAW_RAD,
        speed_mps=0.9,
    )
    unproven(drill, from_m=-20.0, to_m=-4.0, segments=(back,)).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_MOVE,), 25.0)
    assert drill.until((Mode.HOLD,), 20.0), drill.mode
    assert "unprocessed_ground" in drill.reasons
    rear_m = along_m(drill) - drill.parts.config.machine.tracks.length_m / 2.0
    assert -4.0 - support.NEAR_M < rear_m < -3.5
    # by stick it warns and drives
    drill.drive(Goal.MANUAL, -0.3)
    assert drill.moves(15.0, 0.5)
    assert "unprocessed_ground" in drill.reasons
    assert drill.watch.finish() == ()


def test_row_108_ground_that_the_tool_left_out_is_worked_again_before_the_tracks_reach_it() -> None:
    drill = unproven(FaultScenario(FaultScenarioSettings(seed=3)), from_m=2.3, to_m=40.0).drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(25.0)
    assert drill.mode is Mode.AUTO_WORK, drill.reasons
    shallow_m = along_m(drill) + drill.parts.config.machine.tool.ahead_m
    for _ in range(150):  # three seconds over a rock that lifts the tool
        drill.world.flail.arm_m = max(drill.world.flail.arm_m, -0.05)
        drill.step()
    assert drill.until((Mode.HOLD,), 20.0), (drill.mode, along_m(drill))
    assert "unprocessed_ground" in drill.reasons
    front_m = along_m(drill) + drill.parts.config.machine.tracks.length_m / 2.0
    assert shallow_m - 1.0 < front_m < shallow_m + support.NEAR_M
    assert drill.until((Mode.AUTO_WORK,), 60.0), (drill.mode, drill.reasons)
    drill.run(40.0)
    assert drill.mode is Mode.AUTO_WORK, drill.reasons
    assert along_m(drill) > shallow_m + 1.5
    assert drill.watch.finish() == ()


def kept_out(drill: FaultScenario, *boxes: tuple[float, float, float, float]) -> FaultScenario:
    """Keep-outs in the swath's frame, as (from ahead, from left, to ahead, to left)."""
    rings = tuple(box_m((x0, x1, y0, y1)) for x0, y0, x1, y1 in boxes)
    loop = drill.process.loop
    assert loop.state.mission.plan is not None
    loop.state = assign_plan(loop.state, msgspec.structs.replace(loop.state.mission.plan, keep_out_m=rings))
    return drill


def over_m(drill: FaultScenario) -> float:
    """How far the footprint truly reaches over what is kept out."""
    tracks, edges = drill.world.tracks, drill.state.gate.fence
    assert edges is not None
    return fence.over_m(edges, fence.Pose(tracks.east_m, tracks.north_m, tracks.yaw_rad), drill.parts.config)


def never_over(drill: FaultScenario, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        drill.step()
        assert over_m(drill) < 0.03, (drill.time_s, drill.reasons)


def test_row_102_with_another_keep_out_nearer_by_the_way_ahead_is_no_way_in() -> None:
    drill = kept_out(FaultScenario(), (6.0, -6.0, 9.0, 6.0), (-3.0, 1.3, 5.9, 3.0)).drive(Goal.MANUAL, 0.8)
    never_over(drill, 20.0)
    assert 5.8 < front_m(drill) < 6.0
    assert "fence" in drill.reasons
    drill.drive(Goal.MANUAL, -0.5)
    assert drill.moves(10.0, 1.0)
    assert drill.watch.finish() == ()


def test_row_102_beside_a_wall_that_closes_in_behind_some_way_is_left() -> None:
    drill = kept_out(FaultScenario(), (2.3, -6.0, 9.0, 6.0), (-9.0, 0.95, 2.2, 3.0)).drive(Goal.MANUAL, -0.4)
    assert drill.moves(15.0, 2.0)
    never_over(drill, 5.0)


@pytest.mark.parametrize("turn", some([0.6, -0.6], 1, pytest.mark.release))
def test_row_101_turning_by_stick_the_tool_comes_to_no_keep_out(turn: float) -> None:
    post = (1.6, 1.2, 1.9, 1.5) if turn > 0.0 else (1.6, -1.5, 1.9, -1.2)
    drill = kept_out(FaultScenario(), post).drive(Goal.MANUAL, 0.0, turn)
    never_over(drill, 40.0)
    assert "fence" in drill.reasons
    assert abs(drill.world.tracks.yaw_rad - YAW_RAD) > 0.05, "as far as there was room"
    drill.drive(Goal.MANUAL, 0.0, -turn)
    yaw_rad = drill.world.tracks.yaw_rad
    never_over(drill, 8.0)
    assert abs(drill.world.tracks.yaw_rad - yaw_rad) > 0.3, "away from it turns"


def test_row_102_without_a_position_keep_outs_are_said_to_be_unwatched_and_hands_are_slow() -> None:
    drill = kept_out(FaultScenario(), (30.0, -6.0, 33.0, 6.0)).drive(Goal.MANUAL, 1.0)
    assert drill.moves(15.0, 0.5)
    FAULTS["gnss_lost"].inject(drill, 1.0)
    drill.run(12.0)
    assert "fence_unwatched" in drill.reasons
    assert 0.2 < drill.watch.setpoint_mps <= 0.31


def test_row_102_held_before_a_keep_out_it_stays_held_when_the_position_is_lost() -> None:
    drill = kept_out(FaultScenario(), (6.0, -6.0, 9.0, 6.0)).drive(Goal.MANUAL, 0.8)
    never_over(drill, 20.0)
    held_m = front_m(drill)
    assert held_m > 5.8
    FAULTS["gnss_lost"].inject(drill, 1.0)
    never_over(drill, 15.0)
    assert front_m(drill) < held_m + 0.05
    drill.drive(Goal.MANUAL, -0.3)
    assert drill.moves(15.0, 0.5)


def test_recovery_makes_no_track_of_its_own() -> None:
    drill = FaultScenario().drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(8.0)
    FAULTS["oil_hot"].inject(drill, 98.0)
    assert drill.until((Mode.HOLD,), 40.0), drill.mode
    poses = len(drill.state.gate.driven_path)
    stopped_m = along_m(drill)
    drill.drive(Goal.RETREAT, 1.0)
    assert drill.until((Mode.RECOVERY,), 20.0), drill.mode
    drill.run(40.0)
    assert along_m(drill) < stopped_m + 0.8
    assert len(drill.state.gate.driven_path) == poses
    drill.drive(Goal.RETREAT, -1.0)
    assert drill.moves(20.0, 0.5)


def test_recovery_drives_into_no_keep_out() -> None:
    drill = FaultScenario().drive(Goal.MANUAL, 0.5)
    assert drill.moves(15.0, 1.0)
    FAULTS["oil_hot"].inject(drill, 98.0)
    assert drill.until((Mode.HOLD,), 60.0), drill.mode
    ahead_m = front_m(drill)
    kept_out(drill, (ahead_m + 0.2, -6.0, ahead_m + 3.0, 6.0)).drive(Goal.RETREAT, 1.0)
    assert drill.until((Mode.RECOVERY,), 20.0), drill.mode
    never_over(drill, 15.0)
    drill.drive(Goal.RETREAT, -1.0)
    assert drill.moves(15.0, 0.4)
