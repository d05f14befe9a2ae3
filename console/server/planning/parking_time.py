"""How long the way to the parking takes: of the way that is being driven, or was planned from where the machine stands.

Nothing is guessed: a straight line is no way, and a way that was planned from elsewhere says nothing of this place.
"""

import math
from typing import Any, Final

import msgspec

from vehicle.planning.coverage.parking import PARKING

NEAR_M: Final = 20.0
"""A way counts for a machine that is no farther than this from where it was planned from."""

Place = tuple[float, float]


class ParkingWay(msgspec.Struct, frozen=True, kw_only=True):
    """The newest way to the parking: its plan's hash, its time, and the place and vehicle that it was planned for."""

    plan_hash: str
    time_s: float
    place: Place
    vehicle: str


def way_found(vehicle: str, asked: dict[str, Any], answer: bytes) -> ParkingWay | None:
    """Return the way that a finished job planned; None if it leads elsewhere, or tells no time."""
    if asked.get("to") != PARKING:
        return None
    found = msgspec.json.decode(answer, type=dict[str, Any])
    plan_hash, time_s = found.get("hash"), found.get("time_s")
    if not isinstance(plan_hash, str) or not isinstance(time_s, int | float):
        return None
    east_m, north_m, _ = asked["pose"]
    return ParkingWay(plan_hash=plan_hash, time_s=float(time_s), place=(east_m, north_m), vehicle=vehicle)


def parking_time_s(
    way: ParkingWay | None, vehicle: str, plan_hash: str | None, left_s: float | None, place: Place | None
) -> float | None:
    """Return the time to the parking [s]; None if it is not known.

    `vehicle`: the steered one; `plan_hash`: of the plan that it holds; `left_s`: of that plan; `place`: where it is.
    """
    if way is None or way.vehicle != vehicle:
        return None
    if way.plan_hash == plan_hash:
        return left_s
    return way.time_s if place is not None and math.dist(place, way.place) <= NEAR_M else None
