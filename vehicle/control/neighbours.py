"""Other rings on the task: machines, and people who share their place, as stations told them.

They limit and stop, and never allow anything. So each station's word is kept for itself: what one station tells of a
neighbour takes nothing back of what another told of it, and nothing is forgotten because nobody speaks of it any more.
"""

import math
from collections import Counter
from typing import Final

from firmware_bridge.types import NeighbourFrame, NeighbourKind
from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.contracts.messages import Neighbour
from vehicle.contracts.units import NS_PER_MS
from vehicle.control import beat

KNOWN_MAX: Final = 32
"""Beyond it the station that told most loses its farthest: no station takes away what another told."""
UNTIMED_NS: Final = 1_000_000_000
"""What a frame may have taken that names no tick of the vehicle: so much older its place counts."""
SILENT_S: Final = 5.0
"""A neighbour of whom nothing newer was told for so long is silent."""


def step(
    known: tuple[Neighbour, ...],
    told: tuple[NeighbourFrame, ...],
    datum: LocalFrame,
    here_m: tuple[float, float],
    tick: int,
    now_ns: int,
    beats_ns: tuple[int, ...] = (),
) -> tuple[Neighbour, ...]:
    """Return the neighbours after the frames of this tick; `here_m`: where the vehicle is believed to be.

    `beats_ns`: times of the ticks before, the newest last.
    """
    if not told:
        return known
    by_key = {(one.station_id, one.name): one for one in known}
    for frame in told:
        back = tick - frame.echo_tick if 0 < frame.echo_tick <= tick else None
        way_ns = beat.ago_ns(beats_ns, back, now_ns) if back is not None else UNTIMED_NS
        new = _placed(frame, datum, here_m, now_ns - way_ns)
        old = by_key.get((new.station_id, new.name))
        if old is None or new.t_ns >= old.t_ns:
            by_key[new.station_id, new.name] = new
    rows = tuple(by_key.values())
    while len(rows) > KNOWN_MAX:
        told_by = Counter(one.station_id for one in rows)
        most = max(told_by.values())
        farthest = max(
            (one for one in rows if told_by[one.station_id] == most),
            key=lambda one: _distance_m(one, here_m) - one.radius_m,
        )
        rows = tuple(one for one in rows if one is not farthest)
    return rows


def silent(one: Neighbour, now_ns: int) -> bool:
    """Whether nothing newer was told of this neighbour for `SILENT_S`."""
    return now_ns - one.t_ns > SILENT_S * 1e9


def without(known: tuple[Neighbour, ...], name: str, now_ns: int) -> tuple[Neighbour, ...]:
    """Return the neighbours without the silent ones of this name: somebody says that they left the task."""
    return tuple(one for one in known if one.name != name or not silent(one, now_ns))


def _placed(frame: NeighbourFrame, datum: LocalFrame, here_m: tuple[float, float], echoed_ns: int) -> Neighbour:
    """Return the frame in metres. Its age counts from the vehicle's own tick that it echoes, whatever the radio did.

    People beyond `AWAY_MAX_M` are nowhere near the task by a wrong figure (latitude and longitude swapped, a receiver
    without a fix at 0, 0): where they are, nobody knows, so they count as being here.
    """
    east_m, north_m, _ = datum.enu_from_geodetic(frame.lat_deg, frame.lon_deg, datum.alt_m)
    if frame.kind is NeighbourKind.PEOPLE and not math.hypot(east_m, north_m) <= AWAY_MAX_M:
        east_m, north_m = here_m
    return Neighbour(
        station_id=frame.station_id,
        name=frame.name,
        people=frame.kind is NeighbourKind.PEOPLE,
        east_m=east_m,
        north_m=north_m,
        radius_m=frame.radius_m,
        speed_mps=frame.speed_mps,
        t_ns=echoed_ns - frame.age_ms * NS_PER_MS,
    )


def _distance_m(one: Neighbour, here_m: tuple[float, float]) -> float:
    away_m = math.hypot(one.east_m - here_m[0], one.north_m - here_m[1])
    return 0.0 if math.isnan(away_m) else away_m
