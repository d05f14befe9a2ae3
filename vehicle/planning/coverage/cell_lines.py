"""Lines that may divide a work area into sweep cells, and the small faces between all these lines."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.cell_labels import connected

SIMPLIFY_M = 1.0
"""Corners of the outline that stick out less than this do not divide the area."""
TURN_MIN_RAD = math.radians(8.0)
LINES_MAX = 70
KEEP_OUT_SIMPLIFY_M, RING_MIN_M = 3.0, 16.0
"""Keep-outs are simplified more; one with a shorter perimeter than the second value does not divide the area."""
NEAREST = 3
"""Number of lines from each inward corner to other inward corners."""
LONG_M = 4.0
THIN_M = 1.5
"""Narrower faces are merged with a neighbour: they have no room for swaths of another direction."""
APART_M = 1.5
INSIDE_M, END_M, STILL_M = 0.1, 1.0, 1e-3
GRID_M, ON_LINE_M = 0.05, 0.08
"""Faces are only a guide, so lines that miss a corner by millimetres are snapped to it."""


@dataclass(frozen=True)
class Faces:
    """Faces of an area divided by lines: polygons (n,), the edges of each, and the edges that two of them share.

    `edges`: vectors (m, 2) [m] of the edges on the area's boundary; `owner`: the face (m,) of each. `shared`: vectors
    (k, 2) of edges inside of it; `sides`: the two faces (k, 2) of each. `at_keep_out`: which of the boundary edges lie
    at a keep-out, (m,) bool. `cut_off`: faces on one side of a line, (l, n) bool.
    """

    polygons: np.ndarray
    edges: np.ndarray
    owner: np.ndarray
    at_keep_out: np.ndarray
    shared: np.ndarray
    sides: np.ndarray
    cut_off: np.ndarray


def faces_of(area: shapely.Geometry, angles_rad: np.ndarray) -> Faces:
    """Return the faces of an area between all lines that may divide it; `angles_rad`: directions (d,) of swaths."""
    lines = cut_lines(area, angles_rad)
    drawn = shapely.linestrings(lines) if len(lines) else []
    linework = shapely.union_all([shapely.boundary(area), *drawn], grid_size=GRID_M)
    polygons = np.asarray(parts_of(shapely.polygonize(shapely.get_parts(linework))))
    polygons = polygons[shapely.contains(area, shapely.point_on_surface(polygons))]
    start, end, owner, both = _edges(polygons)
    alone = np.ones(len(owner), dtype=bool)
    alone[both.ravel()] = False
    vectors = end - start
    sides, shared, middles = owner[both], vectors[both[:, 0]], 0.5 * (start + end)[both[:, 0]]
    whole = int(connected(len(polygons), sides).max(initial=0))
    sets = [_cut_off(len(polygons), sides, _on_line(middles, line), whole) for line in lines]
    host = _hosts(polygons, sides, np.hypot(*shared.T))
    hosted_by = [np.flatnonzero(host == k) for k in range(int(host.max(initial=-1)) + 1)]
    largest = [int(own[np.argmax(shapely.area(polygons[own]))]) for own in hosted_by]
    every = np.concatenate([np.zeros((0, len(polygons)), dtype=bool), *sets])[:, largest]
    hosted = [_united(polygons[own]) for own in hosted_by]
    sides = host[sides]
    apart = sides[:, 0] != sides[:, 1]
    return Faces(
        polygons=np.array(hosted, dtype=object).reshape(-1),
        edges=vectors[alone],
        owner=host[owner[alone]],
        at_keep_out=_at_keep_out(area, 0.5 * (start + end)[alone]),
        shared=shared[apart],
        sides=sides[apart],
        cut_off=np.unique(every, axis=0),
    )


def _at_keep_out(area: shapely.Geometry, middles: np.ndarray) -> np.ndarray:
    """Return (m,) bool: which places (m, 2) on an area's edges lie at one of its holes."""
    holes = shapely.MultiLineString([ring for part in parts_of(area) for ring in part.interiors])
    shapely.prepare(holes)
    return np.asarray(shapely.dwithin(holes, shapely.points(middles), 2.0 * GRID_M))


def _united(polygons: np.ndarray) -> shapely.Geometry:
    return polygons[0] if len(polygons) == 1 else robust_overlay.union(polygons)


def _hosts(polygons: np.ndarray, sides: np.ndarray, length_m: np.ndarray) -> np.ndarray:
    """Return (n,) numbers from 0 of merged faces: a thin face joins the neighbour with the longest shared edge."""
    joined = []
    for k in np.flatnonzero(2.0 * shapely.area(polygons) < THIN_M * shapely.length(polygons)):
        beside = (sides == k).any(axis=1)
        if beside.any():
            others = sides[beside].sum(axis=1) - k
            joined.append((k, int(np.argmax(np.bincount(others, length_m[beside])))))
    return connected(len(polygons), np.array(joined, dtype=int).reshape(-1, 2))


