"""What the lists of all stations ask for together: the ground of a mission, and the fence that bounds it."""

import functools
import math
from typing import Any

import msgspec
import shapely

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import Ring
from vehicle.contracts.plan import MachineFootprint, Plan, Segment, SegmentKind
from vehicle.operator_link.fences import Fence, rings
from vehicle.operator_link.items import Survey
from vehicle.polygons.boundary import NOTHING_M2, rings_of
from vehicle.polygons.fences import Fenced, fenced, polygonal

NEAR_M = 200.0
"""Zones further than this from the ground mean nothing to its plan; before the gate they bind all the same."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One site. `own`: its ground is that of the vehicle's own site, else that of `survey`, if there is one.

    `plan`: the plan that the vehicle already has of its own site, if there is one. Geometries are shapely's, in ENU
    metres of `datum`.
    """

    datum: LocalFrame
    zones: Fence = ()
    survey: Survey | None = None
    own: bool = False
    plan: Plan | None = None

    @property
    def empty(self) -> bool:
        """No ground is to be worked; the fence bounds driving by stick."""
        return self.survey is None and not self.own

    @functools.cached_property
    def fence_m(self) -> tuple[Ring, ...]:
        """The boundary before the gate, even-odd; empty without a fence."""
        return rings(self.zones)

    def fenced(self, ground: Any) -> Fenced:
        """What the fence makes of a ground: its part inside, the rest, and what is barred near it."""
        x0, y0, x1, y1 = ground.bounds
        window = shapely.box(x0 - NEAR_M, y0 - NEAR_M, x1 + NEAR_M, y1 + NEAR_M)
        found = fenced(ground, [shapely.intersection(window, zone.shape) for zone in self.zones if zone.holds_in])
        outside = found.outside if found.outside.area >= NOTHING_M2 else shapely.Polygon()
        out = [shapely.intersection(window, zone.shape) for zone in self.zones if not zone.holds_in]
        return Fenced(found.inside, outside, polygonal(shapely.union_all([found.barred, *out])))

    def geojson(self) -> dict[str, Any]:
        """A survey as a site file for `vehicle.planning.site`: its ground within the fence, and what is barred."""
        assert self.survey is not None
        found = self.fenced(self.survey.ground)
        return collection(
            features("work_area", found.inside, self.datum) + features("keep_out", found.barred, self.datum)
        )


def collection(rows: list[dict[str, Any]], **properties: Any) -> dict[str, Any]:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", **properties, "features": rows}


def features(role: str, shape: Any, datum: LocalFrame, **properties: Any) -> list[dict[str, Any]]:
    """One feature for each polygon of a shape."""
    return [
        {
            "type": "Feature",
            "properties": {"role": role, **properties},
            "geometry": {"type": "Polygon", "coordinates": [_degrees(ring, datum) for ring in rings_of(polygon)]},
        }
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon" and polygon.area > 0.0
    ]


def _degrees(ring: Ring, datum: LocalFrame) -> list[list[float]]:
    return [[float(lon), float(lat)] for lon, lat in datum.lonlat_from_enu_array(list(ring))]


def swept(segment: Segment, machine: MachineFootprint) -> Any:
    """What the tool works on a straight segment."""
    cos, sin = math.cos(segment.yaw_start_rad), math.sin(segment.yaw_start_rad)
    line = [(x + machine.tool_ahead_m * cos, y + machine.tool_ahead_m * sin) for x, y in segment.points_m]
    return shapely.LineString(line).buffer(machine.tool_width_m / 2.0, cap_style="flat")


def ground_of(plan: Plan) -> Any:
    """What the passes of a plan work."""
    return shapely.union_all(
        [swept(segment, plan.machine) for segment in plan.segments if segment.kind is SegmentKind.SWATH]
    )


def stays_within(plan: Plan, fence_m: tuple[Ring, ...], *, however_turned: bool) -> bool:
    """Whether the machine's origin, or all of it however it points, stays inside a boundary all along a plan."""
    if not fence_m or not plan.segments:
        return True
    way = shapely.union_all([shapely.LineString(segment.points_m) for segment in plan.segments])
    edges = shapely.union_all([shapely.LinearRing(ring) for ring in fence_m])
    start = shapely.Point(plan.segments[0].points_m[0])
    inside = sum(bool(shapely.Polygon(ring).contains(start)) for ring in fence_m) % 2 == 1
    return inside and way.distance(edges) > (_radius_m(plan.machine) if however_turned else 0.0)


def _radius_m(machine: MachineFootprint) -> float:
    front_m = max(machine.body_front_m, machine.body_rear_m, machine.tool_ahead_m + machine.tool_length_m / 2.0)
    return math.hypot(front_m, max(machine.tool_width_m, machine.track_outer_width_m) / 2.0)
