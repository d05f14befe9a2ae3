"""A plan taken: its keep-outs stand before the gate in every program that drives one."""

import re
from pathlib import Path

import msgspec
import pytest
import shapely

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings, scenario_of, swath_plan
from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.ports import MemoryPort
from sim.sim_stack import wire_up
from tests import builders
from tests.runtime.support import config_text, write
from vehicle.config.drive import load_drive
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import ControllerWire
from vehicle.control.plan_assignment import assign_plan, fence_of
from vehicle.control.safety import fence
from vehicle.control.state import GateState
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.site.site import load_site
from vehicle.runtime import app
from vehicle.runtime.loop import VehicleLoop
from vehicle.runtime.plan_source import PlanSource

SITE = Path(__file__).resolve().parents[3] / "configs/sites/example.geojson"
MACHINE = load_machine("memat")
GRID_M2 = 1e-3
"""The planner's overlays keep a grid of 10 micrometres."""
POST = ((6.0, 4.0), (7.0, 4.0), (7.0, 5.0), (6.0, 4.0))


@pytest.fixture(scope="module")
def example() -> Plan:
    return plan_site(load_site(SITE), footprint(MACHINE))


@pytest.mark.long
def test_the_plan_names_what_is_kept_out_and_what_bears_nothing_yet(example: Plan) -> None:
    site = load_site(SITE)
    kept = shapely.union_all([shapely.Polygon(ring) for ring in example.keep_out_m])
    assert kept.symmetric_difference(site.keep_out).area < GRID_M2
    unproven = shapely.Polygon(example.unproven_m[0], example.unproven_m[1:])
    assert unproven.symmetric_difference(site.work_area.difference(site.safe_ground)).area < GRID_M2


def test_the_gate_finds_the_machine_inside_everywhere_but_in_a_keep_out(example: Plan) -> None:
    edges = fence_of(example)
    assert edges is not None
    keep_out = load_site(SITE).keep_out.representative_point()
    config = builders.config()
    for east_m, north_m, inside in ((keep_out.x, keep_out.y, False), (-200.0, 90.0, True), (0.0, -60.0, True)):
        left = fence.room(edges, builders.estimate(east_m, north_m, 0.3), config)
        assert (left.ahead_m > 0.0) is inside


def test_without_keep_outs_there_is_no_fence() -> None:
    assert fence_of(None) is None
    assert fence_of(swath_plan(MACHINE)) is None


def kept_out(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, keep_out_m=(POST,), unproven_m=(POST,))


def holds(gate: GateState) -> bool:
    return gate.fence is not None and len(gate.fence) == 4 + len(edges_of((POST,)))


def test_in_the_simulator_and_after_a_restart() -> None:
    settings = FaultScenarioSettings()
    parts = wire_up(scenario_of(settings), MACHINE, kept_out(swath_plan(MACHINE)))
    assert holds(parts.vehicle.state.gate)
    assert len(parts.vehicle.state.mission.unproven_m) == 3
    drill = FaultScenario(settings)
    assert drill.state.gate.fence is None
    drill.process.loop.state = assign_plan(drill.state, kept_out(swath_plan(MACHINE)))
    drill.process.dead = True
    drill.process.restart()
    assert holds(drill.state.gate)


def test_a_plan_that_is_taken_while_disarmed_changes_the_fence() -> None:
    plans = PlanSource()
    loop = VehicleLoop(builders.vehicle_state(), ControllerWire(MemoryPort.pair()[0], FlailAdapter()), (plans,))
    assert loop.state.gate.fence is None
    plan = msgspec.structs.replace(kept_out(swath_plan(MACHINE)), datum=loop.state.datum)
    assert not plans.assign(loop.state, plan)
    loop.step(0)
    assert holds(loop.state.gate)
    assert loop.state.mission.plan == plan


@pytest.mark.long
def test_the_vehicle_program_starts_with_it(tmp_path: Path) -> None:
    site = f'[site]\nfile = "{SITE}"\noutside = "safe"\n'
    text = re.sub(r"\[datum\]\n([^\[]*\n)*", site, config_text(tmp_path))
    gate = app.start_state(load_drive(write(tmp_path, text))).gate
    assert gate.fence is not None
    assert len(gate.fence) > 4
    assert gate.session_id != 0
