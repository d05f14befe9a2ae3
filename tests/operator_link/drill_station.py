"""A third-party ground station on the whole stack in virtual time: what it sends, what it is answered, what moves."""

from typing import Any

from benchmarks.trials.linked_scenario import LinkedFaultScenario
from campaign.fault_scenario import FaultScenarioSettings
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import codec
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS
from vehicle.contracts.messages import Mode
from vehicle.operator_link.admission import Channel

BENCH = Channel(name="bench", unsigned=True)
HELD_US, RELEASED_US = 1900, 1000
ARM, SET_MODE, PAUSE = 400, 176, 193
HOLD = 4
TO = {"target_system": 1, "target_component": 1}
DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
ARMED = (Mode.READY, *DRIVING)


class DrillStation:
    """`held`, `throttle`, `steer` are its sticks, sent while `sticks` is on: overrides at 10 Hz or, where `joystick`,
    MANUAL_CONTROL at 25 Hz; its heartbeat at 1 Hz.
    """

    def __init__(self, seed: int = 3, system_id: int = 255, port: int = 14551) -> None:
        self.drill = LinkedFaultScenario(FaultScenarioSettings(seed=seed))
        self.drill.drive(Goal.REST)
        self.system_id, self.address = system_id, ("127.0.0.1", port)
        self.sticks = self.heartbeats = True
        self.held, self.throttle, self.steer = False, 1500, 1500
        self.joystick = False
        self.tick = 0
        self.heard: list[tuple[int, str, dict[str, Any]]] = []
        self.modes: list[tuple[int, Mode]] = []
        outbox = self.drill.link.outbox

        def listened() -> list[tuple[str, Any, list[bytes]]]:
            found = outbox()
            for _, address, frames in found:
                if address == self.address:
                    for frame in frames:
                        self._heard(frame)
            return found

        self.drill.link.outbox = listened  # type: ignore[method-assign]
        self.run(2.0)

    def _heard(self, frame: bytes) -> None:
        for one in FrameParser().feed(frame):
            self.heard.append((self.tick, SPECS[one.msg_id].name, codec.decode_fields(one)))

    def say(self, name: str, **fields: Any) -> None:
        frame = codec.encode_fields(name, fields, 0, self.system_id, 190)
        self.drill.link.receive(BENCH, self.address, frame, self.drill.now_ns)

    def command(self, command: int, *params: float, confirmation: int = 0) -> None:
        named = {f"param{number + 1}": value for number, value in enumerate(params)}
        self.say("COMMAND_LONG", command=command, confirmation=confirmation, **TO, **named)

    def arm(self) -> None:
        self.command(ARM, 1.0)

    def disarm(self) -> None:
        self.command(ARM, 0.0)

    def hold(self) -> None:
        self.command(SET_MODE, 1.0, HOLD)

    @property
    def mode(self) -> Mode:
        return self.drill.mode

    @property
    def armed_bit(self) -> bool:
        return bool(self.drill.link.view.base_mode & 128)

    @property
    def moving(self) -> bool:
        tracks = self.drill.world.tracks
        return abs(tracks.speed_mps) > 0.02 or abs(tracks.yaw_rate_radps) > 0.01

    def step(self) -> None:
        if self.heartbeats and self.tick % 50 == 0:
            self.say("HEARTBEAT", type=6)
        if self.sticks and self.joystick and self.tick % 2 == 0:
            axes = {"y": (self.steer - 1500) * 2, "z": (self.throttle - 1500) * 2}
            self.say("MANUAL_CONTROL", target=1, buttons=16 if self.held else 0, **axes)
        elif self.sticks and not self.joystick and self.tick % 5 == 0:
            self.say(
                "RC_CHANNELS_OVERRIDE",
                chan1_raw=self.steer,
                chan3_raw=self.throttle,
                chan8_raw=HELD_US if self.held else RELEASED_US,
                **TO,
            )
        self.tick += 1
        self.drill.step()
        if not self.modes or self.modes[-1][1] is not self.mode:
            self.modes.append((self.tick, self.mode))

    def run(self, seconds: float) -> "DrillStation":
        for _ in range(round(seconds * 50)):
            self.step()
        return self

    def until(self, *modes: Mode, seconds: float = 5.0) -> bool:
        for _ in range(round(seconds * 50)):
            if self.mode in modes:
                return True
            self.step()
        return self.mode in modes

    def leaves_the_stop(self) -> None:
        """Disarm, arm, drive: the only way out of every stop."""
        self.disarm()
        self.run(2.0)
        assert not self.armed_bit
        self.arm()
        self.run(3.0)
        assert self.drives()

    def driven_and_stopped(self) -> None:
        """Armed, driven, stopped by the station itself, and a second later."""
        self.arm()
        self.run(3.0)
        assert self.drives()
        self.hold()
        assert self.until(Mode.HOLD)
        self.run(1.0)

    def acks(self, command: int = ARM, since: int = 0) -> list[tuple[int, int]]:
        """(tick, result) of the answers to a command."""
        return [
            (tick, said["result"])
            for tick, name, said in self.heard
            if name == "COMMAND_ACK" and said["command"] == command and tick >= since
        ]

    def texts(self, since: int = 0) -> list[str]:
        return [said["text"] for tick, name, said in self.heard if name == "STATUSTEXT" and tick >= since]

    def drives(self, seconds: float = 5.0) -> bool:
        """Hands off, button, stick: whether it moves."""
        self.held, self.throttle = False, 1500
        self.run(0.3)
        self.held = True
        self.until(Mode.MANUAL, seconds=seconds)
        self.throttle = 1800
        moved = False
        for _ in range(round(seconds * 50)):
            self.step()
            moved = moved or self.moving
            if moved:
                break
        self.held, self.throttle = False, 1500
        return moved
