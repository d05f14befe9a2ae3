"""The driven track, and what RECOVERY may do on it: only where the machine has already been."""

import math

import numpy as np

from vehicle.messages import DriveRequest, Estimate
from vehicle.state import FloatArray
from vehicle.units import wrap_rad

SPACING = (0.25, 0.2)
"""A new pose each so many metres or radians."""
POSES_MAX = 4000
"""A kilometre; what was driven longer ago is forgotten."""
CORRIDOR = 0.5
"""So many metres or radians from a pose of the track counts as on it."""
HORIZON_S = 2.0
STRAIGHT_RADIUS_M = 5.0
"""Corrections of direction, no turns."""


def extended(trail: FloatArray, estimate: Estimate) -> FloatArray:
    """The track (n, 3: east, north, yaw) with the present pose, where that is proven and new."""
    if not estimate.position_proven:
        return trail
    if len(trail) and _near_newest(trail, estimate):
        return trail
    pose = np.array([[estimate.east_m, estimate.north_m, estimate.yaw_rad]])
    return np.concatenate((trail, pose))[-POSES_MAX:]


def _near_newest(trail: FloatArray, estimate: Estimate) -> bool:
    """Asked in every tick, hence without arrays: `_distance` to one pose, at a tenth of its cost."""
    east_m, north_m, yaw_rad = trail[-1].tolist()
    way_m = math.hypot(estimate.east_m - east_m, estimate.north_m - north_m)
    return way_m / SPACING[0] + abs(wrap_rad(estimate.yaw_rad - yaw_rad)) / SPACING[1] < 1.0


def _distance(trail: FloatArray, east_m: float, north_m: float, yaw_rad: float) -> float:
    """How far a pose is from the nearest of the track, way and turn together, in units of the corridor."""
    turn_rad = np.remainder(trail[:, 2] - yaw_rad, math.tau)
    way_m = np.hypot(trail[:, 0] - east_m, trail[:, 1] - north_m)
    return float(np.min(way_m + np.minimum(turn_rad, math.tau - turn_rad))) / CORRIDOR


def retreats(trail: FloatArray, estimate: Estimate, drive: DriveRequest) -> bool:
    """True where a twist stays on the track or leads back to it.

    Without a position or a track only straight back is left: the tool leads, so behind the tracks is driven ground.
    """
    if not (estimate.valid and len(trail)):
        return drive.speed_mps <= 0.0 and abs(drive.yaw_rate_radps) <= abs(drive.speed_mps) / STRAIGHT_RADIUS_M
    east_m, north_m, yaw_rad = estimate.east_m, estimate.north_m, estimate.yaw_rad
    way_m, turn_rad = drive.speed_mps * HORIZON_S, drive.yaw_rate_radps * HORIZON_S
    course_rad = yaw_rad + turn_rad / 2.0
    here = _distance(trail, east_m, north_m, yaw_rad)
    there = _distance(
        trail,
        east_m + way_m * math.cos(course_rad),
        north_m + way_m * math.sin(course_rad),
        yaw_rad + turn_rad,
    )
    return there <= max(1.0, here)
