"""Swath directions: the cost of each direction in closed form, from the edges of the polygon alone."""

import math

import numpy as np
import shapely

from vehicle.contracts.plan import MachineFootprint
from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.route import swath_change_s
from vehicle.planning.coverage.settings import PlanSettings, Reach
from vehicle.planning.site.site import Site

STEPS = 360


def edges_of(geometry: shapely.Geometry) -> np.ndarray:
    """Return (n, 2) edge vectors of all rings."""
    rings = shapely.get_rings(parts_of(geometry))
    if not len(rings):
        return np.empty((0, 2))
    return np.vstack([np.diff(shapely.get_coordinates(ring), axis=0) for ring in rings])


def keep_out_edges_of(geometry: shapely.Geometry) -> np.ndarray:
    """Return (n, 2) edge vectors of the inner rings."""
    rings = [ring for part in parts_of(geometry) for ring in part.interiors]
    return np.vstack([np.empty((0, 2)), *[np.diff(shapely.get_coordinates(ring), axis=0) for ring in rings]])


def swath_cost_s(
    geometry: shapely.Geometry,
    angles_rad: np.ndarray,
    reach: Reach,
    settings: PlanSettings,
    machine: MachineFootprint,
    keep_out_end_s: float = 0.0,
) -> np.ndarray:
    """Return (n,) estimated time [s] with swaths of each direction.

    An edge (dx, dy) in the swath frame is met by |dy| / pitch swaths; clipping by the rectangle costs pitch/2 |dx/dy|
    at each, together |dx| / 2 whatever the angle. Every second crossing ends a piece, and a piece ends in a turn.
    """
    edges = edges_of(geometry)
    cos, sin = np.cos(angles_rad)[:, None], np.sin(angles_rad)[:, None]
    dx = np.abs(edges[:, 0] * cos + edges[:, 1] * sin).sum(axis=1)
    dy = np.abs(-edges[:, 0] * sin + edges[:, 1] * cos).sum(axis=1)
    pitch_m = reach.width_m - np.array([settings.overlap_at_m(float(angle)) for angle in angles_rad])
    pieces = dy / (2.0 * pitch_m)
    holes = keep_out_edges_of(geometry)
    shut = np.abs(-holes[:, 0] * sin + holes[:, 1] * cos).sum(axis=1) / pitch_m
    ends_m = 2.0 * reach.credit_m + settings.run_in_m
    sweep_m = geometry.area / pitch_m + 0.5 * dx + ends_m * pieces
    swaths_s = sweep_m / sweep_speed_mps(machine) + pieces * swath_change_s(machine, reach)
    return np.asarray(swaths_s + keep_out_end_s * shut)


def best_directions(
    geometry: shapely.Geometry, reach: Reach, settings: PlanSettings, machine: MachineFootprint, count: int = 1
) -> list[float]:
    """Return the `count` cheapest directions in [0, pi), at least 5 degrees apart, from a fan and the long edges."""
    if settings.direction_rad is not None:
        return [settings.direction_rad]
    edges = edges_of(geometry)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    long = edges[np.argsort(-np.round(lengths, 6), kind="stable")[:40]]
    along = [math.atan2(north_m, east_m) % math.pi for east_m, north_m in long.tolist()]
    angles = np.r_[np.arange(STEPS) * math.pi / STEPS, along]
    costs = swath_cost_s(geometry, angles, reach, settings, machine)
    chosen: list[float] = []
    for index in np.argsort(np.round(costs, 6), kind="stable"):
        angle = float(angles[index])
        apart = [abs((angle - other + math.pi / 2) % math.pi - math.pi / 2) for other in chosen]
        if all(gap > math.radians(5.0) for gap in apart):
            chosen.append(angle)
        if len(chosen) == count:
            break
    return chosen


def across_safe_ground(site: Site) -> list[float]:
    """Return directions [rad] at right angles to the two longest edges of safe ground, where swaths can begin."""
    edges = edges_of(site.safe_ground)
    longest = np.argsort(-np.round(np.hypot(edges[:, 0], edges[:, 1]), 6), kind="stable")[:2]
    return [math.atan2(edges[i, 0], -edges[i, 1]) % math.pi for i in longest]
