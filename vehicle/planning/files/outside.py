"""Ground that a plan sweeps beyond the work area, to be checked by people before the machine works there."""

import numpy as np
import shapely

from vehicle.contracts.plan import Plan
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.certificate import sweep_corners
from vehicle.planning.site.site import Site


def swept_outside(plan: Plan, work_area: shapely.Geometry) -> shapely.Geometry:
    """Ground under the running tool beyond the work area, safe ground included."""
    corners = sweep_corners(plan.segments, plan.machine.tool_width_m, plan.machine.tool_ahead_m)
    strips = np.asarray(shapely.polygons(corners)) if len(corners) else np.empty(0, dtype=object)
    shapely.prepare(work_area)
    across = strips[~shapely.covers(work_area, strips)]
    if not len(across):
        return shapely.Polygon()
    return polygons_of(robust_overlay.difference(robust_overlay.union(across), work_area))


def swept_outside_m2(plan: Plan, work_area: shapely.Geometry) -> float:
    """Area [m2] swept beyond the work area."""
    return float(swept_outside(plan, work_area).area)


def furthest_m(plan: Plan, site: Site) -> float:
    """Largest distance [m] from the work area at which the tool runs over ground not declared safe; 0 if none."""
    if site.outside != "unknown":
        return 0.0
    unknown = parts_of(polygons_of(robust_overlay.difference(swept_outside(plan, site.work_area), site.safe_ground)))
    corners = shapely.points(shapely.get_coordinates(unknown))
    return float(shapely.distance(corners, site.work_area).max()) if len(corners) else 0.0
