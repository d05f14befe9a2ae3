"""Ways to start a headland where swaths end on closed ground: from open ground, longer, or from a column."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_in
from vehicle.planning.coverage.ground import swath_box, turned
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.headlands import Headland, headland_swaths, pocket_m
from vehicle.planning.coverage.phases import (
    GAIN_MIN_M2,
    Outcome,
    Swaths,
    options_of,
    swaths_over,
    sweep,
    window_of,
    work,
)
from vehicle.planning.coverage.remnants import remnant_attempts
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.swath import THIN_M
from vehicle.planning.coverage.tour import Tour

LONGER_M = (4.0, 8.0, 16.0, 32.0, 64.0)
"""A headland without bearing ground at its start is lengthened by these at one end, across other swaths."""
LONGER_STEP_M = 1.0
LONGER_S_PER_M = 10.0
"""Cost of lengthening: every swath that it crosses is driven again over the depth of three headland swaths."""
ROOM_M, ROOM_MAX_M2 = 4.0, 600.0
"""Remnants this near to a headland and no larger than this are worked before whole swaths are reversed out of."""


def headland_attempts(
    ground: GroundModel, tour: Tour, part: shapely.Polygon, swaths: Swaths, headlands: list[Headland]
) -> Iterator[Outcome]:
    """Return ways to get room to turn before the closed swath ends of a component, the cheapest first."""
    if ground.job.opening.pockets:  # one for a single row opens nothing that a pocket at its end would not
        headlands = [headland for headland in headlands if headland.rows[1] > headland.rows[0]]
    yield _headlands(ground, tour, part, headlands)
    yield from _remnants_at(ground, tour, part, swaths.field.theta_rad, headlands)
    yield from _lengthened(ground, tour, part, swaths, headlands)
    yield from _columns(ground, tour, part, swaths, headlands)


def _headlands(ground: GroundModel, tour: Tour, part: shapely.Polygon, headlands: list[Headland]) -> Outcome:
    """Work the headlands whose start already has bearing ground, in one tour."""
    options: list[list[TourStop]] = []
    for headland in headlands:
        if ground.job.deadline():
            break
        options += _options(ground, part, headland)
    return work(ground, tour, options, window_of(ground, part)) if options else Outcome()


def _remnants_at(
    ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float, headlands: list[Headland]
) -> Iterator[Outcome]:
    """Before a column is opened, work the remnants where the swaths of this component would turn."""
    for headland in headlands:
        room = swath_box(
            headland.theta_rad,
            headland.span_m[0] - ROOM_M,
            min(headland.lines_m) - ROOM_M,
            headland.span_m[1] + ROOM_M,
            max(headland.lines_m) + ROOM_M,
        )
        near = ground.uncovered_in(room.bounds)
        near = near[shapely.intersects(room, near)] if len(near) else near
        for other in near:
            if ground.job.deadline():
                return
            if other is not part and GAIN_MIN_M2 <= other.area <= ROOM_MAX_M2:
                yield from remnant_attempts(ground, tour, other, theta_rad)


def _lengthened(
    ground: GroundModel, tour: Tour, part: shapely.Polygon, swaths: Swaths, headlands: list[Headland]
) -> Iterator[Outcome]:
    """If no headland can be started, work the one that needs the least lengthening to reach bearing ground."""
    for more_m in LONGER_M:
        for headland in headlands:
            if ground.job.deadline():
                return
            column_s = _column_s(ground, swaths, headland)
            if more_m * LONGER_S_PER_M > column_s:
                continue
            low, high = headland.span_m
            for span_m in ((low - more_m, high), (low, high + more_m)):
                if _turns_beyond(swaths, headland, span_m):
                    yield _headlands(ground, tour, part, [replace(headland, span_m=span_m)])


def _column_s(ground: GroundModel, swaths: Swaths, headland: Headland) -> float:
    """Time [s] to reverse out of the cheaper column at an end of a headland."""
    ends = _end_rows(headland, len(headland.lines_m))
    return min(_row_cost_m(swaths, rows) for rows in ends) / ground.job.machine.reverse_speed_mps


def _end_rows(headland: Headland, count: int) -> tuple[range, range]:
    """Return the first and the last rows of a headland: `count` at each end, or all."""
    first, last = headland.rows
    count = min(count, last + 1 - first)
    return range(first, first + count), range(last + 1 - count, last + 1)


def _rows_to_enter(ground: GroundModel, swaths: Swaths, headland: Headland, count: int) -> Iterator[range]:
    """Yield the first and the last `count` neighbours among the rows of a headland that can be entered."""
    if not ground.job.opening.inside:
        return
    open_y = {piece.y_m for piece in swaths.pieces if piece.moves}
    first, last = headland.rows
    fits = [row for row in range(first, last + 1) if float(swaths.y_m[row]) in open_y]
    starts = [row for row, other in zip(fits, fits[count - 1 :], strict=False) if other - row == count - 1]
    yield from (range(row, row + count) for row in dict.fromkeys((*starts[:1], *starts[-1:])))


def _turns_beyond(swaths: Swaths, headland: Headland, span_m: tuple[float, float]) -> bool:
    """Whether the machine may turn within `ROOM_M` of the lengthened end, on the middle line of a headland.

    No obstacles are known outside the window of `swaths`; there the trial decides.
    """
    end_m = span_m[0] if span_m[0] < headland.span_m[0] else span_m[1]
    line_m = 0.5 * (min(headland.lines_m) + max(headland.lines_m))
    way_m = np.arange(0.0, ROOM_M + LONGER_STEP_M, LONGER_STEP_M) * (1.0 if end_m == span_m[1] else -1.0)
    places = turned(shapely.points(end_m + way_m, np.full(len(way_m), line_m)), headland.theta_rad)
    return len(np.unique(swaths.turns.query(places, predicate="intersects")[0])) < len(places)


def _columns(
    ground: GroundModel, tour: Tour, part: shapely.Polygon, swaths: Swaths, headlands: list[Headland]
) -> Iterator[Outcome]:
    """If no headland can be started, open a column of swaths at its cheaper end; the machine reverses out of them."""
    theta_rad = swaths.field.theta_rad
    for headland in headlands:
        count = headland_swaths(ground.job, theta_rad)
        ends = [*_end_rows(headland, count), *_rows_to_enter(ground, swaths, headland, count)]
        for rows in sorted(ends, key=lambda candidates: _row_cost_m(swaths, candidates)):
            if ground.job.deadline():
                return
            y0, y1 = float(swaths.y_m[rows[0]]) - swaths.answer_m, float(swaths.y_m[rows[-1]]) + swaths.answer_m
            column = _cut(ground, part, theta_rad, (swaths.field.x0_m, y0, swaths.field.x1_m, y1))
            yield sweep(ground, tour, column, theta_rad, pocket_m(ground.job, theta_rad))


def _options(ground: GroundModel, part: shapely.Polygon, headland: Headland) -> list[list[TourStop]]:
    """Return ways to work headland swaths that begin on bearing ground.

    If the outermost swath can be entered from a pocket, the machine turns in it too, and the last one is left out.
    """
    swaths = _swaths(ground, part, headland)
    if swaths is None:
        return []
    outermost = [piece for piece in swaths.pieces if piece.y_m == headland.lines_m[0]]
    if ground.job.opening.pockets and outermost and all(piece.moves for piece in outermost):
        swaths = _swaths(ground, part, replace(headland, lines_m=headland.lines_m[: headland.turning]))
    return [] if swaths is None else options_of(swaths, ground)


def _swaths(ground: GroundModel, part: shapely.Polygon, headland: Headland) -> Swaths | None:
    """Return the swaths of a headland over what is left of a component; None if nothing is left there."""
    half_m = ground.job.reach.tool_half_m - THIN_M
    rectangle = (headland.span_m[0], min(headland.lines_m) - half_m, headland.span_m[1], max(headland.lines_m) + half_m)
    uncovered = _cut(ground, part, headland.theta_rad, rectangle)
    if not len(uncovered):
        return None
    return swaths_over(
        ground,
        uncovered,
        headland.theta_rad,
        (np.array(headland.lines_m), half_m),
        beyond_m=pocket_m(ground.job, headland.theta_rad),
    )


def _row_cost_m(swaths: Swaths, rows: range) -> float:
    inside = {float(swaths.y_m[row]) for row in rows}
    return sum(piece.uncovered[1] - piece.uncovered[0] for piece in swaths.pieces if piece.y_m in inside)


def _cut(
    ground: GroundModel, part: shapely.Polygon, theta_rad: float, rectangle: tuple[float, float, float, float]
) -> np.ndarray:
    """Return the part of a component inside a rectangle of the swath frame, polygons (n,)."""
    window = swath_box(theta_rad, *rectangle)
    left = robust_overlay.intersection(_still(ground, part), window)
    return polygons_in(left, GAIN_MIN_M2)


def _still(ground: GroundModel, part: shapely.Polygon) -> np.ndarray:
    """Return what is left of a component; its parts are disjoint, so each is wholly inside or wholly outside.

    Of a component that was divided by cells, the cell's share is left.
    """
    if ground.job.opening.by_cell:
        shares = parts_of(robust_overlay.intersection(ground.uncovered_in(part.bounds), part))
        return polygons_in(shares, GAIN_MIN_M2)
    uncovered = ground.uncovered_in(part.bounds)
    inside = np.array([left is part for left in uncovered], dtype=bool)
    if not inside.any() and len(uncovered):
        shapely.prepare(part)
        inside = np.asarray(shapely.intersects(part, shapely.point_on_surface(uncovered)))
    uncovered = uncovered[inside]
    return np.asarray(uncovered[shapely.area(uncovered) >= GAIN_MIN_M2])
