"""The gate: the last word before the wire. It judges, lets through, caps, or stops; nobody else builds a command.

frames -> whose count -> facts -> reasons -> discrete machine -> permit -> capped command
"""

import msgspec

from firmware_bridge.command import ActuatorCommand
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import (
    DriveRequest,
    EngineStart,
    Estimate,
    GateReport,
    MissionPhase,
    Mode,
    OperatorEdge,
    Requests,
)
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.safety import (
    authority,
    checks,
    driven_path,
    engine,
    fence,
    interlocks,
    lease,
    limits,
    masks,
    operator_acts,
    rings,
    shocks,
    starting,
    tracks,
    waiting,
)
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.command_shaping import STOP_SHAPE, shape, speed_cap_mps
from vehicle.control.safety.facts import gather
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.gate_report import report
from vehicle.control.safety.measurements import Measurements, measure, rotor_state
from vehicle.control.safety.modes import (
    ARMED,
    AUTO,
    MISSION,
    STOPPED,
    Act,
    Motion,
    SafetyState,
    Situation,
    Want,
    clean,
    takes,
)
from vehicle.control.safety.modes import step as machine_step
from vehicle.control.safety.monitor_state import chain_reset
from vehicle.control.safety.permits import Permit, permits
from vehicle.control.state import DriftState, GateState, MonitorState, WireState

WANTS = {
    MissionPhase.SPIN_UP: Want.SPIN,
    MissionPhase.RAISE: Want.SPIN,
    MissionPhase.MOVE: Want.MOVE,
    MissionPhase.BACK_OFF: Want.BACK_OFF,
    MissionPhase.LOWER: Want.LOWER,
    MissionPhase.WORK: Want.WORK,
}
FREE = (Mode.MANUAL, *MISSION)
LEAVES_READY = (Act.ARM, Act.RECOVERY)
WAITING_FOR_HANDS = (Mode.READY, Mode.MANUAL, Mode.RECOVERY)
BRAKE_GRACE_TICKS = 50
"""At T_BRAKE the controller sets the brakes; what still moves a second later is a runaway."""
ACKNOWLEDGE = int(OperatorEdge.ACKNOWLEDGE)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One tick's judgement, between hearing and acting."""

    monitor: MonitorState
    measured: Measurements
    age_ms: int
    active: int
    latched: int
    timers: tuple[tuple[int, int], ...]
    shock: shocks.Since
    situation: Situation
    machine: SafetyState
    permit: Permit
    cause: StopReason | None
    taken: bool
    reset: bool
    barred: bool


def accept(state: GateState, wire: WireState, config: VehicleConfig, tick: int, now_ns: int) -> AcceptedFrames:
    """Whose frames of this tick count, and the one in force: decided here, once, before anybody reads a stick."""
    return authority.accept_frames(state, wire.operator, lease.t_stop_ms(0.0, config.safety), tick, now_ns)


def step(
    state: GateState,
    frames: AcceptedFrames,
    wire: WireState,
    estimate: Estimate,
    requests: Requests,
    config: VehicleConfig,
    tick: int,
    now_ns: int,
) -> tuple[GateState, ActuatorCommand, GateReport]:
    """One tick; `frames`: what `accept` said of it. Pure: same arguments, same answer.

    Never raises on what the wires brought.
    """
    now = GateInputs(state, wire, estimate, requests, config, tick, now_ns)
    judged = _judge(now, frames)
    after = _after(now, frames, judged)
    cap_mps = _cap_mps(after, judged, config)
    command = _command(now, after, judged, cap_mps)
    rotor_on = command.rotor_speed_radps > 0.0
    monitor = msgspec.structs.replace(
        judged.monitor,
        rotor_on=rotor_on,
        rotor_tick=tick if rotor_on is not judged.monitor.rotor_on else judged.monitor.rotor_tick,
        # whoever acknowledges has checked a known point: the sums begin anew, or a machine at rest never loses them
        drift=DriftState() if frames.edges & ACKNOWLEDGE and judged.measured.standing else judged.monitor.drift,
    )
    after = msgspec.structs.replace(
        after,
        sequence=command.sequence,
        reset_sequence=command.sequence if command.reset else state.reset_sequence,
        monitor=monitor,
        rotor=rotor_state(judged.measured, asked=rotor_on),
        set_mps=(command.track_left_mps, command.track_right_mps),
        # RECOVERY goes back over the track; it does not make one, or every way would be the driven one
        driven_path=driven_path.extended(state.driven_path, estimate) if after.mode in FREE else state.driven_path,
    )
    return after, command, report(after, now, judged.age_ms, cap_mps)


