"""Ground that bears the tracks as it grows: closed ground (only a running tool may enter), and solid keep-outs."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.discs import drawn_radius_m, round_buffer
from vehicle.planning.coverage.settings import NUMERIC_M, PlanSettings, Reach
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.site.site import Site

RIM_SEGMENTS, RIM_SHARE = 2, 0.98
"""Buffer arcs are chords inside the circle, and GEOS simplifies its buffers by up to 2 % of the radius in trials."""
PIVOT_SLACK_M = 0.06
"""Margin of pivot points to the limit, so that they stay free when buffers are drawn again later."""
LEG_SLACK_M = 0.01
MARGIN_UNKNOWN_M = 60.0


@dataclass(frozen=True)
class Ground:
    """Arrays of polygons in a window `box`; ground outside it is unknown and counts as closed.

    `closed`: unprocessed or unknown ground, and keep-outs. Parts of it: `solid`, keep-outs grown by the clearance;
    `beyond`, unknown ground beyond the overrun.
    """

    closed: np.ndarray
    solid: np.ndarray
    beyond: np.ndarray
    box: Box
    reach: Reach

    @cached_property
    def pivot(self) -> np.ndarray:
        """Return polygons (n,): ground on which the body origin may not turn."""
        return self.pivot_within(PIVOT_SLACK_M)

    def pivot_within(self, slack_m: float) -> np.ndarray:
        """Return polygons (n,): ground on which the body origin may not turn, with another margin [m] of the disc."""
        return pivot_obstacles(self.closed, np.concatenate([self.solid, self.beyond]), self.reach, slack_m)


def mitre_buffer(geometry: shapely.Geometry, radius_m: float) -> shapely.Geometry:
    """Return a buffer with sharp corners: it contains the round one, and passes can follow its straight edges."""
    if geometry.is_empty or radius_m <= 0.0:
        return geometry
    return shapely.buffer(geometry, radius_m, join_style="mitre", mitre_limit=1.5)


def gap_to_turn_m(reach: Reach, half_m: float) -> float:
    """Return the shortest stretch [m] between closed ground in a strip of +-half in which the machine may turn."""
    radius_m = reach.pivot_ground_m + PIVOT_SLACK_M
    return 2.0 * math.sqrt(max(0.0, radius_m**2 - half_m**2))


def pivot_disc_m(reach: Reach) -> float:
    """Radius of the drawn disc that a pivot on closed ground's edge needs, slack and rounding of arcs included."""
    return drawn_radius_m(reach.pivot_ground_m + PIVOT_SLACK_M, reach.arcs)


@dataclass(frozen=True)
class Opened:
    """Result of earlier work: swept ground less a position error at its edge bears tracks; craters are keep-outs."""

    swept: shapely.Geometry
    craters: shapely.Geometry
    error_m: float


def kept_out(site: Site, settings: PlanSettings, opened: Opened | None = None) -> shapely.Geometry:
    """Return keep-outs as drawn, ground steeper than the limit, and craters."""
    steep = [polygon for slope_rad, polygon in site.slopes if slope_rad > settings.slope_max_rad]
    return robust_overlay.union([site.keep_out, *steep] + ([opened.craters] if opened is not None else []))


def unproven(site: Site, opened: Opened | None = None) -> shapely.Geometry:
    """Return ground that does not bear the tracks before the first swath, regardless of keep-outs."""
    ground = site.work_area
    if site.outside == "unknown":  # swaths of any direction that leave the planning window end on closed ground
        x0, y0, x1, y1 = robust_overlay.union([site.work_area, site.keep_out, site.safe_ground]).bounds
        far_m = MARGIN_UNKNOWN_M + math.hypot(x1 - x0, y1 - y0)
        ground = shapely.box(x0 - far_m, y0 - far_m, x1 + far_m, y1 + far_m)
    closed = robust_overlay.difference(ground, site.safe_ground)
    return polygons_of(closed if opened is None else robust_overlay.difference(closed, opened.swept))


def rim_of_m(overrun_m: float, reach: Reach) -> float:
    """How far [m] beyond the work area unknown ground may be opened."""
    return (overrun_m - reach.clearance_m) * RIM_SHARE


