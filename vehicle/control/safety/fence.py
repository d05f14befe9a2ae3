"""The fence and the keep-outs: room that is left ahead, behind and to turn; does the machine, stopped now, stay inside?

Boundaries are edges in ENU metres. The footprint grown by 3 sigma must cross none of them while it comes to a stand,
and the machine must be inside (even-odd, so that keep-outs are holes): both together keep all of it inside. In front of
a boundary the gate first slows the machine to what can still stop, straight on and turning, and stops it where not even
a creep could. What already reaches over a boundary may move only so that it reaches less far over.
"""

import math

import msgspec
import numpy as np

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import DriveRequest, Estimate
from vehicle.control.safety import fence_few, limits

SIGMAS = 3.0
REACTION_S = 0.5
"""From here to the start of the ramp: T_stop and the way to the controller."""
PERIOD_S = 0.1
"""The room is measured ten times a second; a cap allows for the way in between."""
CREEP_MPS, CREEP_RADPS = 0.05, 0.02
"""Slower is standing: where not even this could stop inside, the reason `fence` stops. At the tool both are alike."""
TURN_RADIUS_M = 5.0
STEP_S = 1.0
"""So far ahead it is looked whether a movement leads out of a boundary or deeper over it."""
GRAIN_M = 1.0 / 512.0
"""Depths and distances are compared in steps of this size: along a boundary rounding makes none deeper or nearer."""


class Room(msgspec.Struct, frozen=True, gc=False):
    """How far the grown footprint may go straight ahead and straight back [m]; 0 where it touches or is outside.

    `turns`: no boundary is near enough to be touched by turning on the spot.
    """

    ahead_m: float = math.inf
    behind_m: float = math.inf
    turns: bool = True


FEW_EDGES = 100
"""Up to here plain floats are faster than arrays (benchmarks/fence.py); both say the same to the last bit."""
EPSILON = float(np.finfo(np.float64).eps)
NONE_LEFT = Room(0.0, 0.0, turns=False)


_ONE, _OTHER = np.triu_indices(4)


class Pose(msgspec.Struct, frozen=True, gc=False):
    """Where the body's origin is and where it points, ENU."""

    east_m: float
    north_m: float
    yaw_rad: float


def pose_of(estimate: Estimate) -> Pose:
    """Where it is believed to be."""
    return Pose(estimate.east_m, estimate.north_m, estimate.yaw_rad)


def moved(pose: Pose, drive: DriveRequest, time_s: float) -> Pose:
    """The pose after so long on a twist; of the arc its chord."""
    way_m, turn_rad = drive.speed_mps * time_s, drive.yaw_rate_radps * time_s
    course_rad = pose.yaw_rad + turn_rad / 2.0
    return Pose(
        pose.east_m + way_m * math.cos(course_rad),
        pose.north_m + way_m * math.sin(course_rad),
        pose.yaw_rad + turn_rad,
    )


def stopping_m(speed_mps: float, config: VehicleConfig) -> float:
    """Distance to a stand from a speed of either sign, reaction included; signed like the speed."""
    return speed_mps * REACTION_S + speed_mps * abs(speed_mps) / (2.0 * config.machine.tracks.decel_mps2)


def grown_m(estimate: Estimate) -> float:
    """What is allowed for where the machine is: 3 sigma, and what its place may be off by beside them."""
    return SIGMAS * estimate.tool_sigma_m + estimate.doubt_m


def room(edges_m: FloatArray, estimate: Estimate, config: VehicleConfig) -> Room:
    """What is left before a boundary is touched, straight on and by turning.

    `edges_m` (n, 4): east and north of each edge's start, then of its end.
    """
    pose, reach_m = pose_of(estimate), _reach_m(config, grown_m(estimate))
    if len(edges_m) <= FEW_EDGES:
        return room_of_few(edges_m, pose, reach_m)
    return room_of_many(edges_m, pose, reach_m)


def room_of_few(edges_m: FloatArray, pose: Pose, reach_m: tuple[float, float, float]) -> Room:
    """As `room`, edge by edge (n, 4) in plain floats. `reach_m`: the grown footprint's front, rear and half width."""
    front, rear, half = reach_m
    # what lies beyond the sum of all three is neither before or behind the footprint nor touched by turning
    ends = fence_few.near(edges_m, pose.east_m, pose.north_m, pose.yaw_rad, front + rear + half)
    if not fence_few.inside(ends):
        return NONE_LEFT
    spans = fence_few.beside(ends, half, EPSILON)
    # neither is empty: who is inside has a boundary ahead and one behind
    before_m = min([nearest for nearest, farthest in spans if farthest >= -rear])
    behind_m = max([farthest for nearest, farthest in spans if nearest <= front])
    return _left(before_m, behind_m, fence_few.nearest_m(ends), reach_m)


