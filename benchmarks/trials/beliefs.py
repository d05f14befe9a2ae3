"""What the machine believes, alone and fast: plant, sensors, estimate and ledger, without wires, gate and operator.

A machine works along a straight line at a set speed, steered by its own estimate, and stops where the gate would. It
is for sweeps of lies of the receiver against how soon they are found and what ground was credited meanwhile.
"""

import math

import msgspec

from firmware_bridge.types import ControllerFlag, ControllerState, ControllerStatus, DepthDatum, FixType
from sim.ground import GroundParams, PlaneGround
from sim.plant import PlantParams, Pose, TrackPlant
from sim.sensors import GnssSensor, ImuSensor, SensorParams, ToolSensors
from sim.truth import GroundTruth
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, VehicleConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.contracts.messages import Estimate, Inputs, Margin
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.estimate import fusion
from vehicle.control.estimate import wire as wires
from vehicle.control.estimate_state import EstimateState
from vehicle.control.ledger import masks
from vehicle.control.state import LedgerState, WireState

DATUM = LocalFrame(39.99, 46.93, 350.0)
YAW_RAD = 0.3
DEPTH_M, REQUIRED_M = 0.2, 0.15
UNPROVEN_TICKS, JUMP_TICKS = 25, 12
"""For so long the gate waits with each of these (`vehicle/control/safety/checks.py`)."""


class BeliefSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `work`: the ledger takes part, and the ground's truth."""

    seed: int = 1
    speed_mps: float = 0.28
    slip_ratio: float = 0.03
    slope_deg: float = 0.0
    slope_bearing_rad: float = 0.0
    gnss_sigma_m: float = 0.02
    work: bool = False


