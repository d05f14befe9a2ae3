"""map.png: the job on one page: processed ground, unprocessed ground with reasons, and the machine's path."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline

from vehicle.contracts.geometry import offset_m
from vehicle.contracts.plan import SegmentKind
from vehicle.reports.charts import READING
from vehicle.reports.facts import JobFacts
from vehicle.reports.ground_sections import pieces_of, readings_of
from vehicle.reports.importing import area_of
from vehicle.reports.layers import layers
from vehicle.reports.palette import (
    GAP_COLOURS,
    GROUND,
    INK,
    KEPT_OUT,
    LISTED,
    MARKS,
    PAPER,
    PASSED,
    PROCESSED,
    PROVISIONAL,
    SAFE,
    SOFT,
    WAY,
    marked,
)
from vehicle.reports.picture_frame import draw_frame
from vehicle.reports.picture_labels import Label, draw_labels
from vehicle.reports.picture_side import DOCUMENT, FOLLOWED_UP, PALE, draw_side, height_for_legend_in
from vehicle.reports.products import polygons
from vehicle.reports.seen import seen_of
from vehicle.reports.survey import named_points
from vehicle.reports.words import area, grouped, percent

DPI: Final = 170
PIECE_M2: Final = 0.05
PIECES_MAX: Final = 25
POINTS_MAX: Final = 24
"""Largest number of named points or pieces: more would cover the map; the report's tables hold all."""
LABEL_COLOURS: Final = {name: INK if name == "detonation" else colour for name, (_, colour) in MARKS.items()}
"""Colour of the name beside a mark: that of the mark, if it is readable on white."""
WIDTH_IN: Final = 13.0
SIDE_IN: Final = 3.5
"""Width of the column beside the map for figures and legend."""


