"""To the parking at any moment of a mission, back to the work, and on: nothing is missed, tracks only where they may.

Ways are made as a console makes them, from the vehicle's own masks; the truth judges where the tracks stand.
"""

import tempfile
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.ground_watch import GroundWatch
from console.server.planning.replanning import swept_of
from flailpilot.simulate import plan_settings, planned_footprint
from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.truth import GroundTruth
from sim.virtual_time import Phase, VirtualClock, run_virtual
from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from tests.planning.coverage.test_parking import parking
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.control.mission.progress import taken_up_at
from vehicle.control.plan_assignment import going_on
from vehicle.control.state import MissionState, VehicleState
from vehicle.planning.coverage.parking import parking_points
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.site.site import Site, load_site
from vehicle.reports import gaps

FIELD = [(0, 0), (7, 0), (7, 5.5), (0, 5.5)]
LARGER = [(0, 0), (11, 0), (11, 8), (0, 8)]
POLES = [[(4, 3), (4.4, 3), (4.4, 3.4), (4, 3.4)], [(17, -4), (17.4, -4), (17.4, -3.6), (17, -3.6)]]
MACHINE = load_machine("memat")
SCENARIO = Scenario(
    name="parked", machine="memat", site="site.geojson", seed=4, mission=MissionConfig(required_depth_m=0.15)
)
LEAST_SHARE, MOST_SHARE = 0.02, 0.97
"""Of the plan's time: the visit begins while the mission is under way."""
TICKS_MAX = 90_000
Job = tuple[Site, Plan, PlanSettings]


@cache
def job(larger: bool) -> Job:
    doc = document(
        feature("work_area", ring_lonlat(LARGER if larger else FIELD)),
        *(feature("keep_out", ring_lonlat(pole)) for pole in POLES),
        parking(20, -9, heading_deg=180),
        outside="safe",
    )
    with tempfile.TemporaryDirectory() as folder:
        site = load_site(saved(Path(folder), doc), datum=LocalFrame(39.99, 46.93))
    planner = plan_settings(SCENARIO, MACHINE)
    return site, plan_site(site, planned_footprint(SCENARIO, MACHINE), planner), planner


def way(site: Site, settings: PlanSettings, work: Plan, state: VehicleState, goal: Goal) -> Plan:
    """The way from where the vehicle says that it stands."""
    east_m, north_m, yaw_rad = (float(value) for value in state.estimate.x[:3])
    request = WayRequest(
        site_hash=site.site_hash,
        swept=swept_of(state.ledger, settings.cell_m),
        pose=StartPose(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad),
        goals=(goal,),
        error_m=settings.k_sigma * settings.tool_sigma_m,
    )
    return way_plan(site, work.machine, settings, request)


class Visit:
    """Leaves the mission at a moment, and hands over the way there, the way back, and the work again."""

    def __init__(self, rig: SimStack, job: Job, at_tick: int) -> None:
        self.rig, self.at_tick = rig, at_tick
        self.site, self.work, self.settings = job
        self.ways: list[Plan] = []
        self.left_in: MissionPhase | None = None
        self.reasons: set[str] = set()
        self.broken: list[str] = []
        self._leaving = False
        self._mode = Mode.BOOT
        tool, mission = rig.config.machine.tool, rig.config.mission
        self.truth = GroundTruth(
            cell_m=mission.cell_m,
            rotor_min_radps=mission.rotor_at_speed_ratio * tool.rotor_speed_radps,
            depth_min_m=mission.required_depth_m,
            speed_max_mps=speed_limit_mps(rig.config, tool.rotor_speed_radps),
        )
        self.watch = GroundWatch(lambda name, text: self.broken.append(f"{name} {text}"), rig.config)

    def step(self, now_ns: int) -> None:
        """After the vehicle has decided."""
        del now_ns
        rig, state, true = self.rig, self.rig.vehicle.state, self.rig.world.truth()
        self.truth.observe(
            true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps, true.bare_shares
        )
        self.watch.step(state, rig.world.tracks, true, self._mode)
        self._mode = state.gate.mode
        if state.report is not None and not self._leaving:
            self.reasons |= set(state.report.reasons)
        plan, done = state.mission.plan, state.mission.phase is MissionPhase.DONE
        if done and plan == self.work:
            rig.operator.finish()
            if state.gate.mode is Mode.DISARMED:
                rig.barrier.stop()
            return
        if not self._leaving and (done if self.ways else rig.barrier.tick >= self.at_tick):
            self._leaving = True
            self.left_in = self.left_in or state.mission.phase
            rig.operator.leave()
        if self._leaving and state.gate.mode is Mode.DISARMED:
            self._hand_over(state)

    def _hand_over(self, state: VehicleState) -> None:
        """Once it stands disarmed: the next of the three plans."""
        if len(self.ways) == 2:
            plan = self.work
        else:
            plan = way(self.site, self.settings, self.work, state, self._goal(state))
            self.ways.append(plan)
        held = state.mission.plan
        if held == plan:
            self._leaving = False
            self.rig.operator.go_on()
        elif state.waiting is None:
            assert self.rig.plans.assign(state, plan) == ""

    def _goal(self, state: VehicleState) -> Goal:
        (mark,) = parking_points(self.site)
        if not self.ways:
            return Goal(name="parking", east_m=mark.east_m, north_m=mark.north_m, yaw_rad=mark.yaw_rad)
        mission = MissionState(plan=self.work)
        if state.job_left is not None:
            mission = going_on(mission, state.job_left, state.ledger, state.config)
        east_m, north_m, yaw_rad = taken_up_at(mission, state.config.mission.back_off_m)
        return Goal(name="work", east_m=east_m, north_m=north_m, yaw_rad=yaw_rad)


def visited(share: float, larger: bool) -> Visit:
    made = job(larger)
    at_tick = 1_000 + round(share * made[1].time_s * 50.0)

    async def main(clock: VirtualClock) -> Visit:
        del clock
        rig = assemble(SCENARIO, MACHINE, made[1])
        visit = Visit(rig, made, at_tick)
        rig.barrier.subscribe(Phase.OBSERVE, visit.step)
        await rig.barrier.run(TICKS_MAX)
        return visit

    found: Visit = run_virtual(main)
    return found


def check_visit(share: float, larger: bool = False) -> Visit:
    visit = visited(share, larger)
    state = visit.rig.vehicle.state
    visit.truth.flush()
    assert len(visit.ways) == 2
    assert state.mission.phase is MissionPhase.DONE, f"{state.mission.phase} {state.mission.blocked} {visit.reasons}"
    assert visit.broken == []
    assert "unprocessed_ground" not in visit.reasons
    found = gaps.find(visit.site.work_area, visit.site.keep_out, visit.work, state.ledger, state.config)
    assert found.missed_m2 == 0.0, found.gaps
    assert visit.truth.false_credit_m2(state.ledger) == 0.0
    return visit


@pytest.mark.release
@settings(max_examples=3, deadline=None, phases=[hypothesis.Phase.generate])  # shrinking would take half an hour
@given(share=st.floats(LEAST_SHARE, MOST_SHARE))
def test_from_any_moment_of_a_mission_and_on(share: float) -> None:
    check_visit(share, larger=True)


@pytest.mark.release
def test_between_two_swaths() -> None:
    assert check_visit(0.7).left_in is not MissionPhase.WORK


@pytest.mark.release
def test_in_the_middle_of_a_swath() -> None:
    visit = check_visit(0.3)
    assert visit.left_in is MissionPhase.WORK
    assert visit.ways[0].segments[0].kind is SegmentKind.REVERSE, "it backs out over its own strip"
