"""The shapes of a GeoJSON geometry: polygons, lines, points, in degrees. A possible boundary is never dropped."""

import math
from itertools import pairwise
from typing import Any

from vehicle.contracts.errors import InputError
from vehicle.planning.site.notes import Notes

Ring = list[tuple[float, float]]
CLOSED_DEG = 1e-7
"""A line whose ends are this near to each other is closed: a centimetre."""
NEARLY_M, NEARLY_SHARE = 1.0, 0.05
"""A line whose ends are nearer than this may have been meant as a boundary."""
DEGREE_M = 111_320.0
KINDS = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


class Shapes:
    """What a geometry holds; `place` names it in messages. Raises InputError if it is no geometry."""

    def __init__(self, label: str, place: str, geometry: Any, notes: Notes) -> None:
        self.label, self.place, self.notes = label, place, notes
        self.polygons: list[list[Ring]] = []
        self.lines: list[Ring] = []
        self.points: Ring = []
        self._collect(geometry)

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return not (self.polygons or self.lines or self.points)

    def _collect(self, geometry: Any) -> None:
        if not isinstance(geometry, dict):
            raise InputError(f"{self.label}: {self.place}: geometry is not an object")
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        if kind not in KINDS:
            raise InputError(f"{self.label}: {self.place}: {kind!r} is no geometry of GeoJSON; write a Polygon")
        if kind == "GeometryCollection":
            self._collection(geometry)
        elif kind in ("Polygon", "MultiPolygon"):
            self._polygons(kind, coordinates)
        elif kind in ("LineString", "MultiLineString"):
            many = coordinates if kind == "MultiLineString" else [coordinates]
            if not isinstance(many, list):
                raise InputError(f"{self.label}: {self.place}: {kind} without coordinates; draw it, or delete it")
            rows = [self._positions(self.place, line) for line in many]
            self.lines += [row for row in rows if row]
        else:
            self.points += self._positions(
                self.place, [coordinates] if kind == "Point" and coordinates else coordinates
            )

    def _collection(self, geometry: dict[str, Any]) -> None:
        self.notes.append(f"{self.place} is a GeometryCollection: its parts were taken one by one")
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise InputError(
                f"{self.label}: {self.place}: GeometryCollection without a list of geometries; draw them, or delete it"
            )
        for part in parts:
            self._collect(part)

    def _polygons(self, kind: str, coordinates: Any) -> None:
        many = coordinates if kind == "MultiPolygon" else [coordinates]
        for rings in many if isinstance(many, list) else [None]:
            if not isinstance(rings, list) or not rings:
                raise InputError(f"{self.label}: {self.place}: {kind} without rings; draw it, or delete it")
            self.polygons.append([self._positions(f"{self.place} ring {n}", ring) for n, ring in enumerate(rings)])

    def _positions(self, place: str, raw: Any) -> Ring:
        return positions(self.label, place, raw, self.notes)

    def close_lines(self) -> int:
        """Turn closed lines into polygons; return how many.

        Raises InputError for a line whose ends nearly meet: it may be a boundary.
        """
        for line in self.lines:
            gap_m = _gap_m(line)
            if len(line) >= 4 and _is_closed(line):
                self.polygons.append([line])
                self.notes.append(f"{self.place}: a closed LineString was taken as a polygon")
            elif len(line) >= 4 and gap_m <= max(NEARLY_M, NEARLY_SHARE * _length_m(line)):
                raise InputError(
                    f"{self.label}: {self.place}: a line ends {gap_m:.2f} m from its start, it may be a boundary; "
                    "draw a polygon, or delete it"
                )
        before = len(self.lines)
        self.lines = [line for line in self.lines if len(line) < 4 or not _is_closed(line)]
        return before - len(self.lines)


def _is_closed(line: Ring) -> bool:
    (x0, y0), (x1, y1) = line[0], line[-1]
    return abs(x1 - x0) <= CLOSED_DEG and abs(y1 - y0) <= CLOSED_DEG


def _gap_m(line: Ring) -> float:
    return _step_m(line[0], line[-1])


def _length_m(line: Ring) -> float:
    return sum(_step_m(a, b) for a, b in pairwise(line))


def _step_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Approximate distance [m], to judge whether two ends meet."""
    return DEGREE_M * math.hypot((b[0] - a[0]) * math.cos(math.radians(a[1])), b[1] - a[1])


def positions(label: str, place: str, raw: Any, notes: Notes) -> Ring:
    """Return positions as (lon, lat) pairs of finite degrees; heights are dropped with a report.

    Raises:
        InputError: A position is invalid; the text names it.
    """
    if not isinstance(raw, list):
        raise InputError(f"{label}: {place}: coordinates are not a list; write [[lon, lat], ...]")
    pairs: Ring = []
    for number, position in enumerate(raw):
        legal = (
            isinstance(position, list | tuple)
            and len(position) >= 2
            and all(isinstance(value, int | float) and not isinstance(value, bool) for value in position)
        )
        if not legal:
            raise InputError(f"{label}: {place} position {number} is not [lon, lat]; write two numbers")
        lon_deg, lat_deg = (float(value) if abs(value) < 1e9 else math.inf for value in position[:2])
        if not (math.isfinite(lon_deg) and math.isfinite(lat_deg)):
            raise InputError(f"{label}: {place} position {number} is not a number (NaN, or too large); write degrees")
        if abs(lat_deg) > 90.0:
            swapped = abs(lon_deg) <= 90.0 and abs(lat_deg) <= 180.0
            advice = "latitude and longitude are swapped: write [lon, lat]" if swapped else "reproject it to WGS 84"
            raise InputError(f"{label}: {place} position {number} has latitude {lat_deg:g}; {advice}")
        if abs(lon_deg) > 360.0:
            raise InputError(f"{label}: {place} position {number} has longitude {lon_deg:g}; reproject it to WGS 84")
        pairs.append((lon_deg, lat_deg))
    if any(len(position) > 2 for position in raw):
        note = f"{place}: heights were dropped, planning is in the plane"
        if note not in notes:
            notes.append(note)
    return pairs
