"""The ground while a plan grows: which ground does not yet bear the tracks, is not swept, or is not credited."""

from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import (
    Ground,
    beyond_rim,
    first_ground,
    kept_out,
    mitre_buffer,
    unproven,
)
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.settings import NUMERIC_M
from vehicle.planning.coverage.strips import strips_of
from vehicle.planning.coverage.tiled_polygons import Box, TiledPolygons
from vehicle.planning.coverage.work_limit import Work

SLIVER_M2 = 1e-7
"""At 100 m from the datum, overlays leave slivers 1e-10 m wide; real ground is larger than this."""
UNCOVERED_MIN_M2 = 1e-4
"""Uncovered parts below one square centimetre are rounding along edges that were swept exactly."""


@dataclass(frozen=True)
class FirstGround:
    """The ground before the first pass; it does not change.

    `kept_out`: as drawn, for the gate; `solid` is grown by the clearance. `beyond`: unknown ground beyond the overrun.
    `unproven`: ground that does not bear the tracks. `closed`: polygons (n,), `solid` included. `unswept`,
    `uncredited`: all that is to do. `box`: window of the planning.
    """

    kept_out: shapely.Geometry
    solid: TiledPolygons
    beyond: TiledPolygons
    unproven: shapely.Geometry
    closed: np.ndarray
    unswept: TiledPolygons
    uncredited: TiledPolygons
    box: Box

    def barred(self) -> np.ndarray:
        """Polygons (n,) over which neither tool nor tracks may ever be."""
        return np.concatenate([self.solid.parts, self.beyond.parts])


@dataclass
class GroundModel:
    """Ground that changes with each pass. `closed`: does not bear the tracks yet; `unswept`, `uncredited`: still to do.

    `idle_edges`: keep-out edges along which no work was possible; they are tried again only for ground directly beside
    them. `pockets`: windows in which pockets were made at ends of strips. `failures`: what was tried in vain on the
    ground as it is, and whether only a connection was missing; opened
    ground empties it.
    """

    job: PlanJob
    first: FirstGround
    closed: TiledPolygons
    unswept: TiledPolygons
    uncredited: TiledPolygons
    idle_edges: set[tuple[float, ...]] = field(default_factory=set)
    failures: dict[tuple[object, ...], bool] = field(default_factory=dict)
    pockets: list[shapely.Polygon] = field(default_factory=list)
    _uncovered: np.ndarray | None = None

    def trial(self) -> "GroundModel":
        """Return a copy to compute what passes would leave; it shares the idle edges with the original."""
        return replace(self, closed=copy(self.closed), unswept=copy(self.unswept), uncredited=copy(self.uncredited))

    def afresh(self) -> "GroundModel":
        """Return a copy for a complete attempt, with its own deadline and its own idle edges."""
        return replace(self.trial(), job=self.job.with_own_deadline(), idle_edges=set(), failures={}, pockets=[])

    def within(self, job: PlanJob) -> "GroundModel":
        """Return the ground with only the work area of another job's site still to be worked."""
        rest = replace(self.trial(), job=job, failures={}, _uncovered=None)
        rest.unswept.keep(job.site.work_area)
        rest.uncredited.keep(job.site.work_area)
        return replace(rest, first=replace(self.first, unswept=copy(rest.unswept), uncredited=copy(rest.uncredited)))

    def at_first(self) -> "GroundModel":
        """Return a copy with the ground as it was before the first pass."""
        first, closed = self.first, copy(self.closed)
        closed.become(first.closed)
        unswept, uncredited = copy(first.unswept), copy(first.uncredited)
        return replace(self, closed=closed, unswept=unswept, uncredited=uncredited, failures={}, _uncovered=None)

    # --- what is to be worked ----------------------------------------------------------------------------------------
    def uncovered(self) -> np.ndarray:
        """Return all polygons (n,) that further passes must cover: unswept or uncredited."""
        if self._uncovered is None:
            self._uncovered = _joined([*self.unswept.parts, *self.uncredited.parts])
        return self._uncovered

    def uncovered_in(self, box: Box) -> np.ndarray:
        """Return the uncovered polygons (n,) that reach into a window, uncut."""
        parts = self.uncovered()
        return np.asarray(parts[shapely.intersects(shapely.box(*box), parts)] if len(parts) else parts)

    def gains_m2(self, stops: list[TourStop]) -> np.ndarray:
        """Return (n,) the area that each stop alone would newly sweep or newly claim, whichever is larger."""
        owner = np.repeat(np.arange(len(stops)), [len(stop.move.stretches) for stop in stops])
        nominal, claims = self._strips(stops)
        gains = [
            np.bincount(owner, areas_m2, minlength=len(stops))
            for areas_m2 in (self.unswept.areas_in(nominal), self.uncredited.areas_in(claims))
        ]
        return np.maximum(*gains)

    def gain_m2(self, stops: list[TourStop]) -> float:
        """Return the area that stops together would newly sweep or newly claim, whichever is larger."""
        nominal, claims = self._strips(stops)
        return max(self.unswept.area_in(nominal), self.uncredited.area_in(claims))

    # --- what bears --------------------------------------------------------------------------------------------------
    def pivots(self, box: Box, slack_m: float) -> np.ndarray:
        """Return polygons (n,) of a window in which the body origin may not turn."""
        return self.view(box).pivot_within(slack_m)

    def view(self, box: Box) -> Ground:
        """Return the ground in a window, and around it as far as it can hinder a pivot inside."""
        rim_m = self.job.reach.pivot_solid_m + 0.5
        wide = (box[0] - rim_m, box[1] - rim_m, box[2] + rim_m, box[3] + rim_m)
        closed, solid, beyond = (
            parts_of(polygons.clipped(wide)) for polygons in (self.closed, self.first.solid, self.first.beyond)
        )
        deadline = self.job.deadline
        deadline.tell(Work.VIEWS, 1)
        deadline.tell(Work.CORNERS, sum(int(shapely.get_num_coordinates(p).sum()) for p in (closed, solid, beyond)))
        return Ground(closed=closed, solid=solid, beyond=beyond, box=box, reach=self.job.reach)

    # --- growth ------------------------------------------------------------------------------------------------------
    def grow(self, stops: list[TourStop]) -> None:
        """Apply worked stops: open the ground that they sweep, and remove what they cover from the work left."""
        self.failures.clear()
        strips = self._strips(stops)
        self.closed.subtract(strips[0])
        self._cover(*strips)

    def cover(self, stops: list[TourStop]) -> None:
        """Remove what stops would cover from the work left; no ground is opened."""
        self._cover(*self._strips(stops))

    def _cover(self, nominal: np.ndarray, claims: np.ndarray) -> None:
        self.unswept.subtract(nominal)
        self.uncredited.subtract(claims)
        self._renew_uncovered(nominal)

    def _strips(self, stops: list[TourStop]) -> tuple[np.ndarray, np.ndarray]:
        """Return nominal sweeps and claims of stops, polygons (n,) each, and count them as planning work."""
        self.job.deadline.tell(Work.STRIPS, len(stops))
        return strips_of(self.job, stops)

    def _renew_uncovered(self, swept: np.ndarray) -> None:
        """Recompute only the parts that were driven over, because the rest of a part lies within it."""
        old = self.uncovered()
        if not len(old):
            return
        touched = np.zeros(len(old), dtype=bool)
        touched[np.unique(shapely.STRtree(old).query(swept, predicate="intersects")[1])] = True
        parts = [old[~touched]]
        for part in old[touched]:
            both = np.array([*self.unswept.near(part.bounds), *self.uncredited.near(part.bounds)], dtype=object)
            if len(both):
                shapely.prepare(part)
                parts.append(_joined(both[shapely.intersects(part, shapely.point_on_surface(both))]))
        self._uncovered = np.concatenate(parts)


