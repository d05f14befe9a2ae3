"""Who is heard: one holder drives, every authenticated station may stop. Frames in, the newest of the holder out.

A frame counts if it is of this session, in range, newer in sequence than all of its station before, and young. Edges
count where they rise between two frames of one station; what a station holds pressed when it first appears is no act.
STOP and ESTOP count from every station, however late their frame is, and even if its sticks are broken.
"""

import msgspec

from vehicle.messages import OperatorEdge, OperatorFrame
from vehicle.safety.lease import age_ms
from vehicle.state import StationTrack

NEUTRAL = 0.05
"""Sticks within this of the centre are neutral."""
STATIONS_MAX = 8
FORGET_TICKS = 250
"""After 5 s of silence a station may begin a new sequence; what it replays is too old to count anyway."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What one tick's frames amount to. `edges` are those of the holder that rose in this tick, all frames together."""

    frame: OperatorFrame | None
    accepted: bool
    edges: OperatorEdge
    stop: bool
    estop: bool
    taker: int
    foreign: int
    broken: int
    stations: tuple[StationTrack, ...]


def in_range(frame: OperatorFrame) -> bool:
    """Sticks are numbers in -1..1 and the tool's value is finite; NaN fails every comparison."""
    return abs(frame.drive) <= 1.0 and abs(frame.turn) <= 1.0 and abs(frame.tool_value_m) <= 10.0


def neutral(frame: OperatorFrame | None) -> bool:
    """Both sticks centred."""
    return frame is not None and abs(frame.drive) <= NEUTRAL and abs(frame.turn) <= NEUTRAL


def _known(stations: tuple[StationTrack, ...], station_id: int) -> StationTrack | None:
    return next((track for track in stations if track.station_id == station_id), None)


def _with(stations: tuple[StationTrack, ...], new: StationTrack) -> tuple[StationTrack, ...]:
    """The newest heard last; only so many are remembered."""
    others = tuple(track for track in stations if track.station_id != new.station_id)
    return (*others, new)[-STATIONS_MAX:]


def hear(
    stations: tuple[StationTrack, ...],
    in_force: OperatorFrame | None,
    holder: int,
    session_id: int,
    frames: tuple[OperatorFrame, ...],
    tick: int,
    age_max_ms: int,
) -> Heard:
    """Fold the frames of one tick, in the order of their arrival."""
    frame, accepted, edges = in_force, False, OperatorEdge.NONE
    stop = estop = False
    taker = foreign = broken = 0
    stations = tuple(track for track in stations if tick - track.tick <= FORGET_TICKS)
    for new in frames:
        if new.session_id != session_id or new.station_id <= 0 or new.echo_tick > tick:
            foreign += 1
            continue
        track = _known(stations, new.station_id)
        if track is not None and new.sequence <= track.sequence:
            continue
        stop = stop or OperatorEdge.STOP in new.edges
        estop = estop or OperatorEdge.ESTOP in new.edges
        sampled = track is None or new.sample_count != track.sample_count
        stations = _with(
            stations,
            StationTrack(
                station_id=new.station_id,
                sequence=new.sequence,
                edges=new.edges,
                sample_count=new.sample_count,
                sample_tick=tick if track is None or sampled else track.sample_tick,
                tick=tick,
            ),
        )
        if not in_range(new):
            broken += 1
            continue
        if age_ms(new, tick) >= age_max_ms:
            continue
        rising = new.edges & ~track.edges if track is not None else OperatorEdge.NONE
        if new.station_id == holder:
            frame, accepted, edges = new, True, edges | rising
        elif OperatorEdge.TAKE in rising and neutral(new) and not new.hold_to_run:
            taker = new.station_id
    return Heard(
        frame=frame,
        accepted=accepted,
        edges=edges,
        stop=stop,
        estop=estop,
        taker=taker,
        foreign=foreign,
        broken=broken,
        stations=stations,
    )