def beyond_rim(site: Site, reach: Reach, settings: PlanSettings, opened: Opened | None = None) -> shapely.Geometry:
    """Return unknown ground further from the work area than the overrun less the clearance: closed to tool and tracks.

    Empty if the ground outside is safe. Raises InputError for an overrun in which no swath could end.
    """
    if site.outside != "unknown":
        return shapely.Polygon()
    overrun_m = site.overrun.agreed_m(settings.overrun_m)
    rim_m = rim_of_m(overrun_m, reach)
    if rim_m < reach.credit_m:
        least_m = math.ceil(10.0 * (reach.credit_m / RIM_SHARE + reach.clearance_m)) / 10.0
        raise InputError(
            f"{site.name}: an overrun of {overrun_m:g} m leaves no room for the ends of swaths; at least {least_m:g} m "
            "beyond the work area are needed with this machine"
        )
    allowed = shapely.buffer(site.work_area, rim_m, quad_segs=RIM_SEGMENTS)
    return polygons_of(robust_overlay.difference(unproven(site, opened), allowed))


def first_ground(
    site: Site, reach: Reach, settings: PlanSettings, opened: Opened | None = None
) -> tuple[shapely.Geometry, shapely.Geometry, Box]:
    """Return (closed, solid, planning window) before the first swath; keep-outs and too steep slopes are solid."""
    keep = kept_out(site, settings, opened)
    solid = polygons_of(mitre_buffer(keep, reach.clearance_m))
    everything = robust_overlay.union([site.work_area, keep, site.safe_ground])
    x0, y0, x1, y1 = everything.bounds
    pad_m = MARGIN_UNKNOWN_M
    box = (x0 - pad_m, y0 - pad_m, x1 + pad_m, y1 + pad_m)
    closed = unproven(site, opened)
    if opened is not None:
        closed = mitre_buffer(closed, opened.error_m)
    closed = robust_overlay.union([closed, solid])
    return polygons_of(closed), solid, box


def pivot_obstacles(closed: np.ndarray, solid: np.ndarray, reach: Reach, slack_m: float = PIVOT_SLACK_M) -> np.ndarray:
    """Return where the body origin may not turn: within a pivot's disc of closed or solid ground.

    Polygons (n,) and (m,) in, polygons (k,) out.
    """
    obstacles = round_buffer(closed, reach.pivot_ground_m + slack_m, reach.arcs)
    if reach.pivot_solid_m > reach.pivot_ground_m + NUMERIC_M and len(solid):
        obstacles = np.concatenate([obstacles, round_buffer(solid, reach.pivot_solid_m + slack_m, reach.arcs)])
    return np.asarray(parts_of(obstacles))


def without_slivers(geometry: shapely.Geometry, area_m2: float) -> shapely.Geometry:
    """Drop parts that are only rounding."""
    parts = shapely.get_parts(polygons_of(geometry))
    kept = parts[shapely.area(parts) > area_m2]
    if len(kept) == 1:
        return kept[0]
    return shapely.MultiPolygon(list(kept)) if len(kept) else shapely.Polygon()


def turned(geometry: Any, angle_rad: float) -> Any:
    """Rotate a geometry or an array of them about the datum (swath frame -> ENU for the swaths' direction)."""
    return shapely.transform(geometry, lambda xy_m: rotated(xy_m, angle_rad))


def rotated(xy_m: np.ndarray, angle_rad: float) -> np.ndarray:
    """Return points (n, 2) [m] rotated about the datum."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    # no matrix product: its last digits depend on the processor
    east_m, north_m = xy_m.T
    return np.column_stack((east_m * cos - north_m * sin, east_m * sin + north_m * cos))


def swath_box(theta_rad: float, x0_m: float, y0_m: float, x1_m: float, y1_m: float) -> shapely.Polygon:
    """Return the ENU polygon of a rectangle given in the swath frame."""
    return turned(shapely.box(x0_m, y0_m, x1_m, y1_m), theta_rad)


def joined_box(*boxes: Box) -> Box:
    """Smallest box around boxes."""
    low = np.array(boxes)
    return (float(low[:, 0].min()), float(low[:, 1].min()), float(low[:, 2].max()), float(low[:, 3].max()))
