"""What the gate measures for itself: speed, standstill, rotor, tilt, handshake; no judgement yet.

Unknown is never a comfortable value: an unmeasured speed is NaN, an unmeasured rotor neither stands nor turns.
"""

import math

import msgspec

from firmware_bridge.types import ControllerFlag, ControllerState, ControllerStatus
from vehicle.config import VehicleConfig
from vehicle.messages import Estimate, Mode, RotorState
from vehicle.safety.interlocks import PROTOCOL_VERSION, WATCHDOG_MAX_MS
from vehicle.safety.limits import TOOL_UP_M
from vehicle.safety.modes import Motion
from vehicle.safety.reasons import StopReason
from vehicle.state import GateState, WireState
from vehicle.units import TICK_S

STANDSTILL_MPS = 0.05
STANDSTILL_ESTIMATE_MPS = 0.1
"""The estimate is noisier than an encoder; it must not contradict a standstill."""
ROTOR_STOPPED_RATIO = 0.1
BRAKE_GRACE_S = 1.0
"""After T_BRAKE the brakes are on; what still moves a second later is a runaway."""
NAN = math.nan


class Senses(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Measured by the gate in this tick. `rotor_ratio` is of the at-speed threshold: 1 and above is at speed."""

    status: ControllerStatus | None
    status_age_s: float
    speed_mps: float
    standing: bool
    at_speed: bool
    rotor_stopped: bool
    rotor_ratio: float
    tool_up: bool
    flags: ControllerFlag
    controller: ControllerState
    handshake: bool
    booted: bool


def sense(state: GateState, wire: WireState, estimate: Estimate, config: VehicleConfig, now_ns: int) -> Senses:
    """Measure; a status older than the controller's time-out measures nothing."""
    age_s = (now_ns - wire.status_t_ns) / 1e9
    fresh = wire.status if age_s <= config.safety.controller_timeout_s else None
    speed = _speed_mps(fresh, estimate)
    ratio = _rotor_ratio(fresh, config)
    rotorless = config.machine.tool.rotor_speed_radps == 0.0
    return Senses(
        status=fresh,
        status_age_s=age_s,
        speed_mps=speed,
        standing=_standing(fresh, estimate),
        at_speed=rotorless or ratio >= 1.0,
        rotor_stopped=rotorless or abs(ratio) * config.mission.rotor_at_speed_ratio <= ROTOR_STOPPED_RATIO,
        rotor_ratio=1.0 if rotorless else ratio,
        tool_up=fresh is not None and fresh.tool_height_m >= TOOL_UP_M,
        flags=fresh.flags if fresh is not None else ControllerFlag(0),
        controller=fresh.state if fresh is not None else ControllerState.BOOT,
        handshake=_handshake(state, wire),
        booted=fresh is not None and state.boot_count not in (-1, fresh.boot_count),
    )


def _speed_mps(status: ControllerStatus | None, estimate: Estimate) -> float:
    """The fastest that any source says, as a magnitude; NaN where none says anything."""
    said = [abs(status.track_left_mps + status.track_right_mps) / 2.0] if status is not None else []
    if estimate.valid:
        said.append(abs(estimate.speed_mps))
    return max(said, default=NAN)


def _standing(status: ControllerStatus | None, estimate: Estimate) -> bool:
    """Both belts measured at rest, and the estimate does not object; without encoders the estimate alone decides."""
    if estimate.valid and not abs(estimate.speed_mps) < STANDSTILL_ESTIMATE_MPS:
        return False
    if status is None:
        return estimate.valid
    return abs(status.track_left_mps) < STANDSTILL_MPS and abs(status.track_right_mps) < STANDSTILL_MPS


def _rotor_ratio(status: ControllerStatus | None, config: VehicleConfig) -> float:
    nominal = config.machine.tool.rotor_speed_radps * config.mission.rotor_at_speed_ratio
    if status is None or nominal == 0.0:
        return NAN
    return status.rotor_speed_radps / nominal


def _handshake(state: GateState, wire: WireState) -> bool:
    hello = wire.hello
    return (
        hello is not None
        and hello.protocol_version == PROTOCOL_VERSION
        and hello.watchdog_ms <= WATCHDOG_MAX_MS
        and hello.config_hash == state.config_hash
    )


def motion(state: GateState, senses: Senses, config: VehicleConfig, tick: int, active: int) -> Motion:
    """Movement as the discrete machine sees it."""
    if senses.standing:
        return Motion.STANDING
    if math.isnan(senses.speed_mps):
        return Motion.UNKNOWN
    late_s = config.safety.t_brake_s + BRAKE_GRACE_S
    if state.mode in (Mode.STOPPING, Mode.FAULT) and (tick - state.stop_tick) * TICK_S > late_s:
        return Motion.LATE
    return Motion.MOVING if active >> StopReason.MOVED_WHILE_BRAKED & 1 else Motion.CREEP


def rotor_state(senses: Senses, asked: bool) -> RotorState:
    """The rotor as measured; between the two ends by what it was told."""
    if senses.rotor_stopped and not asked:
        return RotorState.OFF
    if senses.at_speed:
        return RotorState.AT_SPEED
    return RotorState.SPIN_UP if asked else RotorState.SPIN_DOWN
