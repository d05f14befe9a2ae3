"""The whole simulated machine on its ground: machine, sensors and controller twin behind one byte port.

Call `step` once a tick. The true state is for `sim/` alone (ground truth, faults, camera); the stack gets frames.
"""

import msgspec

from firmware_bridge.ports import BytePort
from sim.controller import ControllerParams, ControllerTwin
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailParams, FlailPlant
from sim.ground import Ground
from sim.metres import TrueMetres
from sim.plant import GRAVITY_MPS2, PlantParams, Pose, TrackPlant
from sim.sensors import GnssSensor, ImuSensor, SensorParams, ToolSensors
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import TICK_NS

ROLLING_RATIO = 0.08
"""Rolling resistance of tracks on soil over weight; it only loads the engine."""


class WorldParams(msgspec.Struct, frozen=True, kw_only=True):
    """All parameters of the simulated machine that are not in its profile."""

    tracks: PlantParams = PlantParams()
    flail: FlailParams = FlailParams()
    sensors: SensorParams = SensorParams()
    controller: ControllerParams = ControllerParams()


class Truth(msgspec.Struct, frozen=True, gc=False):
    """The true state, in the plan's ENU metres. `depths_m`: left end, middle, right end of the tool."""

    t_ns: int
    east_m: float
    north_m: float
    yaw_rad: float
    speed_mps: float
    tool_left_m: tuple[float, float]
    tool_right_m: tuple[float, float]
    rotor_radps: float
    depths_m: tuple[float, float, float]
    lost_stripes_m: tuple[tuple[float, float], ...]
    bare_shares: tuple[tuple[float, float], ...] = ()

    @property
    def depth_m(self) -> float:
        """Smallest depth over the tool's width [m]: a claim for the whole width must not exceed it."""
        return min(self.depths_m)


class World:
    """One machine.

    Its parts are public so that faults can reach them: `tracks`, `flail`, `engine`, `gnss`, `imu`, `tool_sensors`,
    `controller`. They count in true metres at the ground's height; `start` and `truth` in the plan's metres.

    Args:
        port: The controller's end of the serial line.
        machine: Profile of the machine.
        ground: Shape and soil.
        params: All other parameters of the machine.
        start: True pose at the first tick.
        datum: Frame of the plan's metres.
        seed: Decides every draw of every sensor.
        config_hash: Announced by the controller in its handshake (8 bytes).
        height_m: Height of the ground at the datum, above the ellipsoid; None: that of the datum.
    """

    def __init__(
        self,
        port: BytePort,
        machine: MachineConfig,
        ground: Ground,
        params: WorldParams,
        start: Pose,
        datum: LocalFrame,
        *,
        seed: int,
        config_hash: bytes,
        height_m: float | None = None,
    ) -> None:
        tool = machine.tool
        self.metres = TrueMetres(datum, height_m)
        start = Pose(*self.metres.of_plan((start.east_m, start.north_m)), start.yaw_rad)
        self.tracks = TrackPlant(machine.tracks, params.tracks, ground, start, seed=seed)
        self.flail = FlailPlant(tool, machine.body.mass_kg, params.flail, ground, seed=seed)
        self.engine = EnginePlant(machine.body.power_w)
        self.gnss = GnssSensor(params.sensors, machine.gnss, self.metres.frame, seed=seed)
        self.imu = ImuSensor(params.sensors, seed=seed)
        self.tool_sensors = ToolSensors(params.sensors, seed=seed)
        self.controller = ControllerTwin(
            port, machine, self.tool_sensors, self.flail, self.engine, config_hash=config_hash, params=params.controller
        )
        self._rolling_n = ROLLING_RATIO * machine.body.mass_kg * GRAVITY_MPS2
        self._efficiency = tool.rotor_efficiency_ratio
        self._relief_nm = self.flail.full_power_w / (0.5 * tool.rotor_speed_radps) if tool.rotor_speed_radps else 1.0
        self._tick = 0
        self.t_ns = 0

    def step(self, now_ns: int) -> None:
        """Advance by one tick of 20 ms to `now_ns`.

        Frames that the host wrote during the last tick arrived at its beginning. They are obeyed, and answered with the
        readings of that time. What the sensors measure at `now_ns` is sent at once.
        """
        before_ns = now_ns - TICK_NS
        controller, tracks, flail, engine = self.controller, self.tracks, self.flail, self.engine
        controller.receive(before_ns)
        controller.control(before_ns, now_ns)
        outputs = controller.outputs
        driven = engine.running
        tracks.step(
            outputs.left_mps if driven else 0.0,
            outputs.right_mps if driven else 0.0,
            brake=outputs.brake,
            load_ratio=flail.load_ratio,
        )
        flail.step(tracks, outputs.rotor_radps, outputs.arm_rate_mps, engine_ratio=engine.ratio)
        rotor_w = flail.drive_torque_nm * flail.rotor_radps / self._efficiency
        engine.step(rotor_w + self._rolling_n * abs(tracks.speed_mps), flail.drive_torque_nm / self._relief_nm)
        self._sense(now_ns)

    def truth(self) -> Truth:
        """Return the true state after the last step."""
        tracks, in_plan = self.tracks, self.metres.in_plan
        left_m, right_m = map(in_plan, self.flail.line_m(tracks))
        stripes_m = self.flail.lost_stripes_m() if self.flail.lost_hammers else ()
        width_m = self.flail.width_m
        return Truth(
            self.t_ns,
            *in_plan((tracks.east_m, tracks.north_m)),
            tracks.yaw_rad,
            tracks.speed_mps,
            left_m,
            right_m,
            self.flail.rotor_radps,
            self.flail.depths_m,
            stripes_m,
            tuple((from_m / width_m + 0.5, to_m / width_m + 0.5) for from_m, to_m in stripes_m),
        )

    def _sense(self, now_ns: int) -> None:
        controller, tracks, flail = self.controller, self.tracks, self.flail
        self._tick += 1
        self.t_ns = now_ns
        time_ms = controller.time_ms(now_ns)
        working_radps = flail.working_radps
        rotor_ratio = flail.rotor_radps / working_radps if working_radps > 0.0 else 0.0
        self.tool_sensors.sample(tracks, flail.rotor_radps, flail.depths_m)
        imu = self.imu.sample(tracks, rotor_ratio, time_ms)
        self.gnss.ask(self._tick, asked=controller.gnss_restart)
        controller.send(imu, self.gnss.sample(tracks, self._tick, time_ms), now_ns)
