"""Who is heard: one holder drives, every authenticated station may stop. Frames in, the newest of the holder out.

A frame counts if it is of this session, newer in sequence than all of its station before, in range, and young. Edges
count where they rise between two frames of one station; what a station holds pressed when it first appears is no act.
STOP and ESTOP count from every station, however late their frame is, and even if its sticks are broken.
"""

import msgspec

from firmware_bridge.operator_limits import STICK_CENTRE, TOOL_VALUE_MAX_M
from vehicle.contracts.messages import OperatorEdge, OperatorFrame
from vehicle.control.safety.lease import age_ms
from vehicle.control.state import GateState, StationTrack

STOP, ESTOP, TAKE = int(OperatorEdge.STOP), int(OperatorEdge.ESTOP), int(OperatorEdge.TAKE)
STATIONS_MAX = 8
FORGET_TICKS = 250
"""After 5 s of silence a station may begin a new sequence; what it replays is too old to count anyway."""
CLONE_TICKS = 250
"""So long an identity is locked out after two senders were last heard under it (row 25)."""


class AcceptedFrames(msgspec.Struct, kw_only=True):
    """What one tick's frames amount to. `edges` are those of the holder that rose in this tick, all frames together.

    `taker` asks for the lease; `cloned`: the holder's identity is in doubt; `rival`: another station asks for motion;
    `foreign` frames were of no session of ours, `broken` ones carried impossible sticks.
    """

    frame: OperatorFrame | None
    accepted: bool = False
    edges: int = 0
    stop: bool = False
    estop: bool = False
    taker: int = 0
    cloned: bool = False
    rival: bool = False
    foreign: int = 0
    broken: int = 0
    stations: dict[int, StationTrack]


def in_range(frame: OperatorFrame) -> bool:
    """Sticks are numbers in -1..1 and the tool's value is one too; NaN fails every comparison."""
    sticks = abs(frame.drive) <= 1.0 and abs(frame.turn) <= 1.0
    return sticks and abs(frame.tool_value_m) <= TOOL_VALUE_MAX_M


def neutral(frame: OperatorFrame) -> bool:
    """Both sticks centred."""
    return abs(frame.drive) <= STICK_CENTRE and abs(frame.turn) <= STICK_CENTRE


def accept_frames(
    state: GateState, arrived: tuple[OperatorFrame, ...], old_ms: int, tick: int, now_ns: int
) -> AcceptedFrames:
    """Fold the frames of one tick, in the order of their arrival; from an age of `old_ms` they only stop."""
    known = {track.station_id: track for track in state.stations if tick - track.tick <= FORGET_TICKS}
    frames = AcceptedFrames(frame=state.frame, stations=known)
    for frame in arrived:
        if frame.session_id != state.session_id or frame.station_id <= 0 or frame.echo_tick >= tick:
            frames.foreign += 1
            continue
        track = known.get(frame.station_id)
        clone = track if track is not None and _contradicts(frame, track) else None
        if track is not None and clone is None and frame.sequence <= track.sequence:
            continue
        edges = int(frame.edges)
        frames.stop = frames.stop or edges & STOP != 0
        frames.estop = frames.estop or edges & ESTOP != 0
        if clone is not None:
            known[frame.station_id] = msgspec.structs.replace(clone, clone_tick=tick)
            frames.cloned = frames.cloned or frame.station_id == state.holder
        elif track is not None or len(known) < STATIONS_MAX:
            known[frame.station_id] = _tracked(frame, track, tick)
            age = age_ms(frame.echo_tick, tick, now_ns, state.monitor.beats_ns)
            _weigh(frames, frame, track, state.holder, tick, young=age < old_ms)
    return frames


def _contradicts(frame: OperatorFrame, track: StationTrack) -> bool:
    """Counters of one sender rise together; two senders under one name are found out by theirs."""
    newer = frame.sequence - track.sequence
    echoed, sampled = frame.echo_tick - track.echo_tick, frame.sample_count - track.sample_count
    if newer == 0:
        return (echoed, sampled) != (0, 0)
    return newer * echoed < 0 or newer * sampled < 0


def _tracked(frame: OperatorFrame, track: StationTrack | None, tick: int) -> StationTrack:
    return StationTrack(
        station_id=frame.station_id,
        sequence=frame.sequence,
        echo_tick=frame.echo_tick,
        edges=int(frame.edges),
        sample_count=frame.sample_count,
        sample_tick=tick if track is None or frame.sample_count != track.sample_count else track.sample_tick,
        tick=tick,
        clone_tick=track.clone_tick if track is not None else tick - CLONE_TICKS,
    )


def _weigh(
    frames: AcceptedFrames, frame: OperatorFrame, track: StationTrack | None, holder: int, tick: int, *, young: bool
) -> None:
    """Beyond a stop a frame counts only in range, young, from a known station, of undoubted identity."""
    if not in_range(frame):
        frames.broken += 1
    elif young and track is not None and tick - track.clone_tick >= CLONE_TICKS:
        rising = int(frame.edges) & ~track.edges
        if frame.station_id == holder:
            frames.frame, frames.accepted, frames.edges = frame, True, frames.edges | rising
        elif frame.hold_to_run or not neutral(frame):
            frames.rival = True
        elif rising & TAKE:
            frames.taker = frame.station_id
