"""The simulated machine in real time behind the C controller: plants and sensors on the controller's own lines.

The controller runs as a process of its own on a pty (`firmware_bridge/controller/src/host.c` explains its lines). It
prints the outputs of each of its steps; here they move the plants, and what the gauges then read goes back to it.
"""

import asyncio
import contextlib
import math
from collections import deque
from pathlib import Path
from typing import NamedTuple

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import DepthDatum, EngineMode, ToolMode
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailParams, FlailPlant
from sim.ground import Ground, GroundParams, PlaneGround
from sim.plant import GRAVITY_MPS2, PlantParams, Pose, TrackPlant
from sim.sensors import GnssSensor, ImuSensor, SensorParams, ToolSensors
from sim.world import ROLLING_RATIO
from vehicle.config.machine import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import NS_PER_MS, TICK_NS
from vehicle.host.clock import Clock

SERVO_GAIN_1PS = 3.0
OUTPUTS_KEPT = 4_096
"""Forty seconds of the controller's steps."""
MISSED_TICKS_MAX = 10
CONTROLLER_FOLDER = Path(__file__).resolve().parents[2] / "firmware_bridge" / "controller"
CONTROLLER_PROGRAM = CONTROLLER_FOLDER / "build" / "flail_controller"


class Outputs(NamedTuple):
    """One step of the controller as it says it; `t_ms` is its monotonic clock, which is this computer's."""

    t_ms: int
    left_mps: float
    right_mps: float
    rotor_radps: float
    tool_mode: ToolMode
    tool_value_m: float
    engine: EngineMode
    brake_release: bool
    kill_release: bool

    @property
    def driving(self) -> bool:
        """Something moves or may move: a belt or the rotor is driven, or the brakes are off."""
        return bool(self.left_mps or self.right_mps or self.rotor_radps or self.brake_release)


SAFE = Outputs(0, 0.0, 0.0, 0.0, ToolMode.HOLD, 0.0, EngineMode.KEEP, brake_release=False, kill_release=False)


def parse_outputs(line: str) -> Outputs | None:
    """A line "O ..."; None for any other."""
    words = line.split()
    if len(words) != 13 or words[0] != "O":
        return None
    return Outputs(
        t_ms=int(words[1]),
        left_mps=float(words[2]),
        right_mps=float(words[3]),
        rotor_radps=float(words[4]),
        tool_mode=ToolMode(int(words[5])),
        tool_value_m=float(words[6]),
        engine=EngineMode(int(words[7])),
        brake_release=words[8] == "1",
        kill_release=words[9] == "1",
    )


class Plants:
    """Tracks, flail, engine and sensors of one machine, 50 steps a second.

    A controller without power or without its handshake holds the kill line, which stops the engine; no frame can start
    it. `attended`: somebody at the machine does so, as soon as the line is released.
    """

    def __init__(self, machine: MachineConfig, ground: Ground, start: Pose, datum: LocalFrame, *, seed: int) -> None:
        sensors = SensorParams()
        self.tracks = TrackPlant(machine.tracks, PlantParams(), ground, start, seed=seed)
        self.flail = FlailPlant(machine.tool, machine.body.mass_kg, FlailParams(), ground, seed=seed)
        self.engine = EnginePlant(machine.body.power_w)
        self.gnss = GnssSensor(sensors, machine.gnss, datum, seed=seed)
        self.imu = ImuSensor(sensors, seed=seed)
        self.tool_sensors = ToolSensors(sensors, seed=seed)
        self.chain_closed = self.attended = True
        self._tool = machine.tool
        self._rolling_n = ROLLING_RATIO * machine.body.mass_kg * GRAVITY_MPS2
        self._tick = self._frames = 0

    def step(self, out: Outputs) -> None:
        """One tick of 20 ms under the controller's outputs."""
        tracks, flail, engine, tool = self.tracks, self.flail, self.engine, self._tool
        wanted = out.engine if out.kill_release else EngineMode.SHUTDOWN
        if self.attended and wanted is not EngineMode.SHUTDOWN and not engine.running:
            engine.start()
        engine.command(wanted)
        driven = engine.running
        left_mps, right_mps = (out.left_mps, out.right_mps) if driven else (0.0, 0.0)
        tracks.step(left_mps, right_mps, brake=not out.brake_release, load_ratio=flail.load_ratio)
        flail.step(tracks, out.rotor_radps if driven else 0.0, self._arm_rate_mps(out), engine_ratio=engine.ratio)
        rotor_w = flail.drive_torque_nm * flail.rotor_radps / tool.rotor_efficiency_ratio
        relief_nm = flail.full_power_w / (0.5 * tool.rotor_speed_radps) if tool.rotor_speed_radps else 1.0
        engine.step(rotor_w + self._rolling_n * abs(tracks.speed_mps), flail.drive_torque_nm / relief_nm)
        self.tool_sensors.sample(tracks, flail.rotor_radps, flail.depths_m)
        self._tick += 1

    def _arm_rate_mps(self, out: Outputs) -> float:
        """The tool servo; the reference controller leaves it to the machine's own half."""
        if out.tool_mode is ToolMode.HOLD or not self.engine.running:
            return 0.0
        wanted_m = out.tool_value_m if out.tool_mode is ToolMode.DEPTH else -out.tool_value_m
        return SERVO_GAIN_1PS * (self.tool_sensors.depth_m - min(wanted_m, self._tool.depth_max_m))

    def lines(self, out: Outputs) -> str:
        """What the controller is told: its gauges, then the sensors' frames that are due."""
        gauges, flail, engine = self.tool_sensors, self.flail, self.engine
        readings = (
            gauges.left_mps,
            gauges.right_mps,
            gauges.rotor_radps,
            flail.drive_torque_nm,
            flail.arm_m,
            gauges.depth_m,
            gauges.depth_sigma_m,
            engine.speed_radps,
            engine.load_ratio,
            engine.pressure_pa,
            engine.hydraulic_degc,
            engine.coolant_degc,
            engine.supply_v,
        )
        contacts = (self.chain_closed, False, False, False, not out.brake_release, False)
        told = " ".join(f"{reading:.6g}" for reading in readings)
        text = f"I {told} {int(DepthDatum.GROUND_AHEAD)} {' '.join(str(int(contact)) for contact in contacts)}\n"
        return text + "".join(f"F {frame.hex()}\n" for frame in self._sensor_frames(out.t_ms))

    def _sensor_frames(self, time_ms: int) -> list[bytes]:
        working_radps = self.flail.working_radps
        rotor_ratio = self.flail.rotor_radps / working_radps if working_radps > 0.0 else 0.0
        imu = self.imu.sample(self.tracks, rotor_ratio, time_ms)
        gnss = self.gnss.sample(self.tracks, self._tick, time_ms)
        frames: list[bytes] = []
        for frame in (
            adapters.encode_imu(imu, self._frames) if imu is not None else None,
            adapters.encode_gnss(gnss, self._frames + 1) if gnss is not None else None,
        ):
            if frame is not None:
                frames.append(frame)
                self._frames = (self._frames + 1) & 0xFF
        return frames


class MachineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`port_link` becomes a symbolic link to the pty, so that a controller that was started again is found there."""

    machine: MachineConfig
    config_hash: bytes
    port_link: Path
    datum: LocalFrame
    start: Pose = Pose(0.0, 0.0, 0.3)
    seed: int = 1
    soil_mjpm3: float = 1.0


class RealMachine:
    """The controller's process and the plants behind it; `run` moves them until cancelled.

    `history` holds the controller's newest steps. The plants go on while the controller is dead: brakes on.
    """

    def __init__(self, settings: MachineSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.plants = Plants(
            settings.machine,
            PlaneGround(GroundParams(specific_energy_mjpm3=settings.soil_mjpm3), seed=settings.seed),
            settings.start,
            settings.datum,
            seed=settings.seed,
        )
        self.outputs = SAFE
        self.history: deque[Outputs] = deque(maxlen=OUTPUTS_KEPT)
        self.process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._boots = 0

    @property
    def speed_mps(self) -> float:
        """True speed over ground."""
        return math.fabs(self.plants.tracks.speed_mps)

    async def start(self) -> None:
        """Power the controller up; again after `kill`."""
        self._boots += 1
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            str(CONTROLLER_PROGRAM),
            "pty",
            self._settings.config_hash.hex(),
            str(self._boots),
            "plant",
            stdin=pipe,
            stdout=pipe,
        )
        assert self.process.stdout is not None
        name = (await self.process.stdout.readline()).decode().split()[1]
        fresh = self._settings.port_link.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self._settings.port_link)
        self._reader = asyncio.get_running_loop().create_task(self._read(self.process.stdout))

    async def kill(self) -> None:
        """The controller dies at once; its outputs fall to what springs and valves do without power."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # it died already
            self.process.kill()
        await self.process.wait()
        if self._reader is not None:
            await self._reader
        self.process = None

    async def run(self) -> None:
        """Step on a 20 ms grid; a computer that was busy for longer catches up, within reason."""
        deadline_ns = self._clock.now_ns()
        while True:
            await self._clock.sleep_until_ns(deadline_ns)
            self.plants.step(self.outputs)
            self._tell(self.plants.lines(self.outputs))
            late_ticks = (self._clock.now_ns() - deadline_ns) // TICK_NS
            deadline_ns += TICK_NS * max(1, late_ticks - MISSED_TICKS_MAX)

    def _tell(self, text: str) -> None:
        process = self.process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(text.encode())

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            outputs = parse_outputs(line.decode())
            if outputs is not None:
                self.outputs = outputs
                self.history.append(outputs)
        # the device goes with its controller, as udev has it: the system gives the pty's number to somebody else
        self._settings.port_link.unlink(missing_ok=True)
        # nobody holds the valves any more: springs and the dead kill line do
        self.outputs = SAFE._replace(t_ms=self._clock.now_ns() // NS_PER_MS)
