"""Planar geometry: what the tick needs; polygons at large are shapely's."""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Ring = tuple[Point, ...]
FAR_M = 60_000.0
"""Further than any site from its datum: where no fence is drawn, only keep-outs bound."""
WORLD: Ring = ((-FAR_M, -FAR_M), (FAR_M, -FAR_M), (FAR_M, FAR_M), (-FAR_M, FAR_M))


def edges_of(rings_m: tuple[Ring, ...]) -> npt.NDArray[np.float64]:
    """All edges (n, 4) of rings in any order and direction, the first point repeated at the end or not."""
    edges = [(*a, *b) for ring in rings_m if ring for a, b in pairwise((ring[-1], *ring)) if a != b]
    return np.array(edges, dtype=np.float64).reshape(-1, 4)


def along_cross_m(point_m: Point, start_m: Point, yaw_rad: float) -> tuple[float, float]:
    """Along-track and cross-track (left positive) of a point on the line through `start_m` in direction `yaw_rad`."""
    dx, dy = point_m[0] - start_m[0], point_m[1] - start_m[1]
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    return dx * cos_yaw + dy * sin_yaw, -dx * sin_yaw + dy * cos_yaw


def offset_m(point_m: Point, yaw_rad: float, along_m: float, left_m: float = 0.0) -> Point:
    """The point moved `along_m` in direction `yaw_rad` and `left_m` to its left."""
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    return (
        point_m[0] + along_m * cos_yaw - left_m * sin_yaw,
        point_m[1] + along_m * sin_yaw + left_m * cos_yaw,
    )


def distance_m(a_m: Point, b_m: Point) -> float:
    """Euclidean distance."""
    return math.hypot(b_m[0] - a_m[0], b_m[1] - a_m[1])


def rectangle_m(
    origin_m: Point, yaw_rad: float, front_m: float, rear_m: float, half_width_m: float
) -> tuple[Point, Point, Point, Point]:
    """Corners of a body-fixed rectangle, anticlockwise from the rear right; `rear_m` is a positive length."""
    return (
        offset_m(origin_m, yaw_rad, -rear_m, -half_width_m),
        offset_m(origin_m, yaw_rad, front_m, -half_width_m),
        offset_m(origin_m, yaw_rad, front_m, half_width_m),
        offset_m(origin_m, yaw_rad, -rear_m, half_width_m),
    )
