"""Components of the need, worked one after the other: bands first, then lanes, then what stays along keep-outs."""

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely

from vehicle.planning.coverage import overlay
from vehicle.planning.coverage.bands import Band, band_lanes, find_bands
from vehicle.planning.coverage.flush import flush_round
from vehicle.planning.coverage.ground import lane_box, turned
from vehicle.planning.coverage.lane import THIN_M
from vehicle.planning.coverage.patchwork import Box
from vehicle.planning.coverage.phases import (  # fmt: skip
    GAIN_MIN_M2,
    SMALL_M2,
    Lanes,
    gain_m2,
    lanes_over,
    options_of,
    sweep,
    window_of,
    work,
)
from vehicle.planning.coverage.progress import Progress
from vehicle.planning.coverage.route import Visit

SHORT_M = 3.0
"""A lane's need shorter than this is left for passes along the keep-out that cut it off."""
LONGER_M = (4.0, 8.0, 16.0, 32.0, 64.0)
"""A band that nothing bears the start of is lengthened by so much at one end, over lanes that are not its own."""
LONGER_STEP_M = 1.0
LONGER_S_PER_M = 10.0
"""What that costs: each lane it crosses is driven through it, three lanes of it deep, once more."""
ROOM_M, ROOM_MAX_M2 = 4.0, 600.0
"""What lies this near to a band and is no larger is worked before the machine backs out of whole lanes beside it."""
REMNANT_AWAY_M = 25.0
"""A remnant is worked before a cell only where it lies this much nearer."""


@dataclass(frozen=True)
class Tried:
    """A component that nothing could be done about: with so many visits behind, in this window."""

    visits: int
    window: Box
    no_way: bool


def work_everything(progress: Progress, theta_rad: float) -> None:
    """Lanes open at both ends first; then one component after the other, each worked out before the next."""
    sweep(progress, progress.need(), theta_rad, through_only=True)
    tried: dict[bytes, Tried] = {}
    while not progress.over():
        part = _next_part(progress, tried)
        if part is None:
            worth = {key: row for key, row in tried.items() if not _changed(progress, row)}
            if len(worth) == len(tried):
                return
            tried = worth
            continue
        before = len(progress.visits)
        progress.no_way = False
        if not _work_part(progress, part, theta_rad):
            tried[part.wkb] = Tried(before, window_of(progress, part), progress.no_way)


def _changed(progress: Progress, row: Tried) -> bool:
    """Whether another attempt may fare better: something was opened near it, or anywhere if only the way lacked."""
    since = progress.visits[row.visits :]
    if row.no_way or not since:
        return bool(since)
    lines = shapely.linestrings([(visit.entry[:2], visit.exit[:2]) for visit in since])
    return bool(shapely.intersects(shapely.box(*row.window), lines).any())


def _next_part(progress: Progress, tried: dict[bytes, Tried]) -> shapely.Polygon | None:
    """The nearest component worth working, cells before remnants."""
    parts = progress.need()
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
        need = np.array([part], dtype=object)
        lanes = lanes_over(progress, need, theta_rad)
        done = work(progress, _long(options_of(lanes, progress, through_only=True)), lanes.ground.box)
        if done:
            return done
        bands = find_bands(lanes, progress)
        done = (
            _work_bands(progress, part, bands)
            or _remnants_at(progress, part, theta_rad, bands)
            or _lengthened(progress, part, lanes, bands)
            or _column(progress, part, theta_rad, lanes, bands)
        )
        done = done or work(progress, _long(options_of(lanes, progress)), lanes.ground.box)
        if done:
            return done
    return flush_round(progress, part) or _best_direction(progress, part, theta_rad)


def _long(options: list[list[Visit]]) -> list[list[Visit]]:
    """Without the short ends along keep-outs: passes along the edge take several of them at once."""
    return [visits for visits in options if visits[0].need[1] - visits[0].need[0] >= SHORT_M]


def _work_bands(progress: Progress, part: shapely.Polygon, bands: list[Band]) -> int:
    """Bands whose start some ground bears already, in one tour."""
    options: list[list[Visit]] = []
    for band in bands:
        if progress.over():
            break
        options += _band_options(progress, part, band)
    return work(progress, options, window_of(progress, part)) if options else 0


def _remnants_at(progress: Progress, part: shapely.Polygon, theta_rad: float, bands: list[Band]) -> int:
    """Work what other bands and passes have left where the lanes of this component would turn, before a column."""
    for band in bands:
        room = lane_box(
            band.theta_rad,
            band.span_m[0] - ROOM_M, min(band.lines_m) - ROOM_M, band.span_m[1] + ROOM_M, max(band.lines_m) + ROOM_M,
        )  # fmt: skip
        near = progress.need_in(room.bounds)
        near = near[shapely.intersects(room, near)] if len(near) else near
        for other in near:
            if progress.over():
                return 0
            if other is part or other.area > ROOM_MAX_M2 or other.area < GAIN_MIN_M2:
                continue
            done = flush_round(progress, other) or _best_direction(progress, other, theta_rad)
            if done:
                return done
    return 0


