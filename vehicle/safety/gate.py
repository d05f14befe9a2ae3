"""The gate: the last word before the wire. It judges, lets through, caps, or stops; nobody else builds a command.

frames -> who is heard -> facts -> reasons -> discrete machine -> permit -> capped command
"""

import msgspec

from firmware_bridge.command import ActuatorCommand
from firmware_bridge.types import ControllerFlag
from vehicle.config import VehicleConfig
from vehicle.messages import (
    DriveRequest,
    EngineMode,
    Estimate,
    FlailRequest,
    GateReport,
    MissionPhase,
    Mode,
    OperatorEdge,
    Requests,
    ToolMode,
)
from vehicle.safety import authority, interlocks, lease, limits, reasons, senses
from vehicle.safety.interlocks import Facts
from vehicle.safety.modes import (
    ARMED,
    AUTO,
    Act,
    Class,
    Link,
    Machine,
    Situation,
    Want,
    act_of,
    clean,
    takes,
)
from vehicle.safety.modes import step as machine_step
from vehicle.safety.permits import Permit, permits
from vehicle.safety.reasons import StopReason
from vehicle.safety.senses import Senses
from vehicle.state import GateState, WireState
from vehicle.units import TICK_S

WANTS = {
    MissionPhase.SPIN_UP: Want.SPIN,
    MissionPhase.RAISE: Want.SPIN,
    MissionPhase.MOVE: Want.MOVE,
    MissionPhase.BACK_OFF: Want.BACK_OFF,
    MissionPhase.LOWER: Want.LOWER,
    MissionPhase.WORK: Want.WORK,
}
ENGINES = {
    Mode.BOOT: EngineMode.KEEP,
    Mode.DISARMED: EngineMode.KEEP,
    Mode.READY: EngineMode.KEEP,
    Mode.MANUAL: EngineMode.WORK,
    Mode.AUTO_MOVE: EngineMode.WORK,
    Mode.AUTO_WORK: EngineMode.WORK,
    Mode.RECOVERY: EngineMode.WORK,
    Mode.STOPPING: EngineMode.IDLE,
    Mode.HOLD: EngineMode.IDLE,
    Mode.ESTOP: EngineMode.SHUTDOWN,
    Mode.FAULT: EngineMode.IDLE,
}
STOPPED = (Mode.STOPPING, Mode.FAULT, Mode.ESTOP)
NO_REASON, WIRE_BITS = 255, (1 << 64) - 1
ESTOP_AT = 1 << StopReason.ESTOP_MACHINE
SPIN_UP_MARGIN_S = 3.0
"""Above the profile's own spin-up time: cold oil (row 56 allows 8 s for a class that needs 5)."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One tick's judgement, between hearing and acting."""

    active: int
    latched: int
    timers: tuple[tuple[int, int], ...]
    machine: Machine
    permit: Permit
    cause: StopReason | None
    age_ms: int
    taken: bool
    reset: bool


def step(
    state: GateState,
    wire: WireState,
    estimate: Estimate,
    requests: Requests,
    config: VehicleConfig,
    tick: int,
    now_ns: int,
) -> tuple[GateState, ActuatorCommand, GateReport]:
    """One tick. Pure: same arguments, same answer. Never raises on what the wires brought."""
    slow_ms = lease.t_stop_ms(0.0, config.safety)
    heard = authority.hear(state.stations, state.frame, state.holder, state.session_id, wire.operator, tick, slow_ms)
    measured = senses.sense(state, wire, estimate, config, now_ns)
    judged = _judge(state, wire, estimate, requests, config, tick, heard, measured)
    after = _after(state, heard, measured, judged, tick)
    command = _command(after, judged, measured, requests, config, tick)
    after = msgspec.structs.replace(
        after,
        sequence=command.sequence,
        rotor_on=command.rotor_speed_radps > 0.0,
        rotor_tick=tick
        if measured.at_speed or (command.rotor_speed_radps > 0.0) != state.rotor_on
        else state.rotor_tick,
        rotor=senses.rotor_state(measured, command.rotor_speed_radps > 0.0),
    )
    return after, command, _report(after, judged, command, config)


