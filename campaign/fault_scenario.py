"""A short scenario on the unchanged stack, run by plain calls: one machine in one long swath, with faults injected.

The order in a tick is that of `Phase`: world, radio, operator, vehicle, monitor. One simulated minute takes under 1 s.
"""

import math
from typing import Self

import msgspec

from campaign.safety_monitor import SafetyMonitor
from campaign.sim_operator import Goal, SimOperator
from firmware_bridge.flail_adapter import FlailAdapter
from sim.process import VehicleProcess
from sim.scenario import GroundSettings, RadioSettings, Scenario, SlipSettings
from sim.sim_stack import Parts, wire_up
from sim.station_wire import StationWire
from sim.truth import GroundTruth
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MachineConfig, MissionConfig, SafetyConfig, footprint
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import Ring
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Certificate, Plan, Segment, SegmentKind
from vehicle.contracts.sockets import ControllerWire, Sink
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.control.state import VehicleState
from vehicle.runtime.loop import VehicleLoop

DATUM = LocalFrame(39.99, 46.93, 350.0)
SWATH_M = 60.0
YAW_RAD = 0.3
"""Along no axis, so that a swapped sign or axis is noticed."""
DEPTH_M = 0.15
STARTABLE = (Mode.DISARMED, Mode.READY, Mode.MANUAL, Mode.RECOVERY)


Box = tuple[float, float, float, float]
"""From and to along the swath, from and to left of it [m]."""


class FaultScenarioSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one scenario. `quick` only shortens spin-up, run-down and lowering.

    `speed_mps`: planned speed in the swath; None: the machine's working speed. `keep_out_m`: ground that nobody may
    enter; `unproven_m`: ground that bears no tracks before it is worked. `detonation_wait_s`: its rules are those of
    the quarter of an hour, and every fault is over within seconds; a recording can be read back from 60 s on, as a
    vehicle's configuration.
    """

    seed: int = 1
    slope_deg: float = 0.0
    slope_bearing_deg: float = 0.0
    soil_mjpm3: float = 1.5
    delay_ms: float = 15.0
    jitter_ms: float = 5.0
    loss_ratio: float = 0.0
    detonation_wait_s: float = 1.0
    quick: bool = True
    keep_out_m: Box | None = None
    unproven_m: Box | None = None
    speed_mps: float | None = None
    unevenness_m: float = 0.01
    slip_ratio: float = 0.03


SHOCK_SMALL_G, SHOCK_LARGE_G = 8.0, 30.0


def measured_machine(machine: MachineConfig) -> MachineConfig:
    """Return the machine with thresholds of its shock input."""
    measured = {"shock_small_g": SHOCK_SMALL_G, "shock_large_g": SHOCK_LARGE_G}
    sources = machine.sources | {f"tool.{key}": "unverified: chosen for the simulation" for key in measured}
    return machine.model_copy(update={"tool": machine.tool.model_copy(update=measured), "sources": sources})


def quick_machine(machine: MachineConfig) -> MachineConfig:
    """Return the machine with a rotor and an arm that take two seconds instead of ten."""
    changed = {"spin_up_s": 2.0, "spin_down_s": 3.0, "lift_rate_mps": 0.3, "rotor_inertia_kgm2": 5.0}
    return machine.model_copy(update={"tool": machine.tool.model_copy(update=changed)})


def box_m(box: Box) -> Ring:
    """Return the corners of a box [m], ENU."""
    first, last, right, left = box
    cos_yaw, sin_yaw = math.cos(YAW_RAD), math.sin(YAW_RAD)
    corners = ((first, right), (last, right), (last, left), (first, left))
    return tuple((x * cos_yaw - y * sin_yaw, x * sin_yaw + y * cos_yaw) for x, y in corners)


def swath_plan(machine: MachineConfig, settings: FaultScenarioSettings | None = None) -> Plan:
    """Return a plan of one straight swath on a site as the settings have it."""
    keep_out = settings.keep_out_m if settings is not None else None
    unproven = settings.unproven_m if settings is not None else None
    speed_mps = settings.speed_mps if settings is not None else None
    end = (SWATH_M * math.cos(YAW_RAD), SWATH_M * math.sin(YAW_RAD))
    swath = Segment(
        seq=0,
        kind=SegmentKind.SWATH,
        tool_down=True,
        points_m=((0.0, 0.0), end),
        yaw_start_rad=YAW_RAD,
        yaw_end_rad=YAW_RAD,
        speed_mps=speed_mps if speed_mps is not None else machine.tracks.working_speed_mps,
    )
    nothing = Certificate(
        missed_nominal_m2=0.0,
        missed_shrunk_m2=0.0,
        missed_bitmap_m2=0.0,
        missed_shrunk_bitmap_m2=0.0,
        cross_track_budget_m=0.05,
    )
    return Plan(
        datum=DATUM,
        site_hash="drill",
        plan_hash="drill",
        machine=footprint(machine),
        segments=(swath,),
        untreatable=(),
        certificate=nothing,
        area_m2=SWATH_M * machine.tool.width_m,
        overlap_m=0.2,
        outside="safe",
        outside_assumed=False,
        keep_out_m=(box_m(keep_out),) if keep_out is not None else (),
        unproven_m=(box_m(unproven),) if unproven is not None else (),
        time_s=0.0,
        bound_s=0.0,
    )


def scenario_of(settings: FaultScenarioSettings) -> Scenario:
    """Return the simulator's scenario for these settings."""
    return Scenario(
        name="drill",
        machine="memat",
        site="none",
        seed=settings.seed,
        mission=MissionConfig(required_depth_m=DEPTH_M),
        ground=GroundSettings(
            slope_deg=settings.slope_deg,
            slope_bearing_deg=settings.slope_bearing_deg,
            unevenness_m=settings.unevenness_m,
            soil_energy_mj_per_m3=settings.soil_mjpm3,
        ),
        slip=SlipSettings(left_ratio=settings.slip_ratio, right_ratio=settings.slip_ratio),
        radio=RadioSettings(delay_ms=settings.delay_ms, jitter_ms=settings.jitter_ms, loss_ratio=settings.loss_ratio),
    )


