"""Composition root of a simulated run: the unchanged vehicle loop, and the simulated world behind its byte ports.

Order in a tick (`Phase`): the world moves and reports, the radio delivers, the operator acts, the vehicle decides, the
observers look.
"""

import asyncio
import math

import msgspec

from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.ports import MemoryPort
from sim.checker import Checker
from sim.ground import GroundParams, PlaneGround
from sim.line import SerialLine
from sim.operator import Script, ScriptedOperator
from sim.plant import PlantParams, Pose
from sim.radio import Radio, RadioParams
from sim.scenario import Scenario
from sim.sensors import SensorParams
from sim.station_wire import StationWire
from sim.virtual_time import Phase, TickBarrier
from sim.world import World, WorldParams
from vehicle.config.load import assemble_vehicle
from vehicle.config.vehicle import MachineConfig, SafetyConfig, VehicleConfig, config_hash
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import ControllerWire, Sink
from vehicle.control.checks.room import MEASURED, all_made
from vehicle.control.checks_state import ChecksState
from vehicle.control.estimate_state import EstimateState, PlaceState
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import GateState, VehicleState
from vehicle.runtime.loop import VehicleLoop
from vehicle.runtime.plan_source import PlanSource


class SimStack(msgspec.Struct):
    """All parts of one run; observers subscribe to `barrier`."""

    barrier: TickBarrier
    world: World
    vehicle: VehicleLoop
    operator: ScriptedOperator
    config: VehicleConfig
    plans: PlanSource


class Parts(msgspec.Struct):
    """One machine with its stack; the caller steps them. Faults change attributes of `world`, `radio` and `line`.

    `plans`: source of plans that are assigned during the run.
    """

    world: World
    radio: Radio
    line: SerialLine
    plans: PlanSource
    vehicle: VehicleLoop
    config: VehicleConfig


def vehicle_config(
    scenario: Scenario, machine: MachineConfig, safety: SafetyConfig | None = None, vehicle_id: str = "sim"
) -> VehicleConfig:
    """Return the vehicle's own configuration; the simulator's settings are not in it."""
    return assemble_vehicle(scenario.name, vehicle_id, machine, scenario.mission, safety)


def world_params(scenario: Scenario) -> WorldParams:
    """Return the scenario's figures for the world."""
    sensors = scenario.sensors
    return WorldParams(
        tracks=PlantParams(
            slip_left_ratio=scenario.slip.left_ratio,
            slip_right_ratio=scenario.slip.right_ratio,
            crab_ratio=scenario.slip.crab_ratio,
        ),
        sensors=SensorParams(
            gnss_sigma_m=sensors.gnss_sigma_m,
            heading_sigma_rad=math.radians(sensors.heading_sigma_deg),
            tilt_sigma_rad=math.radians(sensors.imu_tilt_sigma_deg),
            depth_sigma_m=sensors.depth_sigma_m,
        ),
    )


def ground_of(scenario: Scenario) -> PlaneGround:
    """Return the scenario's ground."""
    ground = scenario.ground
    params = GroundParams(
        slope_rad=math.radians(ground.slope_deg),
        uphill_yaw_rad=math.radians(270.0 - ground.slope_bearing_deg),
        unevenness_rms_m=ground.unevenness_m,
        specific_energy_mjpm3=ground.soil_energy_mj_per_m3,
    )
    return PlaneGround(params, seed=scenario.seed)


def start_pose(plan: Plan) -> Pose:
    """Return the pose at which the machine's plan begins."""
    first = plan.segments[0]
    return Pose(first.points_m[0][0], first.points_m[0][1], first.yaw_start_rad)


def checks_of(scenario: Scenario) -> ChecksState:
    """Return the vehicle's checks at the beginning of the run."""
    if scenario.checks == "none":
        return ChecksState()
    return all_made() if scenario.checks == "made" else ChecksState(calibration=MEASURED, calibration_due=False)


def estimate_of(scenario: Scenario) -> EstimateState:
    """Return the vehicle's estimate at the beginning of the run: without checks no mark has shown its place."""
    return EstimateState(place=PlaceState(shown=scenario.checks != "none"))


def wire_up(
    scenario: Scenario,
    machine: MachineConfig,
    plan: Plan,
    sinks: tuple[Sink, ...] = (),
    safety: SafetyConfig | None = None,
    *,
    vehicle_id: str = "sim",
    ring_m: float = 0.0,
) -> Parts:
    """Connect world, radio and vehicle by their byte ports; the caller steps them in the order of `Phase`.

    `safety`: other times of the gate than the defaults. `ring_m`: radius of the task's exclusion ring.
    """
    config = vehicle_config(scenario, machine, safety, vehicle_id)
    name = config_hash(config)
    # the session's name follows from the run's inputs, so that the same seed gives the same bytes
    session = (scenario.seed * 2_654_435_761 + 1) & 0x7FFF_FFFF_FFFF_FFFF
    state = VehicleState(
        config=config,
        datum=plan.datum,
        session_id=session,
        gate=GateState(session_id=session, config_hash=name, ring_m=ring_m),
        checks=checks_of(scenario),
        estimate=estimate_of(scenario),
    )
    host, controller = MemoryPort.pair()
    line = SerialLine(host, seed=scenario.seed)
    radio = Radio(
        RadioParams(
            delay_s=scenario.radio.delay_ms / 1e3,
            jitter_s=scenario.radio.jitter_ms / 1e3,
            loss_ratio=scenario.radio.loss_ratio,
        ),
        seed=scenario.seed,
    )
    world = World(
        controller,
        machine,
        ground_of(scenario),
        world_params(scenario),
        start_pose(plan),
        plan.datum,
        seed=scenario.seed,
        config_hash=name,
        height_m=scenario.ground.height_m,
    )
    station, plans = StationWire(radio.vehicle, plan.datum), PlanSource()
    wire = ControllerWire(line, FlailAdapter())
    vehicle = VehicleLoop(assign_plan(state, plan), wire, (station, plans), (*sinks, station))
    return Parts(world=world, radio=radio, line=line, plans=plans, vehicle=vehicle, config=config)


def assemble(
    scenario: Scenario,
    machine: MachineConfig,
    plan: Plan,
    sinks: tuple[Sink, ...] = (),
    script: Script | None = None,
) -> SimStack:
    """Build one run and connect it to a barrier; call it inside the running loop."""
    parts = wire_up(scenario, machine, plan, sinks)
    operator = ScriptedOperator(parts.radio.station, script if script is not None else Script())
    barrier = TickBarrier(asyncio.get_running_loop())
    barrier.subscribe(Phase.WORLD, parts.world.step)
    barrier.subscribe(Phase.RADIO, parts.radio.step)
    barrier.subscribe(Phase.STATION, operator.step)
    if scenario.checks == "operator":
        team = Checker(parts.radio.station.write, parts.world, plan.datum, machine.tool.hammer_count)
        barrier.subscribe(Phase.STATION, lambda now_ns: team.step(now_ns, parts.vehicle.state))
    barrier.subscribe(Phase.VEHICLE, parts.vehicle.step)
    return SimStack(
        barrier=barrier,
        world=parts.world,
        vehicle=parts.vehicle,
        operator=operator,
        config=parts.config,
        plans=parts.plans,
    )
