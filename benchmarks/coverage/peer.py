"""The planner `coverage-path-planner` on the same fields under the same cost model, where it is installed.

Its best settings: lines along the minimum width, the perimeter drawn in by half a tool ("inset").
"""

import importlib
import math
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from tests.planning.coverage.support import BENCH
from vehicle.host.clock import elapsed_s
from vehicle.planning.site.site import Site

PITCH_M = 1.8
HALF_M = 1.0


def available() -> Any:
    """The module, or None."""
    try:
        return importlib.import_module("coverage_path_planner")
    except ImportError:
        return None


def peer_row(site: Site) -> dict[str, Any]:
    """Missed area, metres and hours of its plan for a site without regard to where the tracks stand."""
    cpp = available()
    asked = site.work_area.difference(site.keep_out)
    start_s = elapsed_s()
    paths = [_path(cpp, part) for part in shapely.get_parts(asked.buffer(-HALF_M, join_style="mitre"))]
    plan_s = elapsed_s() - start_s
    lines = [shapely.LineString(path) for path in paths if len(path) > 1]
    swept = shapely.union_all([line.buffer(HALF_M, cap_style="flat", join_style="round") for line in lines])
    on_m = sum(line.length for line in lines)
    between_m = sum(math.dist(a.coords[-1], b.coords[0]) for a, b in pairwise(lines))
    turned_rad = sum(_turned_rad(np.array(line.coords)) for line in lines)
    time_s = on_m / BENCH.working_speed_mps + between_m / BENCH.transit_speed_mps + turned_rad / BENCH.pivot_rate_radps
    return {
        "plan_s": plan_s,
        "missed_m2": asked.difference(swept).area,
        "tool_on_m": on_m,
        "time_h": time_s / 3600.0,
    }


def _path(cpp: Any, part: Any) -> list[tuple[float, float]]:
    def polygon(ring: Any) -> Any:
        return cpp.Polygon([cpp.Point(x, y) for x, y in shapely.get_coordinates(ring)[:-1]])

    environment = cpp.Environment(polygon(part.exterior))
    for ring in part.interiors:
        environment.addObstacle(polygon(ring))
    settings = cpp.PathSettings()
    settings.pattern, settings.offset, settings.angle = "lines", PITCH_M, _min_width_rad(part)
    settings.distanceToBorder, settings.mowArea = 1, True
    settings.mowBorder, settings.borderLaps = True, 1
    settings.mowExclusionsBorder, settings.exclusionsBorderLaps = True, 1
    first = part.exterior.coords[0]
    result = cpp.PathService().computeFullTask(environment, settings, cpp.Point(first[0], first[1]))
    return [(point.x, point.y) for point in result.path.getPoints()]


def _min_width_rad(part: Any) -> float:
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0)
    longest = sides[int(np.argmax(np.hypot(*sides.T)))]
    return math.atan2(longest[1], longest[0])


def _turned_rad(xy: np.ndarray) -> float:
    steps = np.diff(xy, axis=0)
    steps = steps[np.hypot(*steps.T) > 1e-6]
    course = np.arctan2(steps[:, 1], steps[:, 0])
    return float(np.abs(np.remainder(np.diff(course) + math.pi, 2.0 * math.pi) - math.pi).sum())