# --- judging ---------------------------------------------------------------------------------------------------------
def _facts(
    state: GateState,
    wire: WireState,
    estimate: Estimate,
    requests: Requests,
    config: VehicleConfig,
    tick: int,
    heard: authority.Heard,
    measured: Senses,
) -> Facts:
    frame, safety, bounds = heard.frame, config.safety, config.machine.limits
    track = next((known for known in heard.stations if known.station_id == state.holder), None)
    return Facts(
        mode=state.mode,
        phase=requests.auto_phase,
        status_age_s=measured.status_age_s,
        flags=measured.flags,
        controller=measured.controller,
        booted=measured.booted,
        handshake=measured.handshake,
        envelope=limits.inside_envelope(config),
        gnss_age_s=estimate.gnss_age_s,
        fix=estimate.fix,
        position_proven=estimate.position_proven,
        roll_ratio=abs(estimate.roll_rad) / bounds.roll_max_rad,
        pitch_ratio=abs(estimate.pitch_rad) / bounds.pitch_max_rad,
        tilt_rad=max(abs(estimate.roll_rad), abs(estimate.pitch_rad)),
        speed_mps=measured.speed_mps,
        rotor_ratio=measured.rotor_ratio,
        rotor_late=state.rotor_on
        and not measured.at_speed
        and (tick - state.rotor_tick) * TICK_S > config.machine.tool.spin_up_s + SPIN_UP_MARGIN_S,
        age_ms=lease.age_ms(frame, tick),
        t_stop_fast_ms=round(safety.t_stop_fast_s * 1000),
        flapping=state.flapping,
        sample_age_ms=(track.tick - track.sample_tick) * lease.TICK_MS if track is not None else 0,
        battery_ratio=frame.battery_ratio if frame is not None else 1.0,
        console_tilt_rad=abs(frame.tilt_rad) if frame is not None else 0.0,
        attention_s=(tick - state.attention_tick) * TICK_S if state.mode in AUTO else 0.0,
        attention_max_s=safety.attention_s + safety.attention_grace_s,
        unused_s=(tick - state.used_tick) * TICK_S if state.mode in (Mode.READY, Mode.MANUAL, Mode.RECOVERY) else 0.0,
        unused_max_s=safety.arm_unused_s,
        controller_timeout_s=safety.controller_timeout_s,
        gnss_timeout_s=safety.gnss_timeout_s,
        foreign=heard.foreign,
        broken=heard.broken,
        bad_frames=wire.bad_frames,
        overrun=wire.overrun,
    )


def _act(heard: authority.Heard) -> Act:
    edge = heard.edges
    return act_of(
        (
            heard.estop,
            heard.stop,
            OperatorEdge.DISARM in edge,
            OperatorEdge.RELEASE in edge,
            OperatorEdge.MISSION_PAUSE in edge,
            OperatorEdge.RELEASE_ESTOP in edge,
            OperatorEdge.RESET in edge,
            OperatorEdge.RECOVERY in edge,
            OperatorEdge.ARM in edge,
            OperatorEdge.MISSION_START in edge,
            heard.taker != 0,
        )
    )


def _latched(state: GateState, heard: authority.Heard, active: int, chain_open: bool) -> int:
    """Reasons that wait: an acknowledgement counts for what the station can have seen, a closed chain for the rest."""
    kept = state.latched
    seen_tick = heard.frame.echo_tick if heard.frame is not None else -1
    if OperatorEdge.ACKNOWLEDGE in heard.edges and seen_tick >= state.latch_tick:
        kept &= ~reasons.ACKNOWLEDGE_MASK
    if state.chain_open and not chain_open:
        kept &= ~reasons.MACHINE_MASK
    return kept | (active & reasons.LATCH_MASK)