def room_of_many(edges_m: FloatArray, pose: Pose, reach_m: tuple[float, float, float]) -> Room:
    """As `room`, all edges (n, 4) at once in arrays. `reach_m`: the grown footprint's front, rear and half width."""
    front, rear, half = reach_m
    ahead, left = _body_frame(edges_m, pose)
    if not _inside(ahead, left):
        return NONE_LEFT
    nearest, farthest = _beside(ahead, left, half)
    before_m, behind_m = nearest[farthest >= -rear].min(), farthest[nearest <= front].max()
    return _left(float(before_m), float(behind_m), _nearest_m(ahead, left), reach_m)


def _left(before_m: float, behind_m: float, nearest_m: float, reach_m: tuple[float, float, float]) -> Room:
    """Room between the footprint and the boundaries along its way, and round it."""
    front, rear, half = reach_m
    return Room(
        ahead_m=max(0.0, before_m - front),
        behind_m=max(0.0, -rear - behind_m),
        turns=nearest_m > math.hypot(max(front, rear), half),
    )


def over_m(edges_m: FloatArray, pose: Pose, config: VehicleConfig, grown_m: float = 0.0) -> float:
    """How far the grown footprint reaches over a boundary, at right angles to its own sides; 0 where it touches none.

    With the origin outside, more than any footprint that is inside can reach, and the more the further out. `edges_m`
    (n, 4): east and north of each edge's start, then of its end.
    """
    return _over_m(*_body_frame(edges_m, pose), _reach_m(config, grown_m))


def _over_m(ahead: FloatArray, left: FloatArray, reach_m: tuple[float, float, float]) -> float:
    """As `over_m`, of edges in the body frame."""
    front, rear, half = reach_m
    if not _inside(ahead, left):
        return front + rear + half + _nearest_m(ahead, left)
    # the distances from the four sides are straight lines along an edge; the largest least one lies where two of them
    # cross, or at the end that is nearest to where they would
    start = np.array((front - ahead[:, 0], rear + ahead[:, 0], half - left[:, 0], half + left[:, 0]))
    run_ahead, run_left = ahead[:, 1] - ahead[:, 0], left[:, 1] - left[:, 0]
    slope = np.array((-run_ahead, run_ahead, -run_left, run_left))
    rise, gap = slope[_ONE] - slope[_OTHER], start[_OTHER] - start[_ONE]
    crossing = np.divide(gap, rise, out=np.zeros(gap.shape), where=rise != 0.0)
    meets = np.minimum(np.maximum(crossing, 0.0), 1.0)
    inside_m = np.minimum.reduce(start[:, None] + slope[:, None] * meets)
    return max(0.0, float(inside_m.max()))


def leaves(left: Room, speed_mps: float, config: VehicleConfig) -> bool:
    """True where the machine, stopped from now on, would touch a boundary, or is outside already."""
    way_m = stopping_m(speed_mps, config)
    return not -left.behind_m < way_m < left.ahead_m  # also for a speed that is no number


def slowed(left: Room, wanted: DriveRequest, config: VehicleConfig) -> DriveRequest:
    """The wanted twist, speed and yaw rate shrunk together to what stops in the room that is left; at least a creep."""
    return limits.twist(wanted, _stops_mps(left.ahead_m, config), _stops_mps(left.behind_m, config), math.inf)


def _stops_mps(free_m: float, config: VehicleConfig) -> float:
    """The speed from which the machine stops inside this way, measured a period ago; not below a creep."""
    decel, reaction_s = config.machine.tracks.decel_mps2, REACTION_S + PERIOD_S
    return max(CREEP_MPS, decel * (math.sqrt(reaction_s * reaction_s + 2.0 * free_m / decel) - reaction_s))


def turned_slowly(edges_m: FloatArray, estimate: Estimate, wanted: DriveRequest, config: VehicleConfig) -> DriveRequest:
    """The wanted twist, at a creep where a stop begun now would end with the footprint over a boundary by its turn.

    Corrections of direction on the way are no turns: what they lead to is seen straight on. `edges_m` (n, 4): east and
    north of each edge's start, then of its end.
    """
    if abs(wanted.yaw_rate_radps) <= abs(wanted.speed_mps) / TURN_RADIUS_M:
        return wanted
    there = moved(pose_of(estimate), DriveRequest(yaw_rate_radps=wanted.yaw_rate_radps), REACTION_S + PERIOD_S)
    if over_m(edges_m, there, config, grown_m(estimate)) <= 0.0:
        return wanted
    return limits.twist(wanted, CREEP_MPS, CREEP_MPS, CREEP_RADPS)


