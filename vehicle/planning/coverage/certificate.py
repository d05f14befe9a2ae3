"""Unprocessed ground with its reasons, and the proof that there is no other: exact, with error, and by raster."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.contracts.plan import Certificate, Segment, SegmentKind, Untreatable, UntreatableReason
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.bitmap import missed_by_bitmap_m2
from vehicle.planning.coverage.ground import mitre_buffer, without_slivers
from vehicle.planning.coverage.ground_model import SLIVER_M2, GroundModel
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.settings import NUMERIC_M, Reach

CELL_MIN_M, CELLS_MAX = 0.05, 16e6
"""Smallest cell of the raster (that of the ledger), and the number of cells that takes a second or two."""
LIST_GROW_M = 1e-4
"""Listed polygons are grown by this, so that rounding at their rim stays inside the list."""


@dataclass(frozen=True)
class Sweeps:
    """What segments sweep, at full width and narrower by the cross-track budget: rectangles (n, 4, 2) [m], unions."""

    nominal: np.ndarray
    shrunk: np.ndarray
    swept: shapely.Geometry
    credited: shapely.Geometry


def sweeps_of(job: PlanJob, segments: tuple[Segment, ...]) -> Sweeps:
    """Return the sweeps of a path, computed from the segments alone."""
    reach = job.reach
    nominal = sweep_corners(segments, reach.width_m, reach.ahead_m)
    shrunk = sweep_corners(segments, reach.width_m, reach.ahead_m, job.settings.cross_track_m())
    return Sweeps(nominal, shrunk, _union(nominal), _union(shrunk))


def untreatable_of(ground: GroundModel, sweeps: Sweeps, left_for: UntreatableReason) -> tuple[Untreatable, ...]:
    """Return unprocessed polygons by reason, then the swept rim that cannot be credited; from the segments alone.

    `left_for`: the reason for unprocessed ground that is wide enough for the machine.
    """
    job, solid = ground.job, ground.first.solid.whole()
    site, reach = job.site, job.reach
    steep = robust_overlay.union([p for slope, p in site.slopes if slope > job.settings.slope_max_rad])
    near = polygons_of(robust_overlay.intersection(site.work_area, mitre_buffer(solid, NUMERIC_M + LIST_GROW_M)))
    ring = robust_overlay.difference(near, site.keep_out)
    rows = [(UntreatableReason.SLOPE, robust_overlay.intersection(ring, steep))]
    rows.append((UntreatableReason.KEEP_OUT_CLEARANCE, robust_overlay.difference(ring, steep)))
    asked = robust_overlay.difference(site.work_area, near)
    unswept = _thick(robust_overlay.difference(asked, sweeps.swept))
    left = robust_overlay.intersection(site.work_area, mitre_buffer(unswept, LIST_GROW_M))
    left = robust_overlay.difference(polygons_of(left), near)
    narrow = _narrow(reach, solid, left)
    for part in parts_of(left):
        fits = robust_overlay.difference(part, narrow).area > 0.1 * part.area
        reason = left_for if fits else UntreatableReason.NARROWER_THAN_MACHINE
        rows.append((reason, part))
    uncredited = _thick(robust_overlay.difference(asked, sweeps.credited))
    rim = robust_overlay.union([mitre_buffer(solid, reach.credit_m), mitre_buffer(uncredited, LIST_GROW_M)])
    rim = robust_overlay.union([rim, ground.uncredited.whole()])
    rim = robust_overlay.intersection(site.work_area, rim)
    rim = robust_overlay.difference(polygons_of(rim), robust_overlay.union([near, left, site.keep_out]))
    rows.append((UntreatableReason.KEEP_OUT_CREDIT_MARGIN, rim))
    rows.append((UntreatableReason.OUTSIDE_FENCE, site.outside_fence))
    return tuple(
        Untreatable(reason=reason, rings_m=rings_of(part), area_m2=float(part.area))
        for reason, geometry in rows
        for part in parts_of(without_slivers(geometry, SLIVER_M2))
    )


def _narrow(reach: Reach, solid: shapely.Geometry, left: shapely.Geometry) -> shapely.Geometry:
    """Return the ground between keep-outs in which a disc as wide as the tool does not fit."""
    if left.is_empty or solid.is_empty:
        return shapely.Polygon()
    window = left.buffer(4.0 * reach.tool_half_m)
    free = robust_overlay.difference(window, solid)
    half_m = reach.tool_half_m - 1e-3
    return robust_overlay.difference(free, shapely.buffer(shapely.buffer(free, -half_m), half_m))


def rings_of(polygon: shapely.Geometry) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return shell and holes of a polygon, or of all parts of several, as closed rings of (east, north) [m]."""
    rings = shapely.get_rings(shapely.get_parts(polygon))  # of a multi-polygon itself shapely returns none
    return tuple(tuple((float(x), float(y)) for x, y in shapely.get_coordinates(ring)) for ring in rings)