def _worst(state: GateState, stopping: int) -> Class:
    """The class in force; what was accepted for RECOVERY still stops everything else, but no longer kills."""
    if stopping & reasons.FAULT_MASK & ~state.accepted:
        return Class.KILL
    if stopping & (reasons.FAULT_MASK | reasons.STOP_MASK):
        return Class.STOP
    if stopping & reasons.AUTO_STOP_MASK:
        return Class.NAV
    return Class.LIMIT if stopping & (reasons.LIMIT_MASK | reasons.AUTO_LIMIT_MASK) else Class.OK


def _judge(
    state: GateState,
    wire: WireState,
    estimate: Estimate,
    requests: Requests,
    config: VehicleConfig,
    tick: int,
    heard: authority.Heard,
    measured: Senses,
) -> Judged:
    facts = _facts(state, wire, estimate, requests, config, tick, heard, measured)
    active, timers = interlocks.evaluate(facts, state.active, state.timers)
    latched = _latched(state, heard, active, ControllerFlag.ESTOP_CHAIN_OPEN in measured.flags)
    stopping = active | latched
    expired = state.holder == 0 or facts.age_ms >= lease.t_stop_ms(measured.speed_mps, config.safety)
    tolerated = reasons.RETREAT_MASK & (state.accepted if state.mode is Mode.RECOVERY else -1)
    frame = heard.frame
    situation = Situation(
        link=Link.EXPIRED if expired else Link.FRAME if heard.accepted else Link.SILENT,
        act=_act(heard),
        neutral=not expired and authority.neutral(frame),
        hold=not expired and frame is not None and frame.hold_to_run,
        worst=_worst(state, stopping),
        retreat=not stopping & (reasons.FAULT_MASK | reasons.STOP_MASK) & ~tolerated,
        estop=bool(stopping & reasons.ESTOP_MASK),
        motion=senses.motion(state, measured, config, tick, active),
        at_speed=measured.at_speed,
        rotor_stopped=measured.rotor_stopped,
        want=WANTS.get(requests.auto_phase, Want.REST),
    )
    before = Machine(state.mode, state.holder != 0, state.neutral_seen, state.estop_latched, state.reset_due)
    machine, cause = machine_step(before, situation)
    rotor_asked = frame is not None and frame.rotor_request
    return Judged(
        active=active,
        latched=latched | (reasons.LATCH_MASK & (1 << cause) if cause is not None else 0),
        timers=timers,
        machine=machine,
        permit=permits(machine, situation, tool_up=measured.tool_up, rotor_asked=rotor_asked),
        cause=cause,
        age_ms=facts.age_ms,
        taken=takes(before, situation),
        reset=situation.act is Act.RESET and clean(before, situation) and machine.mode not in ARMED,
    )


# --- the state after -------------------------------------------------------------------------------------------------
def _after(state: GateState, heard: authority.Heard, measured: Senses, judged: Judged, tick: int) -> GateState:
    mode = judged.machine.mode
    entered = mode is not state.mode
    gap_ms = (tick - state.frame_tick) * lease.TICK_MS if not heard.accepted else 0
    left_ms = lease.budget_ms(state.budget_ms, gap_ms)
    used = entered or (heard.frame is not None and heard.frame.hold_to_run)
    stops = entered and mode in STOPPED
    reset = entered and not stops and state.mode in (*STOPPED, Mode.HOLD, Mode.BOOT) and mode is not Mode.HOLD
    in_force = judged.active | judged.latched
    return msgspec.structs.replace(
        state,
        mode=mode,
        holder=heard.taker if judged.taken else state.holder if judged.machine.held else 0,
        neutral_seen=judged.machine.neutral_seen,
        estop_latched=judged.machine.estop_latched,
        reset_due=judged.machine.reset_due,
        frame=None if judged.taken or not judged.machine.held else heard.frame,
        frame_tick=tick if heard.accepted else state.frame_tick,
        stations=heard.stations,
        foreign_count=state.foreign_count + heard.foreign,
        budget_ms=left_ms,
        flapping=lease.flapping(left_ms, state.flapping),
        active=judged.active,
        latched=judged.latched,
        latch_tick=tick if judged.latched & ~state.latched else state.latch_tick,
        shown=0 if reset else state.shown | (_stop_bits(judged, state) if stops else 0),
        accepted=_accepted(state, mode, in_force, entered=entered),
        timers=judged.timers,
        chain_open=ControllerFlag.ESTOP_CHAIN_OPEN in measured.flags,
        boot_count=measured.status.boot_count if measured.status is not None else state.boot_count,
        stop_tick=tick if stops else state.stop_tick,
        armed_tick=tick if entered and state.mode is Mode.READY and mode in ARMED else state.armed_tick,
        attention_tick=tick
        if OperatorEdge.ATTENTION in heard.edges or (mode in AUTO and state.mode not in AUTO)
        else state.attention_tick,
        used_tick=tick if used else state.used_tick,
    )


