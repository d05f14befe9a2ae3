"""plan.png: ground, keep-outs, swaths with order and direction, cells, headlands, transits, untreated ground."""

import math
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from vehicle.contracts.plan import Plan, SegmentKind, UntreatableReason, works
from vehicle.contracts.plan_times import length_m
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.certificate import polygon_from, sweep_corners
from vehicle.planning.coverage.parking import PARKING
from vehicle.planning.coverage.standing import Mark
from vehicle.planning.files.outside import swept_outside
from vehicle.planning.files.picture_swaths import draw_swaths, swath_legend
from vehicle.planning.files.totals import planned_m2
from vehicle.planning.site.site import Site

REASON_COLOURS = {
    UntreatableReason.KEEP_OUT_CLEARANCE: "#b2182b",
    UntreatableReason.KEEP_OUT_CREDIT_MARGIN: "#f4a582",
    UntreatableReason.NO_APPROACH: "#762a83",
    UntreatableReason.NARROWER_THAN_MACHINE: "#c51b7d",
    UntreatableReason.SLOPE: "#8c510a",
    UntreatableReason.PLANNING_TIME: "#d73027",
    UntreatableReason.OUTSIDE_FENCE: "#636363",
    UntreatableReason.NOT_IN_TASK: "#c6c6c6",
}
OUTSIDE: Any = {"facecolor": "none", "edgecolor": "#b2182b", "hatch": "....", "linewidth": 0.4, "zorder": 3}
"""Swept beyond the work area."""
SAFE, ACCESS, SLOPE = "#d9ead3", "#b6d7a8", "#8c510a"
WARNINGS_MAX, WARNING_MAX = 8, 170
"""Number of warning lines below the map, and their length in letters."""
SIZE_IN = (11.0, 8.2)
HEADING_PT = 24.0
"""Length of the arrow of a parking point's heading on the paper."""
WIDER = 0.15
"""Safe ground and keep-outs are shown to this distance around the worked ground."""


def draw_plan(plan: Plan, site: Site, path: Path) -> None:
    """Draw one map with scale bar, north and legend; swaths are coloured from first (dark) to last (light)."""
    figure = Figure(figsize=SIZE_IN, dpi=140, layout="constrained")
    axes = figure.add_subplot()
    _fill(axes, site.safe_ground, SAFE, "none", 0)
    _fill(axes, site.access, ACCESS, "none", 0)
    _fill(axes, site.work_area, "#efe9dc", "#4d4d4d", 1)
    swept = sweep_corners(plan.segments, plan.machine.tool_width_m, plan.machine.tool_ahead_m)
    order = np.linspace(0.0, 1.0, max(1, len(swept)))
    colours = mpl.colormaps["viridis"](order)
    axes.add_collection(PolyCollection(list(swept), facecolors=colours, alpha=0.55, edgecolors="none", zorder=2))
    for row in plan.untreatable:
        level = 6 if row.reason is UntreatableReason.OUTSIDE_FENCE else 4  # it lies in ground outside the fence
        _fill(axes, polygon_from(row.rings_m), REASON_COLOURS[row.reason], "none", level)
    _fill(axes, site.keep_out, "#7f7f7f", "black", 5)
    for part in parts_of(site.work_area):
        axes.add_patch(PathPatch(_outline(part), facecolor="none", edgecolor="#4d4d4d", linewidth=0.8, zorder=3))
    outside = swept_outside(plan, site.work_area)
    for part in parts_of(outside):
        axes.add_patch(PathPatch(_outline(part), **OUTSIDE))
    _draw_ways(axes, plan)
    draw_swaths(axes, plan)
    _draw_marks(axes, site)
    _frame(axes, plan, site, swept)
    axes.set_title(_title(plan, site, outside.area), fontsize=9, loc="left")
    if site.warnings:
        figure.supxlabel(_warned(site.warnings), fontsize=8, color="#b2182b", x=0.01, ha="left")
    figure.legend(handles=_legend(plan, site), loc="outside right center", fontsize=8, frameon=False)
    figure.savefig(path)


def _fill(axes: Any, geometry: Any, face: str, edge: str, level: int) -> None:
    for part in parts_of(geometry):
        axes.add_patch(PathPatch(_outline(part), facecolor=face, edgecolor=edge, linewidth=0.8, zorder=level))


def _outline(part: Any) -> Outline:
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(part)]
    codes = [np.r_[Outline.MOVETO, [Outline.LINETO] * (len(r) - 2), Outline.CLOSEPOLY] for r in rings]
    return Outline(np.vstack(rings), np.concatenate(codes).astype(np.uint8))


