"""What the gate remembers from tick to tick, to see that something changed, repeats, or does not follow."""

import math
from typing import TypeAlias

import msgspec

from firmware_bridge.types import ControllerFlag, ControllerState, ControllerStatus, GnssFix, ImuSample
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.engine_start import ROTOR_RESTS_RATIO
from vehicle.contracts.units import TICK_S
from vehicle.control import beat
from vehicle.control.safety import drift, fence, lease, rotor, tracks
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.lease import BEATS
from vehicle.control.state import DriftState, GateState, MonitorState, WireState

CHAIN_OPEN = int(ControllerFlag.ESTOP_CHAIN_OPEN)
OTHER_ESTOPS = int(ControllerFlag.KILL | ControllerFlag.FIRE)
FENCE_PERIOD_TICKS = 5
SEQUENCES = WRAP_MS = 1 << 32
BEFORE_MS = 1 << 31
"""From here on a difference of two counters of 32 bits is that of an earlier one to a later one."""
NEVER_OBEYED = 0xFFFF
TILT_FILTER = 0.1
"""Per tick: the accelerometers shake with the flail, 0.2 s of them does not."""
WIRE_ERRORS, STICK_FAULTS, LATE_TICKS = 6, 3, 2
"""So many within a second: 5 % of the controller's 110 frames (row 37), three sticks (row 19), two missed slots."""

BASE_TURNS, BASE_TICKS = 2, 3000
"""A base that is replaced is one change; two within a minute come of two bases whose corrections are mixed."""

Sent: TypeAlias = tuple[int, float, float]


def remember(now: GateInputs, status: ControllerStatus | None, broken: int) -> MonitorState:
    """The memory after this tick; `status` is None where it is stale, `broken` counts frames with impossible sticks."""
    state, wire, config, tick = now.state, now.wire, now.config, now.tick
    old = state.monitor
    first = not old.beats_ns
    ratio = _rotor_ratio(status, config)
    at_speed = ratio >= config.mission.rotor_at_speed_ratio
    rests = abs(ratio) <= ROTOR_RESTS_RATIO
    imu, gnss = _imu_values(wire.imu), _gnss_values(wire.gnss)
    boot, count, depth = old.boot_count, old.status_count, old.depth_m
    if status is not None:
        boot, count, depth = status.boot_count, status.status_count, status.depth_m
    tick_s = min(beat.MOST_S, beat.since_beat_s(old.beats_ns, now.now_ns))
    left_mps = tracks.ramped_mps(old.expected_mps[0], state.set_mps[0], config, tick_s)
    right_mps = tracks.ramped_mps(old.expected_mps[1], state.set_mps[1], config, tick_s)
    room = _room(now, status, (left_mps + right_mps) / 2.0)
    sent = old.sent if first else (*old.sent, (old.stamp_ms, left_mps, right_mps))[-BEATS:]
    line_heard_ms = _line_heard_ms(now, sent, status)
    base_known = (wire.gnss.base_id if wire.gnss is not None else 0) or old.base_known
    turned = old.base_known not in (0, base_known)
    return MonitorState(
        beats_ns=(*old.beats_ns, now.now_ns)[-BEATS:],
        boot_count=boot,
        status_count=count,
        status_tick=old.status_tick if count == old.status_count and wire.status_fresh else tick,
        chain_latched=old.chain_latched if status is None else _chain_latched(status),
        base_id=wire.gnss.base_id if wire.gnss is not None else old.base_id,
        base_known=base_known,
        base_turns=(*old.base_turns, tick)[-BASE_TURNS:] if turned else old.base_turns,
        clip_count=wire.imu.clip_count if wire.imu is not None else old.clip_count,
        imu=imu,
        imu_tick=old.imu_tick if imu == old.imu else tick,
        gnss=gnss,
        gnss_tick=old.gnss_tick if gnss == old.gnss else tick,
        depth_m=depth,
        depth_tick=old.depth_tick if depth == old.depth_m else tick,
        tilt_error_rad=_tilt_error_rad(old.tilt_error_rad, wire.imu),
        expected_mps=(left_mps, right_mps),
        rotor_ratio=ratio,
        rotor_rested=not old.rotor_on and (old.rotor_rested or rests),
        rotor_on=old.rotor_on,
        rotor_ran=old.rotor_on and (old.rotor_ran or at_speed),
        rotor_tick=tick if first or (old.rotor_on and at_speed) else old.rotor_tick,
        rotor_watch=rotor.follow(old.rotor_watch, status, config, tick, now.now_ns, asked=old.rotor_on),
        bad_ticks=_recent(old.bad_ticks, wire.bad_frames, tick, WIRE_ERRORS),
        broken_ticks=_recent(old.broken_ticks, broken, tick, STICK_FAULTS),
        late_ticks=_recent(old.late_ticks, wire.overrun, tick, LATE_TICKS),
        stamp_ms=wire.controller_time_ms,
        sent=sent,
        line_heard_ms=line_heard_ms,
        line_ms=lease.line_ms(old.line_ms, old.line_heard_ms, line_heard_ms),
        drift=_drift(old, wire, status, config, tick_s),
        room_ahead_m=room.ahead_m,
        room_behind_m=room.behind_m,
        room_turns=room.turns,
    )


