"""What the interlocks judge, gathered once a tick: messages as they are, and the gate's own measurements."""

import msgspec

from vehicle.config.vehicle import MachineConfig, SafetyConfig
from vehicle.contracts.messages import Due, Estimate, MissionPhase, Mode, OperatorFrame
from vehicle.contracts.units import TICK_S
from vehicle.control.safety import attention, lease, limits, shocks, waiting
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import Measurements
from vehicle.control.safety.monitor_state import LATE_TICKS, STICK_FAULTS, WIRE_ERRORS, crowded
from vehicle.control.state import MonitorState


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One tick as the interlocks see it. `age_ms` is the creation age of the frame in force.

    `asked_s`: since a mission asked for a sign of attention, below 0 where it has not; `unused_s`: since hold-to-run
    was last held, counted where it is waited for; `rest_s`: since the last stop; `wait_s`: since WAIT was entered, 0
    outside it. `envelope` is judged before anything else: a configuration does not change. `shock_again`: in a WAIT the
    small shock that nobody has spoken of yet was over, so that another is a second one; `shock_heavier`: somebody says
    that a small shock which is still open, or what a mission waits for, was more than that.
    """

    mode: Mode
    neutral_seen: bool
    phase: MissionPhase
    tracks_supported: bool | None
    fenced: bool
    estimate: Estimate
    measured: Measurements
    frame: OperatorFrame | None
    safety: SafetyConfig
    machine: MachineConfig
    age_ms: int
    flapping: bool
    sample_age_ms: int
    clone: bool
    rival: bool
    asked_s: float
    unused_s: float
    rest_s: float
    wait_s: float
    wire_errors: bool
    stick_faults: bool
    late: bool
    dropped_frames: bool
    recording: bool
    impossible: bool
    disorder: bool
    envelope: bool
    shock_again: bool
    shock_heavier: bool
    due: Due = Due()


def gather(
    now: GateInputs, monitor: MonitorState, measured: Measurements, frames: AcceptedFrames, age_ms: int
) -> Facts:
    """Put the tick together."""
    state, config, tick = now.state, now.config, now.tick
    track = frames.stations.get(state.holder)
    return Facts(
        mode=state.mode,
        neutral_seen=state.neutral_seen,
        phase=now.requests.auto_phase,
        tracks_supported=now.requests.tracks_supported,
        due=now.requests.due,
        fenced=state.fence is not None,
        estimate=now.estimate,
        measured=measured,
        frame=frames.frame,
        safety=config.safety,
        machine=config.machine,
        age_ms=age_ms,
        flapping=state.flapping,
        sample_age_ms=(track.tick - track.sample_tick) * lease.TICK_MS if track is not None else 0,
        clone=frames.cloned,
        rival=frames.rival,
        asked_s=attention.asked_s(state, tick, now.now_ns, config.safety),
        unused_s=(tick - state.used_tick) * TICK_S,
        rest_s=(tick - state.stop_tick) * TICK_S,
        wait_s=waiting.waited_s(state, tick, now.now_ns),
        wire_errors=crowded(monitor.bad_ticks, tick, WIRE_ERRORS),
        stick_faults=crowded(monitor.broken_ticks, tick, STICK_FAULTS),
        late=crowded(monitor.late_ticks, tick, LATE_TICKS),
        dropped_frames=now.wire.bad_frames + frames.foreign + frames.broken > 0,
        recording=now.wire.recording,
        impossible=now.wire.impossible,
        disorder=now.wire.disorder > 0,
        shock_again=shocks.again(state),
        shock_heavier=now.requests.heavier and shocks.unexplained(state),
        envelope=state.mode is not Mode.BOOT or limits.inside_envelope(config),
    )
