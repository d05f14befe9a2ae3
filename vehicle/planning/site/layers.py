"""Features in degrees become the ground of a site in metres: work, keep-outs, safe ground, fences, objects."""

from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.coverage.area import Where, parts_of, polygon_of, polygons_of, thinned
from vehicle.planning.coverage.standing import (
    Assurance,
    Mark,
    assurance_of,
    heading_of,
    mark_of,
    other_radius,
    radius_of,
)
from vehicle.planning.site.features import Feature, called, name_in
from vehicle.planning.site.nesting import Answer, Piece, asked_about, holes_left
from vehicle.planning.site.notes import Notes, Rank
from vehicle.planning.site.role_sources import TOLD_MAX
from vehicle.planning.site.roles import BEARING, STANDING
from vehicle.polygons.boundary import NOTHING_M2
from vehicle.polygons.fences import fenced, held_in, mended, round_about

AREA_MAX_M2 = 1e8
"""100 km2: larger than any task, so the coordinates are swapped or wrong."""
UNSAID_MAX = 3
"""Number of polygons without a role that a message names."""
"""A smaller area counts as no ground."""
STANDS_M = 0.5
"""A machine cannot stand on a strip narrower than twice this."""


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """Shapely (Multi)Polygons in ENU metres. `outside_fence`: the part of the work area outside inclusion fences.

    `turned_out`: indices of features without a role whose polygons became keep-outs by the user's answer.
    """

    work_area: Any
    keep_out: Any
    safe_ground: Any
    access: Any
    outside_fence: Any
    slopes: tuple[tuple[float, Any], ...]
    marks: tuple[Mark, ...]
    assurances: tuple[Assurance, ...]
    turned_out: tuple[int, ...]


def layers_of(
    features: tuple[Feature, ...],
    label: str,
    frame: LocalFrame,
    notes: Notes,
    *,
    answer: Answer | None = None,
    bounds_may_work: bool = False,
    outside: str = "safe",
    site_wide: dict[str, Any] | None = None,
) -> Layers:
    """Return the layers of a site. Raises InputError with the label, the place and what to do."""
    drawn = _Drawn(label, frame, notes)
    for number, feature in enumerate(features):
        drawn.add(number, feature, site_wide or {})
    pieces = asked_about(drawn.pieces, label, answer, notes)
    if answer != "work_area":
        _tell_unsaid(features, pieces, notes)
    turned_out = [n for n, piece in enumerate(pieces) if piece.role == "keep_out" and piece.silent]
    drawn.kept += [(f"{label}: {pieces[n].place}", pieces[n].net) for n in turned_out]
    holes = holes_left(pieces, label, answer, notes)
    named = [shape for _, shape in drawn.kept]
    keep = polygons_of(shapely.union_all([*holes, *named, *(mark.keep_out for mark in drawn.marks)]))
    bounds, work = drawn.bounds, [piece.shell for piece in pieces if piece.role == "work_area"]
    if not work and bounds and (bounds_may_work or drawn.bounds_by_name):
        work, bounds = [held_in(bounds)], []
        notes.warn("no work area is drawn: the ground inside all inclusion fences is taken as one", Rank.ASSUMED)
    union = _united(work, [piece for piece in pieces if piece.role == "work_area"], notes)
    _check_area(label, union, keep)
    found = fenced(union, bounds, [keep, *drawn.bearing["safe_ground"], *drawn.bearing["access"]])
    safe = polygons_of(shapely.union_all([shape for shapes in drawn.bearing.values() for shape in shapes]))
    if bounds:
        stands = shapely.union(safe, shapely.difference(held_in(bounds), union)) if outside == "safe" else safe
        _tell_fence(label, found.inside, shapely.difference(stands, shapely.union(keep, found.barred)), keep)
        _tell_outside(found.outside, keep, notes)
    _report(label, union, pieces, keep, drawn.kept, notes)
    _report_merged([*holes, *named], polygons_of(shapely.union_all([*holes, *named])), notes)
    return Layers(
        work_area=union,
        keep_out=polygons_of(shapely.union_all([keep, found.barred])),
        safe_ground=safe,
        access=polygons_of(shapely.union_all(drawn.bearing["access"])),
        outside_fence=polygons_of(shapely.difference(found.outside, keep)),
        slopes=tuple(drawn.slopes),
        marks=tuple(drawn.marks),
        assurances=tuple(drawn.assurances),
        turned_out=tuple(pieces[n].feature for n in turned_out),
    )


