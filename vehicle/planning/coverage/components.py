"""Components of the uncovered ground, worked one by one: headlands, then swaths, then what stays along keep-outs."""

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.edge_passes import edge_pass_round
from vehicle.planning.coverage.ground import swath_box, turned
from vehicle.planning.coverage.headlands import Headland, find_headlands, headland_swaths
from vehicle.planning.coverage.phases import (  # fmt: skip
    GAIN_MIN_M2,
    SMALL_M2,
    Swaths,
    gain_m2,
    options_of,
    swaths_over,
    sweep,
    window_of,
    work,
)
from vehicle.planning.coverage.progress import Progress
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.swath import THIN_M
from vehicle.planning.coverage.tiled_polygons import Box

SHORT_M = 3.0
"""An uncovered stretch of a swath shorter than this is left for passes along the keep-out that cut it off."""
LONGER_M = (4.0, 8.0, 16.0, 32.0, 64.0)
"""A headland that nothing bears the start of is lengthened by so much at one end, over swaths that are not its own."""
LONGER_STEP_M = 1.0
LONGER_S_PER_M = 10.0
"""What that costs: each swath it crosses is driven through it, three swaths of it deep, once more."""
ROOM_M, ROOM_MAX_M2 = 4.0, 600.0
"""What lies this near to a headland and is no larger is worked before whole swaths beside it are backed out of."""
REMNANT_AWAY_M = 25.0
"""A remnant is worked before a larger component only where it lies this much nearer."""


@dataclass(frozen=True)
class FailedAttempt:
    """A component that nothing could be done about: with so many stops behind, in this window."""

    stops: int
    window: Box
    no_way: bool


def work_everything(progress: Progress, theta_rad: float) -> None:
    """Swaths open at both ends first; then one component after the other, each worked out before the next."""
    sweep(progress, progress.uncovered(), theta_rad, through_only=True)
    tried: dict[bytes, FailedAttempt] = {}
    while not progress.over():
        part = _next_part(progress, tried)
        if part is None:
            worth = {key: row for key, row in tried.items() if not _changed(progress, row)}
            if len(worth) == len(tried):
                return
            tried = worth
            continue
        before = len(progress.stops)
        progress.no_way = False
        if not _work_part(progress, part, theta_rad):
            tried[part.wkb] = FailedAttempt(before, window_of(progress, part), progress.no_way)


def _changed(progress: Progress, row: FailedAttempt) -> bool:
    """Whether another attempt may fare better: something was opened near it, or anywhere if only the way lacked."""
    since = progress.stops[row.stops :]
    if row.no_way or not since:
        return bool(since)
    lines = shapely.linestrings([(stop.entry[:2], stop.exit[:2]) for stop in since])
    return bool(shapely.intersects(shapely.box(*row.window), lines).any())


def _next_part(progress: Progress, tried: dict[bytes, FailedAttempt]) -> shapely.Polygon | None:
    """The nearest component worth working, remnants last."""
    parts = progress.uncovered()
    parts = parts[shapely.area(parts) >= GAIN_MIN_M2] if len(parts) else parts
    if not len(parts):
        return None
    away_m = np.where(shapely.area(parts) < SMALL_M2, REMNANT_AWAY_M, 0.0)
    if progress.pose is not None:
        away_m = away_m + shapely.distance(parts, shapely.Point(progress.pose[:2]))
    nearest: list[shapely.Polygon] = parts[np.argsort(away_m, kind="stable")].tolist()
    return next((part for part in nearest if part.wkb not in tried), None)


def _work_part(progress: Progress, part: shapely.Polygon, theta_rad: float) -> int:
    """Cheapest means first; returns the number of swaths."""
    if part.area >= SMALL_M2:
        uncovered = np.array([part], dtype=object)
        swaths = swaths_over(progress, uncovered, theta_rad)
        done = work(progress, _long(options_of(swaths, progress, through_only=True)), swaths.ground.box)
        if done:
            return done
        headlands = find_headlands(swaths, progress)
        done = (
            _work_headlands(progress, part, headlands)
            or _remnants_at(progress, part, theta_rad, headlands)
            or _lengthened(progress, part, swaths, headlands)
            or _column(progress, part, theta_rad, swaths, headlands)
        )
        done = done or work(progress, _long(options_of(swaths, progress)), swaths.ground.box)
        if done:
            return done
    return edge_pass_round(progress, part) or _best_direction(progress, part, theta_rad)


def _long(options: list[list[TourStop]]) -> list[list[TourStop]]:
    """Without the short ends along keep-outs: passes along the edge take several of them at once."""
    return [stops for stops in options if stops[0].uncovered[1] - stops[0].uncovered[0] >= SHORT_M]


def _work_headlands(progress: Progress, part: shapely.Polygon, headlands: list[Headland]) -> int:
    """Headlands whose start some ground bears already, in one tour."""
    options: list[list[TourStop]] = []
    for headland in headlands:
        if progress.over():
            break
        options += _headland_options(progress, part, headland)
    return work(progress, options, window_of(progress, part)) if options else 0


def _remnants_at(progress: Progress, part: shapely.Polygon, theta_rad: float, headlands: list[Headland]) -> int:
    """Work what other headlands and passes have left where the swaths of this component would turn, before a column."""
    for headland in headlands:
        room = swath_box(
            headland.theta_rad,
            headland.span_m[0] - ROOM_M,
            min(headland.lines_m) - ROOM_M,
            headland.span_m[1] + ROOM_M,
            max(headland.lines_m) + ROOM_M,
        )
        near = progress.uncovered_in(room.bounds)
        near = near[shapely.intersects(room, near)] if len(near) else near
        for other in near:
            if progress.over():
                return 0
            if other is part or other.area > ROOM_MAX_M2 or other.area < GAIN_MIN_M2:
                continue
            done = edge_pass_round(progress, other) or _best_direction(progress, other, theta_rad)
            if done:
                return done
    return 0


