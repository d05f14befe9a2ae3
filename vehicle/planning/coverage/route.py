"""Order, side and way of the pieces of one phase: always the nearest next end; `reorder` looks at the whole tour."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.settings import Reach
from vehicle.planning.coverage.swath import Interval, Move, Piece
from vehicle.planning.coverage.transit import Point, Roadmap, length_m

Pose = tuple[float, float, float]
"""East, north [m], yaw [rad] of the body origin."""
CANDIDATES = 6
FAR_S = 100.0
NEAR_M = 30.0


@dataclass(frozen=True)
class TourStop:
    """A move of a piece in ENU: where the body turns in, where it may turn again, and the swath itself."""

    theta_rad: float
    y_m: float
    uncovered: Interval
    move: Move
    entry: Pose
    exit: Pose
    time_s: float


def stops_of(piece: Piece, theta_rad: float, machine: MachineFootprint) -> list[TourStop]:
    """The moves of a piece as stops."""
    return [_stop(piece, move, theta_rad, machine) for move in piece.moves]


def _stop(piece: Piece, move: Move, theta_rad: float, machine: MachineFootprint) -> TourStop:
    y_m = piece.y_m
    yaw_rad = theta_rad if move.sign > 0 else theta_rad + math.pi
    sweep_m = sum(abs(b - a) for a, b in move.stretches)
    lifted_m = abs(move.b_m - move.a_m) - sweep_m
    inward_m = abs(move.a_m - move.sign * machine.tool_ahead_m - move.in_m)
    outward_m = abs(move.out_m - (move.b_m - move.sign * machine.tool_ahead_m))
    out_s = outward_m / (machine.reverse_speed_mps if move.reverse else machine.transit_speed_mps)
    time_s = sweep_m / machine.working_speed_mps + (inward_m + lifted_m) / machine.transit_speed_mps + out_s
    time_s += len(move.stretches) * (machine.lower_s + machine.spin_up_s + 2.0 * machine.settle_s)
    return TourStop(
        theta_rad=theta_rad,
        y_m=y_m,
        uncovered=piece.uncovered,
        move=move,
        entry=(*enu_of(theta_rad, move.in_m, y_m), yaw_rad),
        exit=(*enu_of(theta_rad, move.out_m, y_m), yaw_rad),
        time_s=time_s,
    )


def enu_of(theta_rad: float, x_m: float, y_m: float) -> tuple[float, float]:
    """Swath frame -> ENU."""
    cos, sin = math.cos(theta_rad), math.sin(theta_rad)
    return cos * x_m - sin * y_m, sin * x_m + cos * y_m


def _turn(angle_rad: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.abs(np.remainder(np.asarray(angle_rad) + math.pi, 2.0 * math.pi) - math.pi))


def change_s(poses: np.ndarray, entries: np.ndarray, machine: MachineFootprint) -> np.ndarray:
    """(n,) seconds from poses (n|1, 3) to entries (n, 3) by pivot, straight leg, pivot, obstacles ignored."""
    step = entries[:, :2] - poses[:, :2]
    leg_m = np.hypot(step[:, 0], step[:, 1])
    course = np.where(leg_m > 1e-6, np.arctan2(step[:, 1], step[:, 0]), entries[:, 2])
    angle = _turn(course - poses[:, 2]) + _turn(entries[:, 2] - course)
    pauses = (leg_m > 1e-6).astype(float) + (angle > 1e-6)
    return np.asarray(leg_m / machine.transit_speed_mps + angle / machine.pivot_rate_radps + pauses * machine.settle_s)


def change_along_s(way: list[tuple[float, float]], start: Pose, entry: Pose, machine: MachineFootprint) -> float:
    """Time [s] of a way with corners (east, north) [m] between two poses."""
    yaw, total = start[2], length_m(way) / machine.transit_speed_mps
    for a, b in pairwise(way):
        if math.dist(a, b) > 1e-6:
            course = math.atan2(b[1] - a[1], b[0] - a[0])
            total += float(_turn(course - yaw)) / machine.pivot_rate_radps + 2.0 * machine.settle_s
            yaw = course
    return total + float(_turn(entry[2] - yaw)) / machine.pivot_rate_radps


def swath_change_s(machine: MachineFootprint, reach: Reach) -> float:
    """From one swath's end to the next swath's start on ground that bears pivots: out, half a turn, back in."""
    out_m = reach.ahead_m + reach.pivot_ground_m + reach.width_m
    ready_s = machine.lower_s + machine.spin_up_s + 6.0 * machine.settle_s
    return math.pi / machine.pivot_rate_radps + out_m / machine.transit_speed_mps + ready_s


def order_stops(
    options: list[list[TourStop]],
    start: Pose | None,
    roadmap: Roadmap,
    machine: MachineFootprint,
    over: Callable[[], bool],
) -> tuple[list[TourStop], list[list[Point]], bool]:
    """Stops that work every piece once, with the way to each; without those that no way or no time is left for.

    The tour ends early, True, where the way to the next piece takes longer than `FAR_S` and than the work round about
    it: some later way may lead past.
    """
    flat = [(i, stop) for i, stops in enumerate(options) for stop in stops]
    if not flat:
        return [], [], False
    entries = np.array([stop.entry for _, stop in flat])
    fastest = [min((stop.time_s for stop in stops), default=0.0) for stops in options]
    extra = np.array([stop.time_s - fastest[i] for i, stop in flat])
    owner = np.array([i for i, _ in flat])
    alive = np.ones(len(flat), dtype=bool)
    pose = start if start is not None else flat[int(_first(entries))][1].entry
    ordered: list[TourStop] = []
    ways: list[list[Point]] = []
    while alive.any() and not over():
        chosen, way = _nearest(pose, flat, entries, extra, alive, roadmap, machine)
        if way is None:
            break
        stop = flat[chosen][1]
        if ordered:
            near = alive & (np.hypot(*(entries[:, :2] - entries[chosen, :2]).T) < NEAR_M)
            work_s = sum(fastest[i] for i in np.unique(owner[near]))
            if change_along_s(way, pose, stop.entry, machine) > max(FAR_S, work_s):
                return ordered, ways, True
        ordered.append(stop)
        ways.append(way)
        roadmap.add_corridor(stop.entry[:2], stop.exit[:2])
        pose = stop.exit
        alive[owner == owner[chosen]] = False
    return ordered, ways, False


def _first(entries: np.ndarray) -> int:
    """Begin at an outermost swath end, lest strips remain on both sides."""
    return int(np.lexsort((entries[:, 1], entries[:, 0]))[0])


def _nearest(
    pose: Pose,
    flat: list[tuple[int, TourStop]],
    entries: np.ndarray,
    extra: np.ndarray,
    alive: np.ndarray,
    roadmap: Roadmap,
    machine: MachineFootprint,
) -> tuple[int, list[Point] | None]:
    """Cheapest next stop with its way; the straight-line cost is a lower bound that ends the search early."""
    index = np.flatnonzero(alive)
    lower = change_s(np.array([pose]), entries[index], machine) + extra[index]
    best, best_s, best_way, tried = -1, math.inf, None, 0
    for k in np.argsort(lower):
        if lower[k] >= best_s or tried >= CANDIDATES:
            break
        stop = flat[int(index[k])][1]
        limit_m = (best_s - float(extra[index[k]])) * machine.transit_speed_mps
        way = roadmap.way((pose[0], pose[1]), (stop.entry[0], stop.entry[1]), limit_m)
        if way is None:
            continue
        tried += 1
        cost_s = change_along_s(way, pose, stop.entry, machine) + float(extra[index[k]])
        if cost_s < best_s:
            best, best_s, best_way = int(index[k]), cost_s, way
    return best, best_way
