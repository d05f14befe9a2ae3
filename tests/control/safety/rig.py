"""A bench for the gate alone: a healthy machine, one console, and one call per tick."""

import math
from typing import Any

import msgspec

from firmware_bridge.command import ActuatorCommand
from firmware_bridge.types import ControllerHello, FixType, GnssFix, OperatorEdge, OperatorFrame, ToolMode
from tests.builders import config as memat
from tests.builders import estimate, gnss, imu, status
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest, FlailRequest, GateReport, MissionPhase, Mode, Requests
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import gate
from vehicle.control.safety.tracks import ramped_mps
from vehicle.control.state import GateState, WireState

SESSION = 7
HASH = b"12345678"
HELLO = ControllerHello(protocol_version=2, firmware_version=1, config_hash=HASH, watchdog_ms=150, boot_count=1)
E = OperatorEdge


def frame(**changes: Any) -> OperatorFrame:
    base = OperatorFrame(
        station_id=1,
        session_id=SESSION,
        sequence=1,
        echo_tick=0,
        sample_count=1,
        hold_to_run=False,
        drive=0.0,
        turn=0.0,
        rotor_request=False,
        tool_mode=ToolMode.HOLD,
        tool_value_m=0.0,
        edges=E.NONE,
        battery_ratio=0.9,
        tilt_rad=0.1,
        video_age_ms=65535,
    )
    return msgspec.structs.replace(base, **changes)


def unwaited(config: VehicleConfig, wait_s: float = 0.0) -> VehicleConfig:
    """A detonation is waited for that long, shorter than any task may say: the wait has tests of its own."""
    return config.model_copy(update={"safety": config.safety.model_copy(update={"detonation_wait_s": wait_s})})


