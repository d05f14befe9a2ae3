"""Rings round machines and people on one task: how near the vehicle's own ring comes to another, and what follows.

The own ring is that of the task while the rotor turns, is asked to, or a mission works; else the outline and a bit.
A neighbour's ring is as wide as it was told, and wider by the way on which its middle may have gone since, and on which
it may still go before it stops. Unknown is never far away: what is no number counts as overlapping.
"""

import math
from itertools import pairwise
from typing import Final

import msgspec

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest, Estimate, Mode, Neighbour, Requests, RotorState
from vehicle.contracts.units import NS_PER_S
from vehicle.control import neighbours
from vehicle.control.safety import fence
from vehicle.control.safety.modes import MISSION
from vehicle.control.state import GateState

NEAR_M: Final = 5.0
"""With less room between two rings all is slow: a machine in transit comes down to 0.3 m/s within 2 m."""
TRAVEL_M: Final = 2.0
"""Round the outline of a machine whose rotor rests."""
AHEAD_S: Final = 2.0
"""A neighbour goes on for so long: its own word of us is half a second old, it reacts in half, and brakes in one."""
FRESH_S: Final = 1.5
"""For so long a neighbour keeps to the speed that it was told with; AHEAD_S holds what it gains by speeding up."""
SILENT_MPS: Final = 1.5
"""After that it may do this, whatever it was told to do: a fast walk, and more than a machine's transit."""
PEOPLE_MAX_M: Final = 15.0
"""People of whom nothing is heard count as no further from their place than this: a phone is silent in a pocket."""


class Rings(msgspec.Struct, frozen=True, gc=False):
    """What the other rings mean for the own one.

    `overlap`: they overlap, or would before the machine stands. `near`: less than `NEAR_M` is left, or the own place
    is not known. `silent`: of a neighbour nothing was heard for some seconds.
    """

    overlap: bool = False
    near: bool = False
    silent: bool = False


CALM: Final = Rings()


def seen(
    known: tuple[Neighbour, ...],
    estimate: Estimate,
    believed_mps: float,
    own_ring_m: float,
    config: VehicleConfig,
    now_ns: int,
) -> Rings:
    """Judge all neighbours; `believed_mps`: the machine's speed, `own_ring_m`: radius of its ring."""
    if not known:
        return CALM
    pose, way_m = fence.pose_of(estimate), fence.stopping_m(believed_mps, config)
    own_m = own_ring_m + fence.grown_m(estimate)
    left_m = [_nearest_m(pose, way_m, one) - own_m - reach_m(one, now_ns) for one in known]
    return Rings(
        overlap=not all(room_m > 0.0 for room_m in left_m),
        near=not estimate.valid or not all(room_m > NEAR_M for room_m in left_m),
        silent=any(neighbours.silent(one, now_ns) for one in known),
    )


def reach_m(one: Neighbour, now_ns: int) -> float:
    """Radius of a neighbour's ring now [m], with the way on which its middle may have gone and still go."""
    age_s = max(0.0, (now_ns - one.t_ns) / NS_PER_S)
    fresh_s = min(age_s, FRESH_S)
    way_m = one.speed_mps * (fresh_s + AHEAD_S) + max(one.speed_mps, SILENT_MPS) * (age_s - fresh_s)
    return one.radius_m + (min(way_m, PEOPLE_MAX_M) if one.people else way_m)


def widened(known: tuple[Neighbour, ...], now_ns: int) -> tuple[Neighbour, ...]:
    """Return the neighbours with rings as wide as they are taken for."""
    return tuple(msgspec.structs.replace(one, radius_m=reach_m(one, now_ns)) for one in known)


def own_m(ring_m: float, config: VehicleConfig, *, whole: bool) -> float:
    """Radius of the vehicle's own ring [m]; `ring_m`: that of the task, 0 where it names none; `whole`: it is in force.

    Else only the machine's outline counts.
    """
    travel_m = fence.outline_m(config) + TRAVEL_M
    return max(travel_m, ring_m) if whole else travel_m


def in_force_m(state: GateState, requests: Requests, config: VehicleConfig) -> float:
    """Radius of the vehicle's own ring now [m].

    It is the task's before the rotor turns: a mission that works will spin it up wherever its segments lead, and by
    stick the button for it counts at once.
    """
    if state.mode in MISSION:
        turns = requests.works
    else:
        turns = state.mode is Mode.MANUAL and requests.manual_flail.rotor_speed_radps > 0.0
    return own_m(state.ring_m, config, whole=turns or state.rotor is not RotorState.OFF)


def parts(
    known: tuple[Neighbour, ...], estimate: Estimate, drive: DriveRequest, own_ring_m: float, now_ns: int
) -> bool:
    """True where a movement comes no nearer to any neighbour whose ring overlaps the own one."""
    here = fence.pose_of(estimate)
    there = fence.moved(here, drive, fence.STEP_S)
    own_m = own_ring_m + fence.grown_m(estimate)
    return all(
        _nearest_m(here, 0.0, one) - own_m - reach_m(one, now_ns) > 0.0
        or _nearest_m(there, 0.0, one) >= _nearest_m(here, 0.0, one)
        for one in known
    )


def on_the_way(
    known: tuple[Neighbour, ...],
    estimate: Estimate,
    points_m: tuple[tuple[float, float], ...],
    own_ring_m: float,
    now_ns: int,
) -> str:
    """Name of the first neighbour whose ring the own one meets here or along `points_m` (east, north); "" for none."""
    here = (estimate.east_m, estimate.north_m)
    own_m = own_ring_m + fence.grown_m(estimate)
    for one in known:
        nearest_m = min(_to_line_m(start, end, one) for start, end in pairwise((here, here, *points_m)))
        if not nearest_m - own_m - reach_m(one, now_ns) > 0.0:
            return one.name
    return ""


def _nearest_m(pose: fence.Pose, way_m: float, one: Neighbour) -> float:
    """Distance to a neighbour's middle on the straight way [m] from a pose, behind it where the way is negative."""
    end = (pose.east_m + way_m * math.cos(pose.yaw_rad), pose.north_m + way_m * math.sin(pose.yaw_rad))
    return _to_line_m((pose.east_m, pose.north_m), end, one)


def _to_line_m(start: tuple[float, float], end: tuple[float, float], one: Neighbour) -> float:
    """Distance of a neighbour's middle from a piece of a line [m]; no number where any of it is none."""
    run_east, run_north = end[0] - start[0], end[1] - start[1]
    east, north = one.east_m - start[0], one.north_m - start[1]
    length2 = run_east * run_east + run_north * run_north
    if length2 == 0.0:
        return math.hypot(east, north)
    share = max(0.0, min(1.0, (east * run_east + north * run_north) / length2))
    return math.hypot(east - share * run_east, north - share * run_north)
