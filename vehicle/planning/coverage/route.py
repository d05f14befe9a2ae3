"""Order, side and connections of the pieces of one phase, by nearest next end; later the whole tour is improved."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vehicle.contracts.pace import line_s, lines_s, turn_s, turns_s
from vehicle.contracts.plan import MachineFootprint
from vehicle.contracts.plan_times import ready_s, sweep_speed_mps
from vehicle.planning.coverage.settings import Reach
from vehicle.planning.coverage.swath import Interval, Move, Piece
from vehicle.planning.coverage.transit import Point, Roadmap, length_m

Pose = tuple[float, float, float]
"""East, north [m], yaw [rad] of the body origin."""
CANDIDATES = 6
ENDS_OF_M = 100.0
"""A sample length: the cost of the ramps at the ends does not depend on the length of the swath."""
STILL_M = 1e-6
FAR_S = 100.0
NEAR_M = 30.0


@dataclass(frozen=True)
class TourStop:
    """A way to work a piece in ENU: where the body turns in, where it may turn again, and the swath."""

    theta_rad: float
    y_m: float
    uncovered: Interval
    move: Move
    entry: Pose
    exit: Pose
    time_s: float


def stops_of(piece: Piece, theta_rad: float, machine: MachineFootprint) -> list[TourStop]:
    """Return the moves of a piece as stops."""
    return [_stop(piece, move, theta_rad, machine) for move in piece.moves]


def _stop(piece: Piece, move: Move, theta_rad: float, machine: MachineFootprint) -> TourStop:
    y_m = piece.y_m
    yaw_rad = theta_rad if move.sign > 0 else theta_rad + math.pi
    return TourStop(
        theta_rad=theta_rad,
        y_m=y_m,
        uncovered=piece.uncovered,
        move=move,
        entry=(*enu_of(theta_rad, move.in_m, y_m), yaw_rad),
        exit=(*enu_of(theta_rad, move.out_m, y_m), yaw_rad),
        time_s=move_s(move, machine),
    )


def move_s(move: Move, machine: MachineFootprint) -> float:
    """Time [s] from where the machine turns in to where it may turn again; the connections include the turns."""
    ahead_m = move.sign * machine.tool_ahead_m
    inward_m, outward_m = abs(move.a_m - ahead_m - move.in_m), abs(move.out_m - (move.b_m - ahead_m))
    sweeps_m = [abs(b - a) for a, b in move.stretches]
    out_mps = machine.reverse_speed_mps if move.reverse else machine.transit_speed_mps
    if machine.pace is None:
        moves_m = inward_m + (abs(move.b_m - move.a_m) - sum(sweeps_m))
        return sum(sweeps_m) / machine.working_speed_mps + moves_m / machine.transit_speed_mps + outward_m / out_mps
    moves_s = [leg_s(way_m, machine) for way_m in (inward_m, *(abs(down - up) for up, down in move.lifts))]
    sweep_s = sum(line_s(way_m, sweep_speed_mps(machine), machine.pace) for way_m in sweeps_m)
    waits_s = sum(ready_s(machine, move_s if move_s > 0.0 else math.inf) for move_s in moves_s)
    return sum(moves_s) + sweep_s + waits_s + leg_s(outward_m, machine, out_mps)


def leg_s(way_m: float, machine: MachineFootprint, speed_mps: float | None = None) -> float:
    """Time [s] of a straight line with the tool up, by default at transit speed; 0 for no distance."""
    speed_mps = machine.transit_speed_mps if speed_mps is None else speed_mps
    return line_s(way_m, speed_mps, machine.pace) if way_m > STILL_M else 0.0


def enu_of(theta_rad: float, x_m: float, y_m: float) -> tuple[float, float]:
    """Swath frame -> ENU."""
    cos, sin = math.cos(theta_rad), math.sin(theta_rad)
    return cos * x_m - sin * y_m, sin * x_m + cos * y_m


def _turn(angle_rad: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.abs(np.remainder(np.asarray(angle_rad) + math.pi, 2.0 * math.pi) - math.pi))


def change_s(poses: np.ndarray, entries: np.ndarray, machine: MachineFootprint) -> np.ndarray:
    """Return (n,) times [s] from poses (n|1, 3) to entries (n, 3) by pivot, straight leg, pivot; no obstacles."""
    step = entries[:, :2] - poses[:, :2]
    leg_m = np.hypot(step[:, 0], step[:, 1])
    course = np.where(leg_m > STILL_M, np.arctan2(step[:, 1], step[:, 0]), entries[:, 2])
    out_rad, in_rad = _turn(course - poses[:, 2]), _turn(entries[:, 2] - course)
    if machine.pace is None:
        return np.asarray(leg_m / machine.transit_speed_mps + (out_rad + in_rad) / machine.pivot_rate_radps)
    legs_s = np.where(leg_m > STILL_M, lines_s(leg_m, machine.transit_speed_mps, machine.pace), 0.0)
    rate_radps, pace = machine.pivot_rate_radps, machine.pace
    return np.asarray(legs_s + turns_s(out_rad, rate_radps, pace) + turns_s(in_rad, rate_radps, pace))


def change_along_s(way: list[tuple[float, float]], start: Pose, entry: Pose, machine: MachineFootprint) -> float:
    """Time [s] of a connection with corners (east, north) [m] between two poses."""
    yaw, total = start[2], length_m(way) / machine.transit_speed_mps if machine.pace is None else 0.0
    for a, b in pairwise(way):
        step_m = math.dist(a, b)
        if step_m > STILL_M:
            course = math.atan2(b[1] - a[1], b[0] - a[0])
            total += pivot_s(course - yaw, machine)
            total += 0.0 if machine.pace is None else leg_s(step_m, machine)
            yaw = course
    return total + pivot_s(entry[2] - yaw, machine)


def pivot_s(angle_rad: float, machine: MachineFootprint) -> float:
    """Time [s] of a pivot in the shorter direction."""
    return turn_s(float(_turn(angle_rad)), machine.pivot_rate_radps, machine.pace)


def swath_change_s(machine: MachineFootprint, reach: Reach) -> float:
    """Time [s] from one swath's end to the next one's start where pivots are possible: out, half turn, back in."""
    out_m, pace = reach.ahead_m + reach.pivot_ground_m, machine.pace
    if pace is None:
        return math.pi / machine.pivot_rate_radps + (out_m + reach.width_m) / machine.transit_speed_mps
    sweep_mps = sweep_speed_mps(machine)
    ends_s = line_s(ENDS_OF_M, sweep_mps, pace) - ENDS_OF_M / sweep_mps
    turns = 2.0 * turn_s(0.5 * math.pi, machine.pivot_rate_radps, pace)
    return leg_s(out_m, machine) + turns + leg_s(reach.width_m, machine) + ready_s(machine) + ends_s


def order_stops(
    options: list[list[TourStop]],
    start: Pose | None,
    roadmap: Roadmap,
    machine: MachineFootprint,
    over: Callable[[], bool],
) -> tuple[list[TourStop], list[list[Point]], bool]:
    """Return stops that work every piece once, with their connections, except pieces without a connection or time.

    The tour ends early, returned as True, if the connection to the next piece takes longer than `FAR_S` and longer than
    the work around that piece: a later connection may pass near it.
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
    """Begin at an outermost swath end, so that strips do not remain on both sides."""
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
    """Return the cheapest next stop and its connection; the straight-line cost is the lower bound of the search."""
    index = np.flatnonzero(alive)
    # last digits depend on the processor: nearly equal bounds count as equal
    lower = np.round(change_s(np.array([pose]), entries[index], machine) + extra[index], 6)
    best, best_s, best_way, tried = -1, math.inf, None, 0
    for k in np.argsort(lower, kind="stable"):
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
