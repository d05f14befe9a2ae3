"""Rings of several vehicles of this console: told to each other, and shown on the page.

A ring may limit and stop a vehicle, and nothing else.
"""

import math
from typing import Any

from console.client.rings import TELL_NS, ring_of
from console.client.view import ConsoleView
from console.server.desk import Desk
from firmware_bridge.mavlink.conventions import cut_text
from firmware_bridge.mavlink.neighbour_adapters import NAME_BYTES
from firmware_bridge.types import NeighbourFrame, NeighbourKind, VehicleFrame
from vehicle.contracts.frames import LocalFrame
from vehicle.control.neighbours import SILENT_S
from vehicle.control.safety.rings import NEAR_M
from vehicle.host.clock import Clock


class RingExchange:
    """Tells each vehicle where the others are, twice a second, whoever drives which.

    `speed`: simulated seconds per second.
    """

    def __init__(self, desk: Desk, clock: Clock, speed: float = 1.0) -> None:
        self._desk, self._clock, self._speed = desk, clock, speed

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            now_ns = self._clock.now_ns()
            self.step(now_ns)
            await self._clock.sleep_until_ns(now_ns + TELL_NS)

    def step(self, now_ns: int) -> None:
        """Tell each vehicle of every other one whose place is known."""
        vehicles = tuple(self._desk.vehicles.values())
        if len(vehicles) < 2:
            return
        names = short_names([one.settings.name for one in vehicles])
        rings = {
            one.settings.id: ring_of(name, one.link.view, self._speed)
            for one, name in zip(vehicles, names, strict=True)
        }
        for one in vehicles:
            for vehicle_id, ring in rings.items():
                if ring is not None and vehicle_id != one.settings.id:
                    one.link.protocol.rings.tell(ring, now_ns)


def short_names(names: list[str]) -> list[str]:
    """Return the names as FLAIL_NEIGHBOUR has room for them; those that would be alike get their number in the list.

    By one name a vehicle would know one of two neighbours.
    """
    cut = [cut_text(name, NAME_BYTES) for name in names]
    return [
        f"{cut_text(name, NAME_BYTES - 4)} #{number}" if cut.count(short) > 1 else short
        for number, (name, short) in enumerate(zip(names, cut, strict=True), start=1)
    ]


def rings_section(view: ConsoleView, datum: LocalFrame | None) -> list[dict[str, Any]]:
    """Return rings of others as the vehicle reckons with them; `near`: too near to start, `silent`: not heard of late.

    Without a datum they have no place in metres and are left out. Without the vehicle's own place all are near.
    """
    if datum is None:
        return []
    return [_section(one, view.vehicle, datum) for one in view.rings]


def _section(one: NeighbourFrame, frame: VehicleFrame | None, datum: LocalFrame) -> dict[str, Any]:
    east_m, north_m, _ = datum.enu_from_geodetic(one.lat_deg, one.lon_deg)
    left_m = math.nan
    if frame is not None and frame.lat_deg is not None and frame.lon_deg is not None:
        here_m = datum.enu_from_geodetic(frame.lat_deg, frame.lon_deg)[:2]
        left_m = math.dist(here_m, (east_m, north_m)) - (frame.ring_m or 0.0) - one.radius_m
    return {
        "name": one.name,
        "people": one.kind is NeighbourKind.PEOPLE,
        "e": round(east_m, 2),
        "n": round(north_m, 2),
        "radius_m": round(one.radius_m, 1),
        "near": not left_m > NEAR_M,
        "silent": one.age_ms > SILENT_S * 1e3,
    }