def draw_map(path: Path, facts: JobFacts) -> None:
    """Write the map as PNG; its scale fits the field to the page, from 30 m to 1 km."""
    west_m, south_m, east_m, north_m = _window(facts)
    aspect = (north_m - south_m) / (east_m - west_m)
    map_in = WIDTH_IN - SIDE_IN - 0.8
    height_in = min(max(map_in * aspect, 6.4, height_for_legend_in(facts)), 12.0)
    window_m = _fitted((west_m, south_m, east_m, north_m), height_in / map_in)
    figure = Figure(figsize=(WIDTH_IN, height_in + 1.7), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    total_in = height_in + 1.7
    left, bottom = 0.55 / WIDTH_IN, 0.55 / total_in
    axes = figure.add_axes((left, bottom, map_in / WIDTH_IN, height_in / total_in))
    axes.set_facecolor("#f7f5f0")
    _draw_ground(axes, facts)
    _draw_raster(axes, facts, window_m)
    _draw_ways(axes, facts)
    for row in readings_of(facts):
        axes.plot(row.east_m, row.north_m, marker="D", markersize=5, color=READING, markeredgecolor=PAPER, zorder=10)
    _draw_listed(axes, facts)
    _draw_gaps(axes, facts, window_m[2] - window_m[0])
    _draw_others(axes, facts)
    _draw_events(axes, facts)
    draw_frame(axes, window_m, facts.words)
    draw_labels(axes, labels_of(facts), polygons(facts.site.keep_out))
    _titles(figure, facts, left, total_in)
    side = figure.add_axes(
        ((WIDTH_IN - SIDE_IN + 0.05) / WIDTH_IN, bottom, (SIDE_IN - 0.3) / WIDTH_IN, height_in / total_in)
    )
    draw_side(figure, side, facts)
    figure.savefig(path, metadata={"Software": "flailpilot"})


def _window(facts: JobFacts) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the map [m]: the work area with a margin for the machine's turns."""
    west_m, south_m, east_m, north_m = facts.site.work_area.bounds
    margin_m = max(4.0, 0.05 * max(east_m - west_m, north_m - south_m))
    return west_m - margin_m, south_m - margin_m, east_m + margin_m, north_m + margin_m


def _fitted(window_m: tuple[float, float, float, float], ratio: float) -> tuple[float, float, float, float]:
    """Return the window extended around its centre to this ratio of height to width."""
    west_m, south_m, east_m, north_m = window_m
    wide_m, high_m = east_m - west_m, north_m - south_m
    more_x_m = max(0.0, high_m / ratio - wide_m) / 2.0
    more_y_m = max(0.0, wide_m * ratio - high_m) / 2.0
    return west_m - more_x_m, south_m - more_y_m, east_m + more_x_m, north_m + more_y_m


def _fill(axes: Any, geometry: Any, level: float, **style: Any) -> None:
    """Polygons with their holes."""
    for part in shapely.get_parts(geometry):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        codes = [np.r_[Outline.MOVETO, [Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY] for ring in rings]
        outline = Outline(np.vstack(rings), np.concatenate(codes).astype(np.uint8))
        axes.add_patch(PathPatch(outline, zorder=level, **style))


def _draw_ground(axes: Any, facts: JobFacts) -> None:
    site = facts.site
    _fill(axes, site.safe_ground, 1, facecolor=SAFE, edgecolor="none")
    _fill(axes, site.work_area, 2, facecolor=GROUND, edgecolor="none")
    _fill(axes, site.keep_out, 6, **KEPT_OUT)
    _fill(axes, site.keep_out, 6.1, facecolor="none", edgecolor=INK, linewidth=1.2)
    _fill(axes, site.work_area, 7, facecolor="none", edgecolor=INK, linewidth=1.5)
    for east_m, north_m in site.benchmarks_m:
        axes.plot(east_m, north_m, marker="^", color=INK, markerfacecolor=PAPER, markersize=8, zorder=11)


def _draw_others(axes: Any, facts: JobFacts) -> None:
    """Draw what others said of the ground as borders: follow-up by teams, and documents of the authority."""
    datum = facts.plan.datum
    for team in facts.follow_ups:
        _fill(axes, area_of(team.polygons_deg, datum), 9.2, facecolor="none", edgecolor=PAPER, **FOLLOWED_UP)
    for paper in facts.releases:
        shape = area_of(paper.polygons_deg, datum)
        _fill(axes, shape, 9.3, facecolor="none", edgecolor=PAPER, linewidth=3.2)
        _fill(axes, shape, 9.4, facecolor="none", edgecolor=INK, **DOCUMENT)


def _draw_raster(axes: Any, facts: JobFacts, window_m: tuple[float, float, float, float]) -> None:
    """Draw the worked ground; outside the work area in paler colours."""
    images = layers(facts.ledger, window_m, facts.cell_m)
    if not (images.credited.any() or images.passed.any()):
        return
    picture = np.empty((*images.credited.shape, 4), np.float32)
    picture[..., :3] = to_rgb(PROCESSED)
    # A pixel shows one state: if cells share it, the larger share gives the colour and both shares give the opacity.
    picture[images.passed > images.credited, :3] = to_rgb(PASSED)
    picture[(images.provisional > images.passed) & _stripes(images.provisional.shape), :3] = to_rgb(PROVISIONAL)
    picture[..., 3] = np.minimum(1.0, images.credited + images.passed)
    pale = picture.copy()
    pale[..., 3] *= PALE
    style = {"origin": "lower", "extent": images.extent_m, "interpolation": "nearest"}
    axes.imshow(pale, zorder=3, **style)
    axes.imshow(picture, zorder=3.1, **style).set_clip_path(_clip(axes, facts.site.work_area))


def _stripes(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return diagonal stripes over an image: half of its pixels, in bands of about a hundredth of its longer side."""
    down, across = np.indices(shape, np.int32)
    half = max(1, max(shape) // 220)
    return np.asarray((down + across) // half % 2 == 0)


def _clip(axes: Any, geometry: Any) -> Any:
    """Return an invisible patch of the polygons that clips an image."""
    rings = [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(geometry)
        for ring in (part.exterior, *part.interiors)
    ]
    codes = [np.r_[Outline.MOVETO, [Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY] for ring in rings]
    patch = PathPatch(
        Outline(np.vstack(rings), np.concatenate(codes).astype(np.uint8)), facecolor="none", edgecolor="none"
    )
    axes.add_patch(patch)
    return patch


def _draw_ways(axes: Any, facts: JobFacts) -> None:
    """Draw planned swaths as thin lines of the tool's centre, and the path that the machine drove."""
    ahead_m = facts.plan.machine.tool_ahead_m
    swaths = [
        [offset_m(point, segment.yaw_start_rad, ahead_m) for point in segment.points_m]
        for segment in facts.plan.segments
        if segment.kind is SegmentKind.SWATH
    ]
    axes.add_collection(LineCollection(swaths, colors=PAPER, linewidths=0.5, alpha=0.75, zorder=4))
    if len(facts.trail_m) > 1:
        trail = np.asarray(facts.trail_m)
        axes.plot(trail[:, 0], trail[:, 1], color=WAY, linewidth=0.55, alpha=0.55, zorder=5)


def _draw_listed(axes: Any, facts: JobFacts) -> None:
    for row in facts.plan.untreatable:
        shape = shapely.Polygon(row.rings_m[0], row.rings_m[1:])
        _fill(axes, shape, 5.5, **LISTED)


def _draw_gaps(axes: Any, facts: JobFacts, width_m: float) -> None:
    """Draw every gap in its colour; a gap too small to be seen gets a ring around it."""
    visible_m2 = (0.012 * width_m) ** 2
    for gap in facts.found.gaps:
        shape, colour = shapely.Polygon(gap.rings_m[0], gap.rings_m[1:]), GAP_COLOURS[gap.reason]
        _fill(axes, shape, 8, facecolor=colour, edgecolor=colour, linewidth=0.6)
        if gap.area_m2 < visible_m2:
            middle = shape.representative_point()
            ring = Circle((middle.x, middle.y), 0.012 * width_m, fill=False, edgecolor=colour, linewidth=1.3, zorder=9)
            axes.add_patch(ring)


def _draw_events(axes: Any, facts: JobFacts) -> None:
    """Draw stops, detonations and finds as marks; their numbers are drawn last, with all other names."""
    events = [(mark, event.east_m, event.north_m) for _, mark, event in marked(facts.events)]
    for mark, east_m, north_m in (*events, *((row.mark, row.east_m, row.north_m) for row in seen_of(facts))):
        marker, colour = MARKS[mark]
        style = {"markersize": 9, "markeredgecolor": PAPER, "markeredgewidth": 0.8, "linestyle": "none", "zorder": 10}
        axes.plot(east_m, north_m, marker=marker, color=colour, **style)


def labels_of(facts: JobFacts) -> list[Label]:
    """Return the names of the report: survey points, then those that begin with E, F, M, W, N and D."""
    found = [Label(text=point.name, east_m=point.east_m, north_m=point.north_m) for point in named_points(facts.site)]
    found = found if len(found) <= POINTS_MAX else found[: len(facts.site.benchmarks_m)]
    found += [
        Label(text=f"E{number}", east_m=event.east_m, north_m=event.north_m, colour=LABEL_COLOURS[mark])
        for number, mark, event in marked(facts.events)
        if event.east_m is not None and event.north_m is not None
    ]
    found += [
        Label(text=row.name, east_m=row.east_m, north_m=row.north_m, colour=LABEL_COLOURS[row.mark])
        for row in seen_of(facts)
    ]
    for letter in ("M", "W", "N"):
        pieces = [piece for piece in pieces_of(facts) if piece.name[0] == letter and piece.area_m2 >= PIECE_M2]
        for piece in pieces[:PIECES_MAX]:
            middle = piece.shape.representative_point()
            found.append(Label(text=piece.name, east_m=middle.x, north_m=middle.y))
    for row in readings_of(facts):
        found.append(Label(text=f"D{row.number}", east_m=row.east_m, north_m=row.north_m, colour=READING))
    return found


def _titles(figure: Any, facts: JobFacts, left: float, total_in: float) -> None:
    found, say = facts.found, facts.words
    share = found.processed_m2 / found.area_m2 if found.area_m2 > 0.0 else 0.0
    heading = say.text("map.heading", site=facts.site.name or say.text("head.unnamed"))
    figure.text(left, 1.0 - 0.42 / total_in, heading, fontsize=17, fontweight="bold", color=INK, va="center")
    line = say.text(
        "map.line", machine=facts.plan.machine.name, tool=f"{facts.plan.machine.tool_width_m:.2f}",
        depth=f"{facts.config.mission.required_depth_m * 100.0:.0f}", processed=grouped(found.processed_m2, 1),
        area=grouped(found.area_m2, 1), share=percent(share, 2), missed=area(found.missed_m2),
        listed=grouped(found.listed_m2, 1),
    )  # fmt: skip
    if found.to_do_m2:
        line += say.text("map.to_do", area=area(found.to_do_m2))
    if found.not_in_task_m2:
        line += say.text("map.beyond", area=grouped(found.not_in_task_m2, 1))
    figure.text(left, 1.0 - 0.74 / total_in, f"{line}.", fontsize=9.5, color=SOFT, va="center")
    figure.text(left, 1.0 - 0.95 / total_in, _when(facts), fontsize=8, color=SOFT, va="center")
    if facts.simulated:
        figure.text(
            1.0 - 0.3 / WIDTH_IN, 1.0 - 0.42 / total_in, say.text("warn.simulated_short"), fontsize=12,
            fontweight="bold", color="#c0182b", ha="right", va="center",
        )  # fmt: skip


def _when(facts: JobFacts) -> str:
    """Return plan and times, for the small print."""
    say = facts.words
    return say.text(
        "map.plan", plan=facts.plan.plan_hash, site=facts.plan.site_hash,
        start=facts.start_utc or say.text("stated.none"), end=facts.end_utc or say.text("stated.none"),
        source=facts.time_source or say.text("head.nobody"),
    )  # fmt: skip
