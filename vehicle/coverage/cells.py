"""Components of the need, worked one after the other: bands first, then lanes, then what stays along keep-outs."""

import math

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.bands import Band, band_lanes, find_bands
from vehicle.coverage.flush import flush_round
from vehicle.coverage.ground import lane_box
from vehicle.coverage.lane import THIN_M
from vehicle.coverage.phases import GAIN_MIN_M2, Lanes, gain_m2, lanes_over, nearest_first, options_of, sweep, work
from vehicle.coverage.progress import Progress
from vehicle.coverage.route import Visit

SMALL_M2 = 12.0
"""Below a few tool widths squared a component is a remnant, not a cell."""
ROUNDS_MAX = 60


def work_everything(progress: Progress, theta_rad: float) -> None:
    """Cheapest means first, over and over: what is opened by one makes another possible."""
    means = (_open_lanes, _bands, _column, _any_lanes, _remnants)
    sweep(progress, progress.need(), theta_rad, through_only=True)
    for _ in range(ROUNDS_MAX):
        if not any(mean(progress, theta_rad) for mean in means):
            return


def _cells(progress: Progress) -> list[shapely.Polygon]:
    """Components of the need worth lanes of their own, the nearest first."""
    return [part for part in nearest_first(progress.need(), progress) if part.area >= SMALL_M2]


def _open_lanes(progress: Progress, theta_rad: float) -> int:
    """Lanes open at both ends."""
    return _lanes(progress, theta_rad, through_only=True)


def _any_lanes(progress: Progress, theta_rad: float) -> int:
    """Lanes, backed out of where need be."""
    return _lanes(progress, theta_rad, through_only=False)


def _lanes(progress: Progress, theta_rad: float, *, through_only: bool) -> int:
    """Each cell has lanes of its own; all are ordered together."""
    options: list[list[Visit]] = []
    for part in _cells(progress):
        lanes = lanes_over(progress, np.array([part], dtype=object), theta_rad)
        options += options_of(lanes, progress, through_only=through_only)
    return work(progress, options, progress.box)


def _bands(progress: Progress, theta_rad: float) -> int:
    """Bands whose start some ground bears already, all cells in one tour."""
    options: list[list[Visit]] = []
    for part in _cells(progress):
        lanes = lanes_over(progress, np.array([part], dtype=object), theta_rad)
        for band in find_bands(lanes, progress):
            options += _band_options(progress, part, band)
    return work(progress, options, progress.box)


def _column(progress: Progress, theta_rad: float) -> int:
    """Where no band can be started: open a column of lanes at the cheaper end of one, backed out of."""
    for part in _cells(progress):
        lanes = lanes_over(progress, np.array([part], dtype=object), theta_rad)
        for band in find_bands(lanes, progress):
            first, last = band.rows
            count = min(band_lanes(progress, theta_rad), last + 1 - first)
            ends = (range(first, first + count), range(last + 1 - count, last + 1))
            for rows in sorted(ends, key=lambda candidates: _row_cost(lanes, candidates)):
                y0, y1 = float(lanes.y_m[rows[0]]) - lanes.answer_m, float(lanes.y_m[rows[-1]]) + lanes.answer_m
                column = _cut(progress, part, theta_rad, (lanes.field.x0_m, y0, lanes.field.x1_m, y1))
                done = sweep(progress, column, theta_rad)
                if done:
                    return done
    return 0


def _remnants(progress: Progress, theta_rad: float) -> int:
    """Passes along keep-outs and wherever else something is gained, the nearest remnant first."""
    hopeless: list[shapely.Polygon] = []
    before = len(progress.visits)
    while True:
        parts = [part for part in nearest_first(progress.need(), progress) if part.area >= GAIN_MIN_M2]
        parts = [part for part in parts if not any(part.equals(other) for other in hopeless)]
        if not parts:
            return len(progress.visits) - before
        if not (flush_round(progress, parts[0]) or _best_direction(progress, parts[0], theta_rad)):
            hopeless.append(parts[0])


def _still(progress: Progress, part: shapely.Polygon) -> np.ndarray:
    """What is left of a component."""
    need = progress.need_in(part.bounds)
    need = need[shapely.area(overlay.intersection(need, part)) > 0.5 * shapely.area(need)] if len(need) else need
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
        lanes = lanes_over(progress, need, angle)
        options = options_of(lanes, progress)
        if not options:
            continue
        fastest = [min(visits, key=lambda visit: visit.time_s) for visits in options]
        worth = gain_m2(progress, fastest) / sum(visit.time_s + 20.0 for visit in fastest)
        if best is None or worth > best[0]:
            best = (worth, options, lanes.ground.box)
    return work(progress, best[1], best[2]) if best is not None else 0