class Rig:
    """Ticks the gate. `status`, `estimate`, `frame` and `phase` hold what the next tick sees."""

    def __init__(self, config: VehicleConfig | None = None) -> None:
        self.config = config or unwaited(memat())
        self.state = GateState(session_id=SESSION, config_hash=HASH)
        self.tick = 1000
        self.status: dict[str, Any] = {}
        self.imu: dict[str, Any] = {}
        self.gnss: dict[str, Any] = {}
        self.estimate: dict[str, Any] = {}
        self.wire: dict[str, Any] = {}
        self.requests: dict[str, Any] = {}
        self.controls: dict[str, Any] = {}
        self.phase = MissionPhase.IDLE
        self._applied: tuple[float, ...] = (0.0, 0.0)
        self._status_t_ns = 0
        self.auto = DriveRequest(speed_mps=0.2, yaw_rate_radps=0.01)
        self.auto_flail = FlailRequest()
        self.station = 1
        self.sequence = 0
        self.delay_ticks = 1
        self.line_ms = 0
        self.late_ns = 0
        self.command: ActuatorCommand
        self.report: GateReport

    @property
    def mode(self) -> Mode:
        return self.state.mode

    @property
    def rotor_radps(self) -> float:
        return self.config.machine.tool.rotor_speed_radps

    def step(self, *frames: OperatorFrame, status_fresh: bool = True) -> ActuatorCommand:
        self.tick += 1
        now_ns = self.tick * TICK_NS + self.late_ns
        if status_fresh:
            self._status_t_ns = now_ns
        values: dict[str, Any] = {
            "status": status(**({"status_count": self.tick & 0xFFFF} | self._gauges() | self._echo() | self.status)),
            "status_t_ns": self._status_t_ns,
            "status_fresh": status_fresh,
            "imu": imu(**({"yaw_rate_radps": self.tick * 1e-6} | self.imu)),
            "imu_t_ns": now_ns,
            "gnss": self._gnss(),
            "gnss_t_ns": now_ns,
            "hello": HELLO,
            "operator": frames,
            "status_counts": status_fresh,
        }
        wire = WireState(**(values | self.wire))
        belief = estimate(**({"fix": FixType.RTK_FIXED, "t_ns": now_ns} | self.estimate))
        accepted = gate.accept(self.state, wire, self.config, self.tick, now_ns)
        self.state, self.command, self.report = gate.step(
            self.state, accepted, wire, belief, self._requests(), self.config, self.tick, now_ns
        )
        return self.command

    def _gauges(self) -> dict[str, Any]:
        """Working speed while armed, else idle; a depth whose noise never repeats."""
        armed = self.mode in (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT, Mode.RECOVERY)
        return {"engine_speed_radps": 220.0 if armed else 105.0, "depth_m": -0.3 + self.tick * 1e-7}

    def _gnss(self) -> GnssFix:
        """A receiver whose noise never repeats."""
        speed = sum(self._applied) / 2.0
        course = 0.3 if speed >= 0.0 else 0.3 - math.pi
        base = gnss(1.0 + self.tick * 1e-4, 2.0, 0.0, 0.3, speed_mps=abs(speed), course_rad=course)
        return msgspec.structs.replace(base, **self.gnss)

    def _echo(self) -> dict[str, Any]:
        """A controller that applies and belts that follow at once, along the profile's ramps."""
        left, right = self._applied = tuple(
            ramped_mps(applied, wanted, self.config)
            for applied, wanted in zip(self._applied, self.state.set_mps, strict=True)
        )
        answer: dict[str, Any] = {
            "command_sequence": self.state.sequence,
            "time_ms": self.state.monitor.stamp_ms + self.line_ms,
        }
        belts = {"track_left_mps": left, "track_right_mps": right}
        return {"applied_left_mps": left, "applied_right_mps": right} | belts | answer

    def _requests(self) -> Requests:
        drive = float(self.controls.get("drive", 0.0))
        turn = float(self.controls.get("turn", 0.0))
        rotor = bool(self.controls.get("rotor_request"))
        tracks = self.config.machine.tracks
        wanted = Requests(
            auto_drive=self.auto,
            auto_flail=self.auto_flail,
            auto_phase=self.phase,
            manual_drive=DriveRequest(
                speed_mps=drive * tracks.transit_speed_mps, yaw_rate_radps=turn * tracks.pivot_rate_radps
            ),
            manual_flail=FlailRequest(
                rotor_speed_radps=self.rotor_radps if rotor else 0.0,
                tool_mode=self.controls.get("tool_mode", ToolMode.HOLD),
                tool_value_m=self.controls.get("tool_value_m", 0.0),
            ),
        )
        return msgspec.structs.replace(wanted, **self.requests)

    def frame(self, edges: E = E.NONE, **changes: Any) -> OperatorFrame:
        self.sequence += 1
        counters: dict[str, Any] = {
            "station_id": self.station,
            "sequence": self.sequence,
            "sample_count": self.sequence,
            "echo_tick": self.tick + 1 - self.delay_ticks,
            "edges": edges,
        }
        return frame(**(counters | self.controls | changes))

    def send(self, edges: E = E.NONE, **changes: Any) -> ActuatorCommand:
        """One tick with a frame."""
        return self.step(self.frame(edges, **changes))

    def run(self, ticks: int, **changes: Any) -> ActuatorCommand:
        """Ticks with a frame in each."""
        for _ in range(ticks):
            self.send(**changes)
        return self.command

    def press(self, edges: E, **changes: Any) -> ActuatorCommand:
        """A rising edge, long enough after the last one."""
        self.run(25, **changes)
        self.send(edges, **changes)
        return self.command

    def to_disarmed(self) -> "Rig":
        self.run(150)
        self.press(E.TAKE)
        self.run(2)
        assert self.mode is Mode.DISARMED, (self.mode, self.report.reasons)
        assert self.state.holder == self.station
        return self

    def to_ready(self) -> "Rig":
        self.to_disarmed()
        self.press(E.ARM)
        assert self.mode is Mode.READY, self.report.reasons
        return self

    def to_manual(self, warned: bool = True) -> "Rig":
        self.to_ready()
        self.press(E.ARM)
        assert self.mode is Mode.MANUAL, self.report.reasons
        if warned:
            self.run(151, hold_to_run=True)
            self.run(1)
        return self

    def to_auto(self, phase: MissionPhase = MissionPhase.MOVE, warned: bool = True) -> "Rig":
        self.to_manual()
        self.press(E.MISSION_START, hold_to_run=True)
        assert self.mode is Mode.AUTO_MOVE, self.report.reasons
        self.phase = phase
        self.run(149 if warned else 1)
        if warned:
            self.send(E.ATTENTION)
        return self

    def stop(self) -> "Rig":
        """Stopped by the operator and standing, everything as it was for a second."""
        self.send(E.STOP)
        self.controls = {}
        self.run(60)
        assert self.mode is Mode.HOLD, (self.mode, self.report.reasons)
        return self

    def reset(self) -> Mode:
        """RESET by the manual; the mode after it."""
        self.controls = {}
        self.press(E.RESET)
        self.run(2)
        return self.mode

    def to_recovery(self) -> "Rig":
        """From a stop that lasts: reset, arm where that is due, RECOVERY, and the horn's time over."""
        self.reset()
        if self.mode is Mode.DISARMED:
            self.press(E.ARM)
        assert self.mode is Mode.READY, (self.mode, self.report.reasons)
        self.press(E.RECOVERY)
        assert self.mode is Mode.RECOVERY, (self.mode, self.report.reasons)
        self.run(151, hold_to_run=True)
        return self

    def to_work(self) -> "Rig":
        self.auto_flail = FlailRequest(rotor_speed_radps=self.rotor_radps)
        self.to_auto(MissionPhase.SPIN_UP)
        self.status = {"rotor_speed_radps": self.rotor_radps}
        self.phase = MissionPhase.LOWER
        self.send()
        assert self.mode is Mode.AUTO_WORK, self.report.reasons
        self.phase = MissionPhase.WORK
        self.send()
        return self


def driving(drive: float = 0.1) -> Rig:
    """In MANUAL, hold pressed, under way."""
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls = {"hold_to_run": True, "drive": drive}
    rig.run(40)
    assert rig.report.driving
    return rig
