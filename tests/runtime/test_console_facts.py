"""What consoles are told of the machine's surroundings and of the ground, against slower ways to the same."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.trials.linked_scenario import LinkedFaultScenario
from campaign.sim_operator import Goal
from tests.builders import config, estimate, vehicle_state
from tests.operator_link.small_plan import small_plan
from vehicle.contracts.geometry import WORLD, edges_of, rectangle_m
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.plan import SegmentKind
from vehicle.control.ground import raster
from vehicle.control.mission.progress import begins_at
from vehicle.control.safety import checks
from vehicle.operator_link.console_facts import Start
from vehicle.operator_link.work import PlanTimes, cap_reason
from vehicle.runtime.console_facts import TickFacts, nearest

MACHINE = config().machine
PLACE = st.floats(-30.0, 30.0)
ANGLE = st.floats(-math.pi, math.pi)


def outline(east_m: float, north_m: float, yaw_rad: float) -> shapely.Polygon:
    front_m = max(MACHINE.body.front_m, MACHINE.tool.ahead_m + MACHINE.tool.length_m / 2.0)
    half_m = max(MACHINE.body.width_m, MACHINE.tool.width_m, MACHINE.tracks.outer_width_m) / 2.0
    return shapely.Polygon(rectangle_m((east_m, north_m), yaw_rad, front_m, MACHINE.body.rear_m, half_m))


@given(PLACE, PLACE, ANGLE, PLACE, PLACE, st.floats(0.5, 10.0), ANGLE)
def test_the_distance_to_a_keep_out_is_that_of_the_shapes(
    east_m: float, north_m: float, yaw_rad: float, at_m: float, to_m: float, size_m: float, turn_rad: float
) -> None:
    box = rectangle_m((at_m, to_m), turn_rad, size_m, size_m, size_m / 2.0)
    found, side = nearest(edges_of((WORLD, box)), estimate(east_m, north_m, yaw_rad), MACHINE)
    inside = shapely.Polygon(box).contains(shapely.Point(east_m, north_m))
    expected = 0.0 if inside else outline(east_m, north_m, yaw_rad).distance(shapely.Polygon(box))
    assert found == pytest.approx(expected, abs=1e-6)
    assert side in ("left", "right", "ahead", "behind")


@pytest.mark.parametrize(
    ("at_m", "side"), [((0.0, 9.0), "left"), ((0.0, -9.0), "right"), ((14.0, 0.5), "ahead"), ((-14.0, 0.5), "behind")]
)
def test_the_side_is_that_of_the_machine(at_m: tuple[float, float], side: str) -> None:
    yaw_rad = 0.7
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    place = (at_m[0] * cos_yaw - at_m[1] * sin_yaw, at_m[0] * sin_yaw + at_m[1] * cos_yaw)
    box = rectangle_m(place, yaw_rad, 1.0, 1.0, 1.0)
    assert nearest(edges_of((WORLD, box)), estimate(0.0, 0.0, yaw_rad), MACHINE)[1] == side


def test_what_is_far_is_not_near_and_without_a_place_nothing_is_known() -> None:
    state = vehicle_state()
    fenced = replace(state, gate=replace(state.gate, fence=edges_of((WORLD,))))
    near = TickFacts().near(fenced, estimate())
    assert (near.keep_out_m, near.side, near.left_unproven) == (None, "", None)
    assert TickFacts().near(fenced, replace(estimate(), valid=False)).keep_out_m is None


def test_each_track_is_told_by_itself() -> None:
    plan = small_plan()
    state = vehicle_state()
    left_half = ((-50.0, 0.0), (50.0, 0.0), (50.0, 50.0), (-50.0, 50.0))
    state = replace(state, mission=replace(state.mission, plan=plan, unproven_m=edges_of((left_half,))))
    near = TickFacts().near(state, estimate(0.0, 0.0, 0.0))
    assert (near.left_unproven, near.right_unproven) == (True, False)
    near = TickFacts().near(state, estimate(0.0, 0.0, math.pi))
    assert (near.left_unproven, near.right_unproven) == (False, True)


@pytest.mark.long
def test_areas_are_those_of_the_cells_and_come_a_few_tiles_at_a_time() -> None:
    rig = LinkedFaultScenario()
    rig.drive(Goal.MISSION)
    assert rig.until((Mode.AUTO_WORK,), 40.0)
    rig.run(20.0)
    ledger, cell_m = rig.state.ledger, rig.state.config.mission.cell_m
    facts, looks = TickFacts(), 1
    while (areas := facts.areas(ledger, cell_m)) is None:
        looks += 1
    flags = np.concatenate([tile[raster.FLAGS].ravel() for _, _, tile in raster.each(ledger.tiles)])
    claims = flags & raster.CLAIMS
    assert areas.passed_m2 == pytest.approx(np.count_nonzero((flags != 0) & (claims == 0)) * cell_m**2)
    assert areas.below_m2 == pytest.approx(np.count_nonzero(claims == raster.BELOW) * cell_m**2)
    assert facts.areas(ledger, cell_m) == areas
    rig.run(3.0)  # tiles that were counted change
    while (later := facts.areas(rig.state.ledger, cell_m)) is None:
        pass
    fresh = TickFacts()
    while (anew := fresh.areas(rig.state.ledger, cell_m)) is None:
        pass
    assert later == anew != areas
    assert areas.passed_m2 > 0.0
    assert looks <= 1 + len(list(raster.each(ledger.tiles))) // 8


def test_the_time_that_is_left_falls_from_the_plan_s_to_none() -> None:
    plan = small_plan()
    times = PlanTimes().of(plan)
    along: list[float] = []
    for index in range(len(plan.segments)):
        left_s = times.left_s(index, 0.0)
        assert left_s is not None
        along.append(left_s)
    assert along[0] == pytest.approx(plan.time_s) if plan.time_s else along[0] > 0.0
    assert along == sorted(along, reverse=True)
    last = len(plan.segments) - 1
    if plan.segments[last].kind is not SegmentKind.TURN:
        assert times.left_s(last, 1e9) == pytest.approx(0.0)
    assert times.left_s(last + 1, 0.0) is None


def test_the_worst_reason_that_limits_is_named() -> None:
    gate = vehicle_state().gate
    hot, near = checks._S.HOT, checks._S.SLOPE_NEAR
    assert cap_reason(gate) == 255
    assert cap_reason(replace(gate, active=1 << near)) == 255
    assert cap_reason(replace(gate, active=1 << near | 1 << hot)) == hot


@pytest.mark.long
def test_where_a_mission_begins_is_told_while_it_waits_and_where_the_machine_is_known() -> None:
    plan, facts = small_plan(), TickFacts()
    state = vehicle_state()
    first = plan.segments[0]
    east_m, north_m = first.points_m[0]
    here = estimate(east_m - 3.0, north_m - 4.0, math.pi / 2.0)
    waits = replace(state, mission=replace(state.mission, plan=plan))
    told = facts.start(waits, here)
    assert told.distance_m is not None
    assert told.distance_m <= 5.0 + 1e-9
    assert told.bearing_rad is not None
    place = (
        here.east_m + told.distance_m * math.cos(here.yaw_rad + told.bearing_rad),
        here.north_m + told.distance_m * math.sin(here.yaw_rad + told.bearing_rad),
    )
    assert math.dist(place, begins_at(waits.mission, here)) < 1e-9
    drives = replace(waits, mission=replace(waits.mission, phase=MissionPhase.WORK))
    for unknown in (
        facts.start(state, here),
        facts.start(drives, here),
        facts.start(waits, replace(here, valid=False)),
    ):
        assert unknown == Start()