def _draw_marks(axes: Any, site: Site) -> None:
    """Slopes with their degrees, benchmarks and turning points of the site file."""
    for slope_rad, geometry in site.slopes:
        for part in parts_of(geometry):
            style = {"facecolor": "none", "edgecolor": SLOPE, "hatch": "//", "linewidth": 0.8, "zorder": 5}
            axes.add_patch(PathPatch(_outline(part), **style))
            place = part.point_on_surface()
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0}
            degrees = f"{math.degrees(slope_rad):g}°"
            axes.text(place.x, place.y, degrees, fontsize=8, color=SLOPE, ha="center", va="center", bbox=box, zorder=9)
    for mark in site.marks:
        style = {"color": "black" if not mark.taken_down else "#bbbbbb", "fontsize": 6, "zorder": 9}
        if mark.role == PARKING:
            _draw_parking(axes, mark)
            continue
        axes.annotate(mark.role.replace("_", " "), (mark.east_m, mark.north_m), ha="center", va="bottom", **style)
    for points, sign in ((site.benchmarks_m, "^"), (site.turning_points_m, "D")):
        for east_m, north_m in points:
            axes.plot(east_m, north_m, marker=sign, color="black", markersize=5, zorder=9, markeredgecolor="white")


def _draw_parking(axes: Any, mark: Mark) -> None:
    """Draw a boxed P where the machine parks, with an arrow in its heading if it has one."""
    box = {"facecolor": "white", "edgecolor": "black", "pad": 1.5}
    here = (mark.east_m, mark.north_m)
    axes.annotate("P", here, ha="center", va="center", fontsize=8, weight="bold", bbox=box, zorder=10)
    if mark.yaw_rad is not None:
        ahead = (HEADING_PT * math.cos(mark.yaw_rad), HEADING_PT * math.sin(mark.yaw_rad))
        arrow = {"arrowstyle": "<|-", "color": "black"}
        axes.annotate("", here, xytext=ahead, textcoords="offset points", arrowprops=arrow, zorder=9)


def _draw_ways(axes: Any, plan: Plan) -> None:
    styles = {SegmentKind.TRANSIT: ("#1f4e9c", 0.7), SegmentKind.REVERSE: ("#d95f02", 0.9)}
    for kind, (colour, width) in styles.items():
        lines = [s.points_m for s in plan.segments if s.kind is kind]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=6))
    if plan.segments:
        first, last = plan.segments[0].points_m[0], plan.segments[-1].points_m[-1]
        axes.plot(*first, marker="o", color="#1a9850", markersize=7, zorder=8, markeredgecolor="white")
        axes.plot(*last, marker="s", color="#d73027", markersize=6, zorder=8, markeredgecolor="white")


def _frame(axes: Any, plan: Plan, site: Site, swept: np.ndarray) -> None:
    """Equal axes round everything worked and driven over, a scale bar of a round length, and north."""
    corners = np.array(site.work_area.bounds).reshape(2, 2)
    ways = np.array([point for segment in plan.segments for point in segment.points_m]).reshape(-1, 2)
    seen = np.vstack([corners, swept.reshape(-1, 2), ways])
    # nearby safe ground and marks are shown whole; a road that leads away is cut
    around = np.vstack(
        [seen.min(axis=0) - WIDER * np.ptp(seen, axis=0), seen.max(axis=0) + WIDER * np.ptp(seen, axis=0)]
    )
    shown = shapely.intersection(shapely.union(site.safe_ground, site.keep_out), shapely.box(*around.ravel()))
    seen = np.vstack([seen, np.clip(shapely.get_coordinates(shown), *around)])
    (x0, y0), (x1, y1) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    pad = 0.06 * max(x1 - x0, y1 - y0)
    axes.set_xlim(x0 - pad, x1 + pad)
    axes.set_ylim(y0 - 1.6 * pad, y1 + pad)
    axes.set_aspect("equal")
    axes.set_xlabel("east of datum [m]", fontsize=8)
    axes.set_ylabel("north of datum [m]", fontsize=8)
    axes.tick_params(labelsize=7)
    bar_m = _round_length(0.25 * (x1 - x0))
    axes.add_patch(Rectangle((x0, y0 - 1.1 * pad), bar_m, 0.12 * pad, color="black", zorder=9))
    axes.text(x0 + bar_m / 2, y0 - 0.9 * pad, f"{bar_m:g} m", ha="center", va="bottom", fontsize=8)
    axes.annotate(
        "N", xy=(0.97, 0.97), xytext=(0.97, 0.90), xycoords="axes fraction", ha="center", fontsize=10,
        arrowprops={"arrowstyle": "-|>", "color": "black"},
    )  # fmt: skip