def _lengthened(progress: Progress, part: shapely.Polygon, lanes: Lanes, bands: list[Band]) -> int:
    """Where no band can be started: the band that reaches ground to start from with the least lengthening."""
    for more_m in LONGER_M:
        for band in bands:
            if progress.over():
                return 0
            first, last = band.rows
            count = min(len(band.lines_m), last + 1 - first)
            ends = (range(first, first + count), range(last + 1 - count, last + 1))
            column_s = min(_row_cost(lanes, rows) for rows in ends) / progress.machine.reverse_speed_mps
            if more_m * LONGER_S_PER_M > column_s:
                continue
            low, high = band.span_m
            for span_m in ((low - more_m, high), (low, high + more_m)):
                if not _turns_beyond(lanes, band, span_m):
                    continue
                done = _work_bands(progress, part, [replace(band, span_m=span_m)])
                if done:
                    return done
    return 0


def _turns_beyond(lanes: Lanes, band: Band, span_m: tuple[float, float]) -> bool:
    """Whether the machine may turn anywhere within `ROOM_M` of the longer end, on the middle line of a band.

    Beyond the window of `lanes` nothing is known to hinder it, and the trial tells.
    """
    end_m = span_m[0] if span_m[0] < band.span_m[0] else span_m[1]
    line_m = 0.5 * (min(band.lines_m) + max(band.lines_m))
    way_m = np.arange(0.0, ROOM_M + LONGER_STEP_M, LONGER_STEP_M) * (1.0 if end_m == span_m[1] else -1.0)
    places = turned(shapely.points(end_m + way_m, np.full(len(way_m), line_m)), band.theta_rad)
    return len(np.unique(lanes.turns.query(places, predicate="intersects")[0])) < len(places)


def _column(progress: Progress, part: shapely.Polygon, theta_rad: float, lanes: Lanes, bands: list[Band]) -> int:
    """Where no band can be started: open a column of lanes at the cheaper end of one, backed out of."""
    for band in bands:
        first, last = band.rows
        count = min(band_lanes(progress, theta_rad), last + 1 - first)
        ends = (range(first, first + count), range(last + 1 - count, last + 1))
        for rows in sorted(ends, key=lambda candidates: _row_cost(lanes, candidates)):
            if progress.over():
                return 0
            y0, y1 = float(lanes.y_m[rows[0]]) - lanes.answer_m, float(lanes.y_m[rows[-1]]) + lanes.answer_m
            column = _cut(progress, part, theta_rad, (lanes.field.x0_m, y0, lanes.field.x1_m, y1))
            done = sweep(progress, column, theta_rad)
            if done:
                return done
    return 0


def _still(progress: Progress, part: shapely.Polygon) -> np.ndarray:
    """What is left of a component: the parts lie apart, so each lies in it or outside of it, whole."""
    need = progress.need_in(part.bounds)
    inside = np.array([left is part for left in need], dtype=bool)
    if not inside.any() and len(need):
        shapely.prepare(part)
        inside = np.asarray(shapely.intersects(part, shapely.point_on_surface(need)))
    need = need[inside]
    return np.asarray(need[shapely.area(need) >= GAIN_MIN_M2])


def _band_options(progress: Progress, part: shapely.Polygon, band: Band) -> list[list[Visit]]:
    """Lanes of a band that some ground bears the start of."""
    half_m = progress.reach.tool_half_m - THIN_M
    rectangle = (band.span_m[0], min(band.lines_m) - half_m, band.span_m[1], max(band.lines_m) + half_m)
    need = _cut(progress, part, band.theta_rad, rectangle)
    if not len(need):
        return []
    return options_of(lanes_over(progress, need, band.theta_rad, (np.array(band.lines_m), half_m)), progress)


def _row_cost(lanes: Lanes, rows: range) -> float:
    inside = {float(lanes.y_m[row]) for row in rows}
    return sum(piece.need[1] - piece.need[0] for piece in lanes.pieces if piece.y_m in inside)


def _cut(
    progress: Progress, part: shapely.Polygon, theta_rad: float, rectangle: tuple[float, float, float, float]
) -> np.ndarray:
    """What is left of a component inside a rectangle of the lane frame."""
    window = lane_box(theta_rad, *rectangle)
    left = overlay.intersection(_still(progress, part), window)
    pieces = shapely.get_parts(shapely.get_parts(left))
    return np.asarray(pieces[(shapely.get_type_id(pieces) == 3) & (shapely.area(pieces) >= GAIN_MIN_M2)])


def _best_direction(progress: Progress, part: shapely.Polygon, theta_rad: float) -> int:
    """Try directions over a remnant and work the one that gains most per time."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0) if len(corners) > 2 else np.array([[1.0, 0.0]])
    angles = [math.atan2(side[1], side[0]) for side in sides] + [theta_rad, theta_rad + math.pi / 2.0]
    need, best = np.array([part], dtype=object), None
    for angle in angles:
        if progress.over():
            return 0
        lanes = lanes_over(progress, need, angle)
        options = options_of(lanes, progress)
        if not options:
            continue
        fastest = [min(visits, key=lambda visit: visit.time_s) for visits in options]
        worth = gain_m2(progress, fastest) / sum(visit.time_s + 20.0 for visit in fastest)
        if best is None or worth > best[0]:
            best = (worth, options, lanes.ground.box)
    return work(progress, best[1], best[2]) if best is not None else 0