def polygon_from(rings: tuple[tuple[tuple[float, float], ...], ...]) -> shapely.Geometry:
    """A polygon from its shell and holes, rings of (east, north) [m]: the inverse of `rings_of`."""
    return shapely.Polygon(rings[0], list(rings[1:]))


def sweep_corners(segments: tuple[Segment, ...], width_m: float, ahead_m: float, shrink_m: float = 0.0) -> np.ndarray:
    """Return (n, 4, 2) rectangles of the tool-down sweeps: flat ends, sides moved in by `shrink`."""
    swaths = [s for s in segments if s.kind is SegmentKind.SWATH]
    if not swaths:
        return np.empty((0, 4, 2))
    ends = np.array([(s.points_m[0], s.points_m[-1]) for s in swaths])
    yaw = np.array([s.yaw_start_rad for s in swaths])
    along = np.column_stack([np.cos(yaw), np.sin(yaw)])
    left = np.column_stack([-along[:, 1], along[:, 0]]) * (0.5 * width_m - shrink_m)
    tool = ends + ahead_m * along[:, None, :]
    return np.stack([tool[:, 0] - left, tool[:, 1] - left, tool[:, 1] + left, tool[:, 0] + left], axis=1)


def certify(job: PlanJob, sweeps: Sweeps, listed: tuple[Untreatable, ...]) -> Certificate:
    """Missed = work area less keep-outs, listed polygons and sweeps (full and shrunk); exact and by bitmap."""
    outside_list = robust_overlay.union([job.site.keep_out, *[polygon_from(u.rings_m) for u in listed]])
    asked = polygons_of(robust_overlay.difference(job.site.work_area, outside_list))
    cell_m = max(CELL_MIN_M, math.sqrt(shapely.box(*asked.bounds).area / CELLS_MAX)) if asked.area > 0.0 else CELL_MIN_M
    by_bitmap_m2 = missed_by_bitmap_m2(asked, (sweeps.nominal, sweeps.shrunk), cell_m)
    return Certificate(
        missed_nominal_m2=_missed_m2(asked, sweeps.swept),
        missed_shrunk_m2=_missed_m2(asked, sweeps.credited),
        missed_bitmap_m2=by_bitmap_m2[0],
        missed_shrunk_bitmap_m2=by_bitmap_m2[1],
        cross_track_budget_m=job.settings.cross_track_m(),
    )


def _missed_m2(asked: shapely.Geometry, swept: shapely.Geometry) -> float:
    """Area [m2] of the exact difference, without rounding of the overlay."""
    return float(_thick(robust_overlay.difference(asked, swept)).area)


def _union(rectangles: np.ndarray) -> shapely.Geometry:
    return robust_overlay.union(shapely.polygons(rectangles)) if len(rectangles) else shapely.Polygon()


def _thick(geometry: shapely.Geometry) -> shapely.Geometry:
    """Keep only parts wider than twice the grid; thinner ones are rounding of the overlays."""
    parts = parts_of(polygons_of(geometry))
    wide = parts[~shapely.is_empty(shapely.buffer(parts, -robust_overlay.GRID_M))]
    return shapely.MultiPolygon(list(wide)) if len(wide) else shapely.Polygon()
