"""Bearing and distance: how people find benchmark, turning points and corners again with tape and compass.

Each point has its bearing from true north and its horizontal distance from the first benchmark. Corners of the work
area also have those from the corner before, so that the border can be walked. Bearings are in the plane of the datum.
"""

import math
from itertools import pairwise
from typing import Any, Protocol

import msgspec
import shapely

from vehicle.contracts.frames import heading_deg_from_yaw

Point = tuple[float, float]


class HasPoints(Protocol):
    """The surveyed parts of a site; also turning points, if the site has `turning_points_m`."""

    @property
    def work_area(self) -> Any:
        """Work area (shapely, ENU metres)."""
        ...

    @property
    def benchmarks_m(self) -> tuple[Point, ...]:
        """Surveyed reference points."""
        ...


class NamedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point (ENU metres): `bearing_deg` from true north, clockwise, and `distance_m`, both from `from_name`.

    For the reference point of all others `from_name` is "" and both values are 0.
    """

    name: str
    kind: str
    east_m: float
    north_m: float
    from_name: str = ""
    bearing_deg: float = 0.0
    distance_m: float = 0.0


def bearing_and_distance(start_m: Point, end_m: Point) -> tuple[float, float]:
    """Return degrees from true north, clockwise, in [0, 360), and metres; 0 and 0 if both points are equal."""
    east_m, north_m = end_m[0] - start_m[0], end_m[1] - start_m[1]
    distance_m = math.hypot(east_m, north_m)
    if distance_m == 0.0:
        return 0.0, 0.0
    return heading_deg_from_yaw(math.atan2(north_m, east_m)) % 360.0, distance_m


def named_points(site: HasPoints) -> list[NamedPoint]:
    """Return benchmarks B1.., turning points T1.., work area corners P1.. in order, relative to the first benchmark.

    Without a benchmark the first corner takes its place, and its kind says so.
    """
    turning = getattr(site, "turning_points_m", ())
    rows = [("B", "benchmark", point) for point in site.benchmarks_m]
    rows += [("T", "turning point", point) for point in turning]
    rows += [("P", "corner of the work area", point) for ring in borders(site.work_area) for point in ring]
    found: list[NamedPoint] = []
    counts: dict[str, int] = {}
    for letter, kind, point in rows:
        counts[letter] = counts.get(letter, 0) + 1
        name = f"{letter}{counts[letter]}"
        if not found:
            found.append(NamedPoint(name=name, kind=kind, east_m=point[0], north_m=point[1]))
            continue
        first = found[0]
        bearing_deg, distance_m = bearing_and_distance((first.east_m, first.north_m), point)
        found.append(
            NamedPoint(
                name=name, kind=kind, east_m=point[0], north_m=point[1], from_name=first.name,
                bearing_deg=bearing_deg, distance_m=distance_m,
            )
        )  # fmt: skip
    return found


def borders(work_area: Any) -> list[list[Point]]:
    """Return the outer rings of the work area, clockwise, without repeating the first corner."""
    rings = []
    for part in shapely.get_parts(work_area):
        if part.geom_type == "Polygon" and not part.is_empty:
            ring = shapely.get_coordinates(shapely.orient_polygons(part, exterior_cw=True).exterior)[:-1]
            rings.append([(float(x), float(y)) for x, y in ring])
    return rings


def legs(ring: list[Point], first: int) -> list[tuple[str, str, float, float]]:
    """Return (from, to, bearing [deg], distance [m]) between the corners of a ring whose first corner is P`first`."""
    names = [f"P{first + place}" for place in range(len(ring))]
    return [
        (a_name, b_name, *bearing_and_distance(a, b))
        for (a_name, a), (b_name, b) in pairwise([*zip(names, ring, strict=True), (names[0], ring[0])])
    ]