def _tell_unsaid(features: tuple[Feature, ...], pieces: list[Piece], notes: Notes) -> None:
    """Warn first that several adjacent polygons without any role are all worked."""
    areas_m2: dict[int, float] = {}
    for piece in pieces:
        if piece.role == "work_area" and features[piece.feature].silent and not piece.unchosen:
            areas_m2[piece.feature] = areas_m2.get(piece.feature, 0.0) + piece.net.area
    if len(areas_m2) < 2:
        return
    places = {n: called(features[n].place, name_in(features[n].properties)) for n in areas_m2}
    told = [f"{places[n]} with {area:,.0f} m2" for n, area in areas_m2.items()][:UNSAID_MAX]
    more = f" and {len(areas_m2) - UNSAID_MAX} more" if len(areas_m2) > UNSAID_MAX else ""
    notes.warn(
        f"{len(areas_m2)} polygons of which nobody says what they are for are worked: {', '.join(told)}{more}; give "
        "each a role, choose with --feature, or say --unmarked work_area if all are work"
    )


class _Drawn:
    """Features in metres, sorted by role; messages name places without the label."""

    def __init__(self, label: str, frame: LocalFrame, notes: Notes) -> None:
        self.label, self.frame, self.notes = label, frame, notes
        self.pieces: list[Piece] = []
        self.kept: list[tuple[str, Any]] = []
        self._bounds: dict[int, list[Any]] = {}
        self.bounds_by_name = True
        self.bearing: dict[str, list[Any]] = {role: [] for role in BEARING}
        self.slopes: list[tuple[float, Any]] = []
        self.marks: list[Mark] = []
        self.assurances: list[Assurance] = []

    @property
    def bounds(self) -> list[Any]:
        """Return the inclusion fences; all parts of one feature form one fence."""
        return [shapely.union_all(parts) for parts in self._bounds.values()]

    def add(self, number: int, feature: Feature, site_wide: dict[str, Any]) -> None:
        """Add a feature. Raises InputError with label and place if it cannot be used as its role says."""
        place = f"{self.label}: {feature.place}"
        if feature.role in STANDING or (feature.role == "keep_out" and (feature.points or feature.lines)):
            self._stands(feature, place)
        elif feature.role == "parking" and feature.points and not feature.polygons:
            self._parking(feature, place)
        if feature.role in BEARING and feature.polygons:
            self.assurances.append(assurance_of(self.label, feature.role, feature.place, feature.properties, site_wide))
        for part, rings in enumerate(feature.polygons if feature.role not in STANDING else ()):
            name = feature.place + (f" part {part}" if len(feature.polygons) > 1 else "")
            self._add_polygon(number, feature, name, rings)

    def _add_polygon(self, number: int, feature: Feature, place: str, rings: Any) -> None:
        at, notes, role = f"{self.label}: {place}", self.notes, feature.role
        metres = [self.frame.enu_from_lonlat_array(np.array(ring)) for ring in rings]
        before = len(notes)
        shell, holes = polygon_of(metres, at, where(self.frame), notes)
        if role != "work_area" and any("kept as a keep-out" in line for line in notes[before:]):
            raise InputError(f"{at}: a hole lies outside its polygon; draw the hole inside, or the rings in order")
        shell = thinned(shell, at, notes, outward=role not in BEARING and role != "perimeter")
        if role in ("work_area", "perimeter", *BEARING):
            holes = thinned(holes, f"{at} holes", notes, outward=True)
            piece = Piece(
                feature=number,
                place=place,
                role=role,
                silent=feature.silent or feature.shared,
                unchosen=feature.unchosen,
                shell=shell,
                holes=polygons_of(holes),
            )
            self.pieces.append(piece)
        whole = polygons_of(shapely.difference(shell, holes))
        if role == "slope" or (role == "work_area" and not feature.unchosen and _says_slope(feature)):
            self.slopes.append((_slope_rad(feature, at), whole))
        if role == "slope":
            return
        if role == "keep_out":
            self.kept.append((at, self._with_radius(feature, at, whole)))
        elif role == "perimeter":
            self._bounds.setdefault(number, []).append(whole)
            self.bounds_by_name = self.bounds_by_name and bool(feature.why)
        elif role in BEARING:
            self.bearing[role].append(whole)

    def _with_radius(self, feature: Feature, place: str, whole: Any) -> Any:
        """Return a drawn keep-out, grown by its `radius_m`."""
        radius_m = radius_of(place, feature.properties)
        if key := other_radius(feature.properties):
            self.notes.warn(f"{feature.place}: its field {key!r} is not read, kept out as it is drawn; write radius_m")
        return whole if radius_m is None else polygons_of(round_about(whole, radius_m))

    def _stands(self, feature: Feature, place: str) -> None:
        shapes = [shapely.Point(at) for at in self._metres(feature.points)]
        shapes += [_line(self._metres(line)) for line in feature.lines]
        for rings in feature.polygons if feature.role in STANDING else ():
            ring = self._metres(rings[0])
            outline = _line(ring)
            inside = mended(shapely.Polygon(ring)) if len(ring) > 3 else outline.convex_hull
            shapes.append(shapely.union_all([outline, inside]))
        for shape in shapes:
            mark = mark_of(feature.role, place, shape, feature.properties)
            self.marks.append(mark)
        if shapes and self.marks[-1].taken_down:
            self.notes.warn(f"{feature.place}: the {feature.role} is taken down: not kept out", Rank.ASSUMED)

    def _parking(self, feature: Feature, place: str) -> None:
        yaw_rad = heading_of(place, feature.properties)
        for east_m, north_m in self._metres(feature.points):
            self.marks.append(
                Mark(
                    role=feature.role,
                    place=place,
                    east_m=east_m,
                    north_m=north_m,
                    taken_down=False,
                    keep_out=shapely.Polygon(),
                    yaw_rad=yaw_rad,
                )
            )

    def _metres(self, positions: Any) -> list[tuple[float, float]]:
        rows = self.frame.enu_from_lonlat_array(np.array(positions, dtype=float).reshape(-1, 2))
        return [(float(east), float(north)) for east, north in rows]