def _drift(
    old: MonitorState, wire: WireState, status: ControllerStatus | None, config: VehicleConfig, tick_s: float
) -> DriftState:
    """The belts' way since the last epoch, and at an epoch the sums; a way that nobody measures starts anew."""
    belts_m = math.nan if status is None else (abs(status.track_left_mps) + abs(status.track_right_mps)) / 2.0 * tick_s
    if math.isnan(belts_m):
        return DriftState()
    since = msgspec.structs.replace(old.drift, belt_m=old.drift.belt_m + belts_m)
    if not wire.gnss_fresh or wire.gnss is None or wire.imu is None:
        return since
    return drift.follow(since, wire.gnss, wire.imu, config)


def _room(now: GateInputs, status: ControllerStatus | None, told_mps: float) -> fence.Room:
    """Measured at 10 Hz, and after missed slots, however far off the boundaries are: a position may jump.

    What the fastest machine goes in 0.1 s is allowed for where the room is used. Without a position the belts' way is
    taken off the room that was known last; belts that nobody measures go as they were told. A tick lasted as long as
    the clock says, and what it gives back is no more than that of a slot.
    """
    old, edges_m = now.state.monitor, now.state.fence
    if edges_m is None:
        return fence.Room()
    if not now.estimate.valid:
        advance_mps = tracks.advance_mps(status)
        speed_mps = told_mps if math.isnan(advance_mps) else advance_mps
        lasted_s = max(TICK_S, beat.since_beat_s(old.beats_ns, now.now_ns))
        ways_m = (speed_mps * lasted_s, speed_mps * TICK_S)
        ahead_m, behind_m = old.room_ahead_m - max(ways_m), old.room_behind_m + min(ways_m)
        return fence.Room(max(0.0, ahead_m), max(0.0, behind_m), old.room_turns)
    if now.tick % FENCE_PERIOD_TICKS and not beat.late(old.beats_ns, now.now_ns):
        return fence.Room(old.room_ahead_m, old.room_behind_m, old.room_turns)
    return fence.room(edges_m, now.estimate, now.config)


def answered(state: GateState, sent: tuple[Sent, ...], status: ControllerStatus) -> Sent | None:
    """What was sent with the command that this status answers; None where that is not remembered."""
    back = (state.sequence - status.command_sequence) % SEQUENCES
    return sent[-1 - back] if back < len(sent) else None


def _line_heard_ms(now: GateInputs, sent: tuple[Sent, ...], status: ControllerStatus | None) -> int:
    """By how much the line shortened the lease of the command that was answered: both stamps are the controller's.

    A status that answers nothing yet tells nothing; nor does one that answers the program that ran before.
    """
    was_ms = now.state.monitor.line_heard_ms
    if status is None or not now.wire.status_counts or status.command_age_ms == NEVER_OBEYED:
        return was_ms
    of = answered(now.state, sent, status)
    if of is None:
        return lease.LINE_LOST_MS if len(sent) == BEATS else was_ms
    arrived_ms = status.time_ms - status.command_age_ms
    taken_ms = (arrived_ms - of[0]) % WRAP_MS
    return min(taken_ms, lease.LINE_LOST_MS) if taken_ms < BEFORE_MS else 0


def _rotor_ratio(status: ControllerStatus | None, config: VehicleConfig) -> float:
    """Measured over working speed; 0 for a tool without a rotor, NaN where unknown."""
    working = config.machine.tool.rotor_speed_radps
    if working == 0.0:
        return 0.0
    return status.rotor_speed_radps / working if status is not None else math.nan


def _chain_latched(status: ControllerStatus) -> bool:
    """The e-stop chain is open, or was and nobody has reset it at the machine; no kill by command, and no fire."""
    flags = int(status.flags)
    return flags & CHAIN_OPEN != 0 or (status.state is ControllerState.ESTOP and not flags & OTHER_ESTOPS)


def chain_reset(old: MonitorState, new: MonitorState) -> bool:
    """A hand has just reset the machine's own e-stop."""
    return old.chain_latched and not new.chain_latched


def _imu_values(imu: ImuSample | None) -> tuple[float, ...]:
    """What no two samples of a working sensor share."""
    return () if imu is None else (imu.yaw_rate_radps, imu.accel_x_mps2, imu.accel_y_mps2, imu.roll_rad, imu.pitch_rad)


def _gnss_values(gnss: GnssFix | None) -> tuple[float, ...]:
    return () if gnss is None else (gnss.lat_deg, gnss.lon_deg)


def _tilt_error_rad(old_rad: tuple[float, float], imu: ImuSample | None) -> tuple[float, float]:
    """Filtered difference of the tilt that is told and the tilt that gravity shows (FLU, pitch nose down)."""
    if imu is None:
        return old_rad
    roll_rad = imu.roll_rad - math.atan2(imu.accel_y_mps2, imu.accel_z_mps2)
    pitch_rad = imu.pitch_rad - math.atan2(-imu.accel_x_mps2, math.hypot(imu.accel_y_mps2, imu.accel_z_mps2))
    if math.isnan(roll_rad) or math.isnan(pitch_rad):
        return old_rad
    return (
        old_rad[0] + TILT_FILTER * (roll_rad - old_rad[0]),
        old_rad[1] + TILT_FILTER * (pitch_rad - old_rad[1]),
    )


def _recent(ticks: tuple[int, ...], count: int, tick: int, keep: int) -> tuple[int, ...]:
    """The last `keep` occurrences."""
    return (*ticks, *(tick,) * count)[-keep:]


def crowded(ticks: tuple[int, ...], tick: int, keep: int) -> bool:
    """`keep` of them within the last second."""
    return len(ticks) == keep and tick - ticks[0] < 50