def eases(
    edges_m: FloatArray, estimate: Estimate, drive: DriveRequest, config: VehicleConfig, grown_m: float = 0.0
) -> bool:
    """True where a movement leads out of what the footprint reaches over, or at least no deeper.

    Over by more than half its width the footprint is as deep as it can be; from there on no nearer counts as no deeper.
    `edges_m` (n, 4): east and north of each edge's start, then of its end.
    """
    here, reach_m = pose_of(estimate), _reach_m(config, grown_m)
    here_ends, there_ends = _body_frame(edges_m, here), _body_frame(edges_m, moved(here, drive, STEP_S))
    there_m = _over_m(*there_ends, reach_m)
    if there_m == 0.0:
        return True
    deeper = _grains(there_m - _over_m(*here_ends, reach_m))
    return deeper < 0.0 or (deeper == 0.0 and _grains(_nearest_m(*here_ends) - _nearest_m(*there_ends)) <= 0.0)


def _grains(way_m: float) -> float:
    """Whole steps, towards none where it lies half-way; of no number no number."""
    return float(np.rint(way_m / GRAIN_M))


def _reach_m(config: VehicleConfig, grown_m: float) -> tuple[float, float, float]:
    """Front, rear and half width of the whole footprint, raised tool included."""
    body, tool = config.machine.body, config.machine.tool
    front_m = max(body.front_m, tool.ahead_m + tool.length_m / 2.0)
    half_m = max(body.width_m, tool.width_m, config.machine.tracks.outer_width_m) / 2.0
    return front_m + grown_m, body.rear_m + grown_m, half_m + grown_m


def outline_m(config: VehicleConfig) -> float:
    """Radius of the circle about the body's origin that holds the whole machine, raised tool included [m]."""
    front_m, rear_m, half_m = _reach_m(config, 0.0)
    return math.hypot(max(front_m, rear_m), half_m)


def _body_frame(edges_m: FloatArray, pose: Pose) -> tuple[FloatArray, FloatArray]:
    """Ahead and left (n, 2) of the ends of all edges."""
    cos_yaw, sin_yaw = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
    east, north = edges_m[:, 0::2] - pose.east_m, edges_m[:, 1::2] - pose.north_m
    return east * cos_yaw + north * sin_yaw, north * cos_yaw - east * sin_yaw


def _nearest_m(ahead: FloatArray, left: FloatArray) -> float:
    """Distance of the origin to the nearest boundary."""
    run_ahead, run_left = ahead[:, 1] - ahead[:, 0], left[:, 1] - left[:, 0]
    length = np.hypot(run_ahead, run_left)
    across = (ahead[:, 0] * run_left - left[:, 0] * run_ahead) / length
    middle = np.abs((ahead[:, 0] + ahead[:, 1]) * run_ahead + (left[:, 0] + left[:, 1]) * run_left) / 2.0 / length
    return float(np.hypot(np.maximum(0.0, middle - length / 2.0), across).min())


def _beside(ahead: FloatArray, left: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """Nearest and farthest along-track of each edge's part within `half` of the axis, of the edges that have one."""
    start, run = left[:, 0], left[:, 1] - left[:, 0]
    # A run of exactly 0 would divide by it; the least of steps leans the edge by nothing that matters.
    run = np.where(run == 0.0, EPSILON, run)
    first, second = (-half - start) / run, (half - start) / run
    enter, leave = np.maximum(0.0, np.minimum(first, second)), np.minimum(1.0, np.maximum(first, second))
    along = ahead[:, 1] - ahead[:, 0]
    one, other = ahead[:, 0] + enter * along, ahead[:, 0] + leave * along
    beside = enter <= leave
    return np.minimum(one, other)[beside], np.maximum(one, other)[beside]


def _inside(ahead: FloatArray, left: FloatArray) -> bool:
    """Even-odd rule along the axis: of the edges that cross it an odd number lies ahead, and none right here."""
    crossing = ((left[:, 0] > 0.0) != (left[:, 1] > 0.0)).nonzero()[0]
    start, start_ahead = left[crossing, 0], ahead[crossing, 0]
    meets = start_ahead - start * (ahead[crossing, 1] - start_ahead) / (left[crossing, 1] - start)
    return bool(np.multiply.reduce(np.sign(meets)) < 0.0)
