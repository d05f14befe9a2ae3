"""A healthy moment for the tests of single parts: everything can be changed by name."""

from typing import Any

import msgspec

from firmware_bridge.types import ControllerHello
from tests.builders import config, estimate, gnss, imu, status
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest, Estimate, FlailRequest, MissionPhase, Mode, Requests
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.state import GateState, MonitorState, WireState

SESSION, HASH, TICK = 7, b"12345678", 1000
NOW_NS = TICK * TICK_NS
HELLO = ControllerHello(protocol_version=2, firmware_version=1, config_hash=HASH, watchdog_ms=150, boot_count=1)
BEATS = tuple((TICK - back) * TICK_NS for back in range(24, 0, -1))
CONFIG = config()


def configured(part: str, **values: object) -> VehicleConfig:
    """The configuration with keys of one part changed: `safety`, `mission`, or a part of the machine."""
    if part in {"safety", "mission"}:
        return CONFIG.model_copy(update={part: getattr(CONFIG, part).model_copy(update=values)})
    machine = CONFIG.machine
    inner = getattr(machine, part).model_copy(update=values)
    return CONFIG.model_copy(update={"machine": machine.model_copy(update={part: inner})})


ROTORLESS = configured("tool", rotor_speed_rpm=0.0)


def gate_inputs(
    *,
    status_: object = "fresh",
    gnss_: object = "fresh",
    imu_: object = "fresh",
    monitor: MonitorState | None = None,
    belief: Estimate | None = None,
    config: VehicleConfig = CONFIG,
    wire: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    requests: dict[str, Any] | None = None,
    tick: int = TICK,
    now_ns: int = NOW_NS,
) -> GateInputs:
    old = MonitorState(beats_ns=BEATS, boot_count=1, base_id=7) if monitor is None else monitor
    gate: dict[str, Any] = {"session_id": SESSION, "config_hash": HASH, "mode": Mode.HOLD, "monitor": old}
    arrived: dict[str, Any] = {
        "status": status(status_count=5) if status_ == "fresh" else status_,
        "status_t_ns": now_ns,
        "status_fresh": True,
        "gnss": gnss(1.0, 2.0, 0.0, 0.3) if gnss_ == "fresh" else gnss_,
        "gnss_t_ns": now_ns,
        "imu": imu() if imu_ == "fresh" else imu_,
        "imu_t_ns": now_ns,
        "hello": HELLO,
    }
    asked: dict[str, Any] = {
        "auto_drive": DriveRequest(),
        "auto_flail": FlailRequest(),
        "auto_phase": MissionPhase.IDLE,
        "manual_drive": DriveRequest(),
        "manual_flail": FlailRequest(),
    }
    return GateInputs(
        GateState(**(gate | (state or {}))),
        WireState(**(arrived | (wire or {}))),
        estimate() if belief is None else belief,
        Requests(**(asked | (requests or {}))),
        config,
        tick,
        now_ns,
    )


def later(now: GateInputs, **changes: object) -> GateInputs:
    return msgspec.structs.replace(now, **changes)