def _lengthened(progress: Progress, part: shapely.Polygon, swaths: Swaths, headlands: list[Headland]) -> int:
    """Where no headland can be started: the headland that reaches ground to start from with the least lengthening."""
    for more_m in LONGER_M:
        for headland in headlands:
            if progress.over():
                return 0
            first, last = headland.rows
            count = min(len(headland.lines_m), last + 1 - first)
            ends = (range(first, first + count), range(last + 1 - count, last + 1))
            column_s = min(_row_cost(swaths, rows) for rows in ends) / progress.machine.reverse_speed_mps
            if more_m * LONGER_S_PER_M > column_s:
                continue
            low, high = headland.span_m
            for span_m in ((low - more_m, high), (low, high + more_m)):
                if not _turns_beyond(swaths, headland, span_m):
                    continue
                done = _work_headlands(progress, part, [replace(headland, span_m=span_m)])
                if done:
                    return done
    return 0


def _turns_beyond(swaths: Swaths, headland: Headland, span_m: tuple[float, float]) -> bool:
    """Whether the machine may turn anywhere within `ROOM_M` of the longer end, on the middle line of a headland.

    Beyond the window of `swaths` nothing is known to hinder it, and the trial tells.
    """
    end_m = span_m[0] if span_m[0] < headland.span_m[0] else span_m[1]
    line_m = 0.5 * (min(headland.lines_m) + max(headland.lines_m))
    way_m = np.arange(0.0, ROOM_M + LONGER_STEP_M, LONGER_STEP_M) * (1.0 if end_m == span_m[1] else -1.0)
    places = turned(shapely.points(end_m + way_m, np.full(len(way_m), line_m)), headland.theta_rad)
    return len(np.unique(swaths.turns.query(places, predicate="intersects")[0])) < len(places)


def _column(
    progress: Progress, part: shapely.Polygon, theta_rad: float, swaths: Swaths, headlands: list[Headland]
) -> int:
    """Where no headland can be started: open a column of swaths at the cheaper end of one, backed out of."""
    for headland in headlands:
        first, last = headland.rows
        count = min(headland_swaths(progress, theta_rad), last + 1 - first)
        ends = (range(first, first + count), range(last + 1 - count, last + 1))
        for rows in sorted(ends, key=lambda candidates: _row_cost(swaths, candidates)):
            if progress.over():
                return 0
            y0, y1 = float(swaths.y_m[rows[0]]) - swaths.answer_m, float(swaths.y_m[rows[-1]]) + swaths.answer_m
            column = _cut(progress, part, theta_rad, (swaths.field.x0_m, y0, swaths.field.x1_m, y1))
            done = sweep(progress, column, theta_rad)
            if done:
                return done
    return 0


def _still(progress: Progress, part: shapely.Polygon) -> np.ndarray:
    """What is left of a component: the parts lie apart, so each lies in it or outside of it, whole."""
    uncovered = progress.uncovered_in(part.bounds)
    inside = np.array([left is part for left in uncovered], dtype=bool)
    if not inside.any() and len(uncovered):
        shapely.prepare(part)
        inside = np.asarray(shapely.intersects(part, shapely.point_on_surface(uncovered)))
    uncovered = uncovered[inside]
    return np.asarray(uncovered[shapely.area(uncovered) >= GAIN_MIN_M2])


def _headland_options(progress: Progress, part: shapely.Polygon, headland: Headland) -> list[list[TourStop]]:
    """Swaths of a headland that some ground bears the start of."""
    half_m = progress.reach.tool_half_m - THIN_M
    rectangle = (headland.span_m[0], min(headland.lines_m) - half_m, headland.span_m[1], max(headland.lines_m) + half_m)
    uncovered = _cut(progress, part, headland.theta_rad, rectangle)
    if not len(uncovered):
        return []
    return options_of(
        swaths_over(progress, uncovered, headland.theta_rad, (np.array(headland.lines_m), half_m)), progress
    )


def _row_cost(swaths: Swaths, rows: range) -> float:
    inside = {float(swaths.y_m[row]) for row in rows}
    return sum(piece.uncovered[1] - piece.uncovered[0] for piece in swaths.pieces if piece.y_m in inside)


def _cut(
    progress: Progress, part: shapely.Polygon, theta_rad: float, rectangle: tuple[float, float, float, float]
) -> np.ndarray:
    """What is left of a component inside a rectangle of the swath frame."""
    window = swath_box(theta_rad, *rectangle)
    left = robust_overlay.intersection(_still(progress, part), window)
    pieces = shapely.get_parts(shapely.get_parts(left))
    return np.asarray(pieces[(shapely.get_type_id(pieces) == 3) & (shapely.area(pieces) >= GAIN_MIN_M2)])


def _best_direction(progress: Progress, part: shapely.Polygon, theta_rad: float) -> int:
    """Try directions over a remnant and work the one that gains most per time."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0) if len(corners) > 2 else np.array([[1.0, 0.0]])
    angles = [math.atan2(side[1], side[0]) for side in sides] + [theta_rad, theta_rad + math.pi / 2.0]
    uncovered, best = np.array([part], dtype=object), None
    for angle in angles:
        if progress.over():
            return 0
        swaths = swaths_over(progress, uncovered, angle)
        options = options_of(swaths, progress)
        if not options:
            continue
        fastest = [min(stops, key=lambda stop: stop.time_s) for stops in options]
        worth = gain_m2(progress, fastest) / sum(stop.time_s + 20.0 for stop in fastest)
        if best is None or worth > best[0]:
            best = (worth, options, swaths.ground.box)
    return work(progress, best[1], best[2]) if best is not None else 0
