"""The fence and the keep-outs: how much room is left ahead and behind; will the machine, stopped now, stay inside?

Boundaries are edges in ENU metres. The footprint grown by 3 sigma must cross none of them while it comes to a stand,
and the machine must be inside (even-odd, so that keep-outs are holes): both together keep all of it inside. In front of
a boundary the gate first slows the machine to what can still stop, and stops it where not even a creep could.
"""

import math

import msgspec
import numpy as np

from vehicle.config import VehicleConfig
from vehicle.messages import DriveRequest, Estimate
from vehicle.safety import limits
from vehicle.state import FloatArray

SIGMAS = 3.0
REACTION_S = 0.5
"""From here to the start of the ramp: T_stop and the way to the controller."""
PERIOD_S = 0.1
"""The room is measured ten times a second; a cap allows for the way in between."""
CREEP_MPS = 0.05
"""Slower is standing: where not even this could stop inside, the reason `fence` stops."""
INWARD_STEP_S = 1.0


class Room(msgspec.Struct, frozen=True, gc=False):
    """How far the grown footprint may go straight ahead and straight back [m]; 0 where it touches or is outside."""

    ahead_m: float = math.inf
    behind_m: float = math.inf


NONE_LEFT = Room(0.0, 0.0)


def stopping_m(speed_mps: float, config: VehicleConfig) -> float:
    """Distance to a stand from a speed of either sign, reaction included; signed like the speed."""
    return speed_mps * REACTION_S + speed_mps * abs(speed_mps) / (2.0 * config.machine.tracks.decel_mps2)


def room(edges_m: FloatArray, estimate: Estimate, config: VehicleConfig) -> Room:
    """What is left before a boundary is touched, straight on."""
    body, tool = config.machine.body, config.machine.tool
    grown_m = SIGMAS * estimate.tool_sigma_m
    front = max(body.front_m, tool.ahead_m + tool.length_m / 2.0) + grown_m
    rear = body.rear_m + grown_m
    half = max(body.width_m, tool.width_m, config.machine.tracks.outer_width_m) / 2.0 + grown_m
    cos_yaw, sin_yaw = math.cos(estimate.yaw_rad), math.sin(estimate.yaw_rad)
    east = edges_m[:, 0::2] - estimate.east_m
    north = edges_m[:, 1::2] - estimate.north_m
    ahead, left = east * cos_yaw + north * sin_yaw, north * cos_yaw - east * sin_yaw
    if not _inside(ahead, left):
        return NONE_LEFT
    nearest, farthest = _beside(ahead, left, half)
    before_m, behind_m = nearest[farthest >= -rear] - front, -rear - farthest[nearest <= front]
    # neither is empty: who is inside has a boundary ahead and one behind
    return Room(ahead_m=max(0.0, float(np.min(before_m))), behind_m=max(0.0, float(np.min(behind_m))))


def leaves(left: Room, speed_mps: float, config: VehicleConfig) -> bool:
    """True where the machine, stopped from now on, would touch a boundary, or is outside already."""
    way_m = stopping_m(speed_mps, config)
    return way_m >= left.ahead_m or -way_m >= left.behind_m


def slowed(left: Room, wanted: DriveRequest, config: VehicleConfig) -> DriveRequest:
    """The wanted twist, speed and yaw rate shrunk together to what stops in the room that is left; at least a creep."""
    return limits.twist(wanted, _stops_mps(left.ahead_m, config), _stops_mps(left.behind_m, config), math.inf)


def _stops_mps(free_m: float, config: VehicleConfig) -> float:
    """The speed from which the machine stops inside this way, measured a period ago; not below a creep."""
    decel, reaction_s = config.machine.tracks.decel_mps2, REACTION_S + PERIOD_S
    return max(CREEP_MPS, decel * (math.sqrt(reaction_s * reaction_s + 2.0 * free_m / decel) - reaction_s))


def inward(edges_m: FloatArray, estimate: Estimate, speed_mps: float) -> bool:
    """True where going that way brings the machine deeper inside, or less far outside."""
    step_m = INWARD_STEP_S * speed_mps
    east, north = estimate.east_m, estimate.north_m
    there = (east + step_m * math.cos(estimate.yaw_rad), north + step_m * math.sin(estimate.yaw_rad))
    return _depth_m(edges_m, *there) >= _depth_m(edges_m, east, north)


def _depth_m(edges_m: FloatArray, east_m: float, north_m: float) -> float:
    """Distance of a point to the nearest boundary, negative outside."""
    start, end = edges_m[:, :2] - (east_m, north_m), edges_m[:, 2:] - (east_m, north_m)
    run = end - start
    length = np.hypot(run[:, 0], run[:, 1])
    across = (start[:, 0] * run[:, 1] - start[:, 1] * run[:, 0]) / length
    from_middle = np.abs(np.sum((start + end) * run, axis=1)) / 2.0 / length
    beyond = np.maximum(0.0, from_middle - length / 2.0)
    depth_m = float(np.min(np.hypot(beyond, across)))
    ahead = np.stack((start[:, 0], end[:, 0]), axis=1)
    left = np.stack((start[:, 1], end[:, 1]), axis=1)
    return depth_m if _inside(ahead, left) else -depth_m


def _beside(ahead: FloatArray, left: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """Nearest and farthest along-track of each edge's part within `half` of the axis, of the edges that have one."""
    start, run = left[:, 0], left[:, 1] - left[:, 0]
    # A run of exactly 0 would divide by it; the least of steps leans the edge by nothing that matters.
    run = np.where(run == 0.0, np.finfo(np.float64).eps, run)
    first, second = (-half - start) / run, (half - start) / run
    enter, leave = np.maximum(0.0, np.minimum(first, second)), np.minimum(1.0, np.maximum(first, second))
    along = ahead[:, 1] - ahead[:, 0]
    one, other = ahead[:, 0] + enter * along, ahead[:, 0] + leave * along
    beside = enter <= leave
    return np.minimum(one, other)[beside], np.maximum(one, other)[beside]


def _inside(ahead: FloatArray, left: FloatArray) -> bool:
    """Even-odd rule along the axis: of the edges that cross it an odd number lies ahead, and none right here."""
    spans = (left[:, 0] > 0.0) != (left[:, 1] > 0.0)
    start, run = left[spans, 0], left[spans, 1] - left[spans, 0]
    meets = ahead[spans, 0] - start * (ahead[spans, 1] - ahead[spans, 0]) / run
    return bool(np.prod(np.sign(meets)) < 0.0)
