"""What is still to be done while a plan grows: unswept and unclaimed ground, the ground that bears, the path so far."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import (
    Ground,
    Opened,
    first_ground,
    kept_out,
    mitre_buffer,
    pivot_obstacles,
    unproven,
)
from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.route import Pose, TourStop
from vehicle.planning.coverage.settings import NUMERIC_M, PlanSettings, Reach
from vehicle.planning.coverage.tiled_polygons import Box, TiledPolygons
from vehicle.planning.site.site import Site

CLAIM_SLACK_M = 0.001
"""Claims of neighbouring swaths join with this to spare, so that rounding leaves no hair between them."""
SLIVER_M2 = 1e-7
"""Overlays of coordinates at 100 m from the datum leave slivers 1e-10 m wide; nothing real is this small."""
NEED_MIN_M2 = 1e-4
"""Uncovered parts below one square centimetre are rounding along edges that were swept exactly."""


def never() -> bool:
    """No limit of time."""
    return False


@dataclass
class Progress:
    """Mutable while planning; `unswept` no tool has passed yet, `unclaimed` no credited strip covers yet."""

    site: Site
    machine: MachineFootprint
    settings: PlanSettings
    reach: Reach
    box: Box
    closed: TiledPolygons
    solid: TiledPolygons
    unswept: TiledPolygons
    unclaimed: TiledPolygons
    kept_out: Any
    """As drawn, for the gate; `solid` is grown by the clearance."""
    unproven: Any
    """What did not bear the tracks at the start."""
    closed_at_first: np.ndarray
    path: PathBuilder | None = None
    stops: list[TourStop] = field(default_factory=list)
    ways: list[list[tuple[float, float]]] = field(default_factory=list)
    """The way to each stop."""
    start: Pose | None = None
    """Where the first stop's way begins, None where it may begin anywhere; `lead` segments are before it."""
    lead: int = 0
    out_of_time: Callable[[], bool] = never
    cut_short: bool = False
    """Set where the limit of time ended the planning: what is left then has no better reason."""
    no_way: bool = False
    """Set where something could have been worked had a way led there."""
    parts: np.ndarray | None = None
    idle_edges: set[tuple[float, ...]] = field(default_factory=set)
    """Edges of keep-outs along which nothing could be worked; tried again only for what lies right beside them."""
    ends: np.ndarray = field(default_factory=lambda: np.empty((0, 2, 2)))

    def over(self) -> bool:
        """Whether the time for planning is up; remembered."""
        self.cut_short = self.cut_short or self.out_of_time()
        return self.cut_short

    def uncovered_in(self, box: Box) -> np.ndarray:
        """Polygons (n,) of the ground in a window that a further pass would have to cover, whole."""
        parts = self.uncovered()
        return np.asarray(parts[shapely.intersects(shapely.box(*box), parts)] if len(parts) else parts)

    def uncovered(self) -> np.ndarray:
        """All polygons (n,) still to be covered."""
        if self.parts is None:
            self.parts = _joined([*self.unswept.parts, *self.unclaimed.parts])
        return self.parts

    def _renew_need(self, swept: np.ndarray) -> None:
        """What is left of a part lies in that part: only the parts that were driven over are put together anew."""
        old = self.uncovered()
        if not len(old):
            return
        touched = np.zeros(len(old), dtype=bool)
        touched[np.unique(shapely.STRtree(old).query(swept, predicate="intersects")[1])] = True
        parts = [old[~touched]]
        for part in old[touched]:
            both = np.array([*self.unswept.near(part.bounds), *self.unclaimed.near(part.bounds)], dtype=object)
            if len(both):
                shapely.prepare(part)
                parts.append(_joined(both[shapely.intersects(part, shapely.point_on_surface(both))]))
        self.parts = np.concatenate(parts)

    def trial(self) -> "Progress":
        """The same books for reckoning what passes would leave: the ground that bears and the path stay as they are."""
        return replace(self, unswept=copy(self.unswept), unclaimed=copy(self.unclaimed))

    def assume(self, stops: list[TourStop]) -> None:
        """Strike out what stops would cover."""
        nominal, claims = self.strips(stops)
        self.unswept.subtract(nominal)
        self.unclaimed.subtract(claims)
        self._renew_need(nominal)

    @property
    def pose(self) -> Pose | None:
        """Where the path ends so far."""
        return self.path.pose if self.path is not None else None

    def around(self, box: Box) -> tuple[np.ndarray, np.ndarray]:
        """(closed, solid) ground in a window and as far round it as it hinders a pivot there."""
        rim_m = self.reach.pivot_solid_m + 0.5
        wide = (box[0] - rim_m, box[1] - rim_m, box[2] + rim_m, box[3] + rim_m)
        return parts_of(self.closed.clipped(wide)), parts_of(self.solid.clipped(wide))

    def view(self, box: Box) -> Ground:
        """The ground in a window and round it, and where in the window it lets the machine turn."""
        closed, solid = self.around(box)
        return Ground(closed=closed, solid=solid, pivot=pivot_obstacles(closed, solid, self.reach), box=box)

    def strips(self, stops: list[TourStop]) -> tuple[np.ndarray, np.ndarray]:
        """Nominal sweeps and claims of stops in ENU: polygons (n,) each, stretch by stretch; a claim may be empty."""
        half_m = 0.5 * self.reach.width_m
        settings = self.settings
        rims_m = {
            stop.theta_rad: (0.5 * settings.overlap_at_m(stop.theta_rad), settings.end_at_m(stop.theta_rad))
            for stop in stops
        }
        rows = [
            (stop.theta_rad, stop.y_m, stop.move.sign, a, b, *rims_m[stop.theta_rad])
            for stop in stops
            for a, b in stop.move.stretches
        ]
        frame = np.array(rows, dtype=float).reshape(-1, 7).T
        side_m, end_m = frame[5:] - CLAIM_SLACK_M
        return (
            _strips(frame, np.full(len(rows), half_m), np.zeros(len(rows)), np.zeros(len(rows))),
            _strips(frame, half_m - side_m, end_m + settings.run_in_m, end_m),
        )

    def gains_m2(self, stops: list[TourStop]) -> np.ndarray:
        """(n,) what each stop alone would newly sweep or newly claim, whichever is more."""
        owner = np.repeat(np.arange(len(stops)), [len(stop.move.stretches) for stop in stops])
        nominal, claims = self.strips(stops)
        gains = [
            np.bincount(owner, areas_m2, minlength=len(stops))
            for areas_m2 in (self.unswept.areas_in(nominal), self.unclaimed.areas_in(claims))
        ]
        return np.maximum(*gains)

    def driven(self) -> np.ndarray:
        """(n, 2, 2) ends of the strips driven so far."""
        new = self.stops[len(self.ends) :]
        if new:
            self.ends = np.concatenate([self.ends, np.array([(stop.entry[:2], stop.exit[:2]) for stop in new])])
        return self.ends

    def commit(self, stops: list[TourStop], ways: list[list[tuple[float, float]]]) -> None:
        """Append worked stops with the ways to them, and let the ground grow."""
        if not self.stops and self.path is not None:
            self.start, self.lead = self.path.pose, len(self.path.segments)
        for stop, way in zip(stops, ways, strict=True):
            if self.path is None:
                self.path = PathBuilder(self.machine, stop.entry)
            self.path.go(way[1:])
            self.path.work(stop)
        self.closed.subtract(self.strips(stops)[0])
        self.stops.extend(stops)
        self.ways.extend(ways)
        self.assume(stops)