def _edges(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return starts and ends (m, 2) of all edges, the polygon (m,) of each, and pairs (k, 2) of coincident edges."""
    rings, face = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end, owner = xy[:-1][same], xy[1:][same], face[ring[:-1][same]]
    waiting: dict[tuple[tuple[float, ...], ...], int] = {}
    pairs = []
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        key = (tuple(a), tuple(b)) if a < b else (tuple(b), tuple(a))
        other = waiting.pop(key, None)
        if other is None:
            waiting[key] = k
        else:
            pairs.append((other, k))
    return start, end, owner, np.array(pairs, dtype=int).reshape(-1, 2)


def _on_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return (k,) bool: which points (k, 2) lie on a straight line (2, 2)."""
    along = (line[1] - line[0]) / np.hypot(*(line[1] - line[0]))
    off = points - line[0]
    across = off[:, 0] * along[1] - off[:, 1] * along[0]
    at = off @ along
    return np.asarray((np.abs(across) < ON_LINE_M) & (at > 0.0) & (at < np.hypot(*(line[1] - line[0]))))


def _cut_off(count: int, sides: np.ndarray, on_line: np.ndarray, whole: int) -> np.ndarray:
    """Return (m, count) bool: sets of faces separated by the line; none if it separates nothing.

    `whole`: the last number of the groups of faces without a line.
    """
    if not on_line.any():
        return np.zeros((0, count), dtype=bool)
    group = connected(count, sides[~on_line])
    parted = group.max(initial=0) > whole
    return np.array([group == k for k in range(int(group.max()) + 1)]) if parted else np.zeros((0, count), dtype=bool)


def cut_lines(area: shapely.Geometry, angles_rad: np.ndarray) -> list[np.ndarray]:
    """Return lines (2, 2) across an area in the order of `_rays`, no two close together; keep-outs do not end them."""
    if area.is_empty or (inner := _inner(area)).is_empty:
        return []
    lines: list[np.ndarray] = []
    for corner, way in _rays(area, angles_rad):
        line = _across(inner, corner, way / np.hypot(*way))
        if line is not None and not _is_near(line, lines):
            lines.append(line)
        if len(lines) == LINES_MAX:
            break
    return lines


def _rays(area: shapely.Geometry, angles_rad: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield corners (2,) and directions (2,) of lines, the most promising first.

    The lines start at inward corners of the outline, along their edges and in the directions (d,) of swaths; then at
    keep-outs in the same way; then along the bisectors of corners and to other corners near them.
    """
    parts = parts_of(shapely.orient_polygons(area))
    outer = [row for part in parts for row in _corners(part.exterior, SIMPLIFY_M)]
    rings = [ring for part in parts for ring in part.interiors if ring.length > RING_MIN_M]
    inner = [row for ring in rings for row in _corners(ring, KEEP_OUT_SIMPLIFY_M)]
    ways = np.column_stack([np.cos(angles_rad), np.sin(angles_rad)])
    for corner, before, after in outer:
        yield from ((corner, before), (corner, after))
    yield from ((corner, sign * way) for corner, _, _ in outer for way in ways for sign in (1.0, -1.0))
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        for way in ways:
            offset_m = xy @ (-way[1], way[0])
            yield from ((xy[k], sign * way) for k in (np.argmin(offset_m), np.argmax(offset_m)) for sign in (1.0, -1.0))
    corners = np.array([corner for corner, _, _ in outer + inner]).reshape(-1, 2)
    for corner, before, after in outer + inner:
        near = np.argsort(np.hypot(*(corners - corner).T), kind="stable")[1 : 1 + NEAREST]
        yield from ((corner, way) for way in (before + after, *(corners[near] - corner)) if np.hypot(*way) > STILL_M)


def _corners(ring: shapely.LinearRing, simplify_m: float) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return inward_corners(shapely.simplify(ring, simplify_m))


def _inner(area: shapely.Geometry) -> shapely.Geometry:
    """Return the area well inside the outline; keep-outs are ignored."""
    inner = shapely.buffer(shapely.union_all([shapely.Polygon(part.exterior) for part in parts_of(area)]), -INSIDE_M)
    shapely.prepare(inner)
    return inner


def _is_near(line: np.ndarray, lines: list[np.ndarray]) -> bool:
    """Whether a line (2, 2) runs within `APART_M` of one of the other lines."""
    if not lines:
        return False
    others = np.array(lines)
    along = others[:, 1] - others[:, 0]
    length_m = np.hypot(*along.T)
    off = line[None, :, :] - others[:, :1, :]
    at = np.clip((off * along[:, None, :]).sum(axis=2) / length_m[:, None] ** 2, 0.0, 1.0)
    away_m = np.hypot(*np.moveaxis(off - at[:, :, None] * along[:, None, :], 2, 0))
    return bool((away_m < APART_M).all(axis=1).any())


def inward_corners(ring: shapely.LinearRing) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return the corners of a ring at which the area on its left is re-entrant.

    Each corner (2,) comes with unit vectors (2,) that continue the edge before it and the edge after it into the area.
    """
    xy = shapely.get_coordinates(ring)[:-1]
    before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
    turn = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
    inward = np.flatnonzero(turn < -TURN_MIN_RAD)
    return [(xy[k], before[k] / np.hypot(*before[k]), -after[k] / np.hypot(*after[k])) for k in inward]


def _across(inner: shapely.Geometry, start: np.ndarray, way: np.ndarray) -> np.ndarray | None:
    """Return the line (2, 2) from a corner of the simplified outline in one direction to just beyond the outline.

    `inner`: the area well inside the outline; a line that only runs along the edge is not used.
    """
    x0, y0, x1, y1 = inner.bounds
    far_m = math.hypot(x1 - x0, y1 - y0)
    ray = shapely.LineString([start - 2.0 * SIMPLIFY_M * way, start + far_m * way])
    for part in shapely.get_parts(shapely.intersection(ray, inner)):
        if part.length > LONG_M and shapely.distance(part, shapely.Point(start)) <= 2.0 * SIMPLIFY_M:
            ends = shapely.get_coordinates(part)[[0, -1]]
            return np.asarray(ends + np.outer((-END_M, END_M), way))
    return None
