"""What is still to be done while a plan grows: unswept and unclaimed ground, the ground that bears, the path so far."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.area import parts_of, polygons_of
from vehicle.coverage.ground import (
    Ground,
    Opened,
    first_ground,
    kept_out,
    mitre_buffer,
    pivot_obstacles,
    turned,
    unproven,
)
from vehicle.coverage.lane import Span
from vehicle.coverage.patchwork import Box, Patchwork
from vehicle.coverage.path import PathBuilder
from vehicle.coverage.route import Pose, Visit
from vehicle.coverage.settings import NUMERIC_M, PlanSettings, Reach
from vehicle.coverage.site import Site
from vehicle.plan import MachineFootprint

CLAIM_SLACK_M = 0.001
"""Claims of neighbouring lanes join with this to spare, so that rounding leaves no hair between them."""
SLIVER_M2 = 1e-7
"""Overlays of coordinates at 100 m from the datum leave slivers 1e-10 m wide; nothing real is this small."""
NEED_MIN_M2 = 1e-4
"""Parts of the need below one square centimetre are rounding along edges that were swept flush."""


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
    closed: Patchwork
    solid: Patchwork
    unswept: Patchwork
    unclaimed: Patchwork
    kept_out: Any
    """As drawn, for the gate; `solid` is grown by the clearance."""
    unproven: Any
    """What did not bear the tracks at the start."""
    path: PathBuilder | None = None
    visits: list[Visit] = field(default_factory=list)
    out_of_time: Callable[[], bool] = never
    cut_short: bool = False
    """Set where the limit of time ended the planning: what is left then has no better reason."""
    no_way: bool = False
    """Set where something could have been worked had a way led there."""
    parts: np.ndarray | None = None
    idle_edges: set[tuple[float, ...]] = field(default_factory=set)
    """Edges of keep-outs along which nothing could be worked; tried again only for what lies right beside them."""

    def over(self) -> bool:
        """Whether the time for planning is up; remembered."""
        self.cut_short = self.cut_short or self.out_of_time()
        return self.cut_short

    def need_in(self, box: Box) -> np.ndarray:
        """Parts of the ground in a window that a further pass would have to cover, whole."""
        parts = self.need()
        return np.asarray(parts[shapely.intersects(shapely.box(*box), parts)] if len(parts) else parts)

    def need(self) -> np.ndarray:
        """All parts still to be covered."""
        if self.parts is None:
            self.parts = _joined([*self.unswept.parts, *self.unclaimed.parts])
        return self.parts

    def _renew_need(self, swept: np.ndarray) -> None:
        """What is left of a part lies in that part: only the parts that were driven over are put together anew."""
        old = self.need()
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

    def assume(self, visits: list[Visit]) -> None:
        """Strike out what visits would cover."""
        nominal, claims = self.strips(visits)
        self.unswept.subtract(nominal)
        self.unclaimed.subtract(claims)
        self._renew_need(nominal)

    @property
    def pose(self) -> Pose | None:
        """Where the path ends so far."""
        return self.path.pose if self.path is not None else None

    def view(self, box: Box) -> Ground:
        """The ground in a window and round it, and where in the window it lets the machine turn."""
        rim_m = self.reach.pivot_solid_m + 0.5
        wide = (box[0] - rim_m, box[1] - rim_m, box[2] + rim_m, box[3] + rim_m)
        closed, solid = parts_of(self.closed.clipped(wide)), parts_of(self.solid.clipped(wide))
        return Ground(closed=closed, solid=solid, pivot=pivot_obstacles(closed, solid, self.reach), box=box)

    def strips(self, visits: list[Visit]) -> tuple[np.ndarray, np.ndarray]:
        """(nominal sweeps, claims) of visits in ENU."""
        half_m = 0.5 * self.reach.width_m
        run_in_m = self.settings.run_in_m
        nominal, claims = [], []
        for visit in visits:
            rim_m = 0.5 * self.settings.overlap_at_m(visit.theta_rad) - CLAIM_SLACK_M
            for stretch in visit.move.stretches:
                nominal.append(_strip(visit, stretch, half_m, 0.0, 0.0))
                claims.append(_strip(visit, stretch, half_m - rim_m, rim_m + run_in_m, rim_m))
        return np.array(nominal, dtype=object), np.array(claims, dtype=object)

    def commit(self, visits: list[Visit], ways: list[list[tuple[float, float]]]) -> None:
        """Append worked visits with the ways to them, and let the ground grow."""
        for visit, way in zip(visits, ways, strict=True):
            if self.path is None:
                self.path = PathBuilder(self.machine, visit.entry)
            self.path.go(way[1:])
            self.path.work(visit)
        self.closed.subtract(self.strips(visits)[0])
        self.visits.extend(visits)
        self.assume(visits)


def _joined(polygons: Any) -> np.ndarray:
    """Connected parts of a union."""
    return np.asarray(parts_of(polygons_of(overlay.union(polygons)))) if len(polygons) else np.empty(0, dtype=object)


def _strip(visit: Visit, stretch: Span, half_m: float, start_m: float, end_m: float) -> Any:
    """Rectangle of a stretch of a visit, shortened at start and end; empty if nothing is left."""
    sign = visit.move.sign
    a, b = stretch[0] + sign * start_m, stretch[1] - sign * end_m
    if (b - a) * sign <= 0.0:
        return shapely.Polygon()
    corners = np.array([(a, -half_m), (b, -half_m), (b, half_m), (a, half_m)]) + np.array([0.0, visit.y_m])
    return turned(shapely.Polygon(corners), visit.theta_rad)


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
    return Progress(
        site=site,
        machine=machine,
        settings=settings,
        reach=reach,
        box=box,
        closed=Patchwork(closed, SLIVER_M2),
        solid=Patchwork(solid, SLIVER_M2),
        unswept=Patchwork(overlay.difference(site.work_area, near), NEED_MIN_M2),
        unclaimed=Patchwork(overlay.difference(asked, far), NEED_MIN_M2),
        kept_out=kept_out(site, settings, opened),
        unproven=unproven(site, opened),
        out_of_time=out_of_time,
    )