class FaultScenario:
    """World, radio, operator, vehicle and monitor of one short run; faults change their public attributes.

    `attended`: somebody near the machine starts its engine after a stop has shut it down and was reset.
    """

    def __init__(self, settings: FaultScenarioSettings | None = None, sinks: tuple[Sink, ...] = ()) -> None:
        self.settings = settings = settings or FaultScenarioSettings()
        machine = measured_machine(load_machine("memat"))
        machine = quick_machine(machine) if settings.quick else machine
        self.sinks = sinks
        safety = SafetyConfig().model_copy(update={"detonation_wait_s": settings.detonation_wait_s})
        self.parts: Parts = wire_up(scenario_of(settings), machine, swath_plan(machine, settings), sinks, safety)
        self.world, self.radio, self.line = self.parts.world, self.parts.radio, self.parts.line
        self.plans = self.parts.plans
        self.plain_radio = self.radio.up.params
        self.process = VehicleProcess(self.parts.vehicle, self._restarted)
        self.hands = SimOperator(self.radio.station, at_machine=self.visit)
        self.watch = SafetyMonitor(self)
        tool = machine.tool
        self.truth = GroundTruth(
            cell_m=self.parts.config.mission.cell_m,
            rotor_min_radps=self.parts.config.mission.rotor_at_speed_ratio * tool.rotor_speed_radps,
            depth_min_m=DEPTH_M,
            speed_max_mps=speed_limit_mps(self.parts.config, tool.rotor_speed_radps),
        )
        self.now_ns = 0
        self.ticks = self.engine_starts = 0
        self.attended = False

    def _restarted(self, state: VehicleState) -> VehicleLoop:
        station = StationWire(self.radio.vehicle, state.datum)
        wire = ControllerWire(self.line, FlailAdapter())
        return VehicleLoop(state, wire, (station, self.plans), (*self.sinks, station))

    @property
    def state(self) -> VehicleState:
        """State of the vehicle."""
        return self.process.loop.state

    @property
    def mode(self) -> Mode:
        """Mode of the gate."""
        return self.state.gate.mode

    @property
    def reasons(self) -> tuple[str, ...]:
        """Names of the reasons in force at the gate, the worst first."""
        report = self.state.report
        return report.reasons if report is not None else ()

    @property
    def time_s(self) -> float:
        """Time since the start [s]."""
        return self.ticks * TICK_S

    def visit(self) -> None:
        """Somebody goes to the machine, releases its E-stop, turns the reset key and starts the engine."""
        controller = self.world.controller
        self.process.press_chain()
        controller.reset_at_machine()
        self.start_engine()

    def start_engine(self) -> None:
        """Somebody at the machine starts a stopped engine; this machine has no starter that a console commands."""
        if not self.world.engine.running:
            self.engine_starts += 1
            self.world.engine.start()

    def step(self) -> None:
        """Run one tick."""
        self.ticks += 1
        self.now_ns += TICK_NS
        now_ns = self.now_ns
        self.process.hold_chain(self.world.controller)
        if self.attended and self.mode in STARTABLE:
            self.start_engine()
        self.world.step(now_ns)
        self.line.step()
        self.radio.step(now_ns)
        self.hands.step(now_ns)
        heard = b"".join(self.radio.vehicle.inbox) if self.process.runs else b""
        self.process.step(now_ns)
        true = self.world.truth()
        self.truth.observe(
            true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps, true.bare_shares
        )
        self.watch.step(now_ns, heard, true)
        self._check_after_detonation()

    def _check_after_detonation(self) -> None:
        """Where work is to go on, the team counts the hammers, makes the daily check, and finds no crater."""
        checks = self.state.checks
        if self.mode not in (Mode.HOLD, Mode.FAULT) or self.hands.goal is Goal.REST:
            return
        if checks.hammers_struck or checks.machine_struck:
            made = msgspec.structs.replace(checks, hammers_struck=False, machine_struck=False)
            ledger = msgspec.structs.replace(self.state.ledger, craters_m=())
            self.process.loop.state = msgspec.structs.replace(self.state, checks=made, ledger=ledger)

    def run(self, seconds: float) -> Self:
        """Run for this time [s]."""
        for _ in range(round(seconds / TICK_S)):
            self.step()
        return self

    def until(self, modes: tuple[Mode, ...], limit_s: float) -> bool:
        """Run until the gate is in one of the modes; return False if that takes longer than `limit_s`."""
        for _ in range(round(limit_s / TICK_S)):
            if self.mode in modes:
                return True
            self.step()
        return self.mode in modes

    def drive(self, goal: Goal, drive: float = 0.0, turn: float = 0.0) -> Self:
        """Set the operator's goal and sticks from now on."""
        self.hands.goal, self.hands.drive, self.hands.turn = goal, drive, turn
        return self

    def moves(self, limit_s: float, distance_m: float = 0.1) -> bool:
        """Run until the machine has moved this far [m]; return False if that takes longer than `limit_s`."""
        start = self.world.tracks.east_m, self.world.tracks.north_m
        for _ in range(round(limit_s / TICK_S)):
            self.step()
            if math.dist(start, (self.world.tracks.east_m, self.world.tracks.north_m)) >= distance_m:
                return True
        return False
