"""The driven track, and what RECOVERY may do on it: only where the machine has already been."""

import math

import numpy as np

from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import DriveRequest, Estimate
from vehicle.contracts.units import wrap_rad

SPACING = (0.25, 0.2)
"""A new pose each so many metres or radians."""
POSES_MAX = 4000
"""A kilometre; what was driven longer ago is forgotten."""
CORRIDOR = 0.5
"""So many metres or radians from the track counts as on it."""
JOINED_M = 0.5
"""Two poses further apart were not driven one after the other with a proven position: nothing is known in between."""
HORIZON_S = 2.0
ROUNDING = 1e-9
"""Beside a straight track, parallel to it, neither way gains nor loses."""
STRAIGHT_RADIUS_M = 5.0
"""Corrections of direction, no turns."""


def extended(path: FloatArray, estimate: Estimate) -> FloatArray:
    """The track (n, 3), east and north [m] and yaw [rad], and at its end the present pose if proven and new."""
    if not estimate.position_proven:
        return path
    if len(path) and _near_newest(path, estimate):
        return path
    pose = np.array([[estimate.east_m, estimate.north_m, estimate.yaw_rad]])
    return np.concatenate((path, pose))[-POSES_MAX:]


def _near_newest(path: FloatArray, estimate: Estimate) -> bool:
    """Asked in every tick, hence without arrays: `_distance` to one pose, at a tenth of its cost."""
    east_m, north_m, yaw_rad = path[-1].tolist()
    way_m = math.hypot(estimate.east_m - east_m, estimate.north_m - north_m)
    return way_m / SPACING[0] + abs(wrap_rad(estimate.yaw_rad - yaw_rad)) / SPACING[1] < 1.0


def _distance(path: FloatArray, east_m: float, north_m: float, yaw_rad: float) -> float:
    """How far a pose is from the track, way and turn together, in units of the corridor.

    Between two poses the track is straight; were only the poses counted, a machine that has slid aside would find no
    direction in which it does not lose distance to the nearest of them.
    """
    start, run = path, np.diff(path, axis=0, append=path[-1:])
    run[:, 2] = _wrapped(run[:, 2])
    length_m = np.hypot(run[:, 0], run[:, 1])
    run[length_m > JOINED_M] = 0.0
    along = (east_m - start[:, 0]) * run[:, 0] + (north_m - start[:, 1]) * run[:, 1]
    share = np.clip(along / np.maximum(length_m * length_m, np.finfo(np.float64).tiny), 0.0, 1.0)
    nearest = start + share[:, None] * run
    way_m = np.hypot(nearest[:, 0] - east_m, nearest[:, 1] - north_m)
    return float(np.min(way_m + np.abs(_wrapped(nearest[:, 2] - yaw_rad)))) / CORRIDOR


def _wrapped(angles_rad: FloatArray) -> FloatArray:
    """To half a turn either way."""
    return np.asarray(angles_rad - math.tau * np.round(angles_rad / math.tau))


def retreats(path: FloatArray, estimate: Estimate, drive: DriveRequest, *, doubtful: bool) -> bool:
    """True where a twist stays on the track or leads back to it; with a doubtful position only back the way it came.

    The way it came: backwards behind a machine that came forward, forwards where it came in reverse. Without a position
    or a track only straight back is left, in doubt that and what by the track leads back. `path` (n, 3): east and
    north [m], yaw [rad].
    """
    back_mps = drive.speed_mps if _came_in_reverse(path) else -drive.speed_mps
    straight_back = abs(drive.yaw_rate_radps) <= back_mps / STRAIGHT_RADIUS_M
    if not (estimate.valid and len(path)):
        return straight_back
    if doubtful and (straight_back or back_mps < 0.0):
        return straight_back
    east_m, north_m, yaw_rad = estimate.east_m, estimate.north_m, estimate.yaw_rad
    way_m, turn_rad = drive.speed_mps * HORIZON_S, drive.yaw_rate_radps * HORIZON_S
    course_rad = yaw_rad + turn_rad / 2.0
    here = _distance(path, east_m, north_m, yaw_rad)
    there = _distance(
        path,
        east_m + way_m * math.cos(course_rad),
        north_m + way_m * math.sin(course_rad),
        yaw_rad + turn_rad,
    )
    return there <= max(1.0, here + ROUNDING)


def _came_in_reverse(path: FloatArray) -> bool:
    """The last step of the track went against where the machine points."""
    if len(path) < 2:
        return False
    step, yaw_rad = path[-1] - path[-2], float(path[-1, 2])
    return float(step[0]) * math.cos(yaw_rad) + float(step[1]) * math.sin(yaw_rad) < 0.0
