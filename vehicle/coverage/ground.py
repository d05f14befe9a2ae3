"""Which ground bears what, as it grows: closed ground (only a running tool may enter) and solid keep-outs."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import polygons_of
from vehicle.coverage.settings import NUMERIC_M, PlanSettings, Reach
from vehicle.coverage.site import Site

SLIVER_M2 = 1e-7
"""Overlays of coordinates at 100 m from the datum leave slivers 1e-10 m wide; nothing real is this small."""
ROUND_SEGMENTS = 4
PIVOT_SLACK_M = 0.02
"""Pivot points keep this from the limit, so that rounding of a path cannot cross it."""
MARGIN_UNKNOWN_M = 60.0


@dataclass(frozen=True)
class Ground:
    """`closed`: unprocessed, unknown or kept-out ground; `solid`: keep-outs grown by the clearance (part of it)."""

    closed: Any
    solid: Any
    box: tuple[float, float, float, float]
    """Planning window (x0, y0, x1, y1); in `unknown` everything beyond is closed."""


def round_buffer(geometry: Any, radius_m: float, segments: int = ROUND_SEGMENTS) -> Any:
    """Buffer that contains the true one: chords of an inscribed circle would cut inside by r (1 - cos)."""
    if geometry.is_empty or radius_m <= 0.0:
        return geometry
    return shapely.buffer(geometry, radius_m / math.cos(math.pi / (4 * segments)), quad_segs=segments)


def mitre_buffer(geometry: Any, radius_m: float) -> Any:
    """Buffer with sharp corners: contains the round one, and its edges are straight, so that a pass lies flush."""
    if geometry.is_empty or radius_m <= 0.0:
        return geometry
    return shapely.buffer(geometry, radius_m, join_style="mitre", mitre_limit=1.5)


def first_ground(site: Site, reach: Reach, settings: PlanSettings) -> Ground:
    """Ground before the first swath: keep-outs and too steep slopes are solid; the work area is closed."""
    steep = [polygon for slope_rad, polygon in site.slopes if slope_rad > settings.slope_max_rad]
    keep = shapely.union_all([site.keep_out, *steep])
    solid = polygons_of(mitre_buffer(keep, reach.clearance_m))
    everything = shapely.union_all([site.work_area, keep, site.safe_ground])
    x0, y0, x1, y1 = everything.bounds
    pad_m = MARGIN_UNKNOWN_M
    box = (x0 - pad_m, y0 - pad_m, x1 + pad_m, y1 + pad_m)
    unproven = shapely.box(*box) if site.outside == "unknown" else site.work_area
    closed = shapely.union_all([unproven.difference(site.safe_ground), solid])
    return Ground(closed=polygons_of(closed), solid=solid, box=box)


def opened(ground: Ground, swept: Any) -> Ground:
    """The ground after `swept` was processed; keep-outs stay closed."""
    closed = shapely.union_all([without_slivers(ground.closed.difference(swept)), ground.solid])
    return Ground(closed=polygons_of(closed), solid=ground.solid, box=ground.box)


def pivot_obstacle(ground: Ground, reach: Reach, slack_m: float = PIVOT_SLACK_M) -> Any:
    """Where the body origin may not be while it turns: within a pivot's disc of closed or solid ground."""
    closed = round_buffer(ground.closed, reach.pivot_ground_m + slack_m)
    if reach.pivot_solid_m <= reach.pivot_ground_m + NUMERIC_M:
        return polygons_of(closed)
    solid = round_buffer(ground.solid, reach.pivot_solid_m + slack_m)
    return polygons_of(shapely.union_all([closed, solid]))


def without_slivers(geometry: Any, area_m2: float = SLIVER_M2) -> Any:
    """Drop parts that only rounding has made."""
    parts = shapely.get_parts(polygons_of(geometry))
    kept = parts[shapely.area(parts) > area_m2]
    if len(kept) == 1:
        return kept[0]
    return shapely.MultiPolygon(list(kept)) if len(kept) else shapely.Polygon()


def turned(geometry: Any, angle_rad: float) -> Any:
    """The geometry rotated about the datum, so that lanes of direction -angle lie along x."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    matrix = np.array([[cos, sin], [-sin, cos]])
    return shapely.transform(geometry, lambda xy: xy @ matrix)


def strip(theta_rad: float, y_m: float, x0_m: float, x1_m: float, half_m: float) -> Any:
    """Rectangle about the lane line y of direction theta (lane coordinates turned back to ENU)."""
    return turned(shapely.box(min(x0_m, x1_m), y_m - half_m, max(x0_m, x1_m), y_m + half_m), theta_rad)
