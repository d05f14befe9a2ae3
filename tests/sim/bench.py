"""A host at the other end of the controller's line: sends commands, keeps what comes back."""

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from firmware_bridge.command import ActuatorCommand
from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import MemoryPort
from firmware_bridge.types import (
    ControllerHello,
    ControllerStatus,
    EngineMode,
    GnssFix,
    ImuSample,
    ToolMode,
)
from sim.controller import ControllerParams
from sim.ground import GroundParams, PlaneGround
from sim.plant import Pose
from sim.world import World, WorldParams
from vehicle.config.machine import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import TICK_NS

Message = TypeVar("Message")
DATUM = LocalFrame(39.99, 46.93, 350.0)
HASH = b"\x01\x02\x03\x04\x05\x06\x07\x08"
NEUTRAL = ActuatorCommand(
    sequence=0,
    tick=0,
    valid_for_ms=150,
    track_left_mps=0.0,
    track_right_mps=0.0,
    rotor_speed_radps=0.0,
    tool_mode=ToolMode.HOLD,
    tool_value_m=0.0,
    engine=EngineMode.KEEP,
    brake=False,
)


def neutral(**changes) -> ActuatorCommand:
    return msgspec.structs.replace(NEUTRAL, **changes)


def drive(speed_mps: float, **changes) -> ActuatorCommand:
    return neutral(track_left_mps=speed_mps, track_right_mps=speed_mps, **changes)


@dataclass
class Bench:
    """Steps a world; `log` holds (time of reading [ns], message)."""

    machine: MachineConfig
    params: WorldParams = field(default_factory=WorldParams)
    ground: GroundParams = field(default_factory=GroundParams)
    seed: int = 7
    start: Pose = field(default_factory=lambda: Pose(3.0, -2.0, 0.4))

    def __post_init__(self) -> None:
        self.host, port = MemoryPort.pair()
        self.world = World(
            port,
            self.machine,
            PlaneGround(self.ground, self.seed),
            self.params,
            self.start,
            DATUM,
            seed=self.seed,
            config_hash=HASH,
        )
        self.reader = adapters.MessageReader(adapters.HOST_DECODERS)
        self.now_ns = 0
        self.sequence = 0
        self.log: list[tuple[int, object]] = []
        self.raw = bytearray()

    def send(self, command: ActuatorCommand) -> None:
        self.sequence += 1
        stamped = msgspec.structs.replace(
            command, sequence=self.sequence, controller_time_ms=self.world.controller.time_ms(self.now_ns)
        )
        self.host.write(adapters.encode_command(stamped, self.sequence))

    def step(self, command: ActuatorCommand | None = None) -> None:
        if command is not None:
            self.send(command)
        self.now_ns += TICK_NS
        self.world.step(self.now_ns)
        data = self.host.read()
        self.raw += data
        self.log += [(self.now_ns, message) for message in self.reader.feed(data)]

    def run(self, seconds: float, command: ActuatorCommand | None = None) -> None:
        for _ in range(round(seconds * 50)):
            self.step(command)

    def ready(self) -> "Bench":
        """Booted, neutral seen, engine at working speed."""
        self.run(3.0, neutral(engine=EngineMode.WORK))
        return self

    def got(self, kind: type[Message]) -> list[Message]:
        return [message for _, message in self.log if isinstance(message, kind)]

    @property
    def status(self) -> ControllerStatus:
        return self.got(ControllerStatus)[-1]

    @property
    def hellos(self) -> list[ControllerHello]:
        return self.got(ControllerHello)

    @property
    def fixes(self) -> list[GnssFix]:
        return self.got(GnssFix)

    @property
    def imu(self) -> list[ImuSample]:
        return self.got(ImuSample)


SLOW_BOOT = WorldParams(controller=ControllerParams(boot_s=1.0))


def driving(bench: Bench, speed_mps: float = 0.28, **changes) -> Bench:
    bench.ready()
    bench.run(2.0, drive(speed_mps, **changes))
    return bench
