"""Rings on the task as a console knows them: what its vehicles tell of themselves, and what each is told of the others.

Pure. A place older than a minute is told to nobody any more; the vehicle that knew it goes on reckoning with it.
"""

from typing import Final

import msgspec

from console.client.view import ConsoleView
from firmware_bridge.mavlink.conventions import cut_text
from firmware_bridge.mavlink.neighbour_adapters import NAME_BYTES
from firmware_bridge.types import NeighbourFrame, NeighbourKind
from vehicle.contracts.messages import ACTIVE_MODES, Mode

TELL_NS: Final = 500_000_000
"""Period of telling a vehicle of each of the others."""
WAITS_NS: Final = 2 * TELL_NS
"""A ring waits for so long to be sent; by then it is told anew, if anybody still knows it."""
OLD_MS: Final = 60_000
"""The age on the wire ends at 65 s: an older place must not look as if it were that old each time."""
RING_UNKNOWN_M: Final = 100.0
"""Ring of a vehicle that tells none, as an earlier program does."""
LEAST_MPS: Final = 0.3
"""An armed machine that stands may be moving so fast before anybody hears of it."""
FASTEST_MPS: Final = 3.0
"""A machine whose speed is unknown."""
SHOWN_NS: Final = 3_000_000_000
"""A ring that the vehicle told of is shown for so long; it tells of each twice a second."""
MOVES: Final = frozenset({*ACTIVE_MODES, Mode.STOPPING})


class Known(msgspec.Struct, frozen=True):
    """A ring as somebody told it, and when that was heard."""

    frame: NeighbourFrame
    t_ns: int


class RingBook:
    """What one vehicle is to be told, and what it tells. `told`: rings that wait to be sent, the newest of each."""

    def __init__(self) -> None:
        self.told: dict[str, Known] = {}
        self._known: dict[str, Known] = {}

    def tell(self, neighbour: NeighbourFrame, now_ns: int) -> None:
        """Send this with the next frames."""
        self.told[neighbour.name] = Known(neighbour, now_ns)

    def due(self, station_id: int, tick: int, now_ns: int) -> list[NeighbourFrame]:
        """Return what waits, each in the name of the station and with the vehicle's newest tick.

        What waited longer than `WAITS_NS`, for a link that was away, is dropped: its age is no longer true.
        """
        waiting, self.told = self.told, {}
        fresh = [one.frame for one in waiting.values() if now_ns - one.t_ns <= WAITS_NS]
        return [msgspec.structs.replace(one, station_id=station_id, echo_tick=tick) for one in fresh]

    def heard(self, frame: NeighbourFrame, now_ns: int) -> None:
        """Take a ring that the vehicle tells of."""
        self._known[frame.name] = Known(frame, now_ns)

    def known(self, now_ns: int) -> tuple[NeighbourFrame, ...]:
        """Return the rings that the vehicle reckons with now, by name."""
        self._known = {name: one for name, one in self._known.items() if now_ns - one.t_ns <= SHOWN_NS}
        return tuple(self._known[name].frame for name in sorted(self._known))


def ring_of(name: str, view: ConsoleView, speed: float = 1.0) -> NeighbourFrame | None:
    """Return a vehicle's ring for the others; None if its place is unknown or too old.

    `speed`: simulated seconds per second. Station and tick are filled in when it is sent.
    """
    frame, age_ms = view.vehicle, (view.vehicle_age_ms or 0.0) * speed
    if frame is None or frame.lat_deg is None or frame.lon_deg is None or age_ms > OLD_MS:
        return None
    if frame.speed_mps is None:
        fastest_mps = FASTEST_MPS
    elif frame.mode in MOVES:
        fastest_mps = max(abs(frame.speed_mps), LEAST_MPS)
    else:
        fastest_mps = 0.0
    return NeighbourFrame(
        station_id=1,
        name=cut_text(name, NAME_BYTES),
        kind=NeighbourKind.MACHINE,
        lat_deg=frame.lat_deg,
        lon_deg=frame.lon_deg,
        radius_m=frame.ring_m if frame.ring_m is not None else RING_UNKNOWN_M,
        speed_mps=fastest_mps,
        age_ms=int(age_ms),
    )