def _stop_bits(judged: Judged, state: GateState) -> int:
    """What the operator is told: the machine's own cause and all reasons that stop in the mode that was left."""
    in_force = judged.active | judged.latched
    stopping = reasons.ESTOP_MASK | reasons.FAULT_MASK | reasons.STOP_MASK
    if state.mode in AUTO:
        stopping |= reasons.AUTO_STOP_MASK
    own = 1 << judged.cause if judged.cause is not None else 0
    console = 1 << StopReason.ESTOP_CONSOLE if judged.machine.estop_latched else 0
    return (in_force & stopping) | own | console


def _accepted(state: GateState, mode: Mode, in_force: int, *, entered: bool) -> int:
    """What RECOVERY tolerates: the reasons in force at a reset or at its own start, and nothing that comes later."""
    if not entered:
        return state.accepted
    if mode in (Mode.DISARMED, Mode.READY, Mode.RECOVERY):
        return in_force & reasons.RETREAT_MASK
    return 0


# --- the command -----------------------------------------------------------------------------------------------------
def _command(
    after: GateState, judged: Judged, measured: Senses, requests: Requests, config: VehicleConfig, tick: int
) -> ActuatorCommand:
    warned = (tick - after.armed_tick) * TICK_S >= config.safety.horn_s
    permit = judged.permit if warned else Permit()
    body = _drive(after, judged, permit, requests, config)
    fastest = max(abs(measured.speed_mps), abs(body.speed_mps))
    life_ms = config.safety.valid_max_ms
    if after.mode in ARMED:
        stop_ms = lease.t_stop_ms(fastest, config.safety)
        life_ms = lease.valid_for_ms(judged.age_ms, stop_ms, config.safety)
    if life_ms == 0:
        permit, body, life_ms = Permit(), DriveRequest(), config.safety.valid_max_ms
    left, right = limits.belts(body, config.machine.tracks.gauge_m, limits.SPEED_HARD_MPS)
    wanted = requests.manual_flail if after.mode is Mode.MANUAL else requests.auto_flail
    tool_mode, tool_value = _tool(wanted, permit, config)
    driving = left != 0.0 or right != 0.0
    late = after.mode in STOPPED and (tick - after.stop_tick) * TICK_S >= config.safety.t_brake_s
    standing_fault = after.mode is Mode.FAULT and measured.standing
    return ActuatorCommand(
        sequence=after.sequence + 1,
        tick=tick,
        valid_for_ms=life_ms,
        track_left_mps=left,
        track_right_mps=right,
        rotor_speed_radps=_rotor(wanted, permit, config),
        tool_mode=tool_mode,
        tool_value_m=tool_value,
        engine=EngineMode.SHUTDOWN if standing_fault else ENGINES[after.mode],
        brake=not driving and (measured.standing or late or after.mode not in (*ARMED, Mode.STOPPING, Mode.FAULT)),
        horn=(after.mode in ARMED and not warned) or bool(after.active & reasons.HORN_MASK),
        beacon=after.mode in ARMED or not measured.rotor_stopped,
        suppression=bool(after.active >> StopReason.FIRE & 1),
        kill=after.mode is Mode.ESTOP,
        # The controller holds latches of its own, and one that reports a fault must let go before the gate can.
        reset=judged.reset and after.mode is not Mode.ESTOP,
    )