def _line(positions: list[tuple[float, float]]) -> Any:
    """Return a line, or a point if it has one place only."""
    return shapely.LineString(positions) if len(positions) > 1 else shapely.MultiPoint(positions)


def where(frame: LocalFrame) -> Where:
    """Return a place in words, for messages."""

    def text(east_m: float, north_m: float) -> str:
        lon_deg, lat_deg = frame.lonlat_from_enu_array([(east_m, north_m)])[0]
        return f"lon {lon_deg:.6f} lat {lat_deg:.6f}"

    return text


def _united(shells: list[Any], pieces: list[Piece], notes: Notes) -> Any:
    union = polygons_of(shapely.union_all(shells))
    nets = [piece.net for piece in pieces]
    twice_m2 = sum(net.area for net in nets) - shapely.union_all(nets).area
    if twice_m2 > 1e-6 * union.area:
        first, second = shapely.STRtree(nets).query(nets, predicate="overlaps")
        pairs = sorted((int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j)
        which = f": {pieces[pairs[0][0]].place} and {pieces[pairs[0][1]].place}" if pairs else ""
        notes.warn(f"work areas overlap by {twice_m2:.1f} m2{which}; united ({union.area:.1f} m2)", Rank.ASSUMED)
    return union


def _check_area(label: str, work: Any, keep: Any) -> None:
    if work.is_empty:
        raise InputError(f"{label}: no polygon with role work_area; draw the ground to be processed")
    if work.area > AREA_MAX_M2:
        raise InputError(f"{label}: the work area measures {work.area / 1e6:.0f} km2; check its coordinates")
    if polygons_of(work.difference(keep)).area < NOTHING_M2:
        raise InputError(f"{label}: the keep-outs leave nothing of the work area; check their roles")


def _tell_fence(label: str, inside: Any, stands: Any, keep: Any) -> None:
    """Report ground outside fences. Raises InputError if no work is inside, or no ground there bears the machine."""
    if polygons_of(shapely.difference(inside, keep)).area < NOTHING_M2:
        raise InputError(f"{label}: nothing of the work area lies inside all inclusion fences; check their corners")
    if shapely.buffer(stands, -STANDS_M).is_empty:
        raise InputError(
            f"{label}: inside the inclusion fence all ground is to be worked and the machine has nowhere to stand; "
            "draw the fence round the ground on which it comes in and turns, or draw safe_ground or access inside"
        )


def _tell_outside(outside: Any, keep: Any, notes: Notes) -> None:
    left = shapely.difference(outside, keep)
    if left.area >= NOTHING_M2:
        notes.warn(f"{left.area:.1f} m2 of the work area lie outside the inclusion fence and are not worked")


def _report(label: str, work: Any, pieces: list[Piece], keep: Any, named: list[tuple[str, Any]], notes: Notes) -> None:
    for place, shape in named:
        if not shape.intersects(work):
            notes.append(f"{place} lies outside the work area: kept, the machine avoids it")
        elif not work.covers(shape):
            notes.append(f"{place} crosses the boundary: subtracted from the work area")
    shapely.prepare(keep)
    for piece in pieces:
        if piece.role == "work_area" and keep.covers(piece.shell):
            notes.warn(f"{label}: {piece.place} lies wholly inside keep-outs: nothing of it is worked")


def _report_merged(keep_outs: list[Any], keep: Any, notes: Notes) -> None:
    """Report merged keep-outs; merges within one feature were reported by `polygon_of`."""
    before, after = sum(len(parts_of(one)) for one in keep_outs), len(parts_of(keep))
    if after < before:
        notes.append(f"keep-outs touch or overlap: {before} merged into {after}")


def _says_slope(feature: Feature) -> bool:
    """Whether a work area states a slope of its own; 0 is level ground, as without it."""
    slope = feature.properties.get("slope_deg")
    return slope not in (None, "", 0) or isinstance(slope, bool)


def _slope_rad(feature: Feature, place: str) -> float:
    slope = feature.properties.get("slope_deg")
    if isinstance(slope, bool) or not isinstance(slope, int | float) or not 0.0 <= slope < 90.0:
        why = "has none" if slope is None else f"is {str(slope)[:TOLD_MAX]!r}"
        raise InputError(f"{place}: a {feature.role} needs slope_deg, a number from 0 to 90; it {why}")
    return float(np.radians(slope))