class BeliefRun:
    """Step it; reach into `gnss`, `imu`, `tracks`. `speed_mps` is wanted; `halted` once the gate had stopped it.

    `margin`: what the ledger draws its claims in by beside k sigma; none until it is set.
    """

    def __init__(self, settings: BeliefSettings) -> None:
        self.settings = settings
        self.config = VehicleConfig(
            vehicle_id="belief", machine=load_machine("memat"), mission=MissionConfig(required_depth_m=REQUIRED_M)
        )
        machine, seed = self.config.machine, settings.seed
        slope = GroundParams(slope_rad=math.radians(settings.slope_deg), uphill_yaw_rad=settings.slope_bearing_rad)
        plant = PlantParams(slip_left_ratio=settings.slip_ratio, slip_right_ratio=settings.slip_ratio)
        sensors = SensorParams(gnss_sigma_m=settings.gnss_sigma_m)
        start = Pose(0.0, 0.0, YAW_RAD)
        self.tracks = TrackPlant(machine.tracks, plant, PlaneGround(slope, seed), start, seed=seed)
        self.gnss = GnssSensor(sensors, machine.gnss, DATUM, seed=seed)
        self.imu = ImuSensor(sensors, seed=seed)
        self._tools = ToolSensors(sensors, seed=seed)
        self.truth = GroundTruth(cell_m=self.config.mission.cell_m, rotor_min_radps=0.0, depth_min_m=REQUIRED_M)
        self.speed_mps = 0.0
        self.halted = False
        self.margin = Margin()
        self.way_m = 0.0
        self.ticks = self._unproven = self._jumped = 0
        self.wire, self.belief, self.ledger = WireState(), EstimateState(), LedgerState()
        self.seen: Estimate = fusion.estimate(self.belief, self.wire, self.config, 0)

    @property
    def time_s(self) -> float:
        """Since the start."""
        return self.ticks * TICK_S

    @property
    def error_m(self) -> float:
        """Between the tool's middle as believed and as it is."""
        ahead_m = self.config.machine.tool.ahead_m
        east_m, north_m, _ = self.tracks.point_m(ahead_m, 0.0, -DEPTH_M)
        return math.hypot(self.seen.tool_east_m - east_m, self.seen.tool_north_m - north_m)

    @property
    def yaw_error_rad(self) -> float:
        """Of the yaw as believed."""
        return math.remainder(self.seen.yaw_rad - self.tracks.yaw_rad, math.tau)

    def stops(self, estimate: Estimate) -> bool:
        """Whether the gate ends a mission by what the estimate says."""
        self._unproven = 0 if estimate.position_proven else self._unproven + 1
        jumped = estimate.position_doubted or not estimate.innovation_ratio <= 1.0
        self._jumped = self._jumped + 1 if jumped else 0
        at_once = estimate.position_stuck or estimate.heading_stuck or estimate.heading_doubted
        return at_once or self._unproven >= UNPROVEN_TICKS or self._jumped >= JUMP_TICKS

    def step(self) -> Estimate:
        """One tick of 20 ms."""
        self.ticks += 1
        now_ns = self.ticks * TICK_NS
        left, right = self._belts()
        before = self.tracks.east_m, self.tracks.north_m
        self.tracks.step(left, right, brake=left == 0.0 == right, load_ratio=0.0)
        self.way_m += math.dist(before, (self.tracks.east_m, self.tracks.north_m))
        self._tools.sample(self.tracks, 0.0, (DEPTH_M, DEPTH_M, DEPTH_M))
        self.gnss.ask(self.ticks, asked=self.seen.gnss_restart)
        inputs = Inputs(
            status=self._status(left, right),
            imu=self.imu.sample(self.tracks, 0.0, self.ticks * 20),
            gnss=self.gnss.sample(self.tracks, self.ticks, self.ticks * 20),
        )
        self.wire = wires.step(self.wire, inputs, now_ns)
        self.belief = fusion.step(self.belief, self.wire, self.config, DATUM, now_ns)
        self.seen = fusion.estimate(self.belief, self.wire, self.config, now_ns)
        if self.stops(self.seen) and self.belief.ready:
            self.halted = True
        if self.settings.work:
            self._work(now_ns)
        return self.seen

    def _belts(self) -> tuple[float, float]:
        """Along the line through the origin, by the estimate."""
        if self.speed_mps == 0.0 or not self.belief.ready:
            return 0.0, 0.0
        seen = self.seen
        across_m = seen.tool_north_m * math.cos(YAW_RAD) - seen.tool_east_m * math.sin(YAW_RAD)
        off_rad = math.remainder(seen.yaw_rad - YAW_RAD, math.tau)
        speed = self.speed_mps
        wanted = -0.3 * off_rad - (0.15 * across_m if speed > 0.0 else 0.0)  # in reverse straight back
        turn_radps = max(-0.05, min(0.05, wanted)) * min(1.0, abs(speed) / 0.28)
        half = 0.5 * turn_radps * self.config.machine.tracks.gauge_m * 1.3
        return speed - half, speed + half

    def _status(self, left: float, right: float) -> ControllerStatus:
        tools = self._tools
        return ControllerStatus(
            time_ms=self.ticks * 20,
            boot_count=1,
            command_sequence=0,
            state=ControllerState.RUN,
            flags=ControllerFlag(0),
            command_age_ms=0,
            track_left_mps=tools.left_mps,
            track_right_mps=tools.right_mps,
            applied_left_mps=left,
            applied_right_mps=right,
            rotor_speed_radps=self.config.machine.tool.rotor_speed_radps,
            rotor_torque_nm=0.0,
            tool_height_m=-DEPTH_M,
            depth_m=DEPTH_M,
            depth_sigma_m=0.001,
            engine_speed_radps=200.0,
            engine_load_ratio=0.3,
            hydraulic_pressure_pa=2.0e7,
            hydraulic_temp_degc=60.0,
            coolant_temp_degc=80.0,
            supply_voltage_v=26.0,
            fault_bits=0,
            depth_datum=DepthDatum.GROUND_AHEAD,
            status_count=self.ticks & 0xFFFF,
        )

    def _work(self, now_ns: int) -> None:
        tool, tracks = self.config.machine.tool, self.tracks
        half_m = tool.width_m / 2.0
        left_m = tracks.point_m(tool.ahead_m, half_m, -DEPTH_M)
        right_m = tracks.point_m(tool.ahead_m, -half_m, -DEPTH_M)
        self.truth.observe(left_m[:2], right_m[:2], tool.rotor_speed_radps, DEPTH_M, tracks.speed_mps)
        orders: tuple[Order, ...] = ()
        if self.seen.revoke_t_ns:
            since_ns = self.seen.revoke_t_ns
            orders = (Order(kind=Knowledge.POSITION, good=False, by="vehicle", since_t_ns=since_ns),)
        self.ledger = masks.step(
            self.ledger,
            self.seen,
            self.wire.status,
            self.config,
            now_ns,
            status_fresh=True,
            orders=orders,
            margin=self.margin,
        )

    def run(self, seconds: float, speed_mps: float | None = None) -> "BeliefRun":
        """Go on for so long."""
        self.speed_mps = self.speed_mps if speed_mps is None else speed_mps
        for _ in range(round(seconds / TICK_S)):
            self.step()
        return self

    def work(self, seconds: float) -> float:
        """Drive until the gate stops it, at most so long; the time that it took. Then it stands."""
        begun_s = self.time_s
        self.halted, self._unproven, self._jumped = False, 0, 0
        self.speed_mps = self.settings.speed_mps
        while not self.halted and self.time_s - begun_s < seconds:
            self.step()
        self.speed_mps = 0.0 if self.halted else self.speed_mps
        return self.time_s - begun_s

    @property
    def false_m2(self) -> float:
        """Ground credited that the true tool did not work."""
        return self.truth.false_credit_m2(self.ledger)


def aside_m(size_m: float) -> tuple[float, float]:
    """East and north of a shift to the left of the line."""
    return -size_m * math.sin(YAW_RAD), size_m * math.cos(YAW_RAD)


def along_m(size_m: float) -> tuple[float, float]:
    """East and north of a shift along the line."""
    return size_m * math.cos(YAW_RAD), size_m * math.sin(YAW_RAD)


__all__ = ["BeliefRun", "BeliefSettings", "FixType", "along_m", "aside_m"]