# --- judging ---------------------------------------------------------------------------------------------------------
def _judge(now: GateInputs, frames: AcceptedFrames) -> Judged:
    state, config, tick = now.state, now.config, now.tick
    monitor, measured = measure(now, frames.broken)
    frame = frames.frame
    age_ms = lease.NEVER_MS
    if frame is not None:
        age_ms = lease.age_ms(frame.echo_tick, tick, now.now_ns, state.monitor.beats_ns)
    facts = gather(now, monitor, measured, frames, age_ms)
    times = checks.MISSION_TIMES if state.mode in MISSION else checks.TIMES
    active, timers = interlocks.settle(checks.raised(facts), state.active, state.timers, times)
    shock = shocks.since(state, active, tick, now.now_ns)
    left_s = shocks.left_s(active | state.latched, shock, tick, now.now_ns, config.safety.detonation_wait_s)
    latched = _latched(now, monitor, frames, active, shocks.unacknowledged(state.mode, left_s))
    stopping = active | latched
    stop_ms = lease.t_stop_ms(measured.speed_mps, config.safety)
    live = frame if lease.live(age_ms, stop_ms, measured.line_ms, config.safety) else None
    trusted = live is not None and (live.native or config.safety.bench)
    follows = checks.follows(state.reset_sequence, measured.status)
    act = operator_acts.act(frames, state.act_tick, tick)
    if act is Act.START and not (trusted and now.requests.has_mission):
        act = Act.NONE
    if act in LEAVES_READY and state.mode is Mode.READY and not follows:
        act = Act.NONE  # armed now, the stop that it still shows would stop the machine again
    if act is Act.RELEASE_ESTOP and not _saw(frames, state.estop_tick):
        act = Act.NONE  # it was pressed again meanwhile, by whomever: who releases has not seen that
    barred = starting.barred_after(state, active, chain_reset=chain_reset(state.monitor, monitor))
    situation = Situation(
        live=live is not None,
        act=act,
        neutral=live is not None and authority.neutral(live),
        hold=live is not None and live.hold_to_run,
        worst=waiting.at_least(interlocks.worst(stopping, state.accepted, state.mode), state, tick),
        retreat=interlocks.retreat(stopping, state.accepted, state.mode, shocks.untolerated(state.mode, left_s)),
        estop=stopping & masks.ESTOP_MASK != 0,
        motion=_motion(now, measured, active),
        at_speed=measured.at_speed,
        rotor_stopped=measured.rotor_stopped,
        want=WANTS.get(now.requests.auto_phase, Want.REST),
        wait_over=waiting.over(state, tick, now.now_ns),
        starter=starting.starter(now, measured, frames.edges, able=trusted and follows and not barred),
    )
    before = SafetyState(
        state.mode, state.holder != 0, state.neutral_seen, state.estop_latched, state.reset_due, state.start
    )
    machine, cause = machine_step(before, situation)
    asked = live is not None and live.rotor_request and trusted
    return Judged(
        monitor=monitor,
        measured=measured,
        age_ms=age_ms,
        active=active,
        latched=latched | (masks.LATCH_MASK & _bit(cause)),
        timers=timers,
        shock=shock,
        situation=situation,
        machine=machine,
        permit=permits(machine, situation, tool_up=measured.tool_up, rotor_asked=asked),
        cause=cause,
        taken=takes(before, situation),
        reset=act is Act.RESET and clean(before, situation),
        barred=barred or _bit(cause) & masks.START_BAR_MASK != 0,
    )


def _bit(cause: StopReason | None) -> int:
    return 0 if cause is None else 1 << cause


def _saw(frames: AcceptedFrames, tick: int) -> bool:
    """The holder's station can have seen what this tick told."""
    return frames.frame is not None and frames.frame.echo_tick >= tick


def _latched(now: GateInputs, monitor: MonitorState, frames: AcceptedFrames, active: int, kept: int) -> int:
    """An acknowledgement counts for what its station can have seen: nothing that was raised after the echoed tick."""
    state = now.state
    seen = _saw(frames, state.latch_tick)
    return interlocks.latch(
        state.latched,
        active,
        acknowledged=seen and frames.edges & ACKNOWLEDGE != 0,
        chain_reset=chain_reset(state.monitor, monitor),
        kept=kept,
        looked_at=shocks.looked_at(state, frames, now.requests),
    )


