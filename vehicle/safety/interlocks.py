"""Facts -> reasons: one row per interlock, each with the time its fact must last before it counts.

A fact that is unknown is never a good one: thresholds are written so that NaN falls on the unsafe side.
"""

import math
from collections.abc import Callable

import msgspec

from firmware_bridge.types import ControllerFlag, ControllerState, FixType
from vehicle.messages import MissionPhase, Mode
from vehicle.safety.modes import ARMED, AUTO
from vehicle.safety.reasons import StopReason

PROTOCOL_VERSION = 1
WATCHDOG_MAX_MS = 200
ROLL_OVER_RAD = math.radians(60.0)
SLIDE_MPS = 0.2
"""Shocks of a detonation stay below; a machine that really moves is above (C.4b)."""
UNARMED = (Mode.DISARMED, Mode.READY, Mode.HOLD)
RESTING = (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the interlocks judge: plain values of this tick."""

    mode: Mode
    phase: MissionPhase
    status_age_s: float
    flags: ControllerFlag
    controller: ControllerState
    booted: bool
    handshake: bool
    envelope: bool
    gnss_age_s: float
    fix: FixType
    position_proven: bool
    roll_ratio: float
    pitch_ratio: float
    tilt_rad: float
    speed_mps: float
    rotor_ratio: float
    rotor_late: bool
    age_ms: int
    t_stop_fast_ms: int
    flapping: bool
    sample_age_ms: int
    battery_ratio: float
    console_tilt_rad: float
    attention_s: float
    attention_max_s: float
    unused_s: float
    unused_max_s: float
    controller_timeout_s: float
    gnss_timeout_s: float
    foreign: int
    broken: int
    bad_frames: int
    overrun: bool


class Check(msgspec.Struct, frozen=True):
    """One interlock. `onset_ticks`: how many ticks in a row; `linger_ticks`: how long it stays after the cause went."""

    reason: StopReason
    holds: Callable[[Facts], bool]
    onset_ticks: int = 1
    linger_ticks: int = 0


_S = StopReason
CHECKS: tuple[Check, ...] = (
    Check(_S.ESTOP_MACHINE, lambda f: ControllerFlag.ESTOP_CHAIN_OPEN in f.flags),
    Check(_S.FIRE, lambda f: ControllerFlag.FIRE in f.flags),
    Check(_S.ROLL_OVER, lambda f: f.tilt_rad > ROLL_OVER_RAD, 10),
    Check(_S.CONTROLLER_RESET, lambda f: f.booted),
    Check(_S.CONTROLLER_FAULT, lambda f: f.controller is ControllerState.FAULT),
    Check(_S.OIL_PRESSURE_LOW, lambda f: ControllerFlag.OIL_PRESSURE_LOW in f.flags, 25),
    Check(_S.LINK_FLAPPING, lambda f: f.mode in ARMED and f.flapping),
    Check(_S.CONSOLE_FROZEN, lambda f: f.mode in ARMED and f.sample_age_ms >= 300),
    Check(_S.STICK_FAULT, lambda f: f.broken > 0, 3),
    Check(_S.CONSOLE_BATTERY_EMPTY, lambda f: not f.battery_ratio >= 0.05),
    Check(_S.CONSOLE_TILTED, lambda f: not f.console_tilt_rad <= ROLL_OVER_RAD, 100),
    Check(_S.ARM_UNUSED, lambda f: f.unused_s > f.unused_max_s),
    Check(_S.CONTROLLER_LOST, lambda f: f.status_age_s > f.controller_timeout_s),
    Check(_S.HANDSHAKE, lambda f: not f.handshake),
    Check(_S.SLOPE, lambda f: not (f.roll_ratio <= 1.0 and f.pitch_ratio <= 1.0), 25),
    Check(_S.ROTOR_SPIN_UP, lambda f: f.rotor_late),
    Check(_S.ROTOR_SAG, lambda f: f.mode is Mode.AUTO_WORK and f.rotor_ratio < 1.0, 150),
    Check(_S.DETONATION, lambda f: ControllerFlag.SHOCK in f.flags),
    Check(_S.LOOP_STALL, lambda f: f.overrun),
    Check(_S.MOVED_WHILE_BRAKED, lambda f: f.mode in UNARMED and f.speed_mps > SLIDE_MPS, 10),
    Check(_S.CONFIG_ENVELOPE, lambda f: not f.envelope),
    Check(_S.GNSS_LOST, lambda f: not f.gnss_age_s <= f.gnss_timeout_s),
    Check(_S.POSITION_FLOAT, lambda f: f.fix < FixType.RTK_FIXED),
    Check(_S.POSITION_UNPROVEN, lambda f: not f.position_proven, 10),
    Check(_S.ATTENTION, lambda f: f.attention_s > f.attention_max_s),
    Check(_S.MISSION_LEFT, lambda f: f.mode in AUTO and f.phase in RESTING, 5),
    Check(_S.LINK_SLOW, lambda f: f.mode in ARMED and f.age_ms >= f.t_stop_fast_ms),
    Check(_S.LINK_AGEING, lambda f: f.mode in ARMED and f.age_ms > 150),
    Check(_S.CONSOLE_BATTERY_LOW, lambda f: not f.battery_ratio >= 0.2),
    Check(_S.CONSOLE_TILTING, lambda f: not f.console_tilt_rad <= ROLL_OVER_RAD, 50),
    Check(_S.SLOPE_NEAR, lambda f: not (f.roll_ratio <= 0.8 and f.pitch_ratio <= 0.8), 25),
    Check(_S.BAD_FRAMES, lambda f: f.bad_frames > 0 or f.foreign > 0 or f.broken > 0, 1, 50),
)


def evaluate(facts: Facts, active: int, timers: tuple[tuple[int, int], ...]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Reasons in force and the timers for the next tick.

    A timer counts up while a fact holds, from -1 down while a reason lingers; at rest it is not kept at all.
    """
    counts = dict(timers)
    kept = []
    in_force = 0
    for check in CHECKS:
        reason = check.reason
        was = active >> reason & 1
        if check.holds(facts):
            count = min(check.onset_ticks, max(0, counts.get(reason, 0)) + 1)
            on = was or count >= check.onset_ticks
        elif was:
            count = min(0, counts.get(reason, 0)) - 1
            on = -count <= check.linger_ticks
        else:
            continue
        kept.append((int(reason), count))
        if on:
            in_force |= 1 << reason
    return in_force, tuple(kept)
