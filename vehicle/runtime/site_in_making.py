"""Turns a proposed mission and fence into a site file: work area, keep-outs, and ground that bears at the start."""

from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.operator_link.proposal import Proposal, collection, features
from vehicle.polygons.boundary import area_of
from vehicle.polygons.fences import polygonal, round_about
from vehicle.runtime.own_site import OwnSite

PAD_M = 6.0
"""Ground within this distance of an assumed way in is taken to bear the tracks."""
UNKNOWN = "unknown"


class InMaking(msgspec.Struct, frozen=True, kw_only=True):
    """A site file, the declaration of its outside, the ground outside the fence, and whether a way in was assumed."""

    geojson: dict[str, Any]
    outside: str
    left: Any
    assumed: bool = False

    @property
    def parts_left(self) -> list[Any]:
        """Return the polygons of the ground outside the fence."""
        return [part for part in shapely.get_parts(self.left) if not part.is_empty]


def made_of(
    site: Proposal, own: OwnSite | None, outside: str, way_in_m: tuple[tuple[float, float], ...] = ()
) -> InMaking:
    """Return the site file of a proposal that is not empty.

    `outside` applies to surveys; the vehicle's own site declares it itself. `way_in_m`: a way that is assumed to bear
    the tracks if no other ground does; empty: nothing is assumed.
    """
    if site.own:
        assert own is not None
        return _own(site, own)
    assert site.survey is not None
    found = site.fenced(site.survey.ground)
    barred = shapely.union_all([found.barred, area_of(own.kept_out_m if own is not None else ())])
    safe, assumed = shapely.Polygon(), False
    if outside == UNKNOWN:
        safe = own.place.safe_ground if own is not None else safe
        if way_in_m and not safe.intersects(found.inside):
            pad = round_about(shapely.LineString((*way_in_m, way_in_m[-1])), PAD_M)
            pad, assumed = shapely.intersection(pad, site.fenced(pad).inside), True
            safe = shapely.union_all([safe, pad])
    safe = polygonal(shapely.difference(safe, shapely.union_all([found.inside, barred])))
    rows = features("work_area", found.inside, site.datum) + features("keep_out", polygonal(barred), site.datum)
    rows += features("safe_ground", safe, site.datum)
    return InMaking(geojson=collection(rows), outside=outside, left=found.outside, assumed=assumed)


def _own(site: Proposal, own: OwnSite) -> InMaking:
    """Return the vehicle's own site with all its features, cut to the fence."""
    place, datum = own.place, site.datum
    found = site.fenced(place.work_area)
    rows = features("work_area", found.inside, datum)
    rows += features("keep_out", polygonal(shapely.union_all([place.keep_out, found.barred])), datum)
    for role, ground in (("safe_ground", place.safe_ground), ("access", place.access)):
        rows += features(role, polygonal(shapely.difference(ground, found.barred)), datum)
    for slope_rad, ground in place.slopes:
        rows += features("slope", ground, datum, slope_deg=float(np.degrees(slope_rad)))
    # ground that a fence in the file itself excludes stays listed, whatever fence comes by radio
    left = shapely.union(shapely.difference(found.outside, place.keep_out), place.outside_fence)
    said: dict[str, str | float] = {"outside": place.outside, "tripwires": place.tripwires}
    if place.task_role is not None:
        said["task_role"] = place.task_role
    if place.overrun.said:
        said["overrun_m"] = place.overrun.allowed_m
    return InMaking(geojson=collection(rows, **said), outside=place.outside, left=polygonal(left))