def _motion(now: GateInputs, measured: Measurements, active: int) -> Motion:
    """Movement as the discrete machine sees it."""
    if measured.standing:
        return Motion.STANDING
    if not measured.fastest_mps >= tracks.STANDSTILL_MPS:  # with both belts known this is standing
        return Motion.UNKNOWN
    if active >> StopReason.MOVED_WHILE_BRAKED & 1:
        return Motion.MOVING
    return Motion.LATE if _moves_late(now) else Motion.CREEP


def _moves_late(now: GateInputs) -> bool:
    """Beyond the time that the brakes have: since the stop, or since the machine was told to wait."""
    state, t_brake_s = now.state, now.config.safety.t_brake_s
    if state.mode is Mode.WAIT:
        return waiting.creeps_on(state, now.tick, now.now_ns, t_brake_s)
    # late ticks give no brake more time: a mode that was entered since the stop is younger than that
    stopped_s = max((now.tick - state.stop_tick) * TICK_S, (now.now_ns - state.mode_t_ns) / NS_PER_S)
    return stopped_s - BRAKE_GRACE_TICKS * TICK_S > t_brake_s


# --- the state after -------------------------------------------------------------------------------------------------
def _after(now: GateInputs, frames: AcceptedFrames, judged: Judged) -> GateState:
    state, tick = now.state, now.tick
    machine, situation = judged.machine, judged.situation
    mode = machine.mode
    entered = mode is not state.mode
    stops = entered and mode in STOPPED
    held = machine.held and not judged.taken
    gap_ms = (tick - state.frame_tick) * lease.TICK_MS
    left_ms = lease.budget_ms(state.budget_ms, gap_ms)
    opened = situation.act in operator_acts.OPENING
    horn_until_tick = waiting.horn_until(state, mode, tick, now.config.safety.horn_s, hold=situation.hold)
    attends = _attends(now, frames) or mode not in AUTO
    new = judged.latched & ~state.latched | judged.active & ~state.active & masks.LATCH_MASK
    return msgspec.structs.replace(
        starting.followed(now, machine.start, situation.starter),
        start_barred=judged.barred,
        mode=mode,
        holder=frames.taker if judged.taken else state.holder if machine.held else 0,
        neutral_seen=machine.neutral_seen,
        estop_latched=machine.estop_latched,
        reset_due=machine.reset_due,
        frame=frames.frame if held else None,
        frame_tick=tick if frames.accepted else state.frame_tick,
        stations=tuple(frames.stations.values()),
        foreign_count=state.foreign_count + frames.foreign,
        budget_ms=left_ms,
        flapping=lease.flapping(left_ms, was=state.flapping),
        active=judged.active,
        latched=judged.latched,
        latch_tick=tick if new else state.latch_tick,
        estop_tick=tick if frames.estop else state.estop_tick,
        shown=_shown(state, judged, stops=stops),
        accepted=_accepted(state, judged, entered=entered),
        timers=judged.timers,
        stop_tick=tick if stops else state.stop_tick,
        horn_until_tick=horn_until_tick,
        warns=waiting.warns(mode, horn_until_tick, tick),
        mode_tick=tick if entered else state.mode_tick,
        mode_t_ns=now.now_ns if entered else state.mode_t_ns,
        stood_tick=state.stood_tick if situation.motion is Motion.CREEP else tick,
        shock_tick=judged.shock.tick,
        shock_t_ns=judged.shock.t_ns,
        attention_tick=tick if attends else state.attention_tick,
        attention_t_ns=now.now_ns if attends else state.attention_t_ns,
        used_tick=tick if entered or situation.hold or mode not in WAITING_FOR_HANDS else state.used_tick,
        act_tick=tick if opened else state.act_tick,
    )


def _attends(now: GateInputs, frames: AcceptedFrames) -> bool:
    """The holder did something on purpose: any edge that rose, or an observation that is new on the record.

    A frame alone is none: a console sends frames for as long as it runs.
    """
    return frames.edges != 0 or now.state.holder in now.requests.observers


def _shown(state: GateState, judged: Judged, *, stops: bool) -> int:
    """What the operator is told until a reset: the machine's own cause, and all that stops in the mode it left."""
    # a RESET before the e-stop is released changes nothing, and must not blank the text that says so
    console = masks.ESTOP_CONSOLE if judged.machine.estop_latched else 0
    kept = (state.shown if judged.machine.reset_due else 0) | console
    if not stops:
        return kept
    stopping = masks.ESTOP_MASK | masks.FAULT_MASK | masks.STOP_MASK
    if state.mode in MISSION:
        stopping |= masks.AUTO_STOP_MASK
    return kept | ((judged.active | judged.latched) & stopping) | _bit(judged.cause)


