"""What is still to be done while a plan grows: unswept and unclaimed ground, the ground that bears, the path so far."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import polygons_of
from vehicle.coverage.ground import Ground, first_ground, mitre_buffer, opened, turned, without_slivers
from vehicle.coverage.path import PathBuilder
from vehicle.coverage.route import Pose, Visit
from vehicle.coverage.settings import NUMERIC_M, PlanSettings, Reach
from vehicle.coverage.site import Site
from vehicle.plan import MachineFootprint

CLAIM_SLACK_M = 0.001
"""Claims of neighbouring lanes join with this to spare, so that rounding leaves no hair between them."""
NEED_MIN_M2 = 1e-4
"""Parts of the need below one square centimetre are rounding along edges that were swept flush."""


@dataclass
class Progress:
    """Mutable while planning; `unswept` no tool has passed yet, `unclaimed` no credited strip covers yet."""

    site: Site
    machine: MachineFootprint
    settings: PlanSettings
    reach: Reach
    ground: Ground
    unswept: Any
    unclaimed: Any
    path: PathBuilder | None = None
    visits: list[Visit] = field(default_factory=list)

    @property
    def need(self) -> Any:
        """Ground that a further pass would have to cover."""
        return without_slivers(shapely.union_all([self.unswept, self.unclaimed]), NEED_MIN_M2)

    @property
    def pose(self) -> Pose | None:
        """Where the path ends so far."""
        return self.path.pose if self.path is not None else None

    def strips(self, visits: list[Visit]) -> tuple[Any, Any]:
        """(nominal sweeps, claims) of visits, united, in ENU."""
        nominal = [_strip(visit, 0.5 * self.reach.width_m, 0.0, 0.0) for visit in visits]
        claims = [self._claim(visit) for visit in visits]
        return shapely.union_all(nominal), shapely.union_all(claims)

    def _claim(self, visit: Visit) -> Any:
        half_m = 0.5 * (self.reach.width_m - self.settings.overlap_at_m(visit.theta_rad)) + CLAIM_SLACK_M
        end_m = self.reach.credit_m - CLAIM_SLACK_M
        return _strip(visit, half_m, end_m + self.settings.run_in_m, end_m)

    def commit(self, visits: list[Visit], ways: list[list[tuple[float, float]]]) -> None:
        """Append worked visits with the ways to them, and let the ground grow."""
        for visit, way in zip(visits, ways, strict=True):
            if self.path is None:
                self.path = PathBuilder(self.machine, visit.entry)
            self.path.go(way[1:])
            self.path.work(visit)
        nominal, claims = self.strips(visits)
        self.ground = opened(self.ground, nominal)
        self.unswept = without_slivers(self.unswept.difference(nominal), NEED_MIN_M2)
        self.unclaimed = without_slivers(self.unclaimed.difference(claims), NEED_MIN_M2)
        self.visits.extend(visits)


def _strip(visit: Visit, half_m: float, start_m: float, end_m: float) -> Any:
    """Rectangle of a visit's sweep, shortened at start and end; empty if nothing is left."""
    sign = visit.move.sign
    a, b = visit.move.a_m + sign * start_m, visit.move.b_m - sign * end_m
    if (b - a) * sign <= 0.0:
        return shapely.Polygon()
    corners = np.array([(a, -half_m), (b, -half_m), (b, half_m), (a, half_m)]) + np.array([0.0, visit.y_m])
    return turned(shapely.Polygon(corners), visit.theta_rad)


def first_progress(site: Site, machine: MachineFootprint, settings: PlanSettings, reach: Reach) -> Progress:
    """All of the work area that is not kept out needs the tool; its inner part must also be credited."""
    ground = first_ground(site, reach, settings)
    near, far = mitre_buffer(ground.solid, NUMERIC_M), mitre_buffer(ground.solid, reach.credit_m)
    return Progress(
        site=site,
        machine=machine,
        settings=settings,
        reach=reach,
        ground=ground,
        unswept=polygons_of(site.work_area.difference(near)),
        unclaimed=polygons_of(site.work_area.difference(far)),
    )
