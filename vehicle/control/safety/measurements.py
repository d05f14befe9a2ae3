"""What the gate measures for itself; no judgement yet.

Unknown is never a comfortable value: without a status the machine does not stand and its rotor neither turns nor rests.
"""

import math

import msgspec

from firmware_bridge.handshake import mismatches
from firmware_bridge.types import ControllerStatus, FixType, GnssFix
from vehicle.config.machine_parts import ToolConfig
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.engine_start import ROTOR_RESTS_RATIO
from vehicle.contracts.messages import RotorState
from vehicle.contracts.units import NS_PER_S, TICK_S, wrap_rad
from vehicle.control.safety import drift, fence, rings, tracks
from vehicle.control.safety.fence import Room
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.monitor_state import BASE_TICKS, BASE_TURNS, answered, remember
from vehicle.control.safety.rings import Rings
from vehicle.control.shock import Shock, weighed
from vehicle.control.state import GateState, MonitorState, WireState

GNSS_FRESH_S = 0.5
TOOL_UP_M = 0.1
"""A tool at least this far above the undisturbed ground counts as raised."""
IMU_FRESH_S, IMU_SAME_TICKS = 0.2, 10
"""A gyro that is silent or repeats itself proves no rest."""
ROTOR_STOPPED_RATIO = 0.1
ROTOR_DROP_RATIO = 0.3
"""No rotor of a ton's inertia loses this share of its speed in one tick: its sensor did."""
MOVES_MPS = 0.15
"""Below this the course over ground is noise."""