def _joined(polygons: list[shapely.Polygon] | np.ndarray) -> np.ndarray:
    """Return the connected parts of a union."""
    if not len(polygons):
        return np.empty(0, dtype=object)
    return np.asarray(parts_of(polygons_of(robust_overlay.union(polygons))))


def first_model(job: PlanJob) -> GroundModel:
    """Return the model before any pass: all work area outside keep-outs needs the tool, its inner part also credit."""
    site, reach = job.site, job.reach
    shut, solid, box = first_ground(site, reach, job.settings, job.opened)
    near, far = mitre_buffer(solid, NUMERIC_M), mitre_buffer(solid, reach.credit_m)
    asked = mitre_buffer(site.work_area, reach.grow_m)
    closed = TiledPolygons(shut, SLIVER_M2)
    unswept = TiledPolygons(robust_overlay.difference(site.work_area, near), UNCOVERED_MIN_M2)
    uncredited = TiledPolygons(robust_overlay.difference(asked, far), UNCOVERED_MIN_M2)
    return GroundModel(
        job=job,
        first=FirstGround(
            kept_out=kept_out(site, job.settings, job.opened),
            solid=TiledPolygons(solid, SLIVER_M2),
            beyond=TiledPolygons(beyond_rim(site, reach, job.settings, job.opened), SLIVER_M2),
            unproven=unproven(site, job.opened),
            closed=closed.parts,
            unswept=copy(unswept),
            uncredited=copy(uncredited),
            box=box,
        ),
        closed=closed,
        unswept=unswept,
        uncredited=uncredited,
    )