def _accepted(state: GateState, judged: Judged, *, entered: bool) -> int:
    """What RECOVERY tolerates: the reasons in force at a reset or at its own start, and nothing that comes later."""
    mode = judged.machine.mode
    if mode in STOPPED:
        return 0
    if state.reset_due or (entered and mode is Mode.RECOVERY):
        return (judged.active | judged.latched) & masks.RETREAT_MASK
    return state.accepted


# --- the command -----------------------------------------------------------------------------------------------------
def _command(now: GateInputs, after: GateState, judged: Judged, cap_mps: float) -> ActuatorCommand:
    config, tick = now.config, now.tick
    mode, measured = after.mode, judged.measured
    permit = waiting.held(judged.permit, after, rotor_on=now.state.monitor.rotor_on)
    shaped = shape(mode, permit, now.requests, after.frame, cap_mps, config)
    shaped = msgspec.structs.replace(shaped, drive=_bounded(after, now, measured, shaped.drive))
    life_ms = lease.life_ms(measured.line_ms, config.safety)
    if shaped != STOP_SHAPE or after.start is EngineStart.CRANKING:
        fastest_mps = max(measured.speed_mps, abs(shaped.drive.speed_mps))
        stop_ms = lease.t_stop_ms(fastest_mps, config.safety)
        life_ms = lease.valid_for_ms(judged.age_ms, stop_ms, measured.line_ms, config.safety)
    left, right = limits.belts(shaped.drive, config.machine.tracks.gauge_m)
    return ActuatorCommand(
        sequence=after.sequence + 1,
        tick=tick,
        valid_for_ms=life_ms,
        track_left_mps=left,
        track_right_mps=right,
        rotor_speed_radps=shaped.rotor_radps,
        tool_mode=shaped.tool_mode,
        tool_value_m=shaped.tool_value_m,
        engine=engine.wanted(after, standing=measured.standing),
        brake=left == 0.0 == right,
        horn=after.warns or after.start is EngineStart.WARNING or after.active & masks.HORN_MASK != 0,
        beacon=mode in ARMED or after.start is not EngineStart.NONE or not measured.rotor_stopped,
        suppression=after.active & masks.FIRE != 0,
        kill=mode is Mode.ESTOP,
        # The controller holds latches of its own, and one that reports a fault must let go before the gate can.
        reset=judged.reset and mode not in (*ARMED, Mode.ESTOP),
        gnss_restart=now.requests.gnss_restart,
        controller_time_ms=now.wire.controller_time_ms,
    )


def _cap_mps(after: GateState, judged: Judged, config: VehicleConfig) -> float:
    """By mode and reasons; and no faster than what the lease that frame and line leave can still stop in time."""
    cap_mps = speed_cap_mps(after.mode, after.active | after.latched, after.frame)
    if lease.fast(judged.age_ms, judged.measured.line_ms, config.safety):
        return cap_mps
    return min(cap_mps, config.safety.slow_speed_mps)


def _bounded(after: GateState, now: GateInputs, measured: Measurements, wanted: DriveRequest) -> DriveRequest:
    """RECOVERY stays on the driven track; before the fence all is slow, over it only outwards again (rows 101, 102)."""
    if after.mode is Mode.RECOVERY:
        return wanted if _retreats(after, now, wanted) else DriveRequest()
    edges_m, estimate, config = after.fence, now.estimate, now.config
    if edges_m is None:
        return wanted
    if measured.room == fence.NONE_LEFT:
        eased = fence.eases(edges_m, estimate, wanted, config, fence.grown_m(estimate))
        return wanted if eased else DriveRequest()
    slow = fence.slowed(measured.room, wanted, config)
    return slow if measured.room.turns else fence.turned_slowly(edges_m, estimate, slow, config)


def _retreats(after: GateState, now: GateInputs, wanted: DriveRequest) -> bool:
    """Along the driven track and over no boundary; with a doubtful position the track is all there is to go by."""
    doubtful = (after.active | after.latched) & masks.DOUBT_MASK != 0 or not now.estimate.valid
    ring_m = rings.in_force_m(after, now.requests, now.config)
    if not rings.parts(now.requests.neighbours, now.estimate, wanted, ring_m, now.now_ns):
        return False
    if not driven_path.retreats(after.driven_path, now.estimate, wanted, doubtful=doubtful):
        return False
    return doubtful or after.fence is None or fence.eases(after.fence, now.estimate, wanted, now.config)