class Measurements(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Measured in this tick. `status` and `gnss` are None where they are stale.

    `advance_mps` is half the sum of the belts, NaN where unknown; `fastest_mps` of all that is known. `boots_recent` is
    told in the first tick only. `rotor_ratio` is of working speed; `at_speed` by the mission's ratio of it. A tool
    without a rotor is always ready and always at rest. `rotor_ran`: at speed since it was switched on.
    `rotor_doubted`: its sensor seems to stand.
    `*_same_ticks`: for so long the source repeats itself. `line_ms`: what the line takes of a lease. `shock`: how heavy
    the shock is that the status tells of, or that a restart at work stands for; without a status, NONE.
    """

    status: ControllerStatus | None
    gnss: GnssFix | None
    flags: int
    boots_recent: int
    gap_ns: int
    speed_mps: float
    fastest_mps: float
    advance_mps: float
    standing: bool
    tool_up: bool
    rotor_ratio: float
    at_speed: bool
    rotor_stopped: bool
    rotor_off_s: float
    rotor_slow_s: float
    rotor_ran: bool
    rotor_dropped: bool
    rotor_unasked: bool
    rotor_doubted: bool
    handshake: bool
    booted: bool
    status_same_ticks: int
    chain_latched: bool
    mismatch: bool
    line_ms: int
    base_changed: bool
    clipped: bool
    imu_same_ticks: int
    gnss_same_ticks: int
    depth_same_ticks: int
    tilt_error_rad: float
    course_error_rad: float
    drifted: bool
    room: Room
    fenced_out: bool
    shock: Shock
    rings: Rings = rings.CALM
    two_bases: bool = False


def measure(now: GateInputs, broken: int) -> tuple[MonitorState, Measurements]:
    """Measure; a status older than the controller's time-out measures nothing."""
    state, wire, config, tick, now_ns = now.state, now.wire, now.config, now.tick, now.now_ns
    old = state.monitor
    age_s = (now_ns - wire.status_t_ns) / NS_PER_S
    status = wire.status if age_s <= config.safety.controller_timeout_s else None
    gnss = wire.gnss if (now_ns - wire.gnss_t_ns) / NS_PER_S <= GNSS_FRESH_S else None
    if gnss is not None and gnss.fix < FixType.FIX_3D:
        gnss = None
    new = remember(now, status, broken)
    working = config.machine.tool.rotor_speed_radps
    advance_mps = tracks.advance_mps(status)
    since_s = (tick - new.rotor_tick) * TICK_S
    room = Room(new.room_ahead_m, new.room_behind_m, new.room_turns)
    rest_ticks = _rest_ticks(now, new, status, gnss)
    believed_mps = _believed_mps(now, new)
    return msgspec.structs.replace(new, rest_ticks=rest_ticks), Measurements(
        status=status,
        gnss=gnss,
        flags=int(status.flags) if status is not None else 0,
        boots_recent=0 if old.beats_ns else state.boots_recent,
        gap_ns=now_ns - old.beats_ns[-1] if old.beats_ns else 0,
        speed_mps=tracks.speed_mps(status, gnss),
        fastest_mps=tracks.fastest_mps(status, gnss),
        advance_mps=advance_mps,
        standing=tracks.standing(status, gnss) or rest_ticks >= tracks.REST_TICKS,
        tool_up=status is not None and status.tool_height_m >= TOOL_UP_M,
        rotor_ratio=new.rotor_ratio,
        at_speed=working == 0.0 or new.rotor_ratio >= config.mission.rotor_at_speed_ratio,
        rotor_stopped=abs(new.rotor_ratio) <= ROTOR_STOPPED_RATIO,
        rotor_off_s=0.0 if old.rotor_on or new.rotor_rested else since_s,
        rotor_slow_s=since_s if old.rotor_on else 0.0,
        rotor_ran=new.rotor_ran,
        rotor_dropped=old.rotor_ratio - new.rotor_ratio > ROTOR_DROP_RATIO,
        rotor_unasked=old.rotor_rested and not old.rotor_on and abs(new.rotor_ratio) > ROTOR_RESTS_RATIO,
        rotor_doubted=new.rotor_watch.doubt_tick > 0,
        handshake=_handshake(state, wire),
        booted=status is not None and _booted(old, status),
        status_same_ticks=tick - new.status_tick if status is not None else 0,
        chain_latched=new.chain_latched,
        mismatch=status is not None and tracks.mismatch(status, _told_mps(state, new, status)),
        line_ms=new.line_ms,
        base_changed=old.base_id not in (-1, new.base_id),
        two_bases=len(new.base_turns) == BASE_TURNS and tick - new.base_turns[0] <= BASE_TICKS,
        clipped=new.clip_count != old.clip_count,
        imu_same_ticks=tick - new.imu_tick,
        gnss_same_ticks=tick - new.gnss_tick,
        depth_same_ticks=tick - new.depth_tick,
        tilt_error_rad=max(abs(new.tilt_error_rad[0]), abs(new.tilt_error_rad[1])),
        course_error_rad=_course_error_rad(advance_mps, gnss, config),
        drifted=drift.alarm(new.drift),
        room=room,
        fenced_out=fence.leaves(room, believed_mps, config),
        rings=rings.seen(
            now.requests.neighbours,
            now.estimate,
            believed_mps,
            rings.in_force_m(state, now.requests, config),
            config,
            now_ns,
        ),
        shock=_shock(old, status, config.machine.tool) if status is not None else Shock.NONE,
    )


def _booted(old: MonitorState, status: ControllerStatus) -> bool:
    return old.boot_count not in (-1, status.boot_count)


def _shock(old: MonitorState, status: ControllerStatus, tool: ToolConfig) -> Shock:
    """What the status tells of; large where the controller restarted while the rotor worked the ground.

    A restart forgets a shock, and a blast may be its cause. A rotor that was seen at rest since it was switched off, or
    a tool that the last status had above the ground, set off nothing.
    """
    if _booted(old, status) and not old.rotor_rested and not old.depth_m <= 0.0:
        return Shock.LARGE
    return weighed(status, tool)


def stands_now(wire: WireState, rest_ticks: int, config: VehicleConfig, now_ns: int) -> bool | None:
    """Whether the machine is measured to stand, by belts and receiver, for others than the gate; None without a status.

    `rest_ticks`: of the gate's monitor, for a machine with a silent encoder.
    """
    if wire.status is None or (now_ns - wire.status_t_ns) / NS_PER_S > config.safety.controller_timeout_s:
        return None
    gnss = wire.gnss if (now_ns - wire.gnss_t_ns) / NS_PER_S <= GNSS_FRESH_S else None
    return tracks.standing(wire.status, gnss) or rest_ticks >= tracks.REST_TICKS


def _told_mps(state: GateState, new: MonitorState, status: ControllerStatus) -> tuple[float, float]:
    """What the command that this status answers should have brought about; on a slow line that is not the newest."""
    of = answered(state, new.sent, status)
    return new.expected_mps if of is None else of[1:]


def _rest_ticks(now: GateInputs, new: MonitorState, status: ControllerStatus | None, gnss: GnssFix | None) -> int:
    """For so many ticks in a row the machine rests although an encoder is silent; 0 with both encoders at work."""
    if status is None or not tracks.silent(status):
        return 0
    wire, tick = now.wire, now.tick
    fresh = (now.now_ns - wire.imu_t_ns) / NS_PER_S <= IMU_FRESH_S and tick - new.imu_tick < IMU_SAME_TICKS
    told = gnss if tick - new.gnss_tick < tracks.REST_TICKS else None
    rests = tracks.rests(status, wire.imu if fresh else None, told, now.config.machine.tracks.gauge_m)
    return now.state.monitor.rest_ticks + 1 if rests else 0


def _believed_mps(now: GateInputs, new: MonitorState) -> float:
    """The estimate's speed; with a silent encoder, what the belts were told."""
    believed_mps = now.estimate.speed_mps
    return (new.expected_mps[0] + new.expected_mps[1]) / 2.0 if math.isnan(believed_mps) else believed_mps


def _handshake(state: GateState, wire: WireState) -> bool:
    """Row 41: the controller introduced itself, and nothing of it forbids to arm."""
    return wire.hello is not None and not mismatches(wire.hello, state.config_hash)


def _course_error_rad(advance_mps: float, gnss: GnssFix | None, config: VehicleConfig) -> float:
    """Angle between the course over ground and where the antennas say the body drives; 0 where it does not drive."""
    if gnss is None or gnss.yaw_rad is None or not gnss.speed_mps > MOVES_MPS:
        return 0.0
    off_rad = abs(wrap_rad(gnss.course_rad - gnss.yaw_rad + config.machine.gnss.heading_offset_rad))
    if advance_mps > MOVES_MPS:
        return off_rad
    return math.pi - off_rad if advance_mps < -MOVES_MPS else 0.0


def rotor_state(measured: Measurements, *, asked: bool) -> RotorState:
    """The rotor as measured; between the two ends by what it was told."""
    if measured.at_speed:
        return RotorState.AT_SPEED
    if asked:
        return RotorState.SPIN_UP
    return RotorState.OFF if measured.rotor_stopped else RotorState.SPIN_DOWN