def _drive(after: GateState, judged: Judged, permit: Permit, requests: Requests, config: VehicleConfig) -> DriveRequest:
    """The wanted twist under the caps of the mode; by hand never beyond what the holder's own sticks ask for."""
    if not permit.drive:
        return DriveRequest()
    tracks, frame = config.machine.tracks, after.frame
    forward = limits.forward_cap_mps(after.mode, config, rotor=permit.rotor)
    reverse = min(forward, tracks.reverse_speed_mps)
    cap = speed_cap_mps(after, judged)
    forward, reverse, yaw = min(forward, cap), min(reverse, cap), tracks.pivot_rate_radps
    wanted = requests.auto_drive
    if after.mode not in AUTO and frame is not None:
        drive, turn = frame.drive * tracks.transit_speed_mps, frame.turn * yaw
        wanted = DriveRequest(
            speed_mps=limits.clamp(requests.manual_drive.speed_mps, min(0.0, drive), max(0.0, drive)),
            yaw_rate_radps=limits.clamp(requests.manual_drive.yaw_rate_radps, min(0.0, turn), max(0.0, turn)),
        )
    if permit.reverse_only:
        forward = 0.0
    return limits.twist(wanted, forward, reverse, min(yaw, limits.YAW_RATE_HARD_RADPS))


def speed_cap_mps(after: GateState, judged: Judged) -> float:
    """The cap that reasons set, whatever the mode."""
    auto = reasons.AUTO_LIMIT_MASK if after.mode in AUTO else 0
    in_force = judged.active | judged.latched
    if in_force >> StopReason.LINK_SLOW & 1:
        return limits.AGEING_SPEED_MPS
    return limits.LIMITED_SPEED_MPS if in_force & (reasons.LIMIT_MASK | auto) else limits.SPEED_HARD_MPS


def _rotor(wanted: FlailRequest, permit: Permit, config: VehicleConfig) -> float:
    if not permit.rotor:
        return 0.0
    return limits.clamp(limits.finite(wanted.rotor_speed_radps), 0.0, config.machine.tool.rotor_speed_radps)


def _tool(wanted: FlailRequest, permit: Permit, config: VehicleConfig) -> tuple[ToolMode, float]:
    """Height or depth inside the machine's reach; where lowering is not permitted only a raised height passes."""
    tool = config.machine.tool
    if not permit.tool or wanted.tool_mode is ToolMode.HOLD:
        return ToolMode.HOLD, 0.0
    value = limits.finite(wanted.tool_value_m)
    if wanted.tool_mode is ToolMode.HEIGHT:
        low = 0.0 if permit.tool_down else limits.TOOL_UP_M
        return ToolMode.HEIGHT, limits.clamp(value, low, tool.height_max_m)
    return (ToolMode.DEPTH, limits.clamp(value, 0.0, tool.depth_max_m)) if permit.tool_down else (ToolMode.HOLD, 0.0)


def _report(after: GateState, judged: Judged, command: ActuatorCommand, config: VehicleConfig) -> GateReport:
    left, right = command.track_left_mps, command.track_right_mps
    told = after.active | after.latched | after.shown
    return GateReport(
        mode=after.mode,
        rotor=after.rotor,
        reasons=reasons.names(told),
        worst_reason=reasons.codes(told)[0] if told else NO_REASON,
        reason_bits=told & WIRE_BITS,
        operator_age_s=judged.age_ms / 1000.0,
        lease_holder=after.holder,
        neutral_seen=after.neutral_seen,
        speed_cap_mps=speed_cap_mps(after, judged),
        drive_speed_mps=(left + right) / 2.0,
        drive_yaw_rate_radps=(right - left) / config.machine.tracks.gauge_m,
        driving=left != 0.0 or right != 0.0,
    )
