"""What a link passes over: the ground under tracks, raised tool and body, on straight moves and in pivots."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.ground import PIVOT_SLACK_M
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.swath import THIN_M, bearing_half_m
from vehicle.planning.coverage.tiled_polygons import Box, TiledPolygons
from vehicle.planning.coverage.work_limit import Work

AIM_RAD = math.radians(4.0)
"""Before a swath the mission turns up to this much further, to aim the tool (`control/mission/progress`)."""
FENCE_S = 0.6
"""The fence slows a pivot down from which the machine could not stop within this time (`control/safety/fence`)."""
SAMPLES = 16
"""Headings at which a pivot is looked at: at half a turn 13 degrees apart; between two a corner moves out by 0.6 % of
its distance, 15 mm at 2.4 m, of the `PIVOT_SLACK_M` by which the footprint is grown."""
SHRINK_M = 1e-3
"""Touching along an edge is no crossing."""


@dataclass(frozen=True)
class LinkGround:
    """Prepared polygons in a window. `closed`: bears neither tracks nor, with trip-wires, the raised tool.

    `barred`: no part of the machine may be over it. `under` and `whole`: rear, front and half width [m] of what is
    tested against them.
    """

    closed: np.ndarray
    barred: np.ndarray
    under: tuple[float, float, float]
    whole: tuple[float, float, float]
    rate_radps: float

    def straight(self, poses: np.ndarray, way_m: np.ndarray, margin_m: float = 0.0) -> np.ndarray:
        """Return (n,) bool: whether straight moves from poses (n, 3), back where `way_m` (n,) is negative, are free."""
        free = np.ones(len(poses), dtype=bool)
        for parts, (rear, front, half) in ((self.closed, self.under), (self.barred, self.whole)):
            low = -rear - margin_m + np.minimum(way_m, 0.0)
            high = front + margin_m + np.maximum(way_m, 0.0)
            free &= ~_meets(parts, _rectangles(poses, low, high, half + margin_m))
        return free

    def turns(self, places: np.ndarray, start_rad: np.ndarray, turn_rad: np.ndarray) -> np.ndarray:
        """Return (n,) bool: whether pivots at places (n, 2), from headings by signed angles (n,), are free."""
        free = np.ones(len(places), dtype=bool)
        for parts, footprint, more_rad in (
            (self.closed, self.under, AIM_RAD),
            (self.barred, self.whole, max(AIM_RAD, FENCE_S * self.rate_radps)),
        ):
            radius_m = math.hypot(max(footprint[:2]), footprint[2]) + PIVOT_SLACK_M
            near = np.flatnonzero(free & _meets(parts, shapely.points(places), radius_m))
            angle_rad = turn_rad[near] + np.copysign(more_rad, turn_rad[near])
            free[near] = ~self._swept(parts, footprint, places[near], start_rad[near], angle_rad)
        return free

    @staticmethod
    def _swept(
        parts: np.ndarray,
        footprint: tuple[float, float, float],
        places: np.ndarray,
        start_rad: np.ndarray,
        angle_rad: np.ndarray,
    ) -> np.ndarray:
        """Return (n,) bool: whether a footprint meets any of the parts while it turns from headings by angles (n,)."""
        rear, front, half = footprint
        yaw = start_rad[:, None] + angle_rad[:, None] * np.linspace(0.0, 1.0, SAMPLES)
        poses = np.column_stack([np.repeat(places, SAMPLES, axis=0), yaw.ravel()])
        low, high = np.full(len(poses), -rear - PIVOT_SLACK_M), np.full(len(poses), front + PIVOT_SLACK_M)
        hit = _meets(parts, _rectangles(poses, low, high, half + PIVOT_SLACK_M))
        return np.asarray(hit.reshape(-1, SAMPLES).any(axis=1))


def ground_of_links(ground: GroundModel, closed: TiledPolygons, box: Box) -> LinkGround:
    """Return the ground in a window; `closed`: what bears nothing at that time of the plan."""
    reach, machine = ground.job.reach, ground.job.machine
    shut = parts_of(shapely.buffer(parts_of(closed.clipped(box)), -SHRINK_M))
    barred = np.concatenate([ground.first.solid.near(box), ground.first.beyond.near(box)])
    solid = parts_of(shapely.buffer(barred, -SHRINK_M))
    deadline = ground.job.deadline
    deadline.tell(Work.VIEWS, 1)
    deadline.tell(Work.CORNERS, sum(int(shapely.get_num_coordinates(parts).sum()) for parts in (shut, solid)))
    front_m = reach.ahead_m + reach.tool_long_m
    under = (reach.track_rear_m, front_m, bearing_half_m(reach))
    if not reach.raised_over_base:
        under = (reach.track_rear_m, reach.track_rear_m, reach.track_half_m)
    rear_m = max(reach.track_rear_m, machine.body_rear_m)
    whole = (rear_m, max(front_m, machine.body_front_m), max(reach.tool_half_m - THIN_M, reach.track_half_m))
    for parts in (shut, solid):
        shapely.prepare(parts)
    return LinkGround(shut, solid, under, whole, machine.pivot_rate_radps)


def _meets(parts: np.ndarray, shapes: np.ndarray, within_m: float = 0.0) -> np.ndarray:
    """Return (n,) bool: whether shapes (n,) meet any of the prepared parts (m,), or come as near as `within_m`."""
    met = np.zeros(len(shapes), dtype=bool)
    for part in parts:
        met |= shapely.dwithin(part, shapes, within_m) if within_m > 0.0 else shapely.intersects(part, shapes)
    return met


def _rectangles(poses: np.ndarray, low_m: np.ndarray, high_m: np.ndarray, half_m: float) -> np.ndarray:
    """Return (n,) rectangles from `low_m` to `high_m` (n,) ahead of poses (n, 3), and `half_m` to both sides."""
    cos, sin = np.cos(poses[:, 2])[:, None], np.sin(poses[:, 2])[:, None]
    ahead = np.stack([low_m, high_m, high_m, low_m], axis=1)
    left = half_m * np.array([-1.0, -1.0, 1.0, 1.0])
    corners = np.stack([ahead * cos - left * sin, ahead * sin + left * cos], axis=2) + poses[:, None, :2]
    return np.asarray(shapely.polygons(corners))
