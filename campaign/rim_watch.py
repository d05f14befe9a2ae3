"""Inv-6: with unknown ground outside, tracks and tool stay within the overrun that the site allows, from the true pose.

Beyond it, only ground that somebody calls safe may be under them. Judged from the site's polygons; shares no code with
the planner.
"""

import shapely
from shapely.geometry import Point, Polygon

from vehicle.contracts.geometry import rectangle_m
from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.site.site import Site


class RimWatch:
    """Is asked with a true pose; most poses are so far inside that one test is enough."""

    def __init__(self, machine: MachineFootprint, site: Site) -> None:
        self._machine = machine
        self.bounded = site.outside == "unknown"
        rim = shapely.buffer(site.work_area, site.overrun.allowed_m) if self.bounded else shapely.Polygon()
        self._allowed = shapely.union_all([rim, site.safe_ground])
        front_m = max(machine.track_length_m / 2.0, machine.tool_ahead_m + machine.tool_length_m)
        reach_m = front_m + max(machine.track_outer_width_m, machine.tool_width_m)
        self._inside = shapely.buffer(self._allowed, -reach_m)
        shapely.prepare(self._allowed)
        shapely.prepare(self._inside)

    def beyond(self, east_m: float, north_m: float, yaw_rad: float) -> list[str]:
        """Return the names of the parts that are over unknown ground beyond the overrun at a pose."""
        if not self.bounded or self._inside.contains(Point(east_m, north_m)):
            return []
        machine, half_track_m = self._machine, 0.5 * self._machine.track_length_m
        half_tool_m, ahead_m = 0.5 * machine.tool_length_m, machine.tool_ahead_m
        parts = {
            "track_beyond_rim": (half_track_m, half_track_m, 0.5 * machine.track_outer_width_m),
            "tool_beyond_rim": (ahead_m + half_tool_m + 1e-3, half_tool_m - ahead_m, 0.5 * machine.tool_width_m),
        }
        return [
            name
            for name, (front_m, rear_m, half_m) in parts.items()
            if not self._allowed.covers(Polygon(rectangle_m((east_m, north_m), yaw_rad, front_m, rear_m, half_m)))
        ]
