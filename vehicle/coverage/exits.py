"""Ways out of a dead end that only the lane's own strip opens: beside processed ground the machine turns at its end.

Gaps and pivot points of a lane are those of the ground before it is worked, and backing out of a lane of a kilometre
takes a quarter of an hour. Where the strip joins processed ground on both sides there is room to turn near its end, at
times after a few metres more with the tool down.
"""

from dataclasses import replace

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.ground import PIVOT_SLACK_M, drawn_radius_m, pivot_disc_m
from vehicle.coverage.lane import THIN_M, Move, Piece
from vehicle.coverage.settings import Reach
from vehicle.coverage.swaths import LaneField

BACK_MIN_M = 20.0
"""Backing out by less is not worth a search, and a visit that ends on its own strip ends the tour."""
STEP_M = 0.5
BACK_M, ON_M, ON_STEP_M = 16.0, 4.0, 2.0
"""How far from the end of a lane a place is looked for, and how much further its tool may go."""


RIM_M = 0.3
"""Ground is asked about this far inside of the rims of what has to bear, before it is reckoned exactly."""


def with_nearer_exits(pieces: list[Piece], field: LaneField, reach: Reach, width_m: float) -> list[Piece]:
    """The pieces, with a nearer place to turn for moves that would back far out."""
    found = [(k, m) for k, piece in enumerate(pieces) for m, move in enumerate(piece.moves) if _backs_far(move, reach)]
    if not found or not len(field.closed):
        return pieces
    tree = shapely.STRtree(field.closed)
    hopeful = _open_beside([(pieces[k].y_m, pieces[k].moves[m]) for k, m in found], tree, reach, width_m)
    for k, m in (pair for pair, hope in zip(found, hopeful, strict=True) if hope):
        piece = pieces[k]
        nearer = _nearer(piece.y_m, piece.moves[m], field, tree, reach, width_m)
        if nearer is not None:
            pieces[k] = replace(piece, moves=(*piece.moves[:m], nearer, *piece.moves[m + 1 :]))
    return pieces


def _end_m(move: Move, reach: Reach) -> float:
    """Where the body is when the tool reaches the end."""
    return move.b_m - move.sign * reach.ahead_m


def _backs_far(move: Move, reach: Reach) -> bool:
    return move.reverse and move.sign * (_end_m(move, reach) - move.out_m) > BACK_MIN_M


def _open_beside(rows: list[tuple[float, Move]], tree: shapely.STRtree, reach: Reach, width_m: float) -> np.ndarray:
    """(n,) whether anywhere near the end of a lane the ground on both sides bears."""
    along_m = np.arange(-BACK_M, ON_M + STEP_M, STEP_M)
    aside_m = np.array([0.5 * width_m + RIM_M, pivot_disc_m(reach) - RIM_M])
    x = np.array([_end_m(move, reach) + move.sign * along_m for _, move in rows])[:, :, None]
    y = np.array([y_m for y_m, _ in rows])[:, None, None] + np.concatenate([aside_m, -aside_m])
    points = shapely.points(*np.broadcast_arrays(x, y))
    closed = np.zeros(points.size, dtype=bool)
    closed[tree.query(points.ravel(), predicate="intersects")[0]] = True
    return np.asarray(np.any(np.all(~closed.reshape(points.shape), axis=2), axis=1))


def _nearer(
    y_m: float, move: Move, field: LaneField, tree: shapely.STRtree, reach: Reach, width_m: float
) -> Move | None:
    """The move with the quickest place to turn on its own strip, if it saves much."""
    sign, end_m = move.sign, _end_m(move, reach)
    disc_m = max(pivot_disc_m(reach), drawn_radius_m(reach.pivot_solid_m + PIVOT_SLACK_M))
    rim_m = disc_m + 1.0
    low, high = sorted((end_m - sign * BACK_M, move.b_m + sign * ON_M))
    window = shapely.box(low - rim_m, y_m - rim_m, high + rim_m, y_m + rim_m)
    near = field.closed[tree.query(window)]
    near = overlay.intersection(near, window)
    on_max_m = _room_m(y_m, move, field, reach)
    for on_m in np.arange(0.0, min(ON_M, on_max_m) + THIN_M, ON_STEP_M):
        b_m = move.b_m + sign * on_m
        strip = shapely.box(*_sides(move.a_m, b_m, y_m, 0.5 * width_m))
        left = overlay.difference(near, strip)
        left = left[~shapely.is_empty(left)]
        out_m = b_m - sign * (reach.ahead_m + np.arange(0.0, BACK_M, STEP_M))
        out_m = out_m[sign * (out_m - move.out_m) > BACK_MIN_M]
        if not len(out_m):
            return None
        places = shapely.points(out_m, np.full(len(out_m), y_m))
        away_m = (
            shapely.distance(places[:, None], left[None, :]).min(axis=1) if len(left) else np.full(len(out_m), np.inf)
        )
        free = np.flatnonzero(away_m >= disc_m)
        if len(free):
            return replace(move, b_m=float(b_m), out_m=float(out_m[free[0]]), own_exit=True)
    return None


def _room_m(y_m: float, move: Move, field: LaneField, reach: Reach) -> float:
    """How far the tool may go on before it meets a keep-out or the end of the window."""
    edge_m = field.x1_m if move.sign > 0.0 else field.x0_m
    room_m = move.sign * (edge_m - move.b_m)
    if len(field.solid):
        ahead = shapely.box(
            *_sides(move.b_m, move.b_m + move.sign * (ON_M + reach.tool_long_m), y_m, reach.tool_half_m)
        )
        met = overlay.intersection(field.solid, ahead)
        met = met[~shapely.is_empty(met)]
        if len(met):
            x0, _, x1, _ = shapely.total_bounds(met)
            nearest_m = x0 - move.b_m if move.sign > 0.0 else move.b_m - x1
            room_m = min(room_m, nearest_m - reach.tool_long_m)
    return float(room_m)


def _sides(a_m: float, b_m: float, y_m: float, half_m: float) -> tuple[float, float, float, float]:
    return min(a_m, b_m), y_m - half_m, max(a_m, b_m), y_m + half_m
