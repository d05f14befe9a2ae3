"""Lanes of one direction over the ground that still needs the tool, in the lane frame: ENU rotated by -theta."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.area import polygons_of
from vehicle.coverage.ground import Ground, turned
from vehicle.coverage.lane import THIN_M, Lane, Piece, Span
from vehicle.coverage.settings import PlanSettings, Reach

CUT_CORNERS, CUT_LANES = 300, 4
"""A polygon with more corners is cut up between more lanes: an overlay costs what the whole polygon has."""
CUT_RIM_M = np.array([-1.0, -1.0, 1.0, 1.0])
"""Cuts stay this far off the lanes, so that none of their ends lies on one."""


@dataclass(frozen=True)
class LaneField:
    """All geometry of one phase in the lane frame, as arrays of polygons; lanes end at x0 and x1."""

    theta_rad: float
    need: np.ndarray
    closed: np.ndarray
    solid: np.ndarray
    pivot: np.ndarray
    x0_m: float
    x1_m: float


def lane_field(need: np.ndarray, ground: Ground, theta_rad: float, span: Span) -> LaneField:
    """Rotate everything once; `span` is as far along the lanes as `ground` is known."""
    return LaneField(
        theta_rad=theta_rad,
        need=turned(need, -theta_rad),
        closed=turned(ground.closed, -theta_rad),
        solid=turned(ground.solid, -theta_rad),
        pivot=turned(ground.pivot, -theta_rad),
        x0_m=span[0],
        x1_m=span[1],
    )


def spans(parts: np.ndarray, y_m: np.ndarray, half_m: float, x0_m: float, x1_m: float) -> list[list[Span]]:
    """Per lane the merged x-extents of what a strip of +-half meets of the polygons, ascending."""
    result: list[list[Span]] = [[] for _ in y_m]
    if not len(parts):
        return result
    boxes = shapely.box(x0_m, y_m - half_m, x1_m, y_m + half_m)
    lanes, met = _meetings(parts, boxes)
    pieces, owner = shapely.get_parts(overlay.intersection(boxes[lanes], met), return_index=True)
    bounds = shapely.bounds(pieces)
    real = (
        (shapely.get_type_id(pieces) == 3)
        & (bounds[:, 3] - bounds[:, 1] > THIN_M)
        & (bounds[:, 2] - bounds[:, 0] > THIN_M)
    )
    rows = np.column_stack([lanes[owner[real]], bounds[real][:, 0], bounds[real][:, 2]])
    for lane, low, high in rows[np.lexsort((rows[:, 1], rows[:, 0]))]:
        merged = result[int(lane)]
        if merged and low <= merged[-1][1] + THIN_M:
            merged[-1] = (merged[-1][0], max(merged[-1][1], float(high)))
        else:
            merged.append((float(low), float(high)))
    return result


def _meetings(parts: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(lane, polygon that its box meets) in pairs; of a polygon with many corners only what lies round the lane."""
    large = shapely.get_num_coordinates(parts) > CUT_CORNERS
    lanes, hits = shapely.STRtree(parts[~large]).query(boxes, predicate="intersects")
    found_lanes, found = [lanes], [parts[~large][hits]]
    for part in parts[large]:
        for some, piece in _cut(part, boxes, np.argsort(shapely.bounds(boxes)[:, 1], kind="stable")):
            found_lanes.append(some)
            found.append(np.full(len(some), piece, dtype=object))
    return np.concatenate(found_lanes), np.concatenate(found)


def _cut(part: Any, boxes: np.ndarray, lanes: np.ndarray) -> Iterator[tuple[np.ndarray, Any]]:
    """Halve a polygon between its lanes until few lanes or few corners are left: each cut looks at half of them."""
    bounds = shapely.bounds(boxes[lanes])
    _, low, _, high = part.bounds if not part.is_empty else (0.0, math.inf, 0.0, -math.inf)
    lanes = lanes[(bounds[:, 1] <= high) & (bounds[:, 3] >= low)]
    if len(lanes) <= CUT_LANES or shapely.get_num_coordinates(part) <= CUT_CORNERS:
        yield lanes, part
        return
    for half in (lanes[: len(lanes) // 2], lanes[len(lanes) // 2 :]):
        x0, y0, x1, y1 = shapely.total_bounds(boxes[half]) + CUT_RIM_M
        yield from _cut(polygons_of(overlay.intersection(part, shapely.box(x0, y0, x1, y1))), boxes, half)


def complement(closed: list[Span], x0_m: float, x1_m: float) -> list[Span]:
    """Gaps between ascending spans inside (x0, x1)."""
    edges = [x0_m, *[edge for span in closed for edge in span], x1_m]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i + 1] - edges[i] > THIN_M]


def pieces_of(field: LaneField, y_m: np.ndarray, answer_m: float, reach: Reach, settings: PlanSettings) -> list[Piece]:
    """Every stretch of every lane that meets ground in need, with its legal moves (possibly none)."""
    x0, x1 = field.x0_m, field.x1_m
    rim_m = 0.5 * settings.overlap_at_m(field.theta_rad)
    need = spans(field.need, y_m, answer_m, x0, x1)
    solid = spans(field.solid, y_m, reach.tool_half_m - THIN_M, x0, x1)
    bearing_m = max(reach.track_half_m, reach.tool_half_m - THIN_M) if reach.raised_over_base else reach.track_half_m
    closed = spans(field.closed, y_m, bearing_m, x0, x1)
    pivot = spans(field.pivot, y_m, 2.0 * THIN_M, x0, x1)
    pieces: list[Piece] = []
    for k, y in enumerate(y_m):
        if not need[k]:
            continue
        stops = [(low - reach.tool_long_m, high + reach.tool_long_m) for low, high in solid[k]]
        gaps = complement(closed[k], x0, x1)
        free = complement(_merged(stops), x0, x1)
        turns = complement(pivot[k], x0, x1)
        for run in free:
            lane = Lane.of(reach, rim_m + settings.run_in_m, rim_m, run, gaps, turns)
            pieces.extend(lane.pieces(float(y), need[k]))
    return pieces


def _merged(ascending: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
