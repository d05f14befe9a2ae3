"""What the interlocks judge, gathered once a tick: messages as they are, and the gate's own measurements."""

import msgspec

from vehicle.config.vehicle import MachineConfig, SafetyConfig
from vehicle.contracts.messages import Due, Estimate, MissionPhase, Mode, OperatorFrame
from vehicle.contracts.units import TICK_S
from vehicle.control.safety import lease, limits
from vehicle.control.safety.authority import Heard
from vehicle.control.safety.memory import LATE_TICKS, STICK_FAULTS, WIRE_ERRORS, crowded
from vehicle.control.safety.moment import Moment
from vehicle.control.safety.senses import Senses
from vehicle.control.state import SenseState


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One tick as the interlocks see it. `age_ms` is the creation age of the frame in force.

    `attention_s`: since the last sign of attention, counted in missions only; `unused_s`: since hold-to-run was last
    held, counted where it is waited for; `rest_s`: since the last stop. `envelope` is judged before anything else: a
    configuration does not change.
    """

    mode: Mode
    neutral_seen: bool
    phase: MissionPhase
    tracks_on_swept: bool | None
    fenced: bool
    estimate: Estimate
    senses: Senses
    frame: OperatorFrame | None
    safety: SafetyConfig
    machine: MachineConfig
    age_ms: int
    flapping: bool
    sample_age_ms: int
    clone: bool
    rival: bool
    attention_s: float
    unused_s: float
    rest_s: float
    wire_errors: bool
    stick_faults: bool
    late: bool
    dropped_frames: bool
    recording: bool
    impossible: bool
    disorder: bool
    envelope: bool
    due: Due = Due()


def gather(now: Moment, memory: SenseState, senses: Senses, heard: Heard, age_ms: int) -> Facts:
    """Put the tick together."""
    state, config, tick = now.state, now.config, now.tick
    track = heard.stations.get(state.holder)
    return Facts(
        mode=state.mode,
        neutral_seen=state.neutral_seen,
        phase=now.requests.auto_phase,
        tracks_on_swept=now.requests.tracks_on_swept,
        due=now.requests.due,
        fenced=state.fence is not None,
        estimate=now.estimate,
        senses=senses,
        frame=heard.frame,
        safety=config.safety,
        machine=config.machine,
        age_ms=age_ms,
        flapping=state.flapping,
        sample_age_ms=(track.tick - track.sample_tick) * lease.TICK_MS if track is not None else 0,
        clone=heard.cloned,
        rival=heard.rival,
        attention_s=(tick - state.attention_tick) * TICK_S,
        unused_s=(tick - state.used_tick) * TICK_S,
        rest_s=(tick - state.stop_tick) * TICK_S,
        wire_errors=crowded(memory.bad_ticks, tick, WIRE_ERRORS),
        stick_faults=crowded(memory.broken_ticks, tick, STICK_FAULTS),
        late=crowded(memory.late_ticks, tick, LATE_TICKS),
        dropped_frames=now.wire.bad_frames + heard.foreign + heard.broken > 0,
        recording=now.wire.recording,
        impossible=now.wire.impossible,
        disorder=now.wire.disorder > 0,
        envelope=state.mode is not Mode.BOOT or limits.inside_envelope(config),
    )
