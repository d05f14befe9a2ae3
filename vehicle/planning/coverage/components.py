"""Works the components of uncovered ground one by one: headlands, then swaths, then remnants along keep-outs."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.planning.coverage.area import polygons_in
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.headland_work import headland_attempts
from vehicle.planning.coverage.headlands import find_headlands
from vehicle.planning.coverage.phases import (
    GAIN_MIN_M2,
    SMALL_M2,
    Outcome,
    first_success,
    options_of,
    stops_through,
    swaths_over,
    sweep_cell,
    sweep_through,
    unless_failed,
    window_of,
    work,
)
from vehicle.planning.coverage.pockets import pocket_at_end, row_along_edge
from vehicle.planning.coverage.remnants import remnant_attempts
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.sweep_cells import SweepCell, direction_at
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.tour import Tour

CELL_ROUNDS = 3
"""Rounds over all cells: swaths of a cell become open at both ends when neighbouring cells have been worked."""
SHORT_M = 3.0
"""A shorter uncovered stretch of a swath is left for passes along the keep-out that cut it off."""
DIVIDED_M2, SHARE_M2 = 600.0, 100.0
"""A larger component is divided by cells; a cell's share in it is not worked by itself if it is smaller than this."""
REMNANT_AWAY_M = 25.0
"""A remnant is worked before a larger component only if it is nearer by this distance."""


@dataclass(frozen=True)
class FailedAttempt:
    """A component on which no work was possible, with its window and the number of stops at that time."""

    stops: int
    window: Box
    no_way: bool


def work_everything(
    ground: GroundModel,
    tour: Tour,
    theta_rad: float,
    cells: tuple[SweepCell, ...] = (),
    over: Callable[[], bool] | None = None,
) -> None:
    """Work swaths that are open at both ends first; then each component completely, one after the other.

    `cells`: parts with their own direction, in the order of working. `over`: whether to end; by default at the limit.
    """
    over = ground.job.deadline if over is None else over
    for _ in range(CELL_ROUNDS):
        before = len(tour.stops)
        for cell in cells:
            sweep_cell(ground, tour, cell.share_of(ground.uncovered()), cell.theta_rad)
        if len(tour.stops) == before:
            break
    if not cells:
        sweep_through(ground, tour, ground.uncovered(), theta_rad)
    tried: dict[bytes, FailedAttempt] = {}
    while not over():
        part = _next_part(ground, tour, tried, cells)
        if part is None:
            worth = {key: row for key, row in tried.items() if not _changed(tour, row)}
            if len(worth) == len(tried):
                return
            tried = worth
            continue
        before = len(tour.stops)
        outcome = first_success(_attempts(ground, tour, part, direction_at(cells, part, theta_rad)))
        if not outcome.swaths:
            tried[part.wkb] = FailedAttempt(before, window_of(ground, part), outcome.no_way)


def _changed(tour: Tour, row: FailedAttempt) -> bool:
    """Whether a new attempt may succeed: ground was opened near it, or anywhere if only a connection was missing."""
    since = tour.stops[row.stops :]
    if row.no_way or not since:
        return bool(since)
    lines = shapely.linestrings([(stop.entry[:2], stop.exit[:2]) for stop in since])
    return bool(shapely.intersects(shapely.box(*row.window), lines).any())


def _next_part(
    ground: GroundModel, tour: Tour, tried: dict[bytes, FailedAttempt], cells: tuple[SweepCell, ...]
) -> shapely.Polygon | None:
    """Return the nearest component that is worth working, or a cell's share in one; remnants and whole ones last."""
    parts = ground.uncovered()
    parts = parts[shapely.area(parts) >= GAIN_MIN_M2] if len(parts) else parts
    if not len(parts):
        return None
    away_m = np.where(shapely.area(parts) < SMALL_M2, REMNANT_AWAY_M, 0.0)
    if cells and ground.job.opening.by_cell:
        large = shapely.area(parts) > DIVIDED_M2
        shares = np.concatenate([polygons_in(cell.share_of(parts[large]), SHARE_M2) for cell in cells])
        away_m = np.concatenate([np.where(large, math.inf, away_m), np.zeros(len(shares))])
        parts = np.concatenate([parts, shares])
    if tour.pose is not None:
        away_m = away_m + shapely.distance(parts, shapely.Point(tour.pose[:2]))
    nearest: list[shapely.Polygon] = parts[np.argsort(away_m, kind="stable")].tolist()
    return next((part for part in nearest if part.wkb not in tried), None)


def _attempts(ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float) -> Iterator[Outcome]:
    """Return the ways to work a component, the cheapest first."""
    if part.area >= SMALL_M2:
        swaths = swaths_over(ground, np.array([part], dtype=object), theta_rad)
        yield work(ground, tour, _long(stops_through(swaths, ground.job.machine)), swaths.ground.box)
        if ground.job.opening.pockets:  # before headlands: stubs across a strip only make it shorter
            yield unless_failed(ground, ("row", part.wkb), lambda: row_along_edge(ground, tour, part))
        yield from headland_attempts(ground, tour, part, swaths, find_headlands(swaths, ground.job))
        if ground.job.opening.pockets:
            yield unless_failed(ground, ("pocket", part.wkb), lambda: pocket_at_end(ground, tour, part))
        yield work(ground, tour, _long(options_of(swaths, ground)), swaths.ground.box)
    yield from remnant_attempts(ground, tour, part, theta_rad)


def _long(options: list[list[TourStop]]) -> list[list[TourStop]]:
    """Drop the short ends along keep-outs: a pass along the edge covers several of them at once."""
    return [stops for stops in options if stops[0].uncovered[1] - stops[0].uncovered[0] >= SHORT_M]
