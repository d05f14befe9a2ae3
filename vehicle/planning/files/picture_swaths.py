"""The swaths in plan.png: driving order, directions, cells, headlands and edge passes."""

from typing import Any

import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from vehicle.contracts.geometry import distance_m
from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.files.groups import SwathGroup, swath_groups

NUMBERS_MAX, ARROWS_MAX = 40, 220
"""More would hide the ground."""
ARROW_SHARE, ARROW_MAX_SHARE = 0.35, 0.03
"""Length of an arrow as a share of its swath, and at most as a share of the picture's width."""
CELL: dict[str, Any] = {"facecolor": "none", "edgecolor": "#000000", "linewidth": 1.1, "linestyle": (0, (5, 2))}
HEADLAND: dict[str, Any] = {"facecolor": "none", "edgecolor": "#e7298a", "linewidth": 0.8}
NAMES_MAX = 12
SMALLEST_SHARE = 0.01
"""A cell below this share of the work area is not labelled in the picture."""
BOX: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}


def draw_swaths(axes: Any, plan: Plan) -> None:
    """Outlines of cells and headlands, arrows along swaths, numbers of their order."""
    groups = swath_groups(plan)
    for group in groups:
        style = CELL if group.is_cell else HEADLAND
        for part in parts_of(group.outline):
            axes.add_patch(PathPatch(_shell(part), **style, zorder=7))
    _draw_names(axes, plan, [group for group in groups if group.is_cell])
    _draw_order(axes, plan)


def swath_legend(plan: Plan) -> list[Any]:
    """Return legend entries for cells and headlands, with their numbers."""
    groups = swath_groups(plan)
    cells = sum(group.is_cell for group in groups)
    others = "strips" if plan.task is not None and plan.task.survey is not None else "headlands, edge passes"
    rows = [(cells, CELL, "cell" if cells == 1 else "cells"), (len(groups) - cells, HEADLAND, others)]
    shown = [Patch(**style, label=f"{count} {text}") for count, style, text in rows if count]
    return [
        *shown,
        Line2D([], [], color="#222222", marker=">", markersize=4, linewidth=0.7, label="direction; n: n-th swath"),
    ]


def _shell(part: Any) -> Outline:
    """Return the outer ring alone; what lies in the holes of the sweep is drawn separately."""
    ring = shapely.get_coordinates(shapely.get_exterior_ring(part))
    codes = np.r_[Outline.MOVETO, [Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY]
    return Outline(ring, codes.astype(np.uint8))


def _draw_names(axes: Any, plan: Plan, cells: list[SwathGroup]) -> None:
    """Label the largest cells with swath count and heading, if they are large enough."""
    large = [cell for cell in cells if cell.outline.area > SMALLEST_SHARE * plan.area_m2]
    for cell in sorted(large, key=lambda cell: -cell.outline.area)[:NAMES_MAX]:
        place = max(parts_of(cell.outline), key=lambda part: float(part.area)).point_on_surface()
        text = f"{len(cell.numbers)} swaths, {cell.heading_deg:03.0f}°"
        axes.text(place.x, place.y, text, fontsize=7, ha="center", va="center", bbox=BOX, zorder=10)


def _draw_order(axes: Any, plan: Plan) -> None:
    swaths = [segment for segment in plan.segments if segment.kind is SegmentKind.SWATH]
    if not swaths:
        return
    corners = np.array([segment.points_m[0] for segment in plan.segments])
    most_m = ARROW_MAX_SHARE * float(np.ptp(corners, axis=0).max() + 1.0)
    for at in range(0, len(swaths), -(-len(swaths) // ARROWS_MAX)):
        (x0, y0), (x1, y1) = _tool_ends(plan, swaths[at])
        length_m = distance_m((x0, y0), (x1, y1))
        half = 0.5 * min(ARROW_SHARE, most_m / max(length_m, 1e-6))
        start = (x0 + (0.5 - half) * (x1 - x0), y0 + (0.5 - half) * (y1 - y0))
        end = (x0 + (0.5 + half) * (x1 - x0), y0 + (0.5 + half) * (y1 - y0))
        style = {"arrowstyle": "-|>", "color": "#222222", "lw": 0.7, "mutation_scale": 6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=8)
    for at in sorted({*range(0, len(swaths), -(-len(swaths) // NUMBERS_MAX)), len(swaths) - 1}):
        x0, y0 = _tool_ends(plan, swaths[at])[0]
        axes.text(x0, y0, str(at + 1), fontsize=5.5, ha="center", va="center", bbox={**BOX, "pad": 0.4}, zorder=9)


def _tool_ends(plan: Plan, swath: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the start and the end of the tool axis."""
    ahead_m = plan.machine.tool_ahead_m
    along = (ahead_m * float(np.cos(swath.yaw_start_rad)), ahead_m * float(np.sin(swath.yaw_start_rad)))
    (x0, y0), (x1, y1) = swath.points_m[0], swath.points_m[-1]
    return (x0 + along[0], y0 + along[1]), (x1 + along[0], y1 + along[1])
