"""The fence and the keep-outs: will the machine, stopped from here, still stand inside?

Boundaries are edges in ENU metres. The footprint, moved by the stopping distance and grown by 3 sigma, must cross none
of them, and the machine must be inside (even-odd, so that keep-outs are holes): both together keep all of it inside.
"""

import math

import numpy as np

from vehicle.config import VehicleConfig
from vehicle.messages import Estimate
from vehicle.state import FloatArray

SIGMAS = 3.0
REACTION_S = 0.5
"""From here to the start of the ramp: T_stop and the way to the controller."""

INWARD_STEP_S = 1.0


def edges_of(rings_m: tuple[tuple[tuple[float, float], ...], ...]) -> FloatArray:
    """All edges (n, 4) of closed rings: fence first, keep-outs after it, in any order and direction."""
    return np.array([(*ring[place - 1], *ring[place]) for ring in rings_m for place in range(len(ring))])


def stopping_m(speed_mps: float, config: VehicleConfig) -> float:
    """Distance to a stand from a speed of either sign, reaction included; signed like the speed."""
    return speed_mps * REACTION_S + speed_mps * abs(speed_mps) / (2.0 * config.machine.tracks.decel_mps2)


def leaves(edges_m: FloatArray, estimate: Estimate, config: VehicleConfig) -> bool:
    """True where the machine, stopped from now on, would touch a boundary, or is outside already."""
    body, tool = config.machine.body, config.machine.tool
    grown_m = SIGMAS * estimate.tool_sigma_m
    way_m = stopping_m(estimate.speed_mps, config)
    front = max(body.front_m, tool.ahead_m + tool.length_m / 2.0) + grown_m + max(0.0, way_m)
    rear = body.rear_m + grown_m - min(0.0, way_m)
    half = max(body.width_m, tool.width_m, config.machine.tracks.outer_width_m) / 2.0 + grown_m
    cos_yaw, sin_yaw = math.cos(estimate.yaw_rad), math.sin(estimate.yaw_rad)
    east = edges_m[:, 0::2] - estimate.east_m
    north = edges_m[:, 1::2] - estimate.north_m
    ahead, left = east * cos_yaw + north * sin_yaw, north * cos_yaw - east * sin_yaw
    return _crosses(ahead, left, (-rear, front), (-half, half)) or not _inside(ahead, left)


def inward(edges_m: FloatArray, estimate: Estimate, speed_mps: float) -> bool:
    """True where going that way brings the machine deeper inside, or less far outside."""
    step_m = INWARD_STEP_S * speed_mps
    east, north = estimate.east_m, estimate.north_m
    there = (east + step_m * math.cos(estimate.yaw_rad), north + step_m * math.sin(estimate.yaw_rad))
    return _depth_m(edges_m, *there) >= _depth_m(edges_m, east, north)


def _depth_m(edges_m: FloatArray, east_m: float, north_m: float) -> float:
    """Distance of a point to the nearest boundary, negative outside."""
    start, end = edges_m[:, 0:2] - (east_m, north_m), edges_m[:, 2:4] - (east_m, north_m)
    run = end - start
    share = np.clip(-np.sum(start * run, axis=1) / np.sum(run * run, axis=1), 0.0, 1.0)
    nearest = start + share[:, None] * run
    depth_m = float(np.min(np.hypot(nearest[:, 0], nearest[:, 1])))
    ahead = np.stack((start[:, 0], end[:, 0]), axis=1)
    left = np.stack((start[:, 1], end[:, 1]), axis=1)
    return depth_m if _inside(ahead, left) else -depth_m


def _crosses(ahead: FloatArray, left: FloatArray, along: tuple[float, float], across: tuple[float, float]) -> bool:
    """Any edge meets the box: what is left of its parameter range 0..1 after clipping at the box's sides."""
    enter, leave = np.zeros(len(ahead)), np.ones(len(ahead))
    for ends, (low, high) in ((ahead, along), (left, across)):
        start, run = ends[:, 0], ends[:, 1] - ends[:, 0]
        # A run of exactly 0 would divide by it; a nanometre leans the edge by nothing that matters.
        run = np.where(run == 0.0, 1e-9, run)
        first, second = (low - start) / run, (high - start) / run
        enter = np.maximum(enter, np.minimum(first, second))
        leave = np.minimum(leave, np.maximum(first, second))
    return bool(np.any(enter <= leave))


def _inside(ahead: FloatArray, left: FloatArray) -> bool:
    """Even-odd rule along the ray straight ahead."""
    spans = (left[:, 0] > 0.0) != (left[:, 1] > 0.0)
    run = np.where(spans, left[:, 1] - left[:, 0], 1.0)
    meets = ahead[:, 0] - left[:, 0] * (ahead[:, 1] - ahead[:, 0]) / run
    return bool(np.count_nonzero(spans & (meets > 0.0)) % 2 == 1)