def _round_length(length_m: float) -> float:
    scale = 10.0 ** math.floor(math.log10(max(length_m, 0.1)))
    return next(scale * step for step in (5.0, 2.0, 1.0) if scale * step <= max(length_m, 0.1) * 1.0001)


def _title(plan: Plan, site: Site, outside_m2: float) -> str:
    if plan.segments and not works(plan):
        way_m = sum(length_m(segment) for segment in plan.segments)
        return (
            f"{site.name}: a way of {way_m:.0f} m with {plan.machine.name}, {plan.time_s / 60.0:.1f} min, tool up\n"
            f"plan {plan.plan_hash}{_loose(site)}"
        )
    hours, swaths = plan.time_s / 3600.0, sum(s.kind is SegmentKind.SWATH for s in plan.segments)
    share = 100.0 * plan.bound_s / plan.time_s if plan.time_s else 0.0
    return (
        f"{site.name}: {planned_m2(plan):.0f} of {plan.area_m2:.0f} m² with {plan.machine.name}, "
        f"{swaths} swaths, {hours:.2f} h "
        f"({share:.0f} % of the bound), overlap {plan.overlap_m:.2f} m, outside {plan.outside}"
        f"{' (assumed)' if plan.outside_assumed else ''}, "
        f"{outside_m2:.0f} m² swept beyond the work area\nmissed: {plan.certificate.missed_nominal_m2:.2f} m² nominal, "
        f"{plan.certificate.missed_shrunk_m2:.2f} m² with {plan.certificate.cross_track_budget_m:.3f} m of error; "
        f"plan {plan.plan_hash}{_depth(plan)}{_loose(site)}"
    )


def _loose(site: Site) -> str:
    from vehicle.planning.site.projected import loosely_known  # noqa: PLC0415  0.1 s to load

    loose = loosely_known(site.source_system, site.source_accuracy_m)
    return f"\n{loose.upper()}" if loose else ""


def _warned(warnings: tuple[str, ...]) -> str:
    """Return the warnings that change the worked ground, the most important first."""
    shown = [textwrap.shorten(line, WARNING_MAX, placeholder=" ...") for line in warnings[:WARNINGS_MAX]]
    more = [f"and {len(warnings) - len(shown)} more in summary.json"] if len(warnings) > len(shown) else []
    return "\n".join(f"! {line}" for line in [*shown, *more]).replace("$", r"\$")


def _depth(plan: Plan) -> str:
    if plan.required_depth_m is None:
        return ""
    return f"; required depth {plan.required_depth_m:g} m{' (assumed)' if plan.required_depth_assumed else ''}"


def _legend(plan: Plan, site: Site) -> list[Any]:
    totals: dict[UntreatableReason, float] = {}
    for row in plan.untreatable:
        totals[row.reason] = totals.get(row.reason, 0.0) + row.area_m2
    colour = mpl.colormaps["viridis"]
    return [
        Patch(color="#efe9dc", label="work area"),
        *([Patch(color=SAFE, label="safe ground")] if not site.safe_ground.is_empty else []),
        *([Patch(color=ACCESS, label="access")] if not site.access.is_empty else []),
        *([Patch(color="#7f7f7f", label="keep-out")] if not site.keep_out.is_empty else []),
        *([Patch(facecolor="none", edgecolor=SLOPE, hatch="//", label="slope")] if site.slopes else []),
        Patch(color=colour(0.05), alpha=0.55, label="swath, early"),
        Patch(color=colour(0.95), alpha=0.55, label="swath, late"),
        *swath_legend(plan),
        Patch(**{**OUTSIDE, "zorder": 0}, label="swept beyond the work area"),
        *[
            Patch(color=REASON_COLOURS[reason], label=f"{reason.value.replace('_', ' ')}: {area:.2f} m²")
            for reason, area in totals.items()
        ],
        Line2D([], [], color="#1f4e9c", label="way, tool up"),
        Line2D([], [], color="#d95f02", label="way in reverse"),
        Line2D([], [], color="#1a9850", marker="o", linestyle="", label="start"),
        Line2D([], [], color="#d73027", marker="s", linestyle="", label="end"),
        *([Line2D([], [], color="black", marker="^", linestyle="", label="benchmark")] if site.benchmarks_m else []),
        *(
            [Line2D([], [], color="black", marker="D", linestyle="", label="turning point")]
            * bool(site.turning_points_m)
        ),
    ]