def _joined(polygons: Any) -> np.ndarray:
    """Connected parts of a union."""
    return (
        np.asarray(parts_of(polygons_of(robust_overlay.union(polygons))))
        if len(polygons)
        else np.empty(0, dtype=object)
    )


def _strips(frame: np.ndarray, half_m: np.ndarray, start_m: np.ndarray, end_m: np.ndarray) -> np.ndarray:
    """Rectangles of (theta, y, sign, a, b, ...) columns, shortened at start and end; empty where nothing is left."""
    theta, y, sign = frame[:3]
    a, b = frame[3] + sign * start_m, frame[4] - sign * end_m
    cos, sin = np.cos(theta)[:, None], np.sin(theta)[:, None]
    along, across = np.stack([a, b, b, a], axis=1), np.stack([y - half_m, y - half_m, y + half_m, y + half_m], axis=1)
    corners = np.stack([along * cos - across * sin, along * sin + across * cos], axis=2)
    strips = np.full(len(a), shapely.Polygon(), dtype=object)
    left = (b - a) * sign > 0.0
    if left.any():
        strips[left] = shapely.polygons(corners[left])
    return strips


def first_progress(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    reach: Reach,
    out_of_time: Callable[[], bool] = never,
    opened: Opened | None = None,
) -> Progress:
    """All of the work area that is not kept out needs the tool; its inner part must also be credited."""
    closed, solid, box = first_ground(site, reach, settings, opened)
    near, far = mitre_buffer(solid, NUMERIC_M), mitre_buffer(solid, reach.credit_m)
    asked = mitre_buffer(site.work_area, reach.grow_m)
    bearing_not = TiledPolygons(closed, SLIVER_M2)
    return Progress(
        site=site,
        machine=machine,
        settings=settings,
        reach=reach,
        box=box,
        closed=bearing_not,
        closed_at_first=bearing_not.parts,
        solid=TiledPolygons(solid, SLIVER_M2),
        unswept=TiledPolygons(robust_overlay.difference(site.work_area, near), NEED_MIN_M2),
        unclaimed=TiledPolygons(robust_overlay.difference(asked, far), NEED_MIN_M2),
        kept_out=kept_out(site, settings, opened),
        unproven=unproven(site, opened),
        out_of_time=out_of_time,
    )
